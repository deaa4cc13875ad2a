// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the odd interpolant meets its labels, is odd to the bit, reproduces linear
// functions, has an exact Jacobian, and Hermite labels are met in value and derivative.
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/odd_rbf.h>

#include <gmock/gmock.h>

#include <cmath>
#include <random>

using namespace understudy;

namespace
{
constexpr std::size_t d = 3, m = 2;
const std::vector<double> scale = {0.04, 0.04, 0.05};

struct Labels
{
  PointBatch x, y, dy;
};

// y = (sin(20 x0 + 10 x1), x2 / (1 + 100 x1^2)), odd and smooth
Labels smooth(std::size_t n, unsigned seed)
{
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1., 1.);
  Labels l{PointBatch(d, n), PointBatch(m, n), PointBatch(m * d, n)};
  for (std::size_t p = 0; p < n; ++p)
  {
    for (std::size_t i = 0; i < d; ++i)
      l.x(i, p) = scale[i] * uniform(random);
    const double t = 20. * l.x(0, p) + 10. * l.x(1, p), q = 1. + 100. * l.x(1, p) * l.x(1, p);
    l.y(0, p) = std::sin(t);
    l.y(1, p) = l.x(2, p) / q;
    l.dy(0, p) = 20. * std::cos(t);
    l.dy(1, p) = 10. * std::cos(t);
    l.dy(4, p) = -l.x(2, p) * 200. * l.x(1, p) / (q * q);
    l.dy(5, p) = 1. / q;
  }
  return l;
}

Labels ask(const Head &head, const PointBatch &x)
{
  Labels a{x, PointBatch(head.n_outputs(), x.n_points()),
           PointBatch(head.n_outputs() * d, x.n_points())};
  head.evaluate(x.n_points(), x.data(), a.y.data(), a.dy.data());
  return a;
}

/// || a - b || / || b ||
double distance(const PointBatch &a, const PointBatch &b)
{
  double difference = 0., norm = 0.;
  for (std::size_t i = 0; i < b.n_components() * b.n_points(); ++i)
  {
    difference += (a.data()[i] - b.data()[i]) * (a.data()[i] - b.data()[i]);
    norm += b.data()[i] * b.data()[i];
  }
  return std::sqrt(difference / norm);
}

class AnyOddRbf : public testing::TestWithParam<bool>
{
protected:
  OddRbf fit(const Labels &l) const
  {
    return GetParam() ? OddRbf::fit_hermite(l.x, l.y, l.dy, scale) : OddRbf::fit(l.x, l.y, scale);
  }
};
} // namespace

INSTANTIATE_TEST_SUITE_P(Hermite, AnyOddRbf, testing::Bool());

TEST_P(AnyOddRbf, MeetsItsLabels)
{
  const Labels l = smooth(61, 1);
  const Labels a = ask(fit(l), l.x);
  EXPECT_LT(distance(a.y, l.y), 1e-9);
  if (GetParam())
  {
    EXPECT_LT(distance(a.dy, l.dy), 1e-9);
  }
}

TEST_P(AnyOddRbf, ReproducesLinearFunctions)
{
  Labels l = smooth(40, 2);
  const double L[m][d] = {{1., -2., 3.}, {0.5, 0., 7.}};
  const auto fill = [&](Labels &s)
  {
    for (std::size_t p = 0; p < s.x.n_points(); ++p)
      for (std::size_t k = 0; k < m; ++k)
      {
        s.y(k, p) = 0.;
        for (std::size_t j = 0; j < d; ++j)
        {
          s.y(k, p) += L[k][j] * s.x(j, p);
          s.dy(k * d + j, p) = L[k][j];
        }
      }
  };
  fill(l);
  Labels test = smooth(25, 3);
  fill(test);
  const Labels a = ask(fit(l), test.x);
  EXPECT_LT(distance(a.y, test.y), 1e-10);
  EXPECT_LT(distance(a.dy, test.dy), 1e-9);
}

TEST_P(AnyOddRbf, JacobianMatchesCentralDifferences)
{
  const OddRbf rbf = fit(smooth(50, 4));
  const PointBatch x = smooth(19, 5).x;
  const Labels a = ask(rbf, x);
  for (std::size_t j = 0; j < d; ++j)
  {
    PointBatch up = x, down = x;
    const double h = 1e-5 * scale[j];
    for (std::size_t p = 0; p < x.n_points(); ++p)
    {
      up(j, p) += h;
      down(j, p) -= h;
    }
    const Labels u = ask(rbf, up), v = ask(rbf, down);
    for (std::size_t k = 0; k < m; ++k)
      for (std::size_t p = 0; p < x.n_points(); ++p)
        EXPECT_NEAR(a.dy(k * d + j, p), (u.y(k, p) - v.y(k, p)) / (2. * h), 1e-7 * 20.);
  }
}

TEST_P(AnyOddRbf, IsOddAndEqualInAnyBatchToTheBit)
{
  const OddRbf rbf = fit(smooth(45, 6));
  const PointBatch x = smooth(23, 7).x;
  PointBatch minus = x;
  for (std::size_t i = 0; i < d * 23; ++i)
    minus.data()[i] = -x.data()[i];
  const Labels a = ask(rbf, x), b = ask(rbf, minus);
  std::vector<double> values(m * 23);
  rbf.evaluate(23, x.data(), values.data(), nullptr);
  for (std::size_t k = 0; k < m; ++k)
    for (std::size_t p = 0; p < 23; ++p)
    {
      EXPECT_EQ(a.y(k, p), -b.y(k, p));
      EXPECT_EQ(a.y(k, p), values[k * 23 + p]);
      PointBatch point(d, 1);
      for (std::size_t i = 0; i < d; ++i)
        point(i, 0) = x(i, p);
      EXPECT_EQ(ask(rbf, point).y(k, 0), a.y(k, p));
    }
}

TEST_P(AnyOddRbf, FoldedHeadIsTheProductAndFilesReturnEveryBit)
{
  const OddRbf rbf = fit(smooth(45, 8));
  const PointBatch x = smooth(11, 9).x;
  const std::vector<double> A = {1., 2., -0.5, 3., 0., 1.};
  const auto folded = rbf.folded(A.data(), 3);
  const Labels a = ask(rbf, x), b = ask(*folded, x);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t p = 0; p < 11; ++p)
      EXPECT_NEAR(b.y(i, p), A[2 * i] * a.y(0, p) + A[2 * i + 1] * a.y(1, p), 1e-9);

  ModelFile file;
  rbf.save(file, "b_");
  const auto loaded = load_head(ModelFile::from_bytes(file.to_bytes(), "model"), "b_");
  EXPECT_EQ(loaded->kind(), "odd-rbf");
  const Labels c = ask(*loaded, x);
  for (std::size_t i = 0; i < m * 11; ++i)
    EXPECT_EQ(c.y.data()[i], a.y.data()[i]);

  file.add("b_radial", {m, 7}, std::vector<double>(m * 7, 0.));
  EXPECT_THROW(load_head(file, "b_"), UserError);
}

TEST(OddRbfFit, DerivativeLabelsPay)
{
  const Labels l = smooth(100, 10), test = smooth(200, 11);
  const Labels plain = ask(OddRbf::fit(l.x, l.y, scale), test.x);
  const Labels hermite = ask(OddRbf::fit_hermite(l.x, l.y, l.dy, scale), test.x);
  EXPECT_LT(distance(hermite.y, test.y), 0.5 * distance(plain.y, test.y));
  EXPECT_LT(distance(hermite.dy, test.dy), 0.5 * distance(plain.dy, test.dy));
}

TEST(OddRbfFit, SinglePrecisionIsClose)
{
  const Labels l = smooth(60, 12), test = smooth(30, 13);
  const OddRbf rbf = OddRbf::fit(l.x, l.y, scale);
  const Labels exact = ask(rbf, test.x),
               single = ask(OddRbf(rbf.coefficients(), Precision::single), test.x);
  EXPECT_LT(distance(single.y, exact.y), 1e-3);
}

TEST(OddRbfFit, MirroredTwinsAndMisfittingLabelsAreRefused)
{
  Labels l = smooth(10, 14);
  EXPECT_THROW(OddRbf::fit(l.x, PointBatch(m, 9), scale), UserError);
  EXPECT_THROW(OddRbf::fit(l.x, l.y, {1., 1.}), UserError);
  for (std::size_t i = 0; i < d; ++i)
    l.x(i, 3) = 0.;
  EXPECT_THROW(OddRbf::fit(l.x, l.y, scale), UserError);
}

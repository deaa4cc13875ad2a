// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/output/grid_errors.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr double pi = std::numbers::pi;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Values f(x_i, y_j) with x = (i + shift) / n.
template <class Function>
std::vector<double> sampled(const FieldGrid &grid, double shift, const Function &f)
{
  std::vector<double> values;
  for (std::size_t i = 0; i < grid.n1; ++i)
    for (std::size_t j = 0; j < grid.n2; ++j)
      values.push_back(
        f((double(i) + shift) / double(grid.n1), (double(j) + shift) / double(grid.n2)));
  return values;
}

/// A field with all wave numbers.
std::vector<double> rough(const FieldGrid &grid, double seed)
{
  std::vector<double> values(grid.n_points());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(seed + 12.9898 * double(i) * double(i));
  return values;
}

double largest_difference(const std::vector<double> &a, const std::vector<double> &b)
{
  double largest = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}
} // namespace

TEST(GridErrors, DerivativesConvergeWithTheirOrders)
{
  const auto f = [](double x, double y) { return std::exp(std::sin(2. * pi * x)) * (1. + y * y); };
  const auto f1 = [&](double x, double y) { return 2. * pi * std::cos(2. * pi * x) * f(x, y); };
  const auto f2 = [](double x, double y) { return std::exp(std::sin(2. * pi * x)) * 2. * y; };
  const auto periodic = [](double x, double y)
  { return std::sin(2. * pi * x) * std::cos(2. * pi * y); };
  const auto periodic2 = [](double x, double y)
  { return -2. * pi * std::sin(2. * pi * x) * std::sin(2. * pi * y); };
  double before = 0., before_ends = 0., before_periodic = 0.;
  for (const std::size_t n : {64u, 128u, 256u})
  {
    const FieldGrid open{n, n / 2, false}, torus{n / 2, n, true};
    const GridDerivatives d = grid_derivatives(open, sampled(open, 0.5, f));
    const std::vector<double> exact = sampled(open, 0.5, f1);
    const double error = largest_difference(d.d1, exact);
    double ends = 0.;
    for (const std::size_t i : {std::size_t(0), n - 1})
      for (std::size_t j = 0; j < open.n2; ++j)
        ends = std::max(ends, std::abs(d.d1[i * open.n2 + j] - exact[i * open.n2 + j]));
    EXPECT_LT(largest_difference(d.d2, sampled(open, 0.5, f2)), 1e-11); // exact for parabolas
    const double error_periodic = largest_difference(
      grid_derivatives(torus, sampled(torus, 0., periodic)).d2, sampled(torus, 0., periodic2));
    if (before > 0.)
    {
      EXPECT_NEAR(std::log2(before / error), 2., 0.1);
      EXPECT_NEAR(std::log2(before_ends / ends), 3., 0.3);
      EXPECT_NEAR(std::log2(before_periodic / error_periodic), 2., 0.02);
    }
    before = error;
    before_ends = ends;
    before_periodic = error_periodic;
  }
}

TEST(GridErrors, EndsAreExactForCubics)
{
  const FieldGrid grid{4, 5, false};
  const auto f = [](double x, double y) { return x * x * x - y * y * y; };
  const auto d = grid_derivatives(grid, sampled(grid, 0., f));
  const auto d1 = sampled(grid, 0., [](double x, double) { return 3. * x * x; });
  const auto d2 = sampled(grid, 0., [](double, double y) { return -3. * y * y; });
  for (std::size_t j = 0; j < 5; ++j)
  {
    EXPECT_NEAR(d.d1[j], d1[j], 1e-13);
    EXPECT_NEAR(d.d1[15 + j], d1[15 + j], 1e-13);
  }
  for (std::size_t i = 0; i < 4; ++i)
  {
    EXPECT_NEAR(d.d2[5 * i], d2[5 * i], 1e-13);
    EXPECT_NEAR(d.d2[5 * i + 4], d2[5 * i + 4], 1e-13);
    EXPECT_NEAR(d.d2[5 * i + 1], d2[5 * i + 1] - 1. / 25., 1e-13); // central: f''' h^2 / 6
  }
  EXPECT_THAT(sentence_of<UserError>(
                [] {
                  grid_derivatives({4, 3, false}, std::vector<double>(12));
                }),
              HasSubstr("4 x 3"));
}

TEST(GridErrors, NormsAreThoseOfAnalyticFields)
{
  // On a torus e = a sin(2 pi m x) has |e|^2 = a^2 / 2 and the difference a sin(2 pi m h) / h
  // cos(2 pi m x).
  const FieldGrid grid{40, 24, true};
  const auto wave = [](double a, double m)
  { return [=](double x, double) { return a * std::sin(2. * pi * m * x); }; };
  const auto truth = sampled(grid, 0., wave(2., 1.));
  auto predicted = truth;
  const auto error = sampled(grid, 0., wave(0.1, 3.));
  for (std::size_t i = 0; i < error.size(); ++i)
    predicted[i] += error[i];
  EXPECT_NEAR(relative_l2(predicted, truth), 0.05, 1e-15);
  const double s1 = 40. * std::sin(2. * pi / 40.), s3 = 40. * std::sin(6. * pi / 40.);
  EXPECT_NEAR(relative_h1(grid, predicted, truth),
              0.05 * std::sqrt((1. + s3 * s3) / (1. + s1 * s1)), 1e-14);
  // Taken as not periodic, the ends differ.
  EXPECT_GT(
    std::abs(relative_h1({40, 24, false}, predicted, truth) - relative_h1(grid, predicted, truth)),
    5e-4);

  const std::vector<float> p(predicted.begin(), predicted.end()), y(truth.begin(), truth.end());
  EXPECT_NEAR(relative_l2(p, y), 0.05, 1e-7);
  EXPECT_NEAR(relative_h1(grid, p, y), relative_h1(grid, predicted, truth), 1e-6);
  EXPECT_NEAR(grid_derivatives(grid, y).d1[0], 2. * s1, 1e-5);
}

TEST(GridErrors, BandsAddUpToTheWhole)
{
  for (const bool periodic : {true, false})
    for (const auto &[n1, n2] : {std::pair{16u, 16u}, {15u, 16u}, {16u, 9u}, {7u, 5u}, {1u, 8u}})
    {
      const FieldGrid grid{n1, n2, periodic};
      BandErrors bands(grid);
      const auto y = rough(grid, 0.3), p = rough(grid, 1.7);
      const auto errors = bands(p, y);
      double sum = 0., energy = 0., square = 0.;
      for (const double e : errors.of_whole)
        sum += e * e;
      EXPECT_NEAR(std::sqrt(sum), relative_l2(p, y), 1e-14) << periodic << n1 << ' ' << n2;
      for (const double e : bands.energies(y))
        energy += e;
      for (const double v : y)
        square += v * v / double(y.size());
      EXPECT_NEAR(energy, square, 1e-14);
    }
}

TEST(GridErrors, AModeLiesInTheBandOfItsWaveNumber)
{
  const FieldGrid torus{32, 32, true}, open{32, 32, false};
  BandErrors waves(torus), cosines(open);
  EXPECT_EQ(waves.n_bands(), 6u);   // |k| up to 16 sqrt 2
  EXPECT_EQ(cosines.n_bands(), 7u); // up to 31 sqrt 2
  EXPECT_EQ(BandErrors::first_wave_number(0), 0.);
  EXPECT_EQ(BandErrors::first_wave_number(1), 1.);
  EXPECT_EQ(BandErrors::first_wave_number(4), 8.);
  struct Mode
  {
    double k1, k2;
    std::size_t band;
  };
  // (1, 1) has |k| < 2, (0, 2) has 2, (6, 6) has 8.49 and (5, 6) 7.81
  for (const auto &[k1, k2, band] : {Mode{0, 0, 0},
                                     {1, 0, 1},
                                     {1, 1, 1},
                                     {0, 2, 2},
                                     {2, 3, 2},
                                     {4, 0, 3},
                                     {5, 6, 3},
                                     {6, 6, 4},
                                     {0, 15, 4},
                                     {16, 0, 5}})
  {
    const auto mode = sampled(torus, 0.,
                              [k1 = k1, k2 = k2](double x, double y)
                              { return 3. * std::cos(2. * pi * (k1 * x - k2 * y)); });
    const auto half = sampled(open, 0.5,
                              [k1 = k1, k2 = k2](double x, double y)
                              { return 3. * std::cos(pi * k1 * x) * std::cos(pi * k2 * y); });
    const auto of_waves = waves.energies(mode), of_cosines = cosines.energies(half);
    for (std::size_t b = 0; b < 6; ++b)
    {
      const bool nyquist = k1 == 16; // (-1)^i has the mean square 1
      const double mean_square = band == 0 || nyquist ? 9. : 4.5;
      EXPECT_NEAR(of_waves[b], b == band ? mean_square : 0., 1e-13) << k1 << ' ' << k2;
      const double of_product = 9. * (k1 == 0 ? 1. : 0.5) * (k2 == 0 ? 1. : 0.5);
      EXPECT_NEAR(of_cosines[b], b == band ? of_product : 0., 1e-13) << k1 << ' ' << k2;
    }
  }
  // An error of a tenth in one band and none elsewhere.
  const auto low = sampled(torus, 0., [](double x, double) { return std::cos(2. * pi * x); });
  const auto high = sampled(torus, 0., [](double, double y) { return std::sin(10. * pi * y); });
  auto y = low, p = low;
  for (std::size_t i = 0; i < y.size(); ++i)
  {
    y[i] += 0.5 * high[i];
    p[i] += 0.45 * high[i];
  }
  const auto errors = waves(p, y);
  EXPECT_NEAR(errors.of_band[1], 0., 1e-14);
  EXPECT_NEAR(errors.of_band[3], 0.1, 1e-14);
  EXPECT_NEAR(errors.of_whole[3], 0.05 / std::sqrt(1.25), 1e-14);
  const std::vector<float> pf(p.begin(), p.end()), yf(y.begin(), y.end());
  EXPECT_NEAR(waves(pf, yf).of_band[3], 0.1, 1e-6);
}

TEST(GridErrors, ZeroTruthAndNaNHaveOneRule)
{
  const FieldGrid grid{8, 8, true};
  const std::vector<double> zero(64, 0.), one(64, 1.);
  BandErrors bands(grid);
  EXPECT_EQ(relative_l2(zero, zero), 0.);
  EXPECT_EQ(relative_h1(grid, zero, zero), 0.);
  EXPECT_EQ(bands(zero, zero).of_whole[2], 0.);
  EXPECT_EQ(relative_l2(one, zero), infinity);
  EXPECT_EQ(relative_h1(grid, one, zero), infinity);
  EXPECT_EQ(bands(one, zero).of_band[0], infinity);
  EXPECT_EQ(bands(one, zero).of_band[1], 0.);

  auto broken = one;
  broken[37] = std::numeric_limits<double>::quiet_NaN();
  for (const auto &[p, y] : {std::pair{broken, one}, {one, broken}})
  {
    EXPECT_TRUE(std::isnan(relative_l2(p, y)));
    EXPECT_TRUE(std::isnan(relative_h1(grid, p, y)));
    EXPECT_TRUE(std::isnan(relative_h1({8, 8, false}, p, y)));
    const auto errors = bands(p, y);
    for (std::size_t b = 0; b < bands.n_bands(); ++b)
    {
      EXPECT_TRUE(std::isnan(errors.of_band[b]));
      EXPECT_TRUE(std::isnan(errors.of_whole[b]));
    }
  }
  EXPECT_FALSE(std::isnan(bands(one, one).of_band[1])); // nothing stays in the plan's memory
}

TEST(GridErrors, SummariesAndRefusals)
{
  std::vector<double> errors;
  for (int i = 1; i <= 40; ++i)
    errors.push_back(i % 2 == 0 ? i : 42. - i); // 2 to 41, without order
  errors.back() = 100.;
  const ErrorSummary summary = summary_of(errors);
  EXPECT_NEAR(summary.mean, 23., 1e-13);
  EXPECT_EQ(summary.q95, 39.); // the 38th of 2, ..., 39, 41, 100
  EXPECT_EQ(summary.max, 100.);
  errors[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(summary_of(errors).mean) && std::isnan(summary_of(errors).q95) &&
              std::isnan(summary_of(errors).max));
  EXPECT_THROW(summary_of(std::vector<double>()), std::invalid_argument);

  const std::vector<double> four(4), six(6);
  EXPECT_THROW(relative_l2(four, six), std::invalid_argument);
  EXPECT_THROW(relative_h1({2, 3, true}, six, four), std::invalid_argument);
  EXPECT_THROW(grid_derivatives({2, 2, true}, six), std::invalid_argument);
  BandErrors bands({2, 2, true});
  EXPECT_THROW(bands(six, six), std::invalid_argument);
  EXPECT_THAT(sentence_of<UserError>([] { BandErrors({0, 4, true}); }), HasSubstr("0 x 4"));
}

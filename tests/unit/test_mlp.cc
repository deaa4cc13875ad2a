// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the vectorised perceptron is the formula of its header, for every processor kind
// this machine can run, with an exact Jacobian, exact symmetry, and a file format that returns
// every bit.
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/mlp.h>
#include <operators/nn/simd_kernels.h>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <cmath>
#include <random>

using namespace understudy;

namespace
{
MlpWeights random_weights(const std::vector<std::size_t> &widths, bool odd)
{
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(-1., 1.);
  MlpWeights w;
  w.odd = odd;
  for (std::size_t i = 0; i < widths[0]; ++i)
    w.input_scale.push_back(0.5 + static_cast<double>(i));
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
  {
    MlpWeights::Layer l{widths[i], widths[i + 1], {}, {}};
    for (std::size_t k = 0; k < l.n_in * l.n_out; ++k)
      l.weight.push_back(2. * uniform(random) / std::sqrt(static_cast<double>(l.n_in)));
    for (std::size_t k = 0; k < l.n_out && !(odd && i + 2 == widths.size()); ++k)
      l.bias.push_back(uniform(random));
    w.layers.push_back(l);
  }
  return w;
}

std::vector<double> random_points(std::size_t n)
{
  std::mt19937 random(11);
  std::uniform_real_distribution<double> uniform(-2., 2.);
  std::vector<double> x(n);
  for (double &v : x)
    v = uniform(random);
  return x;
}

double swish(double z)
{
  return z / (1. + std::exp(-z));
}

// The formula of MlpWeights, one point at a time.
std::vector<double> naive(const MlpWeights &w, std::vector<double> h)
{
  for (std::size_t i = 0; i < h.size(); ++i)
    h[i] /= w.input_scale[i];
  for (std::size_t i = 0; i < w.layers.size(); ++i)
  {
    const auto &l = w.layers[i];
    std::vector<double> out(l.n_out);
    for (std::size_t k = 0; k < l.n_out; ++k)
    {
      double z = 0.;
      for (std::size_t j = 0; j < l.n_in; ++j)
        z += l.weight[k * l.n_in + j] * h[j];
      const double b = l.bias.empty() ? 0. : l.bias[k];
      if (i + 1 == w.layers.size())
        out[k] = z + b;
      else
        out[k] = w.odd ? swish(z + b) - swish(b - z) : swish(z + b);
    }
    h = out;
  }
  return h;
}

struct Answer
{
  std::vector<double> y, dy;
};
Answer ask(const Head &head, const std::vector<double> &x)
{
  const std::size_t n = x.size() / head.n_inputs();
  Answer a{std::vector<double>(head.n_outputs() * n),
           std::vector<double>(head.n_outputs() * head.n_inputs() * n)};
  head.evaluate(n, x.data(), a.y.data(), a.dy.data());
  return a;
}

std::string error_of(const std::function<void()> &action)
{
  try
  {
    action();
  }
  catch (const UserError &e)
  {
    return e.what();
  }
  return "";
}

class AnyMlp : public testing::TestWithParam<bool>
{
};
} // namespace

INSTANTIATE_TEST_SUITE_P(Symmetry, AnyMlp, testing::Bool());

TEST_P(AnyMlp, IsItsFormula)
{
  const std::size_t n = 41; // no multiple of a vector length
  for (const auto &widths : {std::vector<std::size_t>{3, 48, 48, 48, 16}, {3, 5, 7, 2}, {2, 9, 1}})
  {
    const MlpWeights w = random_weights(widths, GetParam());
    const auto x = random_points(widths[0] * n);
    const Answer a = ask(Mlp(w), x);
    for (std::size_t p = 0; p < n; ++p)
    {
      std::vector<double> point;
      for (std::size_t i = 0; i < widths[0]; ++i)
        point.push_back(x[i * n + p]);
      const auto y = naive(w, point);
      for (std::size_t k = 0; k < y.size(); ++k)
        EXPECT_NEAR(a.y[k * n + p], y[k], 1e-13 * (1. + std::abs(y[k])));
    }
  }
}

TEST_P(AnyMlp, JacobianMatchesCentralDifferences)
{
  const std::size_t n = 13, d = 5; // five inputs: two sweeps over directions
  const Mlp net(random_weights({d, 24, 24, 4}, GetParam()));
  const auto x = random_points(d * n);
  const Answer a = ask(net, x);
  const double h = 1e-5;
  for (std::size_t j = 0; j < d; ++j)
  {
    auto up = x, down = x;
    for (std::size_t p = 0; p < n; ++p)
    {
      up[j * n + p] += h;
      down[j * n + p] -= h;
    }
    const auto yu = ask(net, up).y, yd = ask(net, down).y;
    for (std::size_t k = 0; k < 4; ++k)
      for (std::size_t p = 0; p < n; ++p)
        EXPECT_NEAR(a.dy[(k * d + j) * n + p], (yu[k * n + p] - yd[k * n + p]) / (2. * h), 1e-7);
  }
}

TEST_P(AnyMlp, BatchAndSingleAndValuesOnlyAgreeToTheBit)
{
  const std::size_t n = 75;
  const Mlp net(random_weights({3, 48, 48, 5}, GetParam()));
  const auto x = random_points(3 * n);
  const Answer batch = ask(net, x);
  std::vector<double> values(5 * n);
  net.evaluate(n, x.data(), values.data(), nullptr);
  EXPECT_EQ(values, batch.y);
  for (std::size_t p = 0; p < n; ++p)
  {
    const Answer single = ask(net, {x[p], x[n + p], x[2 * n + p]});
    for (std::size_t k = 0; k < 5; ++k)
      EXPECT_EQ(single.y[k], batch.y[k * n + p]);
    for (std::size_t k = 0; k < 15; ++k)
      EXPECT_EQ(single.dy[k], batch.dy[k * n + p]);
  }
}

TEST_P(AnyMlp, FoldedHeadIsTheProduct)
{
  const std::size_t n = 20;
  const Mlp net(random_weights({3, 16, 16, 4}, GetParam()));
  const std::vector<double> A = {1., -2., 0.5, 3., 0., 1., -1., 0.25, 2., 2., 2., 2.};
  const auto folded = net.folded(A.data(), 3);
  ASSERT_EQ(folded->n_outputs(), 3u);
  const auto x = random_points(3 * n);
  const Answer full = ask(net, x), less = ask(*folded, x);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t p = 0; p < n; ++p)
    {
      double y = 0.;
      for (std::size_t k = 0; k < 4; ++k)
        y += A[i * 4 + k] * full.y[k * n + p];
      EXPECT_NEAR(less.y[i * n + p], y, 1e-13 * (1. + std::abs(y)));
      for (std::size_t j = 0; j < 3; ++j)
      {
        double dy = 0.;
        for (std::size_t k = 0; k < 4; ++k)
          dy += A[i * 4 + k] * full.dy[(k * 3 + j) * n + p];
        EXPECT_NEAR(less.dy[(i * 3 + j) * n + p], dy, 1e-13 * (1. + std::abs(dy)));
      }
    }
}

TEST_P(AnyMlp, FileReturnsEveryBit)
{
  const auto x = random_points(30);
  for (const Precision precision : {Precision::double_, Precision::single})
  {
    const Mlp net(random_weights({3, 12, 12, 4}, GetParam()), precision);
    ModelFile file;
    net.save(file, "stress_");
    const ModelFile read = ModelFile::from_bytes(file.to_bytes(), "model.safetensors");
    const auto loaded = load_head(read, "stress_");
    EXPECT_EQ(loaded->kind(), "mlp");
    EXPECT_EQ(ask(*loaded, x).y, ask(net, x).y);
    EXPECT_EQ(ask(*loaded, x).dy, ask(net, x).dy);
  }
}

TEST_P(AnyMlp, SinglePrecisionIsClose)
{
  const auto w = random_weights({3, 48, 48, 48, 4}, GetParam());
  const auto x = random_points(300);
  const Answer exact = ask(Mlp(w), x), single = ask(Mlp(w, Precision::single), x);
  for (std::size_t i = 0; i < exact.y.size(); ++i)
    EXPECT_NEAR(single.y[i], exact.y[i], 2e-5);
  for (std::size_t i = 0; i < exact.dy.size(); ++i)
    EXPECT_NEAR(single.dy[i], exact.dy[i], 2e-5 * (1. + std::abs(exact.dy[i])));
}

// Requirement: whichever processor the program runs on, results agree to rounding.
TEST_P(AnyMlp, AllProcessorKindsAgree)
{
  const MlpWeights w = random_weights({3, 20, 20, 3}, GetParam());
  PackedMlp<double> packed;
  packed.n_inputs = 3;
  packed.max_width = 20;
  packed.odd = w.odd;
  for (const auto &l : w.layers)
  {
    PackedMlp<double>::Layer layer;
    layer.weight = PackedMatrix<double>::pack(l.n_out, l.n_in, l.weight.data());
    layer.bias = l.bias;
    layer.bias.resize(4 * layer.weight.n_blocks(), 0.);
    for (const double b : layer.bias)
    {
      layer.exp_minus.push_back(std::exp(-b));
      layer.exp_plus.push_back(std::exp(b));
    }
    packed.layers.push_back(layer);
  }
  const std::size_t n = 37;
  const auto x = random_points(3 * n);
  std::vector<double> y0, dy0;
  for (const SimdKernels *kernels : all_simd_kernels())
  {
    std::vector<double> y(3 * n), dy(9 * n);
    kernels->mlp_double(packed, n, x.data(), y.data(), dy.data());
    if (y0.empty())
    {
      y0 = y;
      dy0 = dy;
    }
    for (std::size_t i = 0; i < y.size(); ++i)
      EXPECT_NEAR(y[i], y0[i], 1e-13) << kernels->name;
    for (std::size_t i = 0; i < dy.size(); ++i)
      EXPECT_NEAR(dy[i], dy0[i], 1e-13) << kernels->name;
  }
}

TEST(OddMlp, IsOddAndItsJacobianEven)
{
  const Mlp net(random_weights({3, 48, 48, 48, 16}, true));
  const auto x = random_points(90);
  auto minus = x;
  for (double &v : minus)
    v = -v;
  const Answer a = ask(net, x), b = ask(net, minus);
  for (std::size_t i = 0; i < a.y.size(); ++i)
    EXPECT_NEAR(a.y[i], -b.y[i], 1e-14 * (1. + std::abs(a.y[i])));
  for (std::size_t i = 0; i < a.dy.size(); ++i)
    EXPECT_NEAR(a.dy[i], b.dy[i], 1e-13 * (1. + std::abs(a.dy[i])));
  for (const double y : ask(net, {0., 0., 0.}).y)
    EXPECT_NEAR(y, 0., 1e-15);
}

TEST_P(AnyMlp, HugeInputsStayFinite)
{
  for (const Precision precision : {Precision::double_, Precision::single})
  {
    const Mlp net(random_weights({3, 8, 8, 2}, GetParam()), precision);
    for (const double y : ask(net, {1e6, -1e6, 1e6}).dy)
      EXPECT_TRUE(std::isfinite(y));
  }
}

// Requirement: the own exponential makes a sigmoid within 1e-15 relative over its whole range.
TEST(SimdUnit, SwishIsAccurate)
{
  std::vector<double> z, u(20001), du(u), d2u(u), uc(u), duc(u);
  for (int i = -10000; i <= 10000; ++i)
    z.push_back(0.0031 * i);
  for (const SimdKernels *kernels : all_simd_kernels())
  {
    kernels->unit(false, z.size(), z.data(), 0., u.data(), du.data(), d2u.data(), uc.data(),
                  duc.data());
    for (std::size_t i = 0; i < z.size(); ++i)
    {
      const long double exact = z[i] / (1.L + std::exp(-static_cast<long double>(z[i])));
      EXPECT_NEAR(u[i], static_cast<double>(exact), 1e-15 * std::abs(static_cast<double>(exact)));
    }
  }
}

TEST(MlpFile, HostileFilesAreRefused)
{
  ModelFile good;
  Mlp(random_weights({3, 6, 2}, false)).save(good, "net_");
  const auto load_with = [&](const std::function<void(ModelFile &)> &harm)
  {
    ModelFile bad = good;
    harm(bad);
    return error_of([&] { load_head(bad, "net_"); });
  };
  EXPECT_EQ(load_with([](ModelFile &) {}), "");
  EXPECT_THAT(load_with(
                [](ModelFile &f) {
                  f.add("net_W1", {2, 5}, std::vector<double>(10, 1.));
                }),
              testing::HasSubstr("net_W1"));
  EXPECT_THAT(load_with([](ModelFile &f) { f.add("net_b0", {5}, std::vector<double>(5, 1.)); }),
              testing::HasSubstr("net_b0"));
  EXPECT_THAT(load_with([](ModelFile &f) { f.add("net_W0", {}, {1.}); }),
              testing::HasSubstr("not a matrix"));
  EXPECT_THAT(load_with([](ModelFile &f) { f.meta()["heads"]["net_"]["layers"] = 3; }),
              testing::HasSubstr("net_W2"));
  EXPECT_THAT(load_with([](ModelFile &f) { f.meta()["heads"]["net_"]["layers"] = "two"; }),
              testing::HasSubstr("layers"));
  EXPECT_THAT(load_with([](ModelFile &f) { f.meta()["heads"]["net_"]["odd"] = 1; }),
              testing::HasSubstr("true or false"));
  EXPECT_THAT(load_with([](ModelFile &f) { f.meta()["heads"]["net_"]["kind"] = "kan"; }),
              testing::HasSubstr("known: affine, mlp, odd-rbf"));
  EXPECT_THAT(load_with([](ModelFile &f) { f.meta().erase("heads"); }),
              testing::HasSubstr("has no entry 'kind' for its head"));
  EXPECT_THAT(load_with(
                [](ModelFile &f) {
                  f.add("net_scale", {3}, {1., 0., 1.});
                }),
              testing::HasSubstr("positive"));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: networks have the sizes of published ones, are saved and read back, and the native
// pass keeps what the architecture promises.
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/fno.h>
#include <operators/nn/spectral_convolution.h>
#include <tests/count_allocations.h>
#include <tests/random_numbers.h>
#include <tests/small_fno.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

using namespace understudy;
using test::random_numbers;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
FnoConfig small()
{
  FnoConfig c;
  c.n_in = 2;
  c.width = 6;
  c.modes1 = c.modes2 = 4;
  c.layers = 2;
  return c;
}

template <class T>
std::vector<T> run(Fno<T> &net, std::size_t n_samples, std::size_t n1, std::size_t n2,
                   const std::vector<T> &x)
{
  std::vector<T> y(n_samples * net.config().n_out * n1 * n2);
  net.evaluate(n_samples, n1, n2, x.data(), y.data());
  return y;
}

/// Largest difference; NaN when a value is NaN.
double distance(const auto &a, const auto &b)
{
  double most = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    most = d <= most ? most : d;
  }
  return most;
}
} // namespace

// The three models whose sizes the documentation of neuraloperator prints for small Darcy flow.
TEST(FnoSizes, AreThoseOfPublishedModels)
{
  FnoConfig c;
  c.modes1 = c.modes2 = 8;
  c.width = 24;
  EXPECT_EQ(n_parameters(c), 191881u);
  c.width = 32;
  EXPECT_EQ(n_parameters(c), 340833u);
  c.modes1 = c.modes2 = 16;
  c.factorisation = Factorisation::tucker;
  c.rank = 0.42;
  c.lift_width = 256;
  c.mlp = false;
  EXPECT_EQ(n_parameters(c), 523257u);
}

// 400 thousand numbers: the deviation of their mean square is 0.2 %.
TEST(FnoStart, HasTheDeviationsItStates)
{
  FnoConfig c;
  c.modes1 = c.modes2 = 32;
  c.layers = 1;
  const auto weights = FnoWeights::random(c, 3);
  const auto &W = weights.at("block0/spectral/part0");
  double squares = 0.;
  for (const double v : W)
    squares += v * v;
  EXPECT_NEAR(squares / static_cast<double>(W.size()) * 64., 1., 0.01);
  double largest = 0.;
  for (const double v : weights.at("project/0/weight"))
    largest = std::max(largest, std::abs(v));
  EXPECT_NEAR(largest * std::sqrt(32.), 1., 0.01);
  EXPECT_EQ(weights.at("block0/mlp_skip/gate"), std::vector<double>(32, 1.));
  EXPECT_EQ(FnoWeights::random(c, 3).tensors, weights.tensors);
  EXPECT_NE(FnoWeights::random(c, 4).tensors, weights.tensors);
}

TEST(FnoFile, HoldsTheNetwork)
{
  FnoConfig c = small();
  c.factorisation = Factorisation::tt;
  c.rank = 0.3;
  c.joint = true;
  c.norm = FnoNorm::group;
  c.skip = FnoSkip::soft_gate;
  c.padding1 = 0.25;
  const auto weights = FnoWeights::random(c, 1);
  ModelFile file;
  weights.save(file, "net/");
  const auto read = ModelFile::from_bytes(file.to_bytes(), "a.safetensors");
  const auto again = FnoWeights::load(read, "net/");
  EXPECT_EQ(again.config.to_json(), c.to_json());
  EXPECT_EQ(again.tensors, weights.tensors);
  EXPECT_THAT(sentence_of<UserError>([&] { FnoWeights::load(read, "other/"); }),
              HasSubstr("'other/'"));

  file.meta()["fno"]["net/"]["layers"] = 3;
  EXPECT_THAT(sentence_of<UserError>([&] { FnoWeights::load(file, "net/"); }),
              HasSubstr("spectral/part"));
  file.meta()["fno"]["net/"]["layers"] = -1;
  EXPECT_THAT(sentence_of<UserError>([&] { FnoWeights::load(file, "net/"); }),
              HasSubstr("'layers'"));
  file.meta()["fno"]["net/"]["layers"] = 1000000;
  EXPECT_THAT(sentence_of<UserError>([&] { FnoWeights::load(file, "net/"); }),
              HasSubstr("More than 1000 layers"));
  file.meta()["fno"]["net/"]["layers"] = 2;
  const auto width = file.meta()["fno"]["net/"]["width"];
  file.meta()["fno"]["net/"]["width"] = 60000;
  EXPECT_THAT(sentence_of<UserError>([&] { FnoWeights::load(file, "net/"); }),
              HasSubstr("more than 1e9 entries"));
  file.meta()["fno"]["net/"]["width"] = width;
  file.meta()["fno"]["net/"]["modes1"] = 5;
  EXPECT_THAT(sentence_of<UserError>([&] { FnoWeights::load(file, "net/"); }), HasSubstr("even"));
  file.meta()["fno"]["net/"]["modes1"] = 4;
  file.meta()["fno"]["net/"]["mode"] = 4;
  EXPECT_THAT(sentence_of<UserError>([&] { FnoWeights::load(file, "net/"); }),
              HasSubstr("unknown entry 'mode'"));
}

TEST(Fno, RefusesTensorsThatDoNotFit)
{
  auto weights = FnoWeights::random(small(), 1);
  weights.tensors["lift/1/bias"].pop_back();
  EXPECT_THAT(sentence_of<UserError>([&] { Fno<float>{weights}; }), HasSubstr("'lift/1/bias'"));
  weights = FnoWeights::random(small(), 1);
  weights.tensors["block1/skip/weight"][3] = std::nan("");
  EXPECT_THAT(sentence_of<UserError>([&] { Fno<float>{weights}; }),
              HasSubstr("'block1/skip/weight'"));
  weights = FnoWeights::random(small(), 1);
  weights.tensors["block1/skip/weight"][3] = 1e39; // a double, but no float
  EXPECT_THAT(sentence_of<UserError>([&] { Fno<float>{weights}; }), HasSubstr("not finite"));
  EXPECT_NO_THROW(Fno<double>{weights});
}

TEST(Fno, RefusesStatisticsThatMakeNoSense)
{
  FnoConfig c = small();
  c.norm = FnoNorm::batch;
  auto weights = FnoWeights::random(c, 1);
  weights.tensors["block1/norm0/variance"][2] = -1.;
  EXPECT_THAT(sentence_of<UserError>([&] { Fno<float>{weights}; }),
              HasSubstr("'block1/norm0/variance'"));
  weights.tensors["block1/norm0/variance"][2] = 0.;
  EXPECT_NO_THROW(Fno<float>{weights});
  weights.tensors["block1/norm0/weight"][2] = 1e38; // a float, but not over the square root of 1e-5
  EXPECT_THAT(sentence_of<UserError>([&] { Fno<float>{weights}; }), HasSubstr("'block1/norm0'"));
  EXPECT_NO_THROW(Fno<double>{weights});
}

TEST(Fno, TakesNoMemoryAfterTheFirstCallAndSamplesOneByOne)
{
  for (const auto path : {SpectralPath::pruned, SpectralPath::fftw})
    for (const auto norm : {FnoNorm::none, FnoNorm::instance, FnoNorm::adaptive})
    {
      FnoConfig c = small();
      c.norm = norm;
      c.modes1 = c.modes2 = 12; // weights larger than activations: samples in groups
      Fno<double> net(FnoWeights::random(c, 1));
      net.use(path);
      const auto x = random_numbers(18 * 2 * 144, 2);
      std::vector<double> y(18 * 144);
      net.evaluate(18, 12, 12, x.data(), y.data());
      const std::size_t before = n_allocations;
      net.evaluate(18, 12, 12, x.data(), y.data());
      EXPECT_EQ(n_allocations, before);
      Fno<double> copy(net);
      copy.use(path);
      const auto last = run(copy, 1, 12, 12, {x.end() - 288, x.end()});
      EXPECT_LT(distance(last, std::vector<double>(y.end() - 144, y.end())), 1e-13);
    }
}

TEST(Fno, TakesNoMemoryAfterTheFirstCallWhateverItsLayers)
{
  constexpr std::size_t n1 = 16, n2 = 12, n_samples = 3;
  const auto numbers = random_numbers(n_samples * 2 * n1 * n2, 3);
  const std::vector<float> x(numbers.begin(), numbers.end());
  std::vector<float> y(n_samples * 3 * n1 * n2);
  for (const FnoConfig &c : test::small_fnos())
    for (const auto path : {SpectralPath::pruned, SpectralPath::fftw})
    {
      Fno<float> net(FnoWeights::random(c, 1));
      net.use(path);
      net.evaluate(n_samples, n1, n2, x.data(), y.data());
      const std::size_t before = n_allocations;
      net.evaluate(n_samples, n1, n2, x.data(), y.data());
      net.evaluate(1, n1, n2, x.data(), y.data());
      EXPECT_EQ(n_allocations, before) << test::text(c);
    }
}

TEST(Fno, ShiftsWithItsInputOnTheTorus)
{
  constexpr std::size_t n1 = 10, n2 = 12;
  FnoConfig c = small();
  c.grid = false;
  Fno<float> net(FnoWeights::random(c, 1));
  const auto numbers = random_numbers(2 * n1 * n2, 7);
  const std::vector<float> x(numbers.begin(), numbers.end());
  const auto shifted = [](const std::vector<float> &f)
  {
    auto g = f;
    for (std::size_t i = 0; i < f.size(); ++i)
    {
      const std::size_t channel = i / (n1 * n2), i1 = i / n2 % n1, i2 = i % n2;
      g[i] = f[(channel * n1 + (i1 + 3) % n1) * n2 + (i2 + 5) % n2];
    }
    return g;
  };
  const auto y = run(net, 1, n1, n2, x);
  EXPECT_LT(distance(run(net, 1, n1, n2, shifted(x)), shifted(y)), 1e-5);
  EXPECT_GT(distance(y, shifted(y)), 1e-3);
}

TEST(Fno, IsPaddedOnBothSidesOrBehind)
{
  FnoConfig c = small();
  c.padding1 = 0.2;
  EXPECT_EQ(c.padding_points1(11).before, 2u);
  EXPECT_EQ(c.padding_points1(11).behind, 2u);
  EXPECT_EQ(c.padding_points2(11).all(), 0u);
  c.padding_one_sided = true;
  EXPECT_EQ(c.padding_points1(11).before, 0u);
  EXPECT_EQ(c.padding_points1(11).behind, 2u);
  c.padding2 = 0.078125; // that of the first published code
  EXPECT_EQ(c.padding_points2(128).all(), 10u);
}

TEST(Fno, IsTheSameByEitherTransform)
{
  FnoConfig c = small();
  c.padding1 = 0.2;
  c.padding2 = 0.1;
  Fno<double> net(FnoWeights::random(c, 1));
  const auto x = random_numbers(2 * 15 * 11, 7);
  net.use(SpectralPath::pruned);
  const auto y = run(net, 1, 15, 11, x);
  net.use(SpectralPath::fftw);
  EXPECT_LT(distance(run(net, 1, 15, 11, x), y), 1e-13);
}

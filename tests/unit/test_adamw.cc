// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: AdamW takes the steps of its formula, goes on from a stored state to the bit, and
// does not depend on the phase of complex parameters; schedules are what their formulas say.

#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/adamw.h>
#include <operators/nn/learning_rate.h>
#include <tests/random_numbers.h>

#include <gtest/gtest.h>

#include <cmath>
#include <complex>

using namespace understudy;

namespace
{
std::vector<float> floats(std::size_t n, unsigned seed)
{
  const auto v = test::random_numbers(n, seed);
  return {v.begin(), v.end()};
}
} // namespace

TEST(AdamW, StepsAreThoseOfTheFormula)
{
  const AdamWParameters p{0.8, 0.95, 1e-3, 0.1};
  AdamW adam(p, 1, {});
  std::vector<float> x = {0.7f};
  double m = 0., v = 0., expected = 0.7;
  for (unsigned t = 1; t <= 20; ++t)
  {
    const double g = std::sin(t), eta = 0.05 / t;
    m = 0.8 * m + 0.2 * g;
    v = 0.95 * v + 0.05 * g * g;
    expected = (1. - eta * 0.1) * expected - eta * (m / (1. - std::pow(0.8, t))) /
                                               (std::sqrt(v / (1. - std::pow(0.95, t))) + 1e-3);
    adam.step(eta, std::vector<float>{static_cast<float>(g)}, x);
    ASSERT_NEAR(x[0], expected, 1e-6) << t;
  }
  EXPECT_EQ(adam.n_steps(), 20u);
}

// A turn of all gradients and parameters by a phase turns the result.
TEST(AdamW, ComplexParametersHaveNoPreferredPhase)
{
  constexpr std::size_t n = 6; // one real, two complex, one real
  const std::complex<float> turn = std::polar(1.f, 0.6f);
  const auto turned = [&](std::vector<float> v)
  {
    for (std::size_t i = 1; i < 5; i += 2)
    {
      const std::complex<float> z = turn * std::complex<float>(v[i], v[i + 1]);
      v[i] = z.real();
      v[i + 1] = z.imag();
    }
    return v;
  };
  AdamW a({}, n, {{1, 5}}), b({}, n, {{1, 5}}), without({}, n, {});
  std::vector<float> x = floats(n, 1), y = turned(x), z = y;
  for (unsigned t = 0; t < 10; ++t)
  {
    const auto g = floats(n, 10 + t);
    a.step(0.1, g, x);
    b.step(0.1, turned(g), y);
    without.step(0.1, turned(g), z);
  }
  const auto expected = turned(x);
  double difference = 0.;
  for (std::size_t i = 0; i < n; ++i)
  {
    EXPECT_NEAR(y[i], expected[i], 1e-5) << i;
    difference = std::max<double>(difference, std::abs(z[i] - expected[i]));
  }
  EXPECT_GT(difference, 0.01); // real numbers by themselves would not do it
}

// Real and complex numbers side by side, more than are taken at once.
TEST(AdamW, StepsOfManyParametersAreThoseOfTheFormula)
{
  constexpr std::size_t n = 3000;
  const std::vector<std::pair<std::size_t, std::size_t>> complex = {{1001, 2501}, {2501, 2603}};
  const auto is_complex = [&](std::size_t i) { return i >= 1001 && i < 2603; };
  const AdamWParameters p{0.8, 0.95, 1e-3, 0.1};
  AdamW adam(p, n, complex);
  std::vector<float> x = floats(n, 1);
  std::vector<double> m(n), v(n), expected(x.begin(), x.end());
  for (unsigned t = 1; t <= 3; ++t)
  {
    const auto g = floats(n, 10 + t);
    for (std::size_t i = 0; i < n; ++i)
    {
      const double re = g[i], im = is_complex(i) ? g[(i - 1001) % 2 == 0 ? i + 1 : i - 1] : 0.;
      m[i] = 0.8 * m[i] + 0.2 * re;
      v[i] = 0.95 * v[i] + 0.05 * (re * re + im * im);
      expected[i] =
        (1. - 0.02 * 0.1) * expected[i] - 0.02 * (m[i] / (1. - std::pow(0.8, t))) /
                                            (std::sqrt(v[i] / (1. - std::pow(0.95, t))) + 1e-3);
    }
    adam.step(0.02, g, x);
  }
  for (std::size_t i = 0; i < n; ++i)
    ASSERT_NEAR(x[i], expected[i], 1e-6) << i;
}

TEST(AdamW, GoesOnFromAStoredStateToTheBit)
{
  constexpr std::size_t n = 40;
  AdamW whole({}, n, {{4, 10}});
  std::vector<float> x = floats(n, 3);
  for (unsigned t = 0; t < 5; ++t)
    whole.step(0.01, floats(n, 20 + t), x);
  ModelFile file;
  whole.save(file, "adam/");
  AdamW resumed({}, n, {{4, 10}});
  resumed.load(ModelFile::from_bytes(file.to_bytes(), "state"), "adam/");
  std::vector<float> y = x;
  for (unsigned t = 5; t < 9; ++t)
  {
    whole.step(0.01, floats(n, 20 + t), x);
    resumed.step(0.01, floats(n, 20 + t), y);
  }
  EXPECT_EQ(x, y);
  EXPECT_EQ(resumed.n_steps(), 9u);
  AdamW other({}, n + 1, {});
  EXPECT_THROW(other.load(file, "adam/"), UserError);
}

TEST(LearningRate, FollowsItsSchedule)
{
  LearningRate rate{0.4, "cosine", 8., 0.5};
  EXPECT_DOUBLE_EQ(rate.at(0), 0.4);
  EXPECT_NEAR(rate.at(4), 0.2, 1e-15);
  EXPECT_NEAR(rate.at(2), 0.2 * (1. + std::sqrt(0.5)), 1e-15);
  EXPECT_NEAR(rate.at(8), 0., 1e-15);
  EXPECT_NEAR(rate.at(11), 0., 1e-15); // it does not rise again
  rate.schedule = "step";
  EXPECT_DOUBLE_EQ(rate.at(7), 0.4);
  EXPECT_DOUBLE_EQ(rate.at(8), 0.2);
  EXPECT_DOUBLE_EQ(rate.at(25), 0.05);
  rate.schedule = "constant";
  EXPECT_DOUBLE_EQ(rate.at(1000), 0.4);
  EXPECT_TRUE(rate.problems().empty());
  const double nan = std::nan("");
  EXPECT_EQ((LearningRate{nan, "linear", nan, nan}.problems().size()), 4u);
  EXPECT_EQ((LearningRate{0., "step", 0., 1.5}.problems().size()), 3u);
}

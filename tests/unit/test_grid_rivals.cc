// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <surrogates/grid_rivals.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr std::size_t mean_rival = 0, neighbour = 1, ridge = 2;

struct Samples
{
  GridBatch x, y;
};

/// Inputs of two channels, of very different units, with 8 modes together and the unchanged
/// coordinate as a third channel; outputs of two channels that are linear in the amplitudes of the
/// modes, plus @p noise, and a third that is always the same.
Samples linear_problem(std::size_t n, unsigned seed, double noise = 0.)
{
  constexpr std::size_t n1 = 12, n2 = 10;
  Samples all{GridBatch(n, 3, n1, n2), GridBatch(n, 3, n1, n2)};
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  for (std::size_t s = 0; s < n; ++s)
  {
    std::array<double, 8> a;
    for (double &value : a)
      value = normal(engine);
    for (std::size_t i = 0; i < n1; ++i)
      for (std::size_t j = 0; j < n2; ++j)
      {
        const std::size_t p = i * n2 + j;
        const double u = std::numbers::pi * double(i) / n1, v = std::numbers::pi * double(j) / n2;
        double x0 = 0., x1 = 0., y0 = 0., y1 = 0.;
        for (std::size_t k = 0; k < 4; ++k)
        {
          const double m = double(k + 1);
          x0 += a[k] * std::sin(m * u) * std::cos(v);
          x1 += a[4 + k] * std::cos(m * v);
          y0 += (a[k] / m - 2. * a[4 + k]) * std::sin(u) * std::sin(m * v);
          y1 += a[7 - k] * std::cos(m * u + v);
        }
        all.x.field(s, 0)[p] = float(5. + x0);
        all.x.field(s, 1)[p] = float(1e5 * x1);
        all.x.field(s, 2)[p] = float(u);
        all.y.field(s, 0)[p] = float(3. + y0 + noise * normal(engine));
        all.y.field(s, 1)[p] = float(1e-4 * (y1 + noise * normal(engine)));
        all.y.field(s, 2)[p] = 7.7f;
      }
  }
  return all;
}

/// ||a - b|| / ||b|| of one channel over all samples.
double relative_error(const GridBatch &a, const GridBatch &b, std::size_t channel)
{
  double error = 0., truth = 0.;
  for (std::size_t s = 0; s < b.n_samples; ++s)
    for (std::size_t p = 0; p < b.n_points(); ++p)
    {
      error += std::pow(double(a.field(s, channel)[p]) - b.field(s, channel)[p], 2);
      truth += std::pow(double(b.field(s, channel)[p]), 2);
    }
  return std::sqrt(error / truth);
}

/// Samples of a batch in another order.
GridBatch picked(const GridBatch &batch, const std::vector<std::size_t> &order)
{
  GridBatch out(order.size(), batch.n_channels, batch.n1, batch.n2);
  for (std::size_t s = 0; s < order.size(); ++s)
    std::ranges::copy(batch.sample(order[s]), out.sample(s).begin());
  return out;
}

/// [0, 1, ..., n - 1]
std::vector<std::size_t> numbers(std::size_t n)
{
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), std::size_t(0));
  return all;
}
} // namespace

TEST(GridRivals, PodRidgeReproducesALinearProblem)
{
  const Samples train = linear_problem(60, 1), test = linear_problem(20, 2);
  const GridRivals rivals(train.x, train.y, {1., 100});
  const GridBatch answer = rivals.predict(ridge, test.x);
  EXPECT_LT(relative_error(answer, test.y, 0), 1e-5);
  EXPECT_LT(relative_error(answer, test.y, 1), 1e-5);
  for (const float value : answer.field(3, 2))
    EXPECT_EQ(value, 7.7f);
  // The others are far off.
  for (const std::size_t rival : {mean_rival, neighbour})
    EXPECT_GT(relative_error(rivals.predict(rival, test.x), test.y, 1), 0.3);

  // Eight modes hold everything but the rounding of the inputs.
  const GridRivals usual(train.x, train.y);
  EXPECT_EQ(usual.n_input_modes(), 8u);
  EXPECT_EQ(usual.n_output_modes(), 8u);
  EXPECT_LE(usual.penalty(), 1e-8);
  EXPECT_LT(relative_error(usual.predict(ridge, test.x), test.y, 0), 1e-5);
}

TEST(GridRivals, ModesAreLimitedByEnergyAndNumber)
{
  const Samples train = linear_problem(60, 1), test = linear_problem(20, 2);
  EXPECT_EQ(GridRivals(train.x, train.y, {1., 3}).n_input_modes(), 3u);
  const GridRivals half(train.x, train.y, {0.5, 100});
  EXPECT_GT(half.n_input_modes(), 1u);
  EXPECT_LT(half.n_input_modes(), 6u);
  const double error = relative_error(half.predict(ridge, test.x), test.y, 1);
  EXPECT_GT(error, 0.1);
  EXPECT_LT(error, 1.);
}

TEST(GridRivals, ThePenaltyGrowsWithTheNoiseAndHelps)
{
  // The outputs have nothing to do with the inputs: leaving one out tells, fitting does not.
  const Samples train = linear_problem(12, 1), other = linear_problem(12, 99);
  const GridRivals blind(train.x, other.y);
  EXPECT_GE(blind.penalty(), 0.1);
  EXPECT_LE(GridRivals(train.x, train.y).penalty(), 1e-6);
}

/// Of the decades from 1e-10 to 1e2 times the sum of (a - mean)^2 the best penalty of b = m + w (a
/// - mean) by explicit regressions without each sample.
double best_penalty(const std::vector<double> &a, const std::vector<double> &b)
{
  const std::size_t n = a.size();
  const double mean = std::accumulate(a.begin(), a.end(), 0.) / double(n);
  double largest = 0.;
  for (const double value : a)
    largest += (value - mean) * (value - mean);
  double least = std::numeric_limits<double>::infinity(), best = 0.;
  for (int decade = 2; decade >= -10; --decade)
  {
    double sum = 0.;
    for (std::size_t out = 0; out < n; ++out)
    {
      double sa = 0., sb = 0., saa = 0., sab = 0.;
      for (std::size_t s = 0; s < n; ++s)
        if (s != out)
        {
          sa += a[s] - mean;
          sb += b[s];
          saa += (a[s] - mean) * (a[s] - mean);
          sab += (a[s] - mean) * b[s];
        }
      const double m = double(n - 1);
      const double w = (sab - sa * sb / m) / (saa - sa * sa / m + std::pow(10., decade) * largest);
      sum += std::pow(b[out] - (sb - w * sa) / m - w * (a[out] - mean), 2);
    }
    if (sum < least)
    {
      least = sum;
      best = std::pow(10., decade);
    }
  }
  return best;
}

TEST(GridRivals, LeavingOutInClosedFormIsLeavingOut)
{
  // Constant fields: one mode of the inputs, one of the outputs.
  const std::size_t n = 6;
  std::set<double> seen;
  for (unsigned seed = 0; seed < 200; ++seed)
  {
    GridBatch x(n, 1, 2, 2), y(n, 1, 2, 2);
    std::mt19937 engine(seed);
    std::normal_distribution<double> normal;
    std::vector<double> a(n), b(n);
    for (std::size_t s = 0; s < n; ++s)
    {
      a[s] = float(normal(engine));
      b[s] = float(0.7 * a[s] + 0.6 * normal(engine));
      std::ranges::fill(x.sample(s), float(a[s]));
      std::ranges::fill(y.sample(s), float(b[s]));
    }
    const double best = best_penalty(a, b);
    EXPECT_NEAR(GridRivals(x, y).penalty() / best, 1., 1e-12) << seed;
    seen.insert(best);
  }
  EXPECT_GE(seen.size(), 4u); // otherwise this says little
}

TEST(GridRivals, TheNearestNeighbourOfATrainingInputIsItself)
{
  const Samples train = linear_problem(40, 3);
  const GridRivals rivals(train.x, train.y);
  EXPECT_EQ(rivals.predict(neighbour, train.x).values, train.y.values);
  // A small change of the channel in small units decides as much as one in large units.
  GridBatch x(2, 2, 1, 1), y(2, 1, 1, 1), query(1, 2, 1, 1);
  x.values = {0.f, 0.f, 1e-3f, 1e3f};
  y.values = {10.f, 20.f};
  query.values = {0.9e-3f, 0.4e3f};
  EXPECT_EQ(GridRivals(x, y).predict(neighbour, query).values[0], 20.f);
}

TEST(GridRivals, TheMeanIsTheMean)
{
  const Samples train = linear_problem(7, 4);
  const GridBatch answer = GridRivals(train.x, train.y).predict(mean_rival, train.x);
  for (std::size_t p = 0; p < answer.sample_size(); ++p)
  {
    double mean = 0.;
    for (std::size_t s = 0; s < 7; ++s)
      mean += train.y.sample(s)[p] / 7.;
    EXPECT_NEAR(answer.sample(6)[p], mean, 1e-6);
  }
}

TEST(GridRivals, OneSampleOrInputsThatNeverDifferLeaveTheMean)
{
  const Samples one = linear_problem(1, 4), some = linear_problem(5, 4);
  const GridRivals rivals(one.x, one.y);
  for (const std::size_t rival : {mean_rival, neighbour, ridge})
    EXPECT_EQ(rivals.predict(rival, picked(some.x, {3})).values, one.y.values);
  const GridRivals blind(picked(some.x, {0, 0, 0, 0, 0}), some.y);
  EXPECT_EQ(blind.n_input_modes(), 0u);
  EXPECT_EQ(blind.predict(ridge, some.x).values, blind.predict(mean_rival, some.x).values);
}

TEST(GridRivals, ABatchIsItsSamplesAndTheOrderOfTrainingDoesNotMatter)
{
  const Samples train = linear_problem(50, 5, 0.1), test = linear_problem(37, 6);
  const GridRivals rivals(train.x, train.y);
  auto order = numbers(50);
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  const GridRivals shuffled(picked(train.x, order), picked(train.y, order));
  EXPECT_EQ(shuffled.penalty(), rivals.penalty());
  for (const std::size_t rival : {mean_rival, neighbour, ridge})
  {
    const GridBatch all = rivals.predict(rival, test.x);
    for (const std::size_t s : {0u, 31u, 32u, 36u})
      for (const std::size_t c : {0u, 1u})
        EXPECT_LT(relative_error(rivals.predict(rival, picked(test.x, {s})), picked(all, {s}), c),
                  1e-6);
    for (const std::size_t c : {0u, 1u})
      EXPECT_LT(relative_error(shuffled.predict(rival, test.x), all, c), 1e-6);
  }
  EXPECT_TRUE(rivals.predict(ridge, GridBatch(0, 3, 12, 10)).values.empty());
}

TEST(GridRivals, RefusesWhatDoesNotFit)
{
  const Samples good = linear_problem(5, 7);
  const auto refusal = [](const GridBatch &x, const GridBatch &y, GridRivalsParameters p = {})
  { return sentence_of<UserError>([&] { GridRivals(x, y, p); }); };
  EXPECT_EQ(refusal(good.x, good.y), "");
  EXPECT_THAT(refusal(good.x, picked(good.y, {0, 1})), HasSubstr("5 inputs and 2 outputs"));
  EXPECT_THAT(refusal(GridBatch(0, 3, 12, 10), GridBatch(0, 1, 12, 10)), HasSubstr("0 inputs"));
  EXPECT_THAT(refusal(good.x, GridBatch(5, 1, 10, 12)), HasSubstr("1 channels on 10 x 12"));
  EXPECT_THAT(refusal(good.x, GridBatch(5, 0, 12, 10)), HasSubstr("no channels"));
  EXPECT_THAT(refusal(good.x, good.y, {0., 10}), HasSubstr("share of the energy"));
  EXPECT_THAT(refusal(good.x, good.y, {0.9, 0}), HasSubstr("share of the energy"));
  GridBatch broken = good.y;
  broken.field(3, 1)[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refusal(good.x, broken), HasSubstr("training outputs of the rivals hold a number "
                                                 "that is not finite in sample 3, channel 1"));
  GridBatch short_batch = good.x;
  short_batch.values.pop_back();
  EXPECT_THAT(refusal(short_batch, good.y), HasSubstr("1799 values instead of 1800"));

  const GridRivals rivals(good.x, good.y);
  const auto refused = [&](const GridBatch &x)
  { return sentence_of<UserError>([&] { rivals.predict(ridge, x); }); };
  EXPECT_THAT(refused(GridBatch(1, 2, 12, 10)), HasSubstr("not of 2 channels on 12 x 10"));
  EXPECT_THAT(refused(GridBatch(1, 3, 24, 20)), HasSubstr("24 x 20"));
  GridBatch x = good.x;
  x.field(4, 2)[0] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(refused(x), HasSubstr("sample 4, channel 2"));
  EXPECT_THROW(rivals.predict(3, good.x), std::out_of_range);
}

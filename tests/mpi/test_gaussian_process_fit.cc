// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: hyper-parameters of samples that were drawn from a Gaussian process are found again,
// searches are deterministic, and every number of ranks gives the same result.
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <operators/nn/cholesky.h>
#include <surrogates/gaussian_process_fit.h>
#include <tests/random_numbers.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>

#include <cmath>
#include <random>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
PointBatch inputs(std::size_t d, std::size_t n, unsigned seed)
{
  PointBatch x(d, n);
  const auto numbers = test::random_numbers(d * n, seed, std::sqrt(3.)); // variance 1
  std::copy(numbers.begin(), numbers.end(), x.data());
  return x;
}

/// Outputs drawn from the process: y = L z with independent normal z.
PointBatch drawn(const GaussianProcessParameters &parameters, const PointBatch &x, std::size_t m,
                 unsigned seed)
{
  const std::size_t n = x.n_points();
  const auto process = GaussianProcess::condition(parameters, x, PointBatch(1, n));
  const std::vector<double> L = unpacked_triangle(n, process.state().factor);
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  PointBatch y(m, n);
  for (std::size_t o = 0; o < m; ++o)
    for (std::size_t j = 0; j < n; ++j)
    {
      const double z = normal(random);
      for (std::size_t i = j; i < n; ++i)
        y(o, i) += L[i + j * n] * z;
    }
  return y;
}

const GaussianProcessParameters truth{{0.7, 2., 5.}, 1.5, 0.01};

/// All numbers of fits, in turn.
std::vector<double> numbers_of(const std::vector<GaussianProcessFit> &fits)
{
  std::vector<double> all;
  for (const GaussianProcessFit &fit : fits)
  {
    all.push_back(static_cast<double>(fit.best));
    const auto &state = fit.process.state();
    all.insert(all.end(), state.weights.begin(), state.weights.end());
    all.insert(all.end(), state.factor.begin(), state.factor.end());
    for (const GaussianProcessSearch &s : fit.searches)
    {
      for (const auto &p : {s.start, s.found})
      {
        all.insert(all.end(), p.length_scales.begin(), p.length_scales.end());
        all.insert(all.end(), {p.signal_variance, p.noise_variance});
      }
      all.insert(all.end(),
                 {s.log_likelihood, 1. * s.evaluations, 1. * s.converged, 1. * s.at_bound});
    }
  }
  return all;
}
} // namespace

TEST(GaussianProcessFit, StartsWhereItIsTold)
{
  const PointBatch x = inputs(3, 30, 1);
  const PointBatch y = drawn(truth, x, 1, 2);
  GaussianProcessFitParameters recipe;
  recipe.n_restarts = 2;
  recipe.max_evaluations = 1;
  const auto usual = fit_gaussian_processes(MPI_COMM_WORLD, x, {y}, recipe);
  recipe.first_starts = {{{1., 2., 3.}, 0.5, 0.01}};
  const auto told = fit_gaussian_processes(MPI_COMM_WORLD, x, {y}, recipe);
  const GaussianProcessParameters &start = told[0].searches[0].start;
  EXPECT_NEAR(start.length_scales[1], 2., 1e-12);
  EXPECT_NEAR(start.signal_variance, 0.5, 1e-12);
  EXPECT_NEAR(start.noise_variance, 0.01, 1e-12);
  EXPECT_EQ(told[0].searches[1].start.logarithms(), usual[0].searches[1].start.logarithms());
  for (const auto &wrong : {std::vector<GaussianProcessParameters>{{{1., 2.}, 1., 0.1}},
                            std::vector<GaussianProcessParameters>(2, recipe.first_starts[0])})
  {
    recipe.first_starts = wrong;
    EXPECT_THAT(
      sentence_of<UserError>([&] { fit_gaussian_processes(MPI_COMM_WORLD, x, {y}, recipe); }),
      HasSubstr("starts of the searches"));
  }
}

TEST(GaussianProcessFit, FindsTheParametersOfADrawnProcess)
{
  const PointBatch x = inputs(3, 250, 1), y = drawn(truth, x, 4, 2);
  GaussianProcessFitParameters recipe;
  recipe.n_restarts = 4;
  const auto fits = fit_gaussian_processes(MPI_COMM_WORLD, x, {y}, recipe);
  ASSERT_EQ(fits.size(), 1u);
  const GaussianProcessSearch &best = fits[0].searches[fits[0].best];
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(best.found.length_scales[c] / truth.length_scales[c], 1., 0.25) << c;
  EXPECT_NEAR(best.found.noise_variance / truth.noise_variance, 1., 0.25);
  EXPECT_TRUE(best.converged);
  EXPECT_FALSE(best.at_bound);

  // No worse than the truth, and a stationary point.
  GaussianProcessLikelihood likelihood(x, y);
  EXPECT_GT(best.log_likelihood, likelihood.evaluate(truth.logarithms().data(), nullptr));
  std::vector<double> gradient(5);
  likelihood.evaluate(best.found.logarithms().data(), gradient.data());
  for (const double g : gradient)
    EXPECT_LT(std::abs(g), 1.1e-6 * 250. * 4.);
  EXPECT_NEAR(fits[0].process.state().log_likelihood, best.log_likelihood,
              1e-9 * std::abs(best.log_likelihood));
  for (const GaussianProcessSearch &s : fits[0].searches)
  {
    EXPECT_LE(s.log_likelihood, best.log_likelihood);
    EXPECT_GT(s.evaluations, 3u);
    EXPECT_LT(s.evaluations, 200u);
  }
  EXPECT_EQ(fits[0].searches[0].start.length_scales[0], std::exp(0.5 * std::log(3.)));
}

// Requirement: of values drawn from the process that it was fitted to, 85 to 99 % lie within 1.96
// deviations, noise included; three smooth draws at 200 points are few independent values.
TEST(GaussianProcessFit, BandsHoldTheShareThatTheySay)
{
  constexpr std::size_t n = 120, n_test = 200, m = 3;
  const PointBatch all = inputs(3, n + n_test, 11), drawn_values = drawn(truth, all, m, 12);
  PointBatch x(3, n), y(m, n), at(3, n_test);
  for (std::size_t p = 0; p < n + n_test; ++p)
    for (std::size_t c = 0; c < 3; ++c)
      (p < n ? x(c, p) : at(c, p - n)) = all(c, p);
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t o = 0; o < m; ++o)
      y(o, p) = drawn_values(o, p);
  GaussianProcessFitParameters recipe;
  recipe.n_restarts = 2;
  const auto fits = fit_gaussian_processes(MPI_COMM_WORLD, x, {y}, recipe);
  PointBatch mean;
  std::vector<double> variance;
  fits[0].process.predict(at, mean, &variance);
  unsigned inside = 0;
  for (std::size_t p = 0; p < n_test; ++p)
    for (std::size_t o = 0; o < m; ++o)
      inside += std::abs(mean(o, p) - drawn_values(o, n + p)) <=
                1.96 * std::sqrt(variance[p] + fits[0].process.parameters().noise_variance);
  EXPECT_GT(inside, 0.85 * n_test * m);
  EXPECT_LT(inside, 0.99 * n_test * m);
}

TEST(GaussianProcessFit, IrrelevantInputsAndPureNoiseEndAtABound)
{
  const PointBatch x = inputs(2, 80, 3);
  PointBatch noise(1, 80), smooth(1, 80);
  std::mt19937 random(4);
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < 80; ++i)
  {
    noise(0, i) = normal(random);
    smooth(0, i) = std::sin(2. * x(0, i)); // without noise, and without the second input
  }
  GaussianProcessFitParameters recipe;
  recipe.n_restarts = 3;
  const auto fits = fit_gaussian_processes(MPI_COMM_WORLD, x, {noise, smooth}, recipe);
  const GaussianProcessSearch &unlearnable = fits[0].searches[fits[0].best];
  EXPECT_GT(unlearnable.found.noise_variance, 0.5);
  const GaussianProcessSearch &learnable = fits[1].searches[fits[1].best];
  EXPECT_TRUE(learnable.at_bound);
  EXPECT_GT(learnable.found.length_scales[1], 100.);
  EXPECT_LT(learnable.found.noise_variance, 1e-6);
  for (const GaussianProcessFit &fit : fits)
    for (const GaussianProcessSearch &s : fit.searches)
      for (const auto &p : {s.start, s.found})
      {
        for (const double l : p.length_scales)
        {
          EXPECT_GE(l, 0.999999e-2);
          EXPECT_LE(l, 1.000001e3);
        }
        EXPECT_LE(p.noise_variance, 1.000001);
        EXPECT_GE(p.noise_variance, 0.999999e-8);
      }
}

TEST(GaussianProcessFit, IsTheSameOnEveryNumberOfRanksToTheBit)
{
  const PointBatch x = inputs(3, 60, 5);
  const std::vector<PointBatch> outputs = {drawn(truth, x, 2, 6), drawn(truth, x, 1, 7),
                                           drawn(truth, x, 3, 8)};
  GaussianProcessFitParameters recipe;
  recipe.n_restarts = 3;
  const auto together = numbers_of(fit_gaussian_processes(MPI_COMM_WORLD, x, outputs, recipe));
  EXPECT_EQ(together, numbers_of(fit_gaussian_processes(MPI_COMM_SELF, x, outputs, recipe)));
  EXPECT_EQ(together, numbers_of(fit_gaussian_processes(MPI_COMM_WORLD, x, outputs, recipe)));
  std::vector<double> of_rank_0 = together;
  MPI_Bcast(of_rank_0.data(), static_cast<int>(of_rank_0.size()), MPI_DOUBLE, 0, MPI_COMM_WORLD);
  EXPECT_EQ(together, of_rank_0);

  recipe.seed = 2; // another seed, other starts, but for the first
  const auto fits = fit_gaussian_processes(MPI_COMM_WORLD, x, outputs, recipe);
  const auto first = fit_gaussian_processes(MPI_COMM_WORLD, x, {outputs[0]}, {});
  EXPECT_EQ(fits[0].searches[0].start.length_scales, first[0].searches[0].start.length_scales);
  EXPECT_NE(fits[0].searches[1].start.length_scales, first[0].searches[1].start.length_scales);
  EXPECT_EQ(fits[0].searches[0].log_likelihood, first[0].searches[0].log_likelihood);
}

TEST(GaussianProcessFit, SearchesEndByTheirToleranceOrTheirLimit)
{
  const PointBatch x = inputs(3, 60, 5);
  const std::vector<PointBatch> outputs = {drawn(truth, x, 2, 6)};
  GaussianProcessFitParameters recipe;
  recipe.n_restarts = 1;
  const auto search_with = [&](double value_tolerance, unsigned max_evaluations)
  {
    recipe.value_tolerance = value_tolerance;
    recipe.max_evaluations = max_evaluations;
    return fit_gaussian_processes(MPI_COMM_SELF, x, outputs, recipe)[0].searches[0];
  };
  const auto precise = search_with(0., 1000), coarse = search_with(1e-2, 1000);
  const auto cut = search_with(0., 5);
  EXPECT_TRUE(precise.converged);
  EXPECT_TRUE(coarse.converged);
  EXPECT_LT(coarse.evaluations, precise.evaluations);
  EXPECT_LE(coarse.log_likelihood, precise.log_likelihood);
  EXPECT_FALSE(cut.converged);
  EXPECT_LE(cut.evaluations, 10u); // a line search is not interrupted
  EXPECT_LT(cut.log_likelihood, precise.log_likelihood);
}

TEST(GaussianProcessFit, WhatOneRankRefusesAllRefuse)
{
  const PointBatch x = inputs(2, 10, 9);
  std::vector<PointBatch> outputs(2, PointBatch(1, 10));
  outputs[1](0, 3) = std::nan("");
  GaussianProcessFitParameters recipe;
  recipe.n_restarts = 1; // the bad output is rank 1's alone
  recipe.max_evaluations = 3;
  EXPECT_THAT(
    sentence_of<UserError>([&] { fit_gaussian_processes(MPI_COMM_WORLD, x, outputs, recipe); }),
    HasSubstr("not finite"));
  recipe.min_noise = 2.;
  EXPECT_THAT(
    sentence_of<UserError>([&] { fit_gaussian_processes(MPI_COMM_WORLD, x, outputs, recipe); }),
    HasSubstr("noise variance"));
  EXPECT_TRUE(fit_gaussian_processes(MPI_COMM_WORLD, x, {}, {}).empty());
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What variable projection brings to the training of a network: the square root of the loss that
// train_mlp() leaves, against L-BFGS on all weights (rival) of the same net with the same start,
// after equal processor time. Counters: error, rival_error, ratio_error (below 1 is better),
// evaluations of each.
#include <data/core/points.h>
#include <operators/nn/lbfgs.h>
#include <operators/nn/train_mlp.h>

#include <benchmark/benchmark.h>

#include <cmath>
#include <ctime>
#include <random>

using namespace understudy;

namespace
{
/// Processor time of this program [s]: other programs on the machine do not count.
double seconds()
{
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

constexpr std::size_t n_samples = 500, n_outputs = 8;

/// Odd functions of three inputs that saturate like a softening stress, y_k = sin(q_k) / (1 + n),
/// with n = |x| and q_k a fixed linear form, and their derivatives.
struct Samples
{
  PointBatch x{3, n_samples}, y{n_outputs, n_samples}, dy{3 * n_outputs, n_samples};

  Samples()
  {
    std::mt19937 random(5);
    std::uniform_real_distribution<double> uniform(-1., 1.);
    for (std::size_t p = 0; p < n_samples; ++p)
    {
      double n = 0.;
      for (std::size_t i = 0; i < 3; ++i)
      {
        x(i, p) = uniform(random);
        n += x(i, p) * x(i, p);
      }
      n = std::sqrt(n);
      for (std::size_t k = 0; k < n_outputs; ++k)
      {
        const auto a = [&](std::size_t i) { return std::cos(1. + static_cast<double>(k + 3 * i)); };
        const double q = a(0) * x(0, p) + a(1) * x(1, p) + a(2) * x(2, p), f = 1. / (1. + n);
        y(k, p) = std::sin(q) * f;
        for (std::size_t i = 0; i < 3; ++i)
          dy(3 * k + i, p) = std::cos(q) * a(i) * f - std::sin(q) * f * f * x(i, p) / n;
      }
    }
  }
  MlpLabels labels() const { return {&x, &y, &dy}; }
};

void variable_projection(benchmark::State &state)
{
  const Samples samples;
  MlpRecipe recipe;
  recipe.hidden = {32, 32, 32};
  recipe.max_evaluations = 1000;
  for (auto _ : state)
  {
    double start = seconds();
    MlpTrainingReport report;
    train_mlp(recipe, samples.labels(), nullptr, {}, &report);
    const double budget = seconds() - start;
    state.SetIterationTime(budget);

    start = seconds();
    MlpLoss loss(recipe, samples.labels());
    std::vector<double> p = loss.initial_parameters();
    unsigned evaluations = 0;
    minimise_lbfgs(
      [&](const std::vector<double> &x, std::vector<double> &g)
      {
        ++evaluations;
        return loss.evaluate(x.data(), g.data());
      },
      p, recipe.history, [&] { return seconds() - start < budget; },
      [](const std::vector<double> &, double) { return true; });
    state.counters["error"] = std::sqrt(report.loss);
    state.counters["rival_error"] = std::sqrt(loss.evaluate(p.data(), nullptr));
    state.counters["evaluations"] = report.evaluations;
    state.counters["evaluations_of_rival"] = evaluations;
  }
}
} // namespace

BENCHMARK(variable_projection)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

BENCHMARK_MAIN();

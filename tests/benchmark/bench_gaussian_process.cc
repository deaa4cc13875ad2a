// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The cost of Gaussian processes on one core: our Cholesky factorisation against the rate of dgemm
// (ratio_to_dgemm, more is better) and against dpotrf of the same library (speedup_over_dpotrf);
// one evaluation of the likelihood with its gradient, 14 inputs and 8 outputs, in factorisations of
// the same size (cholesky_times, fewer is better; by operations alone 3). Medians of processor
// times that are taken in turn in one run.
#include <data/core/points.h>
#include <data/core/threads.h>
#include <operators/nn/cholesky.h>
#include <operators/nn/gaussian_process.h>
#include <operators/nn/lapack.h>
#include <tests/benchmark/processor_time.h>

#include <benchmark/benchmark.h>

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace understudy;
using benchmarks::median;
using benchmarks::seconds;

namespace
{
template <class Action>
double time_of(const Action &action)
{
  const double start = seconds();
  action();
  return seconds() - start;
}

PointBatch normal_numbers(std::size_t n_components, std::size_t n_points)
{
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  PointBatch b(n_components, n_points);
  for (std::size_t i = 0; i < n_components * n_points; ++i)
    b.data()[i] = normal(random);
  return b;
}

void gaussian_process(benchmark::State &state)
{
  const auto n = static_cast<std::size_t>(state.range(0));
  const int size = static_cast<int>(n);
  const std::size_t n_inputs = 14, n_outputs = 8;
  GaussianProcessLikelihood likelihood(normal_numbers(n_inputs, n), normal_numbers(n_outputs, n));
  const std::vector<double> at =
    GaussianProcessParameters{std::vector<double>(n_inputs, std::sqrt(14.)), 1., 1e-3}.logarithms();
  std::vector<double> gradient(at.size());
  likelihood.evaluate(at.data(), nullptr);
  std::vector<double> K(n * n), A(n * n), C(n * n);
  const std::vector<double> &L = likelihood.factor(); // lower triangle
  for (std::size_t j = 0; j < n; ++j)
    std::copy_n(&L[j * (n + 1)], n - j, &A[j * (n + 1)]);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, size, size, size, 1., A.data(), size,
              A.data(), size, 0., K.data(), size);

  std::vector<double> product, factor, rival, evaluation;
  for (auto _ : state)
  {
    product.push_back(time_of(
      [&]
      {
        cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1., K.data(), size,
                    K.data(), size, 0., C.data(), size);
      }));
    A = K;
    factor.push_back(time_of([&] { cholesky(n, A.data(), n); }));
    A = K;
    int info = 0;
    rival.push_back(time_of([&] { dpotrf_("L", &size, A.data(), &size, &info); }));
    evaluation.push_back(time_of([&] { likelihood.evaluate(at.data(), gradient.data()); }));
    state.SetIterationTime(evaluation.back());
  }
  const double t = median(factor);
  state.counters["dgemm_GFLOPS"] = 2e-9 * std::pow(static_cast<double>(n), 3) / median(product);
  state.counters["ratio_to_dgemm"] = median(product) / (6. * t);
  state.counters["speedup_over_dpotrf"] = median(rival) / t;
  state.counters["cholesky_ms"] = 1e3 * t;
  state.counters["cholesky_times"] = median(evaluation) / t;
}
} // namespace

BENCHMARK(gaussian_process)
  ->Arg(500)
  ->Arg(1000)
  ->Arg(2000)
  ->Iterations(15)
  ->UseManualTime()
  ->Unit(benchmark::kMillisecond);

int main(int argc, char **argv)
{
  one_thread_per_rank();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

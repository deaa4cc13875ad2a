// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Steps of the flow on the torus, n x n points, viscosity and forcing, order 3, on one core by
// processor time. Counters: steps_s, steps per second; limit_steps_s, how often per second the
// transforms of one step alone can be run, in turn with it; ratio_steps_s, the share of the time of
// a step that they take; five_real_s, how often per second the five real transforms that the usual
// form of the advection needs (w, u, v to the grid, u w and v w back), planned by measurement.
// Medians.
#include <solvers/torus_vorticity.h>
#include <tests/benchmark/processor_time.h>
#include <tests/random_numbers.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

using namespace understudy;
using benchmarks::median;
using benchmarks::seconds;

namespace
{
template <class Function>
double seconds_per_call(int repetitions, const Function &f)
{
  const double start = seconds();
  for (int r = 0; r < repetitions; ++r)
    f();
  return (seconds() - start) / repetitions;
}

/// The transforms of one step, on zeros.
class TransformsOfAStep
{
public:
  explicit TransformsOfAStep(std::size_t n)
    : n_(n),
      n_pairs_((n - 1) / 3 + 1),
      pitch_((n + 3) / 4 * 4 + 4),
      lines_(2 * n_pairs_ * pitch_),
      pair_(2 * n),
      rows_(4 * n),
      rows_out_(4 * n),
      rows_back_(4 * n),
      pair_to_lines_(plan_fft_lines(n, 2, pair_.data(), lines_.data(), n, pitch_, FFTW_BACKWARD)),
      lines_to_pair_(plan_fft_lines(n, 2, lines_.data(), pair_.data(), pitch_, n, FFTW_FORWARD)),
      to_grid_(plan_fft_lines(n, 4, rows_.data(), rows_out_.data(), n, n, FFTW_BACKWARD)),
      to_modes_(plan_fft_lines(n, 4, rows_out_.data(), rows_back_.data(), n, n, FFTW_FORWARD))
  {
  }
  void operator()()
  {
    for (std::size_t k = 0; k < n_pairs_; ++k)
      run_fft(pair_to_lines_, pair_.data(), lines_.data() + 2 * k * pitch_);
    for (std::size_t x = 0; x < n_; x += 4)
    {
      run_fft(to_grid_, rows_.data(), rows_out_.data());
      run_fft(to_modes_, rows_out_.data(), rows_back_.data());
    }
    for (std::size_t k = 0; k < n_pairs_; ++k)
      run_fft(lines_to_pair_, lines_.data() + 2 * k * pitch_, pair_.data());
  }

private:
  std::size_t n_, n_pairs_, pitch_;
  FftArray<std::complex<double>> lines_, pair_, rows_, rows_out_, rows_back_;
  FftPlan pair_to_lines_, lines_to_pair_, to_grid_, to_modes_;
};

class FiveRealTransforms
{
public:
  explicit FiveRealTransforms(std::size_t n)
    : grid_(n * n),
      modes_(n * (n / 2 + 1)),
      forward_(
        own_fft_plan(fftw_plan_dft_r2c_2d(static_cast<int>(n), static_cast<int>(n), grid_.data(),
                                          fft_cast(modes_.data()), FFTW_MEASURE))),
      backward_(
        own_fft_plan(fftw_plan_dft_c2r_2d(static_cast<int>(n), static_cast<int>(n),
                                          fft_cast(modes_.data()), grid_.data(), FFTW_MEASURE)))
  {
    std::fill(grid_.begin(), grid_.end(), 0.);
    std::fill(modes_.begin(), modes_.end(), 0.);
  }
  void operator()()
  {
    for (int i = 0; i < 3; ++i)
      fftw_execute(backward_.get());
    for (int i = 0; i < 2; ++i)
      fftw_execute(forward_.get());
  }

private:
  FftArray<double> grid_;
  FftArray<std::complex<double>> modes_;
  FftPlan forward_, backward_;
};

struct ConstantViscosity : SubgridClosure
{
  void eddy_viscosity(const TorusVorticity &, std::span<double> nu) override
  {
    std::fill(nu.begin(), nu.end(), 1e-4);
  }
};

void steps(benchmark::State &state, std::size_t n, bool with_closure)
{
  TorusVorticity flow({.n = n, .viscosity = 1e-3, .time_step = 2e-4});
  std::vector<double> grid(n * n);
  for (std::size_t i = 0; i < n * n; ++i)
    grid[i] =
      std::sin(4. * 6.283185307179586 * static_cast<double>(i / n) / static_cast<double>(n));
  flow.set_forcing(grid);
  for (std::size_t i = 0; i < n * n; ++i)
    grid[i] += std::cos(3. * 6.283185307179586 * static_cast<double>(i % n + i / n) /
                        static_cast<double>(n));
  flow.set_vorticity(grid);
  ConstantViscosity closure;
  if (with_closure)
    flow.set_closure(&closure);
  TransformsOfAStep ffts(n);
  FiveRealTransforms five(n);
  flow.advance(3);
  const int repetitions = static_cast<int>(1 + 2000000 / (n * n));
  std::vector<double> t_step, t_ffts, t_five, ratio;
  for (auto _ : state)
  {
    t_step.push_back(seconds_per_call(repetitions, [&] { flow.step(); }));
    t_ffts.push_back(seconds_per_call(repetitions, [&] { ffts(); }));
    t_five.push_back(seconds_per_call(repetitions, [&] { five(); }));
    ratio.push_back(t_ffts.back() / t_step.back());
  }
  state.counters["steps_s"] = 1. / median(t_step);
  state.counters["limit_steps_s"] = 1. / median(t_ffts);
  state.counters["five_real_s"] = 1. / median(t_five);
  state.counters["ratio_steps_s"] = median(ratio);
}
} // namespace

BENCHMARK_CAPTURE(steps, n_48, 48, false);
BENCHMARK_CAPTURE(steps, n_128, 128, false);
BENCHMARK_CAPTURE(steps, n_128_closure, 128, true);
BENCHMARK_CAPTURE(steps, n_256, 256, false);

BENCHMARK_MAIN();

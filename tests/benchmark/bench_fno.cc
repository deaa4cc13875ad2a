// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// A Fourier neural operator of width 32 with 16 x 16 modes and 4 blocks on one core in single
// precision. Counters: samples_s, samples per second of the native network; rival_samples_s, the
// same of equal weights as LibTorch users write the network, in turns with it in the same run;
// native_ms, libtorch_ms and trained_ms, milliseconds per sample of both and of the module that is
// trained, whose operations are our own. Medians of processor time. spectral_path: milliseconds of
// the transforms of 32 channels, there and back, by pruned matrix products and by FFTW; counter
// winner_by_rule is 1 where the rule of SpectralPath::automatic takes the faster one.
#include <data/core/fft.h>
#include <operators/nn/fno.h>
#include <operators/nn/fno_torch.h>
#include <tests/benchmark/processor_time.h>
#include <tests/plain_fno_torch.h>
#include <tests/random_numbers.h>

#include <benchmark/benchmark.h>

using namespace understudy;
using benchmarks::median;
using benchmarks::seconds;

namespace
{
template <class Action>
double milliseconds(const Action &action)
{
  const double start = seconds();
  action();
  return 1e3 * (seconds() - start);
}

void network(benchmark::State &state)
{
  const auto n = state.range(0), n_samples = state.range(1);
  torch::set_num_threads(1);
  const torch::NoGradGuard no_gradient;
  FnoModule module(FnoWeights::random(FnoConfig{}, 1));
  const test::PlainFno plain(FnoConfig{}, module->named_parameters());
  Fno<float> net(module->weights());
  const torch::Tensor x = torch::randn({n_samples, 1, n, n});
  torch::Tensor y = torch::empty_like(x);
  const auto native = [&]
  {
    const auto size = static_cast<std::size_t>(n);
    net.evaluate(static_cast<std::size_t>(n_samples), size, size, x.data_ptr<float>(),
                 y.data_ptr<float>());
  };
  const auto eager = [&] { benchmark::DoNotOptimize(plain.forward(x)); };
  const auto trained = [&] { benchmark::DoNotOptimize(module->forward(x)); };
  native();
  eager();
  trained();
  std::vector<double> native_ms, eager_ms, trained_ms;
  for (auto _ : state)
    for (unsigned i = 0; i < (n_samples == 1 ? 20 : 3); ++i)
    {
      native_ms.push_back(milliseconds(native) / static_cast<double>(n_samples));
      eager_ms.push_back(milliseconds(eager) / static_cast<double>(n_samples));
      trained_ms.push_back(milliseconds(trained) / static_cast<double>(n_samples));
    }
  state.counters["native_ms"] = median(native_ms);
  state.counters["libtorch_ms"] = median(eager_ms);
  state.counters["trained_ms"] = median(trained_ms);
  state.counters["samples_s"] = 1e3 / median(native_ms);
  state.counters["rival_samples_s"] = 1e3 / median(eager_ms);
}

double transform_ms(std::size_t n, const KeptModes &kept, SpectralPath path)
{
  SpectralTransform<float> transform(n, n, kept, 32, path);
  FftArray<float> field(n * n * 32), X(kept.size() * 64);
  for (std::size_t i = 0; i < field.size(); ++i)
    field[i] = static_cast<float>(i % 17);
  std::vector<double> times;
  for (unsigned i = 0; i < 15; ++i)
    times.push_back(milliseconds(
      [&]
      {
        for (std::size_t i1 = 0; i1 < n; ++i1)
          transform.forward_row(i1, field.data() + i1 * n * 32);
        transform.forward_columns(X.data(), 64);
        transform.inverse_columns(X.data(), 64);
        for (std::size_t i1 = 0; i1 < n; ++i1)
          transform.inverse_row(i1, field.data() + i1 * n * 32, nullptr);
      }));
  return median(times);
}

void spectral_path(benchmark::State &state)
{
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto m = static_cast<std::size_t>(state.range(1));
  const KeptModes kept = kept_modes(n, n, m, m);
  double pruned = 0., fftw = 0.;
  for (auto _ : state)
  {
    pruned = transform_ms(n, kept, SpectralPath::pruned);
    fftw = transform_ms(n, kept, SpectralPath::fftw);
  }
  const bool rule_prunes = faster_spectral_path(n, n, kept) == SpectralPath::pruned;
  state.counters["pruned_ms"] = pruned;
  state.counters["fftw_ms"] = fftw;
  state.counters["winner_by_rule"] = rule_prunes == (pruned < fftw) ? 1 : 0;
}
} // namespace

BENCHMARK(network)->Iterations(1)->ArgsProduct({{64, 128}, {1, 16}});
BENCHMARK(spectral_path)->Iterations(1)->ArgsProduct({{32, 64, 128, 256}, {8, 16, 32, 64, 128}});
BENCHMARK_MAIN();

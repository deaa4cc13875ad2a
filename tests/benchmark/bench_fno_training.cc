// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// One training step of a Fourier neural operator with 4 blocks on one core in single precision,
// forward and backward pass of the relative L2 loss. Counters: steps_s, steps per second of
// FnoModule; rival_steps_s, in turns with it in the same run, of the same network out of LibTorch's
// own operations (tests/plain_fno_torch.h); module_ms and plain_ms, the time of a step of both.
// Medians of processor time. Arguments: width, modes, points in each direction, samples, rank of
// the Tucker form in percent (100: dense).
#include <operators/nn/fno_torch.h>
#include <tests/benchmark/processor_time.h>
#include <tests/plain_fno_torch.h>

#include <benchmark/benchmark.h>

using namespace understudy;
using benchmarks::median;
using benchmarks::seconds;

namespace
{
template <class Net>
double step_ms(const Net &net, const std::vector<torch::Tensor> &parameters, const torch::Tensor &x,
               const torch::Tensor &target)
{
  const double start = seconds();
  for (const torch::Tensor &p : parameters)
    p.mutable_grad() = torch::Tensor();
  const torch::Tensor error = net(x) - target;
  (error.flatten(1).norm(2, 1) / target.flatten(1).norm(2, 1)).sum().backward();
  return 1e3 * (seconds() - start);
}

void step(benchmark::State &state)
{
  torch::set_num_threads(1);
  FnoConfig config;
  config.width = static_cast<std::size_t>(state.range(0));
  config.modes1 = config.modes2 = static_cast<std::size_t>(state.range(1));
  if (state.range(4) < 100)
  {
    config.factorisation = Factorisation::tucker;
    config.rank = 0.01 * static_cast<double>(state.range(4));
  }
  FnoModule module(FnoWeights::random(config, 1));
  const test::PlainFno plain(config, module->named_parameters());
  const torch::Tensor x = torch::randn({state.range(3), 1, state.range(2), state.range(2)});
  const torch::Tensor target = torch::randn_like(x);
  const auto parameters = module->parameters();
  const auto by_module = [&](const torch::Tensor &in) { return module->forward(in); };
  const auto by_plain = [&](const torch::Tensor &in) { return plain.forward(in); };
  std::vector<double> module_ms, plain_ms;
  for (auto _ : state)
    for (unsigned i = 0; i < 8; ++i)
    {
      const double m = step_ms(by_module, parameters, x, target);
      const double p = step_ms(by_plain, plain.parameters(), x, target);
      if (i == 0)
        continue; // memory is taken, transforms are planned
      module_ms.push_back(m);
      plain_ms.push_back(p);
    }
  state.counters["module_ms"] = median(module_ms);
  state.counters["plain_ms"] = median(plain_ms);
  state.counters["steps_s"] = 1e3 / median(module_ms);
  state.counters["rival_steps_s"] = 1e3 / median(plain_ms);
}
} // namespace

BENCHMARK(step)->Iterations(1)->ArgsProduct({{32}, {16}, {32, 64}, {16, 32}, {100, 42}});
BENCHMARK(step)->Iterations(1)->ArgsProduct({{24}, {12}, {32}, {16}, {100, 42}});
BENCHMARK_MAIN();

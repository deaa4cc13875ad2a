// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The samples of the data sets of flows on the torus with their defaults, as the comments in
// solvers/vorticity_dataset.h state them. Counters, over all samples: X_least, X_mean and X_most
// of rms_f, max_f, rms_w and max_w, root mean square and largest value of forcing and last
// vorticity, and of halved, what half the time step changes the last vorticity by in the relative
// L2 norm; seconds of one sample, median of processor time.
#include <data/output/statistics.h>
#include <solvers/vorticity_dataset.h>
#include <tests/benchmark/processor_time.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

using namespace understudy;
using benchmarks::seconds;

namespace
{
double rms(std::span<const double> a)
{
  return frobenius(a) / std::sqrt(static_cast<double>(a.size()));
}

using Figures = std::map<std::string, std::vector<double>>;

void tell(benchmark::State &state, const Figures &figures)
{
  for (const auto &[name, values] : figures)
  {
    state.counters[name + "_least"] = *std::ranges::min_element(values);
    state.counters[name + "_mean"] = mean(values);
    state.counters[name + "_most"] = *std::ranges::max_element(values);
  }
}

/// @p pick takes the states f and w that are told from what a sample stores.
template <class Samples, class Parameters, class Pick>
void data_set(benchmark::State &state, const Parameters &parameters, const Pick &pick)
{
  Parameters half = parameters;
  half.flow.time_step /= 2.;
  Samples samples(parameters), halved(half);
  Figures figures;
  std::vector<double> times;
  for (auto _ : state)
    for (std::size_t i = 0; i < parameters.sampling.n_samples(); ++i)
    {
      const double start = seconds();
      const Sample sample = samples.solve(i);
      times.push_back(seconds() - start);
      const auto [f, w] = pick(sample);
      const Sample finer = halved.solve(i);
      figures["rms_f"].push_back(rms(f));
      figures["max_f"].push_back(max_abs(f));
      figures["rms_w"].push_back(rms(w));
      figures["max_w"].push_back(max_abs(w));
      figures["halved"].push_back(relative_frobenius(pick(finer).second, w));
    }
  tell(state, figures);
  state.counters["seconds"] = median(times);
}

using States = std::pair<std::span<const double>, std::span<const double>>;

void forcing(benchmark::State &state)
{
  data_set<ForcingSamples>(state, ForcingDataParameters{},
                           [](const Sample &sample) -> States {
                             return {sample.values[0], sample.values[1]};
                           });
}

/// The first state in the place of the forcing.
void flow(benchmark::State &state)
{
  const std::size_t n = FlowDataParameters{}.flow.n;
  data_set<FlowSamples>(state, FlowDataParameters{},
                        [n](const Sample &sample) -> States
                        {
                          const std::span<const double> all = sample.values[0];
                          return {all.first(n * n), all.last(n * n)};
                        });
}
} // namespace

BENCHMARK(forcing)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(flow)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK_MAIN();

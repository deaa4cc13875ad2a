// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The samples of the data sets of flows on the torus with their defaults, as the comments in
// solvers/vorticity_dataset.h state them; argument of forcing: T. Counters, over all samples:
// X_least, X_mean and X_most of rms_NAME and max_NAME, root mean square and largest value of the
// fields (forcing: f and w(T); flow: w(0), w(1) and w(20)), and of halved_NAME, what half the time
// step changes the field by in the relative L2 norm; seconds of one sample, median of processor
// time.
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

using Fields = std::map<std::string, std::span<const double>>;

/// @p pick takes fields, by name, from what a sample stores.
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
      const Sample finer = halved.solve(i);
      if (sample.crashed || finer.crashed)
        return state.SkipWithError("A flow has blown up.");
      const Fields closer = pick(finer);
      for (const auto &[name, field] : pick(sample))
      {
        figures["rms_" + name].push_back(rms(field));
        figures["max_" + name].push_back(max_abs(field));
        figures["halved_" + name].push_back(relative_frobenius(field, closer.at(name)));
      }
    }
  tell(state, figures);
  state.counters["seconds"] = median(times);
}

void forcing(benchmark::State &state)
{
  ForcingDataParameters parameters;
  parameters.final_time = static_cast<double>(state.range(0));
  data_set<ForcingSamples>(state, parameters,
                           [](const Sample &sample) -> Fields {
                             return {{"f", sample.values[0]}, {"w", sample.values[1]}};
                           });
}

void flow(benchmark::State &state)
{
  const std::size_t n = FlowDataParameters{}.flow.n * FlowDataParameters{}.flow.n;
  data_set<FlowSamples>(
    state, FlowDataParameters{},
    [n](const Sample &sample) -> Fields
    {
      const std::span<const double> all = sample.values[0];
      return {{"w0", all.first(n)}, {"w1", all.subspan(n, n)}, {"w20", all.last(n)}};
    });
}
} // namespace

BENCHMARK(forcing)->Arg(1)->Arg(5)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(flow)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK_MAIN();

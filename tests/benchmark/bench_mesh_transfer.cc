// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Morphing of a notched plate of about 10,000 nodes to the unit disk and the transfer operators to
// and from the common mesh, on one core, by processor time. Counters of `morph`: milliseconds of
// its parts. Counters of `apply`: gigabytes per second that must be moved at least (matrix and all
// fields read once, results written once) against limit_gbs, a STREAM triad over as many bytes that
// was measured in turn with it; both are medians.
#include <meshes/mesh_transfer.h>
#include <meshes/tutte_map.h>
#include <tests/benchmark/processor_time.h>
#include <tests/notched_mesh.h>
#include <tests/random_numbers.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>

using namespace understudy;
using benchmarks::median;
using benchmarks::seconds;

namespace
{
template <class Function>
double milliseconds(const Function &f)
{
  const double start = seconds();
  f();
  return 1e3 * (seconds() - start);
}

TutteOptions plate_options(TutteOptions::Weights weights)
{
  TutteOptions options;
  options.weights = weights;
  options.features = test::plate_features;
  return options;
}

void morph(benchmark::State &state, TutteOptions::Weights weights)
{
  const auto options = plate_options(weights);
  const TriangleMesh mesh = test::notched_mesh(0.6, 99, 1);
  const TriangleMesh common = tutte_map(test::notched_mesh(0.4, 99, 2), options).image;
  const TriangleLocator common_locator(common);
  std::vector<double> checks, maps, trees, there, back, all;
  for (auto _ : state)
  {
    checks.push_back(milliseconds([&] { require_disk(mesh); }));
    TutteMap u;
    maps.push_back(milliseconds([&] { u = tutte_map(mesh, options); }));
    std::unique_ptr<TriangleLocator> locator;
    trees.push_back(milliseconds([&] { locator = std::make_unique<TriangleLocator>(u.image); }));
    there.push_back(
      milliseconds([&] { benchmark::DoNotOptimize(make_transfer(*locator, common.nodes)); }));
    back.push_back(milliseconds(
      [&] { benchmark::DoNotOptimize(make_transfer(common_locator, u.image.nodes)); }));
    all.push_back(maps.back() + trees.back() + there.back() + back.back());
  }
  state.counters["nodes"] = static_cast<double>(mesh.n_nodes());
  state.counters["ms_all"] = median(all);
  state.counters["limit_ms_all"] = 150.;
  state.counters["ms_checks_in_map"] = median(checks);
  state.counters["ms_map"] = median(maps);
  state.counters["ms_tree"] = median(trees);
  state.counters["ms_P"] = median(there);
  state.counters["ms_Q"] = median(back);
}

/// Seconds of a = b + s c, three arrays of n numbers.
class Triad
{
public:
  explicit Triad(std::size_t n) : a_(n, 0.), b_(n, 1.), c_(n, 2.) {}
  double operator()()
  {
    const double start = seconds();
    double *__restrict a = a_.data();
    const double *__restrict b = b_.data(), *__restrict c = c_.data();
    for (std::size_t i = 0; i < a_.size(); ++i)
      a[i] = b[i] + 3. * c[i];
    benchmark::DoNotOptimize(a);
    benchmark::ClobberMemory();
    return seconds() - start;
  }

private:
  std::vector<double> a_, b_, c_;
};

/// How fields are laid out, and who multiplies.
enum class How
{
  apart,   ///< one field after the other
  together ///< all values at a node, as predictions do it
};

void apply(benchmark::State &state, unsigned cells, std::size_t n_fields, How how)
{
  const auto options = plate_options(TutteOptions::Weights::uniform);
  const TriangleMesh from = tutte_map(test::notched_mesh(0.6, cells, 1, 0.1), options).image;
  const TriangleMesh to = tutte_map(test::notched_mesh(0.4, cells, 2, 0.1), options).image;
  const MeshTransfer P = make_transfer(TriangleLocator(from), to.nodes);
  const auto x = test::random_numbers(n_fields * from.n_nodes(), 5);
  std::vector<double> y(n_fields * to.n_nodes());
  const double bytes =
    8. * static_cast<double>(x.size() + y.size()) + 36. * static_cast<double>(P.n_rows());
  Triad triad(static_cast<std::size_t>(bytes / 24.));
  // Short ones are repeated, so that the clock can resolve them.
  const int repetitions = 1 + static_cast<int>(2e7 / bytes);
  std::vector<double> ratio, rate, limit;
  for (auto _ : state)
  {
    double t = 0., t_triad = 0.;
    for (int r = 0; r < repetitions; ++r)
      t_triad += triad();
    const double start = seconds();
    for (int r = 0; r < repetitions; ++r)
    {
      if (how == How::together)
        P.apply_rows(0, P.n_rows(), n_fields, x.data(), y.data());
      else
        P.apply(n_fields, x.data(), y.data());
      benchmark::ClobberMemory();
    }
    t = seconds() - start;
    rate.push_back(1e-9 * repetitions * bytes / t);
    limit.push_back(1e-9 * repetitions * bytes / t_triad);
    ratio.push_back(t_triad / t);
  }
  state.counters["gbs"] = median(rate);
  state.counters["limit_gbs"] = median(limit);
  state.counters["ratio_gbs"] = median(ratio);
}
} // namespace

BENCHMARK_CAPTURE(morph, uniform, TutteOptions::Weights::uniform)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(morph, mean_value, TutteOptions::Weights::mean_value)
  ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(apply, nodes_10k_fields_1, 99, 1, How::apart);
BENCHMARK_CAPTURE(apply, nodes_10k_fields_8, 99, 8, How::apart);
BENCHMARK_CAPTURE(apply, nodes_10k_fields_8_together, 99, 8, How::together);
BENCHMARK_CAPTURE(apply, nodes_10k_fields_18_together, 99, 18, How::together);
BENCHMARK_CAPTURE(apply, nodes_10k_fields_512, 99, 512, How::apart);
BENCHMARK_CAPTURE(apply, nodes_250k_fields_64, 499, 64, How::apart);
BENCHMARK_CAPTURE(apply, nodes_250k_fields_18_together, 499, 18, How::together);

BENCHMARK_MAIN();

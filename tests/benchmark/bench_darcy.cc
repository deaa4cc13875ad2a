// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// One random medium of two phases on n x n nodes, on one core by processor time. Counters:
// elements_ms, the finite elements from a new coefficient to the solution, of which assembly_share,
// setup_share (BoomerAMG) and solve_share; rival_elements_ms, factor and solution of the five-point
// scheme, whose symbolic part is done before; iterations; difference, of both solutions in relative
// L2. Medians over the media.
#include <data/core/threads.h>
#include <solvers/darcy.h>
#include <solvers/darcy_five_point.h>
#include <solvers/darcy_samples.h>
#include <tests/benchmark/processor_time.h>
#include <tests/darcy_fields.h>

#include <deal.II/base/mpi.h>

#include <benchmark/benchmark.h>

using namespace understudy;
using benchmarks::median;
using benchmarks::seconds;

namespace
{
void medium(benchmark::State &state)
{
  const auto n_cells = static_cast<unsigned>(state.range(0) - 1);
  DarcySamples samples({}, n_cells);
  DarcyFivePoint scheme(n_cells);
  DarcySolver elements({.n_cells = n_cells, .relative_tolerance = 1e-8}, MPI_COMM_SELF);
  std::vector<double> a(samples.nodes().size());
  const std::vector<double> f(a.size(), 1.);
  std::vector<double> five_point, whole, assembly, setup, solve, iterations, difference;
  std::uint64_t number = 0;
  for (auto _ : state)
  {
    samples.draw(number++, a);
    double start = seconds();
    const std::vector<double> u = scheme.solve(a, f);
    five_point.push_back(seconds() - start);
    start = seconds();
    elements.set_coefficient(elements.nodes(), a);
    const DarcySolution solution = elements.solve();
    whole.push_back(seconds() - start);
    const double all = solution.assembly_seconds + solution.setup_seconds + solution.solve_seconds;
    assembly.push_back(solution.assembly_seconds / all);
    setup.push_back(solution.setup_seconds / all);
    solve.push_back(solution.solve_seconds / all);
    iterations.push_back(solution.iterations);
    difference.push_back(test::relative_difference(elements.on_grid(solution.u), u));
  }
  state.counters["rival_elements_ms"] = 1e3 * median(five_point);
  state.counters["elements_ms"] = 1e3 * median(whole);
  state.counters["assembly_share"] = median(assembly);
  state.counters["setup_share"] = median(setup);
  state.counters["solve_share"] = median(solve);
  state.counters["iterations"] = median(iterations);
  state.counters["difference"] = median(difference);
}
BENCHMARK(medium)->Arg(65)->Arg(129)->Arg(421)->Iterations(5)->Unit(benchmark::kMillisecond);
} // namespace

int main(int argc, char **argv)
{
  one_thread_per_rank();
  benchmark::Initialize(&argc, argv);
  const dealii::Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

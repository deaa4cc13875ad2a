// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// One solve of a plate with notches of 0.75 in ten steps on one rank, for three sizes and two
// materials: a nearly elastic one and one whose ligament flows. Counters: vertices and, over the
// ten steps, newton, gmres and factorizations.
#include <solvers/plate_viscoplastic.h>
#include <tests/small_plates.h>

#include <benchmark/benchmark.h>

#include <deal.II/base/mpi.h>

using namespace understudy;

namespace
{
void solve(benchmark::State &state, double R0, double K)
{
  const TriangleMesh mesh = test::notched_plate(static_cast<unsigned>(state.range(0)), 0.75);
  PlateParameters parameters;
  parameters.pressure = -50.;
  parameters.material.R0 = R0;
  parameters.material.K = K;
  PlateResult result;
  for (auto _ : state)
    result = PlateViscoplastic(mesh, parameters, MPI_COMM_SELF).run();
  state.counters["vertices"] = static_cast<double>(mesh.n_nodes());
  state.counters["newton"] = result.newton_iterations;
  state.counters["gmres"] = result.linear_iterations;
  state.counters["factorizations"] = result.factorizations;
}
} // namespace

BENCHMARK_CAPTURE(solve, nearly_elastic, 15., 450.)
  ->Arg(34)
  ->Arg(62)
  ->Arg(99)
  ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(solve, flows, 120., 100.)
  ->Arg(34)
  ->Arg(62)
  ->Arg(99)
  ->Unit(benchmark::kMillisecond);

int main(int argc, char **argv)
{
  benchmark::Initialize(&argc, argv);
  const dealii::Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
  benchmark::RunSpecifiedBenchmarks();
}

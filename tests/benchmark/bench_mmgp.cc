// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// MMGP with 500 plates of about 10,000 nodes each, six fields and four scalars, 16 modes and a
// Gaussian process for every coefficient, on one core. Counters of `predict`: milliseconds of all
// fields and scalars with deviations of a plate that was morphed before, and of its morphing; both
// by processor time. Counter peak_MB: the largest resident memory of the program, whose training
// came before. The fields are formulas and the hyper-parameters those of the first guess, for
// neither changes the time or the memory.
#include <meshes/plate_generator.h>
#include <surrogates/mmgp_training.h>
#include <tests/benchmark/processor_time.h>

#include <deal.II/base/mpi.h>

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>

using namespace understudy;
using benchmarks::median;
using benchmarks::seconds;

namespace
{
constexpr std::size_t n_samples = 500;
const std::vector<std::string> features(plate_features.begin(), plate_features.end());

MmgpProblem problem()
{
  MmgpProblem p;
  for (const char *name : {"P", "R0", "K", "C", "D", "E"})
    p.inputs.push_back({{name, "1"}, 0., 1.});
  for (const char *name : {"U1", "U2", "evrcum", "sig11", "sig22", "sig12"})
    p.fields.push_back({{name, "1"}, 0.});
  for (const char *name : {"a", "b", "c", "d"})
    p.scalars.push_back({{name, "1"}, 0.});
  return p;
}

MmgpSample sample(std::size_t i)
{
  const double phase = static_cast<double>(i), radius = 0.5 + 0.3 * std::sin(1.7 * phase);
  PlateMeshing meshing;
  meshing.seed = i + 1;
  // So large that 8,000 nodes of equilateral triangles would do: jittered ones take 10,000.
  meshing.h = std::sqrt((4. - 3.1416 * radius * radius) / (8000. * std::sqrt(0.75)));
  MmgpSample s{make_plate(PlateShape::circle(radius), meshing), {}, {}, {}};
  for (unsigned k = 0; k < 6; ++k)
    s.inputs.push_back(0.5 + 0.5 * std::sin((2.3 + k) * phase));
  for (unsigned f = 0; f < 6; ++f)
  {
    s.fields.emplace_back();
    for (const auto &[x, y] : s.mesh.nodes)
    {
      double value = 0.;
      for (unsigned k = 0; k < 6; ++k)
        value += s.inputs[k] * std::sin((k + 1.) * x + (f + 1.) * radius * y + k);
      s.fields.back().push_back(value);
    }
  }
  for (unsigned k = 0; k < 4; ++k)
    s.scalars.push_back(s.inputs[k] + radius * s.inputs[k + 1]);
  return s;
}

const Mmgp &trained()
{
  static const Mmgp model = []
  {
    MmgpParameters p;
    p.shape_modes = p.field_modes = 16;
    p.process_per_coefficient = true;
    p.fit.n_restarts = p.fit.max_evaluations = 1;
    MmgpTraining training;
    return train_mmgp(MPI_COMM_SELF, p, problem(), features, n_samples, sample, training);
  }();
  return model;
}

void predict(benchmark::State &state)
{
  const Mmgp &model = trained();
  const MmgpSample plate = sample(n_samples + 3);
  std::vector<double> predictions, morphings;
  for (auto _ : state)
  {
    const double begin = seconds();
    const CommonMesh::Morphed morphed = model.state().common.morph(plate.mesh);
    const double middle = seconds();
    benchmark::DoNotOptimize(model.predict(plate.mesh, morphed, plate.inputs));
    predictions.push_back(1e3 * (seconds() - middle));
    morphings.push_back(1e3 * (middle - begin));
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["nodes"] = static_cast<double>(plate.mesh.n_nodes());
  state.counters["ms_predict"] = median(predictions);
  state.counters["limit_ms_predict"] = 30.;
  state.counters["ms_morph"] = median(morphings);
  state.counters["limit_ms_morph"] = 150.;
  state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1024.;
  state.counters["limit_peak_MB"] = 1500.;
}
} // namespace

BENCHMARK(predict)->Unit(benchmark::kMillisecond)->Iterations(20);

int main(int argc, char **argv)
{
  const dealii::Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What a second rank brings: the built program on one rank and on two, one after the other in this
// run, for the exact samples, for a macro structure with the exact micro model and for the training
// of a small neural operator and of one on patches. Counters:
// seconds_1_rank, seconds_2_ranks (wall clock of the stage, without the start of the program) and
// speedup. Its limit is what the machine gives to two programs on one rank that know nothing of
// each other: they share memory, last cache and clock. Meaningful only with two idle cores.
#include <tests/run_program.h>
#include <tests/temporary_folder.h>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <future>
#include <limits>
#include <string>

using namespace understudy;

namespace
{
const std::string fe2 = UNDERSTUDY_SOURCE_DIR "/cases/fe2/l_profile.prm ",
                  operators = UNDERSTUDY_SOURCE_DIR "/cases/mg_tfno/darcy.prm ",
                  patches = UNDERSTUDY_SOURCE_DIR "/cases/mg_tfno/navier_stokes.prm ";

/// Runs a case in a new folder; the figure at @p pointer of the JSON file that it leaves there.
/// Not a number when the program failed.
double seconds_of(unsigned n_ranks, const std::string &arguments, const std::string &file,
                  const std::string &pointer)
{
  const testing_tools::TemporaryFolder folder;
  const auto done = test::run_understudy_on(
    n_ranks, arguments + " --quiet -D 'Output directory=" + folder.path() + "/out'");
  std::ifstream in(folder.path() + "/out/" + file);
  if (done.code != 0 || !in)
    return std::numeric_limits<double>::quiet_NaN();
  return nlohmann::json::parse(in)[nlohmann::json::json_pointer(pointer)].get<double>();
}

/// The slower one of two equal runs on one rank each, at the same time.
double two_at_once(const std::string &arguments, const std::string &file,
                   const std::string &pointer)
{
  const auto run = [&] { return seconds_of(1, arguments, file, pointer); };
  auto other = std::async(std::launch::async, run);
  const double mine = run();
  return std::max(mine, other.get());
}

void two_ranks(benchmark::State &state, const std::string &arguments, const std::string &file,
               const std::string &pointer)
{
  for (auto _ : state)
  {
    const double one = seconds_of(1, arguments, file, pointer);
    const double two = seconds_of(2, arguments, file, pointer);
    const double at_once = two_at_once(arguments, file, pointer);
    if (!std::isfinite(one + two + at_once))
      return state.SkipWithError("The program failed.");
    state.SetIterationTime(two);
    state.counters["seconds_1_rank"] = one;
    state.counters["seconds_2_ranks"] = two;
    state.counters["speedup"] = one / two;
    state.counters["limit_speedup"] = 2. * one / at_once;
  }
}
} // namespace

BENCHMARK_CAPTURE(two_ranks, generate,
                  fe2 +
                    "--stages generate -D 'Data set/Training samples=120' -D 'Data set/Validation "
                    "samples=4' -D 'Data set/Test samples=4' -D 'Data set/Samples per shard=16'",
                  "generate.json", "/seconds")
  ->Iterations(1)
  ->UseManualTime()
  ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(two_ranks, exact_run,
                  fe2 + "--stages run -D Coupling/Closure=rve -D Coupling/Reference=none -D "
                        "'Macro/Cells per leg=2' -D 'Macro/Load=1.1' -D 'Macro/Load steps=2' -D "
                        "'Macro/Write macro fields=false'",
                  "run/rve/record.json", "/time_total_s")
  ->Iterations(1)
  ->UseManualTime()
  ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(two_ranks, train_operator,
                  operators +
                    "--stages generate,train -D 'Darcy/Training samples=320' -D "
                    "'Darcy/Validation samples=8' -D 'Darcy/Test samples=2' -D 'Darcy/Media "
                    "guessed=2' -D 'Training/Compare with dense=false' -D Correction/Train=false "
                    "-D Training/Optimiser/Epochs=10 -D 'Comparison/Grid files=false'",
                  "train.json", "/models/0/seconds")
  ->Iterations(1)
  ->UseManualTime()
  ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(two_ranks, train_operator_on_patches,
                  patches +
                    "--stages generate,train -D 'Forcing/Training samples=100' -D "
                    "'Forcing/Validation samples=4' -D 'Forcing/Test samples=20' -D "
                    "'Training/Compare with dense=false' -D 'Training/Compare with whole "
                    "fields=false' -D 'Training/Small rank=0' -D Training/Optimiser/Epochs=3 -D "
                    "'Comparison/Grid files=false'",
                  "train.json", "/models/0/seconds")
  ->Iterations(1)
  ->UseManualTime()
  ->Unit(benchmark::kSecond);

BENCHMARK_MAIN();

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What balance brings when all points of the exact micro model sit on rank 0 of two ranks: the
// plain map and BalancedMap answer the same points in turn, in one run of two ranks, cold and with
// the hints of a near strain. Counters: seconds_plain, seconds_balanced (wall clock of the slowest
// rank, the shortest of several calls), speedup, and points_moved of a call. Its limit is the plain
// map with half of the points on each rank from the start. processor_speedup compares the processor
// time of the busiest rank within the micro model, which other programs on the machine disturb
// less. The answers are compared bit for bit. Meaningful only with two idle cores.
#include <meshes/rve_generator.h>
#include <operators/maps/balanced_map.h>
#include <solvers/rve_closure.h>
#include <tests/run_program.h>
#include <tests/temporary_folder.h>

#include <deal.II/base/mpi.h>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>
#include <memory>
#include <string>

using namespace understudy;

namespace
{
constexpr std::size_t n_points = 24;
constexpr unsigned n_calls = 3;

/// @p n strains of at most 2 %; @p factor 1 and slightly less give near ones.
PointBatch strains(std::size_t n, double factor)
{
  PointBatch x(3, n);
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t c = 0; c < 3; ++c)
      x(c, p) = factor * 0.02 * std::sin(1. + 3. * static_cast<double>(c) + static_cast<double>(p));
  return x;
}

/// A map with the processor time that it has taken [s].
class Metered final : public PointMap
{
public:
  explicit Metered(std::shared_ptr<PointMap> inner) : inner_(std::move(inner)) {}
  const PointMapInfo &info() const override { return inner_->info(); }
  void evaluate(const PointQuery &query, PointAnswer &answer) override
  {
    const std::clock_t begin = std::clock();
    inner_->evaluate(query, answer);
    seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  }
  double seconds = 0.; ///< of the last call

private:
  std::shared_ptr<PointMap> inner_;
};

/// One call: its wall time on the slowest rank, its answer and the hints after it.
struct Call
{
  double seconds = 0.;
  PointAnswer answer;
  PointBatch hints;

  /// @param hints before the call
  Call(PointMap &map, std::size_t n, const PointBatch &hints_before) : hints(hints_before)
  {
    const PointBatch x = strains(n, 1.);
    MPI_Barrier(MPI_COMM_WORLD);
    const double begin = seconds_now();
    map.evaluate({&x, &hints, 0, 0, true}, answer);
    seconds = dealii::Utilities::MPI::max(seconds_now() - begin, MPI_COMM_WORLD);
  }
};

bool same(const PointBatch &a, const PointBatch &b)
{
  const std::size_t n = a.n_components() * a.n_points();
  return n == b.n_components() * b.n_points() &&
         (n == 0 || std::memcmp(a.data(), b.data(), n * sizeof(double)) == 0);
}

/// Runs on both ranks; rank 0 writes the counters to @p file.
void measure(const std::string &rve_name, bool near, const std::string &file)
{
  const bool first = dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD) == 0;
  const auto plain = std::make_shared<Metered>(
    std::make_shared<RveClosure>(std::make_shared<Rve>(make_rve(rve_name, 1), RveParameters{})));
  BalancedMap balanced(plain, MPI_COMM_WORLD);
  const std::size_t mine = first ? n_points : 0, half = n_points / 2;
  const auto hints_for = [&](std::size_t n)
  {
    PointBatch hints(plain->info().hint_size, n);
    const PointBatch x = strains(n, 0.95);
    PointAnswer ignored;
    if (near)
      plain->evaluate({&x, &hints, 0, 0, false}, ignored);
    return hints;
  };
  const PointBatch hints = hints_for(mine), hints_of_half = hints_for(half);
  double times[5];
  std::fill_n(times, 5, std::numeric_limits<double>::infinity());
  const auto busiest = [&] { return dealii::Utilities::MPI::max(plain->seconds, MPI_COMM_WORLD); };
  bool equal = true;
  for (unsigned call = 0; call < n_calls; ++call)
  {
    const Call a(*plain, mine, hints);
    times[3] = std::min(times[3], busiest());
    const Call b(balanced, mine, hints);
    times[4] = std::min(times[4], busiest());
    const Call c(*plain, half, hints_of_half);
    times[0] = std::min(times[0], a.seconds);
    times[1] = std::min(times[1], b.seconds);
    times[2] = std::min(times[2], c.seconds);
    equal = equal && same(a.answer.outputs, b.answer.outputs) &&
            same(a.answer.tangent, b.answer.tangent) && same(a.hints, b.hints) &&
            a.answer.health == b.answer.health;
  }
  if (first)
    std::ofstream(file) << nlohmann::json{{"equal", equal},
                                          {"points_moved", balanced.counters().moved / n_calls},
                                          {"seconds_plain", times[0]},
                                          {"seconds_balanced", times[1]},
                                          {"seconds_halves", times[2]},
                                          {"processor_speedup", times[3] / times[4]}};
}

void all_points_on_one_rank(benchmark::State &state, const std::string &rve, bool near)
{
  for (auto _ : state)
  {
    const testing_tools::TemporaryFolder folder;
    const std::string file = folder / "counters.json";
    const auto done =
      test::run_command("timeout 300 mpirun --quiet --oversubscribe --bind-to none -n 2 "
                        "-x OMP_NUM_THREADS=1 -x OPENBLAS_NUM_THREADS=1 " UNDERSTUDY_BINARY_DIR
                        "/benchmark/bench_balance measure " +
                        rve + (near ? " near " : " cold ") + file);
    std::ifstream in(file);
    if (done.code != 0 || !in)
      return state.SkipWithError("The two ranks failed.");
    const auto figures = nlohmann::json::parse(in);
    if (!figures["equal"].get<bool>())
      return state.SkipWithError("The balanced answers differ.");
    const double plain = figures["seconds_plain"], shared = figures["seconds_balanced"];
    state.SetIterationTime(shared);
    state.counters["points_moved"] = figures["points_moved"];
    state.counters["seconds_plain"] = plain;
    state.counters["seconds_balanced"] = shared;
    state.counters["speedup"] = plain / shared;
    state.counters["processor_speedup"] = figures["processor_speedup"];
    state.counters["limit_speedup"] = plain / figures["seconds_halves"].get<double>();
  }
}
} // namespace

BENCHMARK_CAPTURE(all_points_on_one_rank, rve3_cold, "rve3", false)
  ->Iterations(1)
  ->UseManualTime()
  ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(all_points_on_one_rank, rve3_near, "rve3", true)
  ->Iterations(1)
  ->UseManualTime()
  ->Unit(benchmark::kSecond);

int main(int argc, char **argv)
{
  if (argc == 5 && std::string(argv[1]) == "measure")
  {
    const dealii::Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
    measure(argv[2], std::string(argv[3]) == "near", argv[4]);
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

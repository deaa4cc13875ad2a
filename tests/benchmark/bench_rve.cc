// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Processor time of the exact micro model on one core, and where it goes. The rival of a solve is
// plain Newton from the same first guess, with one factorization in every step and one for the
// tangent, measured in the same run on the same matrices (the same assembly and Cholesky factor).
// Counters: seconds and rival_seconds, Newton steps, factorizations. The parts of a solve stand
// beside Eigen's simplicial LDL^T (rival_real_time), or the time in which a copy moves as many
// bytes as they must read and write (limit_real_time).
#include <meshes/rve_generator.h>
#include <solvers/rve.h>

#include <Eigen/SparseCholesky>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <map>
#include <memory>
#include <string>

using namespace understudy;

namespace
{
constexpr std::array<double, 3> target = {.02, .02, .02};

/// Processor time of this program [s]: other programs on the machine do not count.
double seconds()
{
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Rve &rve_of(int number)
{
  static std::map<int, std::unique_ptr<Rve>> made;
  auto &rve = made[number];
  if (!rve)
    rve = std::make_unique<Rve>(make_rve("rve" + std::to_string(number), 1), RveParameters{});
  return *rve;
}

/// The first guess: elastic, or the solution at a strain that is 5 % smaller.
std::vector<double> guess(Rve &rve, bool near)
{
  std::vector<double> w;
  const std::array<double, 3> E = {.95 * target[0], .95 * target[1], .95 * target[2]};
  rve.elastic_guess(near ? E : target, w);
  if (near && !rve.solve(E, w, false).converged)
    w.clear();
  return w;
}

/// Newton's method with a factorization in each step, to the same tolerance; the last one, at the
/// solution, is for the tangent. @return whether it converged
bool plain_newton(Rve &rve, SparseFactor &factor, std::vector<double> w)
{
  const auto &d = rve.discretisation();
  const std::size_t n = d.n_dofs();
  std::vector<double> values, r(n), L(3 * n);
  std::array<double, 9> mean;
  for (unsigned step = 0; step < 30; ++step)
  {
    const double relative = rve.evaluate(target, w, true);
    d.stiffness(rve.tangent(), values);
    if (!factor.factorize(values))
      return false;
    if (relative <= rve.parameters().tolerance)
    {
      d.load_columns(rve.tangent(), L.data(), mean);
      const bool solved = factor.solve(3, L.data(), L.data());
      benchmark::DoNotOptimize(L.data());
      return solved;
    }
    d.residual(rve.stress(), r.data(), nullptr);
    if (!factor.solve(1, r.data(), r.data()))
      return false;
    for (std::size_t i = 0; i < n; ++i)
      w[i] -= r[i];
  }
  return false;
}

void exact_solve(benchmark::State &state, bool near)
{
  Rve &rve = rve_of(static_cast<int>(state.range(0)));
  const std::vector<double> start = guess(rve, near);
  if (start.empty())
    return state.SkipWithError("The first guess did not converge.");
  SparseFactor rival_factor(rve.discretisation().pattern());
  double time = std::numeric_limits<double>::infinity(), rival = time;
  RveAnswer answer;
  for (auto _ : state)
  {
    // In turn, so that a busy machine hits both.
    std::vector<double> w = start;
    double begin = seconds();
    answer = rve.solve(target, w, true);
    const double own = seconds() - begin;
    begin = seconds();
    const bool rival_converged = plain_newton(rve, rival_factor, start);
    rival = std::min(rival, seconds() - begin);
    time = std::min(time, own);
    state.SetIterationTime(own);
    if (!answer.converged || !rival_converged)
      return state.SkipWithError("A solve did not converge.");
  }
  state.counters["seconds"] = time;
  state.counters["rival_seconds"] = rival;
  state.counters["newton_steps"] = answer.iterations;
  state.counters["factorizations"] = answer.factorizations;
}

void solve_from_elastic_guess(benchmark::State &state)
{
  exact_solve(state, false);
}

void solve_from_near_solution(benchmark::State &state)
{
  exact_solve(state, true);
}

/// The parts of a solve at the elastic guess.
struct Parts
{
  Rve &rve;
  const RveDiscretisation &d;
  std::vector<double> w, values, b;
  SparseFactor factor;

  explicit Parts(benchmark::State &state)
    : rve(rve_of(static_cast<int>(state.range(0)))),
      d(rve.discretisation()),
      w(guess(rve, false)),
      b(d.n_dofs(), 1.),
      factor(d.pattern())
  {
    rve.evaluate(target, w, true);
    d.stiffness(rve.tangent(), values);
    state.counters["unknowns"] = static_cast<double>(d.n_dofs());
  }
};

/// The shortest time of many calls [s].
template <class Action>
double shortest(unsigned n_calls, const Action &action)
{
  double time = std::numeric_limits<double>::infinity();
  for (unsigned i = 0; i < n_calls; ++i)
  {
    const double begin = seconds();
    action();
    time = std::min(time, seconds() - begin);
  }
  return time;
}

/// Seconds in which a copy reads and writes @p n numbers, half of them each.
double copy_time(std::size_t n)
{
  constexpr unsigned repetitions = 100; // std::clock() counts microseconds
  const std::vector<double> from(n / 2, 1.);
  std::vector<double> to(n / 2);
  return shortest(10,
                  [&]
                  {
                    for (unsigned i = 0; i < repetitions; ++i)
                    {
                      std::copy(from.begin(), from.end(), to.begin());
                      benchmark::DoNotOptimize(to.data());
                      benchmark::ClobberMemory();
                    }
                  }) /
         repetitions;
}

/// The lower half of the stiffness for Eigen.
Eigen::SparseMatrix<double> eigen_matrix(const Parts &parts)
{
  const SparsityPattern &p = parts.d.pattern();
  return Eigen::Map<const Eigen::SparseMatrix<double>>(
    p.n, p.n, static_cast<Eigen::Index>(p.row.size()), p.column_start.data(), p.row.data(),
    parts.values.data());
}

void laws_and_residual(benchmark::State &state)
{
  Parts parts(state);
  const PointBatch &stress = parts.rve.stress(), &tangent = parts.rve.tangent();
  state.counters["limit_real_time"] = copy_time(
    parts.w.size() + (stress.n_components() + tangent.n_components()) * stress.n_points());
  for (auto _ : state)
    benchmark::DoNotOptimize(parts.rve.evaluate(target, parts.w, true));
}

void assembly(benchmark::State &state)
{
  Parts parts(state);
  const PointBatch &tangent = parts.rve.tangent();
  state.counters["limit_real_time"] =
    copy_time(tangent.n_components() * tangent.n_points() + parts.values.size());
  for (auto _ : state)
    parts.d.stiffness(parts.rve.tangent(), parts.values);
}

void factorization(benchmark::State &state)
{
  Parts parts(state);
  const auto matrix = eigen_matrix(parts);
  Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>, Eigen::Lower> rival;
  rival.analyzePattern(matrix);
  state.counters["rival_real_time"] = shortest(3, [&] { rival.factorize(matrix); });
  for (auto _ : state)
    if (!parts.factor.factorize(parts.values))
      return state.SkipWithError("The stiffness is not positive definite.");
}

void substitution(benchmark::State &state)
{
  Parts parts(state);
  if (!parts.factor.factorize(parts.values))
    return state.SkipWithError("The stiffness is not positive definite.");
  const Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>, Eigen::Lower> rival(eigen_matrix(parts));
  const Eigen::Map<const Eigen::VectorXd> b(parts.b.data(),
                                            static_cast<Eigen::Index>(parts.b.size()));
  Eigen::VectorXd y;
  state.counters["rival_real_time"] = shortest(20, [&] { y = rival.solve(b); });
  std::vector<double> x(parts.b.size());
  for (auto _ : state)
    if (!parts.factor.solve(1, parts.b.data(), x.data()))
      return state.SkipWithError("The factor does not solve.");
}
} // namespace

BENCHMARK(solve_from_elastic_guess)->Arg(3)->Arg(1)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(solve_from_near_solution)->Arg(3)->Arg(1)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(laws_and_residual)->Arg(3)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(assembly)->Arg(3)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(factorization)->Arg(3)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(substitution)->Arg(3)->Arg(1)->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();

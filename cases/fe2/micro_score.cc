// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/comparison.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/timing.h>
#include <data/output/statistics.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
/// Rows of samples [n][m] as a batch [m][n].
PointBatch batch_of(const std::vector<double> &rows, std::size_t m)
{
  PointBatch batch(m, rows.size() / m);
  for (std::size_t p = 0; p < batch.n_points(); ++p)
    for (std::size_t i = 0; i < m; ++i)
      batch(i, p) = rows[p * m + i];
  return batch;
}

std::vector<double> rows_of(const PointBatch &batch)
{
  std::vector<double> rows;
  for (std::size_t p = 0; p < batch.n_points(); ++p)
    for (std::size_t i = 0; i < batch.n_components(); ++i)
      rows.push_back(batch(i, p));
  return rows;
}

/// Median of five timed calls with a batch that is large enough to be timed.
double time_per_point(PointMap &map, const PointBatch &E)
{
  const bool slow = map.info().hint_size > 0; // iterates: a small batch takes long enough
  const std::size_t n = slow ? E.n_points() : 4096;
  PointBatch many(3, n);
  for (std::size_t p = 0; p < n; ++p)
    for (unsigned i = 0; i < 3; ++i)
      many(i, p) = E(i, p % E.n_points());
  PointQuery query;
  query.inputs = &many;
  PointAnswer answer;
  std::vector<double> times;
  for (unsigned repeat = 0; repeat < 6; ++repeat)
  {
    const double start = seconds_now();
    map.evaluate(query, answer);
    if (repeat > 0) // the first call fills caches and scratch memory
      times.push_back((seconds_now() - start) / static_cast<double>(n));
  }
  return median(times);
}

void score_fields(FieldReconstructor &fields, const DataSet &data, MicroScore &score)
{
  score.has_fields = true;
  std::array<double, 3> error{}, norm{};
  std::array<std::vector<double>, 3> relative;
  std::vector<double> displacement, stress;
  for (const std::size_t id : data.ids("test"))
  {
    const auto E = data.read(id, "E"), exact = data.read(id, "stress");
    fields.reconstruct(E, displacement, stress);
    const std::size_t n = exact.size() / 3;
    for (unsigned i = 0; i < 3; ++i)
    {
      double e = 0., s = 0.;
      for (std::size_t q = 0; q < n; ++q)
      {
        const double d = stress[3 * q + i] - exact[i * n + q];
        e += d * d;
        s += exact[i * n + q] * exact[i * n + q];
      }
      error[i] += e;
      norm[i] += s;
      relative[i].push_back(std::sqrt(e / s));
    }
  }
  for (unsigned i = 0; i < 3; ++i)
  {
    score.local[i] = std::sqrt(error[i] / norm[i]);
    score.local_median[i] = median(relative[i]);
  }
}
} // namespace

std::vector<std::pair<std::size_t, std::size_t>> common_steps(const nlohmann::json &run,
                                                              const nlohmann::json &reference)
{
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < run["steps"].size(); ++i)
    for (std::size_t j = 0; j < reference["steps"].size(); ++j)
      if (std::abs(run["steps"][i]["load_factor"].get<double>() -
                   reference["steps"][j]["load_factor"].get<double>()) < 1e-9)
        pairs.emplace_back(i, j);
  return pairs;
}

namespace
{
/// Errors and times of @p map, and of @p plain, the same without its error estimate.
void score_points(PointMap &map, PointMap &plain, const DataSet &data, MicroScore &score)
{
  const PointBatch E = batch_of(data.read_all("test", "E"), 3);
  const auto S = data.read_all("test", "S"), C = data.read_all("test", "C");
  PointQuery query;
  query.inputs = &E;
  PointAnswer answer;
  map.evaluate(query, answer);
  const auto stress = rows_of(answer.outputs), tangent = rows_of(answer.tangent);
  score.stress = relative_frobenius(stress, S);
  score.shear = relative_frobenius(every(stress, 3, 2), every(S, 3, 2));
  score.tangent = relative_frobenius(tangent, C);
  score.seconds_per_point = time_per_point(plain, E);
  if (std::isfinite(answer.error_estimate.front()))
    score.seconds_with_indicator = time_per_point(map, E);
}

/// Seconds per point of both maps on the first test strains.
std::array<double, 2> time_on_test_strains(const std::array<PointMap *, 2> &maps,
                                           const DataSet &data, std::size_t n_points)
{
  const auto all = data.read_all("test", "E");
  const std::size_t n = std::min(n_points, all.size() / 3);
  const PointBatch E = batch_of({all.begin(), all.begin() + static_cast<long>(3 * n)}, 3);
  std::array<double, 2> times{};
  PointQuery query;
  query.inputs = &E;
  PointAnswer answer;
  for (unsigned i = 0; i < 2; ++i)
  {
    const PointBatch one = batch_of({all.begin(), all.begin() + 3}, 3);
    PointQuery first;
    first.inputs = &one;
    maps[i]->evaluate(first, answer); // what is computed once per run is not counted
    const double start = seconds_now();
    maps[i]->evaluate(query, answer);
    times[i] = (seconds_now() - start) / static_cast<double>(n);
  }
  return times;
}

/// Rank 0 alone works, and has the memory bandwidth to itself; what it throws all ranks throw.
template <class Action>
void on_rank_0_alone(MPI_Comm comm, const Action &action)
{
  on_all_ranks(comm,
               [&]
               {
                 if (rank_in(comm) == 0)
                   action();
               });
}
} // namespace

MicroScore score_closure(Fe2Workshop &workshop, const std::string &name, const DataSet &data)
{
  MicroScore score;
  score.closure = name;
  const auto map = workshop.closure(name, true), plain = workshop.closure(name, false);
  const auto fields = workshop.fields(name);
  if (data.ids("test").empty())
    throw UserError("The data set '" + data.folder() + "' has no usable test samples.");
  on_rank_0_alone(workshop.comm(),
                  [&]
                  {
                    score_points(*map, *plain, data, score);
                    if (fields)
                      score_fields(*fields, data, score);
                  });
  return score;
}

std::array<double, 2> time_exact(Fe2Workshop &workshop, const DataSet &data, std::size_t n_points)
{
  const auto guessed = workshop.closure("rve");
  RveClosure cold(workshop.rve());
  std::array<double, 2> times{};
  on_rank_0_alone(workshop.comm(),
                  [&] {
                    times = time_on_test_strains({guessed.get(), &cold}, data, n_points);
                  });
  return times;
}
} // namespace understudy

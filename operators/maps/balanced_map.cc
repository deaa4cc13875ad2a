// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <operators/maps/balanced_map.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <utility>

namespace understudy
{
namespace
{
/// Times relative to the fastest rank, from 1 to 1e12, with the mean where there is none.
void fill_and_scale(std::vector<double> &times)
{
  const auto usable = [](double t) { return std::isfinite(t) && t > 0.; };
  double fastest = std::numeric_limits<double>::infinity(), sum = 0., n = 0.;
  for (const double t : times)
    if (usable(t))
      fastest = std::min(fastest, t);
  for (double &t : times)
  {
    t = usable(t) ? std::min(t / fastest, 1e12) : 0.;
    sum += t;
    n += t > 0.;
  }
  for (double &t : times)
    if (t == 0.)
      t = n > 0. ? sum / n : 1.;
}

std::size_t sum_of(const std::vector<std::size_t> &counts)
{
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

/// Adds @p n points to the shares, one by one, each to the rank that ends first with one more and
/// has room for it.
void give(std::size_t n, const std::vector<double> &times, const std::vector<std::size_t> &room,
          std::vector<std::size_t> &shares)
{
  using End = std::pair<double, std::size_t>; // with one more, rank
  std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  const auto admit = [&](std::size_t r)
  {
    if (shares[r] < room[r])
      ends.push({static_cast<double>(shares[r] + 1) * times[r], r});
  };
  for (std::size_t r = 0; r < times.size(); ++r)
    admit(r);
  for (; n > 0; --n)
  {
    const std::size_t r = ends.top().second;
    ends.pop();
    ++shares[r];
    admit(r);
  }
}

/// The earliest time at which @p n points can be done.
double earliest_end(std::size_t n, const std::vector<double> &times)
{
  double speed = 0., end = 0.;
  for (const double t : times)
    speed += 1. / t;
  std::vector<std::size_t> shares;
  // One less than the whole part, which rounding may have made too large.
  for (const double t : times)
    shares.push_back(
      static_cast<std::size_t>(std::max(0., static_cast<double>(n) / (t * speed) - 1.)));
  give(n - sum_of(shares), times, std::vector<std::size_t>(times.size(), n), shares);
  for (std::size_t r = 0; r < times.size(); ++r)
    end = std::max(end, static_cast<double>(shares[r]) * times[r]);
  return end;
}

/// How many of @p n points a rank can do by @p end.
std::size_t capacity(std::size_t n, double end, double time)
{
  auto k = static_cast<std::size_t>(std::min(static_cast<double>(n), std::floor(end / time)));
  while (k < n && static_cast<double>(k + 1) * time <= end)
    ++k;
  while (k > 0 && static_cast<double>(k) * time > end)
    --k;
  return k;
}

/// Writes points [first, first + n) into records of @p stride numbers, the first at @p record.
void pack(const PointBatch &batch, std::size_t first, std::size_t n, double *record,
          std::size_t stride)
{
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t c = 0; c < batch.n_components(); ++c)
      record[p * stride + c] = batch(c, first + p);
}

/// Reads them back.
void unpack(const double *record, std::size_t stride, PointBatch &batch, std::size_t first,
            std::size_t n)
{
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t c = 0; c < batch.n_components(); ++c)
      batch(c, first + p) = record[p * stride + c];
}

/// Copies the first @p n points.
void copy_first(std::size_t n, const PointBatch &from, PointBatch &to)
{
  for (std::size_t c = 0; c < from.n_components(); ++c)
    std::copy_n(from.component(c).begin(), n, to.component(c).begin());
}

/// Copies the first @p n points, without the hints.
void copy_first(std::size_t n, const PointAnswer &from, PointAnswer &to)
{
  copy_first(n, from.outputs, to.outputs);
  copy_first(n, from.tangent, to.tangent);
  std::copy_n(from.health.begin(), n, to.health.begin());
  std::copy_n(from.error_estimate.begin(), n, to.error_estimate.begin());
  std::copy_n(from.answered_by.begin(), n, to.answered_by.begin());
}

/// Numbers of a record that carries the answer of one point: outputs, tangent, hints, error
/// estimate, health, answerer.
std::size_t record_size(const PointAnswer &answer, std::size_t n_hints)
{
  return answer.outputs.n_components() + answer.tangent.n_components() + n_hints + 3;
}

/// Records of the points [first, first + n).
void pack(const PointAnswer &answer, const PointBatch &hints, std::size_t first, std::size_t n,
          std::vector<double> &records)
{
  const std::size_t stride = record_size(answer, hints.n_components());
  records.resize(n * stride);
  double *at = records.data();
  for (const PointBatch *batch : {&answer.outputs, &answer.tangent, &hints})
  {
    pack(*batch, first, n, at, stride);
    at += batch->n_components();
  }
  for (std::size_t p = first; p < first + n; ++p, at += stride)
  {
    at[0] = answer.error_estimate[p];
    at[1] = static_cast<double>(answer.health[p]);
    at[2] = answer.answered_by[p];
  }
}

/// Reads them back; @p hints may be null.
void unpack(const std::vector<double> &records, std::size_t n_hints, std::size_t first,
            std::size_t n, PointAnswer &answer, PointBatch *hints)
{
  const std::size_t stride = record_size(answer, n_hints);
  const double *at = records.data();
  for (PointBatch *batch : {&answer.outputs, &answer.tangent})
  {
    unpack(at, stride, *batch, first, n);
    at += batch->n_components();
  }
  if (hints)
    unpack(at, stride, *hints, first, n);
  at += n_hints;
  for (std::size_t p = first; p < first + n; ++p, at += stride)
  {
    answer.error_estimate[p] = at[0];
    answer.health[p] = static_cast<Health>(at[1]);
    answer.answered_by[p] = static_cast<std::uint8_t>(at[2]);
  }
}

/// Sends records of @p size numbers, ordered by rank, and receives others; counts are in records.
void exchange(const std::vector<double> &out, const std::vector<int> &n_out,
              std::vector<double> &in, const std::vector<int> &n_in, std::size_t size,
              MPI_Comm comm)
{
  const auto starts = [](const std::vector<int> &n)
  {
    std::vector<int> first(n.size(), 0);
    std::partial_sum(n.begin(), n.end() - 1, first.begin() + 1);
    return first;
  };
  MPI_Datatype record;
  MPI_Type_contiguous(static_cast<int>(size), MPI_DOUBLE, &record);
  MPI_Type_commit(&record);
  MPI_Alltoallv(out.data(), n_out.data(), starts(n_out).data(), record, in.data(), n_in.data(),
                starts(n_in).data(), record, comm);
  MPI_Type_free(&record);
}
} // namespace

std::vector<std::size_t> balanced_shares(const std::vector<std::size_t> &points,
                                         std::vector<double> seconds_per_point)
{
  std::vector<double> &times = seconds_per_point;
  fill_and_scale(times);
  const std::size_t n = sum_of(points);
  const double end = earliest_end(n, times);
  std::vector<std::size_t> room, shares;
  for (std::size_t r = 0; r < points.size(); ++r)
  {
    room.push_back(capacity(n, end, times[r]));
    shares.push_back(std::min(points[r], room[r]));
  }
  give(n - sum_of(shares), times, room, shares);
  return shares;
}

std::vector<PointMove> plan_moves(const std::vector<std::size_t> &points,
                                  const std::vector<std::size_t> &shares)
{
  std::vector<PointMove> moves;
  std::size_t to = 0, taken = 0; // the rank that takes, and what it has taken so far
  for (std::size_t from = 0; from < points.size(); ++from)
    for (std::size_t left = points[from] - std::min(points[from], shares[from]); left > 0;)
    {
      const std::size_t wants = shares[to] - std::min(points[to], shares[to]) - taken;
      if (wants == 0)
      {
        ++to;
        taken = 0;
        continue;
      }
      const std::size_t n = std::min(left, wants);
      moves.push_back({static_cast<int>(from), static_cast<int>(to), n});
      left -= n;
      taken += n;
    }
  return moves;
}

BalancedMap::BalancedMap(std::shared_ptr<PointMap> inner, MPI_Comm comm,
                         std::function<double()> clock)
  : inner_(std::move(inner)), comm_(comm), clock_(std::move(clock))
{
}

double BalancedMap::seconds_per_point() const
{
  // What was measured long ago is forgotten, so that a rank that was slow once is tried again.
  return points_ < 0.5 ? std::numeric_limits<double>::quiet_NaN() : seconds_ / points_;
}

BalancedMap::Plan BalancedMap::agree(const PointQuery &query) const
{
  int n_ranks = 1;
  MPI_Comm_size(comm_, &n_ranks);
  constexpr std::size_t n_values = 4;
  const std::array<double, n_values> mine = {static_cast<double>(query.inputs->n_points()),
                                             seconds_per_point(), query.hints ? 1. : 0.,
                                             query.want_tangent ? 1. : 0.};
  std::vector<double> all(n_values * static_cast<std::size_t>(n_ranks));
  MPI_Allgather(mine.data(), n_values, MPI_DOUBLE, all.data(), n_values, MPI_DOUBLE, comm_);

  Plan plan;
  std::vector<std::size_t> points;
  std::vector<double> times;
  for (const double *rank = all.data(); rank != all.data() + all.size(); rank += n_values)
  {
    points.push_back(static_cast<std::size_t>(rank[0]));
    times.push_back(rank[1]);
    plan.hints = plan.hints || rank[2] > 0.;
    if (rank[3] != all[3])
      throw std::invalid_argument("BalancedMap: all ranks or none must want the tangent");
  }
  const std::vector<PointMove> moves = plan_moves(points, balanced_shares(points, times));
  plan.moves_points = !moves.empty();
  const int me = rank_in(comm_);
  plan.n_out.assign(points.size(), 0);
  plan.n_in.assign(points.size(), 0);
  for (const PointMove &move : moves)
  {
    if (move.from == me)
      plan.n_out[static_cast<std::size_t>(move.to)] = static_cast<int>(move.n);
    if (move.to == me)
      plan.n_in[static_cast<std::size_t>(move.from)] = static_cast<int>(move.n);
  }
  return plan;
}

void BalancedMap::compute(const PointQuery &query, PointAnswer &answer)
{
  const double begin = clock_();
  inner_->evaluate(query, answer);
  const double seconds = clock_() - begin;
  const auto n = static_cast<double>(
    answer.health.size() - static_cast<std::size_t>(std::count(
                             answer.health.begin(), answer.health.end(), Health::not_finite)));
  points_ = 0.5 * points_ + n;
  seconds_ = 0.5 * seconds_ + (n > 0. ? seconds : 0.);
  counters_.computed += answer.health.size();
}

void BalancedMap::evaluate(const PointQuery &query, PointAnswer &answer)
{
  const Plan plan = agree(query);
  if (plan.moves_points)
    evaluate_balanced(query, answer, plan);
  else
    on_all_ranks(comm_, [&] { compute(query, answer); });
}

void BalancedMap::evaluate_balanced(const PointQuery &query, PointAnswer &answer, const Plan &plan)
{
  const auto sum = [](const std::vector<int> &n)
  { return std::accumulate(n.begin(), n.end(), std::size_t{0}); };
  const std::size_t n_out = sum(plan.n_out), n_in = sum(plan.n_in),
                    n_kept = query.inputs->n_points() - n_out, n_inputs = info().inputs.size(),
                    n_hints = plan.hints ? info().hint_size : 0, question = n_inputs + n_hints;
  std::vector<double> out, in;
  PointBatch inputs, hints;
  PointAnswer computed;

  // The last points leave; all that may throw is inside on_all_ranks.
  on_all_ranks(comm_,
               [&]
               {
                 out.resize(n_out * question);
                 in.resize(n_in * question);
                 pack(*query.inputs, n_kept, n_out, out.data(), question);
                 if (query.hints)
                   pack(*query.hints, n_kept, n_out, out.data() + n_inputs, question);
                 inputs = PointBatch(n_inputs, n_kept + n_in);
                 hints = PointBatch(n_hints, n_kept + n_in);
               });
  exchange(out, plan.n_out, in, plan.n_in, question, comm_);
  on_all_ranks(comm_,
               [&]
               {
                 copy_first(n_kept, *query.inputs, inputs);
                 if (query.hints)
                   copy_first(n_kept, *query.hints, hints);
                 unpack(in.data(), question, inputs, n_kept, n_in);
                 unpack(in.data() + n_inputs, question, hints, n_kept, n_in);
                 PointQuery mixed = query;
                 mixed.inputs = &inputs;
                 mixed.hints = n_hints > 0 ? &hints : nullptr;
                 compute(mixed, computed);
                 prepare_answer(info(), query, answer);
                 pack(computed, hints, n_kept, n_in, in);
                 out.resize(n_out * record_size(answer, n_hints));
               });
  exchange(in, plan.n_in, out, plan.n_out, record_size(answer, n_hints), comm_);
  copy_first(n_kept, computed, answer);
  if (query.hints)
    copy_first(n_kept, hints, *query.hints);
  unpack(out, n_hints, n_kept, n_out, answer, query.hints);
  counters_.moved += n_out;
}
} // namespace understudy

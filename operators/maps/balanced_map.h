// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/timing.h>
#include <operators/maps/point_map.h>

#include <mpi.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// Points of rank @p from that rank @p to computes.
struct PointMove
{
  int from = 0, to = 0;
  std::size_t n = 0;
  bool operator==(const PointMove &) const = default;
};

/// How many points each rank shall compute, given what it has and how long it takes for one. The
/// slowest rank ends as early as whole points allow, max_r shares_r seconds_r = min, and of all
/// such shares these move the fewest points. A rank whose time is not a positive finite number
/// counts as fast as the mean of the others; without any time all are equal.
/// @return [n_ranks], with the sum of @p points
std::vector<std::size_t> balanced_shares(const std::vector<std::size_t> &points,
                                         std::vector<double> seconds_per_point);

/// The moves from ranks with more points than their share to ranks with fewer, in the order of
/// `from`, then `to`; no rank both gives and takes. Both arguments [n_ranks], with equal sums.
std::vector<PointMove> plan_moves(const std::vector<std::size_t> &points,
                                  const std::vector<std::size_t> &shares);

/// Spreads the points of an expensive map over the ranks, wherever they come from. Its answers,
/// hints included, are those of the inner map, bit for bit and in the order of the caller: measured
/// time decides who computes a point, never what.
///
/// The inner map must not communicate, must answer equally on all ranks, and its answer at a point
/// must not depend on the other points of a batch, as with RveClosure. When it throws on one rank,
/// all ranks throw the same; hints may then have changed. A moved point costs its share
/// of two messages with its hints, so this is for maps that take much longer than those.
class BalancedMap final : public PointMap
{
public:
  /// MPI must run.
  /// @param clock seconds since a fixed moment
  BalancedMap(std::shared_ptr<PointMap> inner, MPI_Comm comm,
              std::function<double()> clock = seconds_now);

  const PointMapInfo &info() const override { return inner_->info(); }
  std::vector<std::string> answerers() const override { return inner_->answerers(); }
  const PointMap &inner() const { return *inner_; }

  /// Collective, also with zero points. Step, iteration and want_tangent must be equal on all
  /// ranks; where any rank has hints, a rank that has points but no hints starts them cold.
  /// @throws std::invalid_argument on all ranks when want_tangent differs
  void evaluate(const PointQuery &query, PointAnswer &answer) override;

  /// Over all calls so far.
  struct Counters
  {
    std::size_t computed = 0; ///< points that this rank computed, its own and those of others
    std::size_t moved = 0;    ///< points of this rank that others computed
  };
  const Counters &counters() const { return counters_; }

private:
  /// What all ranks agreed on, and what this one sends and receives.
  struct Plan
  {
    bool moves_points = false;    ///< on any rank
    bool hints = false;           ///< any rank has some
    std::vector<int> n_out, n_in; ///< [n_ranks] points to and from each rank
  };

  Plan agree(const PointQuery &query) const;
  double seconds_per_point() const;
  void compute(const PointQuery &query, PointAnswer &answer);
  void evaluate_balanced(const PointQuery &query, PointAnswer &answer, const Plan &plan);

  std::shared_ptr<PointMap> inner_;
  MPI_Comm comm_;
  std::function<double()> clock_;
  Counters counters_;
  double seconds_ = 0., points_ = 0.; ///< of earlier calls, whose weight halves with each call
};
} // namespace understudy

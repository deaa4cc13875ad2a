// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>

#include <mpi.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// One map of a chain and how far it is trusted.
struct GuardLevel
{
  std::shared_ptr<PointMap> map;
  /// The error is at most quantile * estimate, but for a share AuditPlan::nominal of the points:
  /// the calibrated quantile of error / estimate. Zero: the map has no estimate and is not asked
  /// for one.
  double quantile = 0.;
};

/// What errors are allowed, and how the promise is watched during a run.
struct AuditPlan
{
  double tolerance = 1e-3; ///< of the relative error: estimates up to tolerance / quantile pass
  double nominal = 0.05;   ///< share of the points whose error may exceed quantile * estimate
  double share = 0.;       ///< of the trusted points that are answered again by the last map
  std::uint64_t seed = 24;
  /// Relative error of outputs y against exact ones, both [n_outputs].
  std::function<double(const std::vector<double> &y, const std::vector<double> &exact)> error;
};

/// A chain of maps from the quickest to the exact one. A point is answered by the first map that
/// may speak: the input lies in its training box (per component), its answer is finite, and its
/// error estimate is within the limit tolerance / quantile. The last map always speaks.
///
/// In a step (PointQuery::step), the first three evaluations let every point begin at the first
/// map; from then on a point stays with the map it had, or moves on towards the exact one, so that
/// Newton's method sees no answer that flickers. Estimates cost time and only matter in the end: a
/// point that the first map answered, and whose last estimate, if there was one, was below half of
/// the limit, is trusted in evaluate() and checked by confirm(), which a solver calls for the state
/// it wants to accept; any other point is checked each time.
///
/// confirm() also audits, once a step: a share of the trusted points, drawn by seed, step and the
/// name of the point, is answered by the last map as well. When a bound quantile * estimate did not
/// hold and the share of such points so far exceeds the nominal one, the quantile is raised to the
/// largest error / estimate that was found, which tightens the limit from then on.
///
/// Hints: [0] index of the map that answered, [1] refusals, [2] the last estimate divided by its
/// limit, then the hints of all maps. Memory: per map AuditTally. Inputs that are not finite are
/// nobody's to answer (Health::not_finite). Answers do not depend on the number of ranks as long as
/// those of the maps do not.
class GuardedMap final : public PointMap
{
public:
  /// The state of the audit of one map, as it stands in the memory.
  struct AuditTally
  {
    std::size_t audited = 0, violations = 0;
    double quantile = 0.; ///< in force: the calibrated one or a raised one
  };
  /// Seconds on this rank since construction, and what the audit cost.
  struct Counters
  {
    double checking =
      0.; ///< in confirm() without the audit: what points in doubt cost is not in it
    double audit = 0.;
    std::size_t evaluations = 0; ///< points given to any map, checks and audit included
  };

  /// @param name what it is called in reports. The maps have equal inputs and outputs and the
  /// communicator @p comm.
  GuardedMap(const std::string &name, std::vector<GuardLevel> levels, AuditPlan plan,
             MPI_Comm comm);

  const PointMapInfo &info() const override { return info_; }
  std::vector<std::string> answerers() const override;
  void evaluate(const PointQuery &query, PointAnswer &answer) override;
  bool confirm(const PointQuery &query, PointAnswer &answer) override;

  /// Largest estimate that passes for map @p level, under a memory (empty: at the beginning).
  double limit(std::size_t level, const std::vector<double> &memory) const;
  AuditTally tally(std::size_t level, const std::vector<double> &memory) const;
  const std::vector<GuardLevel> &levels() const { return levels_; }
  const Counters &counters() const { return counters_; }

private:
  using Points = std::vector<std::size_t>;
  /// A call that is being answered.
  struct Call
  {
    const PointQuery &query;
    PointAnswer &answer;
    const std::vector<double> &limits; ///< per level
    std::vector<std::uint8_t> &level;  ///< per point: who is to answer
  };

  bool last(std::size_t level) const { return level + 1 == levels_.size(); }
  void set_limits(const PointQuery &query);
  bool inside_box(std::size_t level, const PointQuery &query, std::size_t point) const;
  void refuse(Call &call, std::size_t point, Refusal why) const;
  void ask(Call &call, std::size_t level, const Points &points, bool estimate, bool only_estimate);
  void answer_points(Call &call);
  bool check_estimates(Call &call);
  bool audit(Call &call);
  void store_choices(const Call &call) const;

  std::vector<GuardLevel> levels_;
  AuditPlan plan_;
  MPI_Comm comm_;
  PointMapInfo info_;
  std::vector<std::size_t> hint_begin_; ///< of each map among the hints of a point
  Counters counters_;
  // Kept from call to call, so that none allocates once the largest batch was seen.
  PointBatch inputs_, hints_; ///< of the points of one map
  PointAnswer part_;
  std::vector<double> limits_;           ///< per level
  std::vector<std::uint8_t> level_;      ///< per point
  std::vector<char> pending_, doubtful_; ///< per point: to be answered; not without the estimate
  Points trusted_, checked_;             ///< of one level: without and with the estimate
};
} // namespace understudy

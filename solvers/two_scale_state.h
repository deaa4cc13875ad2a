// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <solvers/macro_fields.h>

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace understudy
{
struct TwoScaleResult;

/// Where a run stands after an accepted load step, in terms that do not depend on the number of
/// ranks: fields and hints are complete on rank 0 and empty on the others.
struct TwoScaleState
{
  std::vector<double> load_factors; ///< of all accepted steps
  double step_fraction = 1.;        ///< see LoadStepping
  MacroFields now, before; ///< the last two accepted steps; `before` has no cells after the first
  PointBatch hints;        ///< [hint_size][all points], in the order of their ids
  std::vector<double> memory; ///< of the map, equal on all ranks
};

/// Keeps states of a run, so that it can be broken off. Both are collective.
struct TwoScaleKeeper
{
  std::function<bool()> due; ///< asked after every accepted step but the last
  /// @param so_far what the run, since it was begun or resumed, has found
  std::function<void(const TwoScaleState &state, const TwoScaleResult &so_far)> keep;
};

/// Values of all points on rank 0 in the order of their ids 0, 1, 2, ...; no points on the others.
/// Collective. @param values [n_components][points of this rank]
PointBatch gather_points(const PointBatch &values, const std::vector<std::uint64_t> &ids,
                         MPI_Comm comm);

/// The opposite of gather_points(). Collective; throws UserError on all ranks when there are not as
/// many points or components as wanted.
PointBatch distribute_points(const PointBatch &on_root, std::size_t n_components,
                             const std::vector<std::uint64_t> &ids, MPI_Comm comm);
} // namespace understudy

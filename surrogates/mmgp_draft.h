// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/mmgp_snapshots.h>

#include <cstddef>
#include <vector>

namespace understudy
{
/// Values per field at the common nodes.
using PerNode = std::vector<std::vector<double>>;

/// Rows @p samples of all, each @p width wide, one after the other.
std::vector<double> rows_of(const std::vector<double> &all, std::size_t width,
                            const std::vector<std::size_t> &samples);

/// Modes of shape and fields of some samples.
struct MmgpModes
{
  WeightedPod shape;
  std::vector<WeightedPod> fields;
};
MmgpModes mmgp_modes(const MmgpParameters &parameters, const CommonMesh &common,
                     const MmgpSnapshots &all, const std::vector<std::size_t> &samples);

/// X of some samples before it is standardised, [shape modes + inputs][n].
PointBatch mmgp_inputs(const WeightedPod &shape, const MmgpSnapshots &all,
                       const std::vector<std::size_t> &samples);

/// A model whose processes are still to be found.
struct MmgpDraft
{
  Mmgp::State state;
  PointBatch X;                    ///< standardised, [n_inputs][n]
  std::vector<PointBatch> outputs; ///< of the processes: of all fields, then of the scalars
  std::vector<MmgpOutput> scalars;
  std::vector<Mmgp::Scaling> of_scalar; ///< per scalar

  /// The model with its processes, parallel to outputs; its gates are open.
  Mmgp::State finish(std::vector<GaussianProcessFit> fits) &&;
};

/// The draft of a model of some samples. UserError for an output that is equal in all of them.
/// @param loss what becomes the truncation of the fields
MmgpDraft mmgp_draft(const MmgpParameters &parameters, const MmgpProblem &problem,
                     const CommonMesh &common, const MmgpSnapshots &all,
                     const std::vector<std::size_t> &samples, MmgpModes modes, PerNode loss);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/mmgp.h>
#include <surrogates/mmgp_training.h>

#include <mpi.h>

#include <cstddef>
#include <map>
#include <vector>

namespace understudy
{
/// All samples on the common mesh, one row each; complete on every rank.
struct MmgpSnapshots
{
  std::size_t n_samples = 0, n_nodes = 0;
  std::vector<double> shape;               ///< [n_samples][2 * n_nodes]
  std::vector<std::vector<double>> fields; ///< per field [n_samples][n_nodes], learned values
  std::vector<double> inputs, scalars; ///< [n_samples][n_inputs], [n_samples][n_scalars], learned
};

/// Every sample belongs to one of so many folds, in turn; a cross-validation leaves one out.
inline constexpr std::size_t n_folds = 5;

/// Numbers of the samples that are in @p fold, or of all others.
std::vector<std::size_t> samples_of_fold(std::size_t n_samples, std::size_t fold, bool all_others);

/// Morphs and interpolates the samples of this rank; then all ranks share what they have. Keeps the
/// transfers of its own samples, some 120 bytes per node.
class MmgpMorphing
{
public:
  MmgpMorphing(MPI_Comm comm, const MmgpProblem &problem, const CommonMesh &common,
               std::size_t n_samples);

  /// UserError naming the sample when it does not fit the problem or cannot be morphed.
  void take(std::size_t i, const MmgpSample &sample);

  /// Numbers that are 0 but on one rank. Collective.
  void share(std::vector<double> &values) const;
  /// The rows of all ranks. Collective.
  void share_snapshots();

  const MmgpSnapshots &snapshots() const { return all_; }
  /// Of a sample that this rank took.
  const CommonMesh::Morphed &morphed(std::size_t i) const { return morphed_.at(i); }
  /// Field @p f of a sample at its own nodes as it is learned.
  std::vector<double> learned(std::size_t f, const MmgpSample &sample) const;

  /// Adds to @p loss, per field at the common nodes, the square of what is lost on the way to the
  /// modes and back, for a sample of this rank that they were not made from.
  void add_loss(std::size_t i, const MmgpSample &sample, const std::vector<WeightedPod> &pods,
                std::vector<std::vector<double>> &loss) const;

private:
  MPI_Comm comm_;
  const MmgpProblem &problem_;
  const CommonMesh &common_;
  MmgpSnapshots all_;
  std::map<std::size_t, CommonMesh::Morphed> morphed_;
};
} // namespace understudy

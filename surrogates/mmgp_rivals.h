// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/mmgp.h>
#include <surrogates/mmgp_training.h>

#include <mpi.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// What MMGP must beat: the same samples on the same common mesh, without modes and processes.
///   training-mean      the mean of all samples,
///   nearest-neighbour  the sample with the nearest X,
///   ridge              linear in X, with a penalty of 1e-3 n |W|^2 on the slopes.
class MmgpRivals
{
public:
  static const std::vector<std::string> &names();

  /// Morphs the training samples once more, shared out over the ranks. Collective; equal on all
  /// ranks.
  MmgpRivals(MPI_Comm comm, const Mmgp &model, std::size_t n_samples,
             const std::function<MmgpSample(std::size_t)> &sample);

  struct Answer
  {
    std::vector<std::vector<double>> fields; ///< per field, at the nodes of the mesh
    std::vector<double> scalars;
  };
  /// @param rival index into names()
  Answer predict(std::size_t rival, const TriangleMesh &mesh, const CommonMesh::Morphed &morphed,
                 const std::vector<double> &inputs) const;

private:
  /// A row of weights over the samples: the answer is their weighted sum.
  std::vector<double> weights(std::size_t rival, const std::vector<double> &x) const;

  const Mmgp &model_;
  std::size_t n_samples_ = 0, n_inputs_ = 0;
  std::vector<double> X_;                   ///< [n_samples][n_inputs]
  std::vector<std::vector<double>> fields_; ///< per field [n_samples][n_common], learned values
  std::vector<double> scalars_;             ///< [n_samples][n_scalars]
  std::vector<double> ridge_;               ///< (X^T X + penalty)^-1 X^T, [n_inputs][n_samples]
};
} // namespace understudy

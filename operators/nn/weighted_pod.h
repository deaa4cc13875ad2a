// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/csr_matrix.h>
#include <data/core/points.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
class ModelFile;

/// Proper orthogonal decomposition of fields on one mesh in the inner product of its mass matrix M,
/// about their mean (Sirovich, Quarterly of Applied Mathematics 45, 1987, the method of snapshots):
///   f = mean + sum_k c_k phi_k,  phi_k^T M phi_l = delta_kl,  c_k = phi_k^T M (f - mean).
/// Of all bases of n_modes vectors it leaves the smallest sum of |f - mean - sum c_k phi_k|_M^2
/// over the snapshots. A field of several components is stored one component after the other, each
/// of M.n_rows() entries, and its matrix has one block M per component.
///
/// Serial: the rows are not distributed. For N rows and n snapshots fit() costs 2 n^2 N + 10 n^3
/// operations and the memory of four times the snapshots; project() and expand() cost 2 n_modes N
/// operations per field.
class WeightedPod
{
public:
  using Metric = std::shared_ptr<const CsrMatrix>; ///< M, symmetric positive definite

  /// Keeps @p n_modes modes, or as many as there are singular values above 1e-7 of the largest if
  /// these are fewer.
  /// @param snapshots [n_snapshots][n_components * M.n_rows()]: one field after the other
  /// Throws UserError for fewer than 2 snapshots, no modes, numbers that are not finite, a matrix
  /// that is not square, symmetric and positive on the snapshots, and snapshots that are all equal.
  static WeightedPod fit(const double *snapshots, std::size_t n_snapshots, std::size_t n_components,
                         std::size_t n_modes, Metric metric);

  std::size_t n_modes() const { return modes_.size() / n_rows(); }
  std::size_t n_rows() const { return mean_.size(); } ///< entries of a field
  std::size_t n_components() const { return n_rows() / metric_->n_rows(); }

  const std::vector<double> &mean() const { return mean_; }   ///< [n_rows]
  const std::vector<double> &modes() const { return modes_; } ///< [n_modes][n_rows]

  /// All n_snapshots of them, falling; the last is 0 up to rounding, since the mean is subtracted.
  const std::vector<double> &singular_values() const { return singular_values_; }

  /// Sum over the snapshots of |f - mean|_M^2, and the part of it that the modes leave out: the sum
  /// of the squares of all, and of the dropped singular values.
  double energy() const { return energy_of(0); }
  double discarded_energy() const { return energy_of(n_modes()); }

  /// Coefficients of @p n_fields fields.
  /// @param fields [n_fields][n_rows]   @return [n_modes][n_fields], as a regression wants them
  PointBatch project(std::size_t n_fields, const double *fields) const;

  /// Fields of coefficients, the inverse of project() on the span of the modes.
  /// @param coefficients [n_modes][n_fields]   @param fields [n_fields][n_rows]
  void expand(const PointBatch &coefficients, double *fields) const;

  /// What the modes cannot represent, |f - expand(project(f))|_M^2 per field.
  /// @param fields [n_fields][n_rows]
  std::vector<double> squared_residuals(std::size_t n_fields, const double *fields) const;

  /// Adds the tensors <prefix>mean, modes and singular_values. M belongs to the mesh and is not
  /// stored.
  void save(ModelFile &file, const std::string &prefix) const;

  /// Reads what save() wrote, to the bit. Throws UserError when a tensor is missing or wrong, and
  /// when the modes are not orthonormal in @p metric to 1e-8, i.e. it is the matrix of another
  /// mesh.
  static WeightedPod load(const ModelFile &file, const std::string &prefix, Metric metric);

private:
  WeightedPod() = default;
  double energy_of(std::size_t first) const;
  void apply_metric(const double *x, double *Mx) const;
  void make_dual_modes();

  Metric metric_;
  std::vector<double> mean_, modes_, singular_values_;
  std::vector<double> dual_modes_; ///< M phi_k, [n_modes][n_rows]: project() needs no M
};
} // namespace understudy

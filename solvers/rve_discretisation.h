// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <meshes/rve_mesh.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace understudy
{
/// Compressed columns of the stiffness: the lower triangle when it is symmetric, all of it
/// otherwise.
struct SparsityPattern
{
  int n = 0;
  bool symmetric = true;
  std::vector<int> column_start; ///< [n + 1]
  std::vector<int> row;          ///< sorted within a column
};

/// Q8 elements with 3 x 3 Gauss points on a periodic RVE, fluctuation w with w = 0 in the corners:
///
///   strain     e_q = E + B_q w              (exx, eyy, gxy = 2 exy)
///   residual   r   = sum_q w_q B_q^T s_q
///   stiffness  K   = sum_q w_q B_q^T C_q B_q
///
/// Weights are divided by the area, so sum_q w_q = 1. Points are numbered cell by cell with all
/// matrix cells first: points of one phase are contiguous. Q8 is Q9 with the centre value held to
/// -1/4 of the corners plus 1/2 of the mid-sides; the nine shape functions are deal.II's.
class RveDiscretisation
{
public:
  static constexpr unsigned points_per_cell = 9;

  /// @param symmetric whether all tangents will be
  RveDiscretisation(const RveMesh &mesh, bool symmetric);

  std::size_t n_dofs() const { return n_dofs_; }
  std::size_t n_points() const { return weights_.size(); }
  std::size_t n_matrix_points() const { return n_matrix_points_; }
  std::size_t n_nodes() const { return node_dof_.size(); }
  std::size_t n_cells() const { return dofs_.size(); }
  const std::vector<double> &weights() const { return weights_; }
  const std::vector<std::array<double, 2>> &point_places() const { return places_; }
  /// Cell of the mesh behind each of the cells of points: points 9 c to 9 c + 8 lie in cell
  /// cell_order()[c].
  const std::vector<std::size_t> &cell_order() const { return cell_order_; }
  const SparsityPattern &pattern() const { return pattern_; }

  /// @param w [n_dofs]   @param strain [3][n_points]
  void strains(const std::array<double, 3> &E, const double *w, PointBatch &strain) const;

  /// @param stress [3][n_points]   @param r [n_dofs], overwritten
  /// @param magnitude [n_dofs], the sum of the absolute contributions; may be null
  void residual(const PointBatch &stress, double *r, double *magnitude) const;

  /// @param tangent [9][n_points]   @param values parallel to pattern().row
  void stiffness(const PointBatch &tangent, std::vector<double> &values) const;

  /// L = sum_q w_q B_q^T C_q, [3 * n_dofs], one column after the other, and the mean of C,
  /// row-major.
  void load_columns(const PointBatch &tangent, double *L, std::array<double, 9> &mean) const;

  /// Same with C^T: sum_q w_q B_q^T C_q^T.
  void transposed_load_columns(const PointBatch &tangent, double *L) const;

  /// sum_q w_q f_q per component.
  std::array<double, 3> mean(const PointBatch &field) const;

  /// Total displacement at the nodes, ux and uy in turn: affine part (x Exx + y Gxy/2,
  /// y Eyy + x Gxy/2) and fluctuation. @param u [2 * n_nodes]
  void nodal_displacement(const std::array<double, 3> &E, const double *w,
                          std::vector<double> &u) const;

  /// Gradients of the 8 shape functions at a point: x then y. [n_points][2][8]
  const double *gradients(std::size_t point) const { return gradients_.data() + 16 * point; }

private:
  void number_unknowns(const RveMesh &mesh);
  void compute_gradients(const RveMesh &mesh);
  void build_pattern(bool symmetric);

  std::size_t n_dofs_ = 0, n_matrix_points_ = 0;
  std::vector<std::array<double, 2>> node_places_;
  std::vector<int> node_dof_; ///< first unknown of each node, or -1 when held
  std::vector<std::size_t> cell_order_;
  std::vector<std::array<int, 16>> dofs_;
  std::vector<double> gradients_, weights_;
  std::vector<std::array<double, 2>> places_;
  SparsityPattern pattern_;
  std::vector<int> positions_; ///< where the entries of each cell matrix go; the last one is a bin
  mutable std::vector<double> padded_; ///< w with a zero for the held unknowns
};
} // namespace understudy

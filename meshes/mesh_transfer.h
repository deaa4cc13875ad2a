// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/csr_matrix.h>
#include <meshes/triangle_locator.h>

#include <array>
#include <cstddef>
#include <vector>

namespace understudy
{
/// Takes nodal fields, linear on each triangle of one mesh, to points, e.g. the nodes of another
/// mesh that was morphed to the same shape: (P f)_i = sum_k w_ik f_k with the three nodes k of the
/// triangle in which point i lies. A point outside of the mesh gets the value at the nearest point
/// of the mesh. Rows have weights in [0, 1] of sum 1, so P keeps constants and bounds, and linear
/// functions in all rows that are not clamped.
struct MeshTransfer
{
  CsrMatrix matrix;                   ///< three entries in every row, zeros included
  std::vector<unsigned> triangle;     ///< [n_rows] in which, or nearest to which, the point lies
  std::vector<double> clamp_distance; ///< [n_rows] to the mesh [length]; 0 for points in it

  std::size_t n_rows() const { return triangle.size(); }
  std::size_t n_clamped() const;

  /// The same as matrix.multiply(), faster: @p to [n_fields][n_rows] = P times
  /// @p from [n_fields][n_columns]. They must not overlap.
  void apply(std::size_t n_fields, const double *from, double *to) const;

  /// Rows @p first to first + @p n - 1 of the same for fields whose values at a node stand
  /// together: @p to [n][n_fields], @p from [n_columns][n_fields]. Faster from eight fields on,
  /// since no number is fetched alone.
  void apply_rows(std::size_t first, std::size_t n, std::size_t n_fields, const double *from,
                  double *to) const;
};

/// The transfer from the nodes of the located mesh to @p points, O(log N) per point. Distances
/// below 1e-12 of the longest edge of the nearest triangle are rounding and count as 0.
/// Throws UserError for a point that is not finite, or whose distance from the mesh exceeds the
/// longest edge of its nearest triangle: the two shapes are not the same then.
MeshTransfer make_transfer(const TriangleLocator &from,
                           const std::vector<std::array<double, 2>> &points);
} // namespace understudy

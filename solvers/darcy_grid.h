// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/mesh_view.h>

#include <span>
#include <vector>

namespace understudy
{
/// The (n_cells + 1)^2 corners of n_cells x n_cells squares on [0, 1]^2, the boundary included.
/// Node (i, j) lies at (i, j) / n_cells and has the number i (n_cells + 1) + j.
GridView darcy_nodes(unsigned n_cells);

/// The middles of these squares, at (i + 1/2, j + 1/2) / n_cells with the number i n_cells + j.
GridView darcy_cells(unsigned n_cells);

enum class DarcyField
{
  coefficient, ///< finite and > 0
  source       ///< finite
};

/// Throws UserError when @p values are not the values of such a field on @p grid: another number of
/// them, or one that is not allowed, with its place.
void check_darcy_field(DarcyField field, const GridView &grid, std::span<const double> values);

/// Values in the squares, [n_cells^2]: those given at darcy_cells() as they are; of those given at
/// darcy_nodes() the means over the four corners. Throws UserError as check_darcy_field() does, and
/// for another grid.
std::vector<double> darcy_cell_values(DarcyField field, unsigned n_cells, const GridView &grid,
                                      std::span<const double> values);

/// Whether the points are the same, to 1e-6 of the spacing.
bool same_points(const GridView &a, const GridView &b);
} // namespace understudy

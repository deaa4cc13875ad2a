// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace understudy
{
enum class Phase : std::uint8_t
{
  matrix = 1,
  fibre = 2
};

/// A mesh of curved quadratic quadrilaterals on the unit square centred at 0, periodic in both
/// directions: plain data, so that it can be stored, hashed and given to any solver.
struct RveMesh
{
  std::string name;
  std::vector<std::array<double, 2>> nodes;

  /// Nodes of each cell: four corners counter-clockwise, then the mid-side nodes of the sides 1-2,
  /// 2-3, 3-4, 4-1 (Q8 serendipity).
  std::vector<std::array<unsigned, 8>> cells;
  std::vector<Phase> phase; ///< per cell
};

/// For every node the node that represents it under periodicity: itself, its left or lower image
/// (x = -1/2, y = -1/2), or for all four corners the corner (-1/2, -1/2).
/// Throws UserError naming the first boundary node without a partner within @p tolerance.
std::vector<unsigned> periodic_representatives(const RveMesh &mesh, double tolerance = 1e-8);

/// Throws UserError with the file name (mesh.name) and the entity when the mesh has no cells, a
/// node index out of range, a cell that is inverted (Jacobian not positive at a 3x3 Gauss point), a
/// phase other than 1 or 2, or does not fill the unit square (area 1 to 1e-6); and what
/// periodic_representatives() throws.
void check_rve_mesh(const RveMesh &mesh);

/// Area of one cell by 3x3 Gauss points. Throws UserError when the cell is inverted.
double cell_area(const RveMesh &mesh, std::size_t cell);

/// Area of the fibre cells divided by the area of all cells, by 3x3 Gauss points.
double fibre_fraction(const RveMesh &mesh);
} // namespace understudy

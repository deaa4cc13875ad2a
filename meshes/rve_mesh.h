// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
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

/// The node that periodic_representatives() would refuse, for readers that know its number in their
/// file. Looks at nodes only, not at cells.
std::optional<unsigned> first_unmatched_node(const RveMesh &mesh, double tolerance = 1e-8);

/// A side that does not belong to two cells, counting its periodic image.
struct LooseSide
{
  std::size_t cell;
  std::array<unsigned, 2> nodes; ///< its ends
  unsigned n_cells;

  /// What is wrong, with the numbers that the ends have in the user's file.
  std::string text(std::int64_t first, std::int64_t last) const;
};

/// The first side of cells that overlap, of a gap or of a slit, which the area alone does not show.
/// For meshes that passed check_rve_mesh().
std::optional<LooseSide> first_loose_side(const RveMesh &mesh);

/// Throws UserError with the file name (mesh.name) and the entity when the mesh has no cells, a
/// node index out of range, a cell that is inverted (Jacobian not positive at a 3x3 Gauss point), a
/// phase other than 1 or 2, or does not fill the unit square (area 1 to 1e-6); and what
/// periodic_representatives() throws.
void check_rve_mesh(const RveMesh &mesh);

/// Area of one cell by 3x3 Gauss points. Throws UserError when the cell is inverted.
double cell_area(const RveMesh &mesh, std::size_t cell);

/// Smallest Jacobian of one cell at 3x3 Gauss points, positive if the cell is not inverted; NaN
/// when it cannot be computed.
double smallest_jacobian(const RveMesh &mesh, std::size_t cell);

/// Area of the fibre cells divided by the area of all cells, by 3x3 Gauss points.
double fibre_fraction(const RveMesh &mesh);
} // namespace understudy

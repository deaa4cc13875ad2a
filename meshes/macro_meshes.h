// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <deal.II/base/types.h>
#include <deal.II/grid/tria.h>

#include <string>
#include <vector>

namespace understudy
{
/// Boundary ids of the macro meshes; what each of them means on a body stands at its maker.
struct MacroBoundary
{
  static constexpr dealii::types::boundary_id free = 0;       ///< traction-free
  static constexpr dealii::types::boundary_id clamped = 1;    ///< all displacements held
  static constexpr dealii::types::boundary_id loaded = 2;     ///< traction or displacement given
  static constexpr dealii::types::boundary_id symmetry_x = 3; ///< in the line x = 0: u_x = 0
  static constexpr dealii::types::boundary_id symmetry_y = 4; ///< in the line y = 0: u_y = 0
};

/// Cook's membrane, corners (0,0) (48,44) (48,60) (0,44) mm, nx x ny cells.
/// clamped: x = 0; loaded: x = 48; free: the two slanted sides.
void make_cook(dealii::Triangulation<2> &tria, unsigned nx, unsigned ny);

/// The L-profile [0,100]^2 mm without (50,100) x (0,50): three squares of 50 mm, each with
/// n x n cells (n = 2: 12 cells, n = 3: 27 cells).
/// clamped: y = 0; loaded: x = 100 (that is the right end, y in [50,100]); free: the rest.
void make_l_profile(dealii::Triangulation<2> &tria, unsigned n);

/// A quarter of a plate with a hole: [0,50]^2 mm without the disc of radius 10 mm at the origin.
/// Two blocks, each with n cells along its part of the hole and n from the hole to the outer side,
/// smaller towards the hole: 2 n^2 cells.
/// loaded: x = 50; symmetry_x: x = 0; symmetry_y: y = 0; free: the hole and y = 50.
/// Refining it puts new points on the hole and blends the circle into the straight sides.
void make_quarter_plate(dealii::Triangulation<2> &tria, unsigned n);

/// The unit square [0,1]^2, n x n cells.
/// clamped: x = 0; loaded: x = 1; free: y = 0 and y = 1.
void make_square(dealii::Triangulation<2> &tria, unsigned n);

/// The names that make_macro_mesh() knows, sorted.
std::vector<std::string> macro_meshes();

/// Fills the empty @p tria with the named mesh: "cook" (n x n), "l_profile" (n per 50 mm),
/// "plate_with_hole" (n as above), "square" (n x n). All makers give a coarse mesh only, so they
/// work for parallel::distributed::Triangulation too; call refine_global() afterwards if wanted.
/// Throws UserError for an unknown name (naming the nearest) and for n = 0.
void make_macro_mesh(const std::string &name, unsigned n, dealii::Triangulation<2> &tria);
} // namespace understudy

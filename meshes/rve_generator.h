// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/rve_mesh.h>

#include <string>
#include <vector>

namespace understudy
{
/// The geometries that make_rve() knows, sorted by name.
std::vector<std::string> rve_geometries();

/// A structured block mesh of Q8 cells of the unit square centred at 0, periodic, checked by
/// check_rve_mesh(). Its name is "GEOMETRY refinement R".
///
/// Geometries, lengths by the side of the square, and cells at refinement 1:
///  - "rve1": fibres are a circle of radius 0.29587 at (0,0) and quarters of it in the four
///    corners; 3456 cells
///  - "rve2": the fibre is an ellipse at (0,0) with semi-axes 0.35 and 0.175, the long axis at
///    30 degrees to x; 2112 cells
///  - "rve3": fibres are circles of radius 0.10 at (-0.25,0.25), 0.15 at (0.25,0.15) and 0.10 at
///    (0,-0.25); 1872 cells
///  - "laminate": fibre in y < 0, matrix in y > 0; 64 cells
///  - "homogeneous": all matrix; 16 cells
///
/// @param refinement cells per side are multiplied by it, so cells by its square; at least 1.
/// Vertices and mid-side nodes of an interface lie on the circle or ellipse to 1e-12.
/// Throws UserError for an unknown geometry (naming the nearest) and for refinement 0.
RveMesh make_rve(const std::string &geometry, unsigned refinement);
} // namespace understudy

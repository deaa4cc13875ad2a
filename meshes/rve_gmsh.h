// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/rve_mesh.h>

#include <filesystem>
#include <string>

namespace understudy
{
/// Which physical groups of surfaces are which phase: each a name, or a number when no group has
/// that name.
struct GmshGroups
{
  std::string matrix = "matrix";
  std::string fibre = "fibre";
};

/// Reads an RVE from an ASCII mesh of Gmsh, format 4.1 or 2.2, of quadrilaterals in a plane z =
/// constant:
///  - 8 nodes are taken as they are, of 9 the one in the centre is dropped; 4 get mid-side nodes on
///    their chords, so that curved interfaces become polygons;
///  - clockwise cells are reversed; nodes keep the order of the file, those of no cell are dropped;
///  - the cells may fill a square of any side length at any place, which is moved and scaled to the
///    unit square centred at 0. Stress and tangent of a first-order FE2 depend on the shape of the
///    RVE, not on its size.
/// The mesh is named after the file and has passed check_rve_mesh(). A mesh of one phase is
/// allowed.
///
/// Throws UserError with the file, and where there is one the line and the number that Gmsh gave,
/// for what read_gmsh_file() refuses; for an element without a physical group, of another group or
/// of both; for nodes that do not lie in a plane; for a domain that is no square (with its sides);
/// for the first boundary node without a periodic partner (with its coordinates in the file); for
/// an element that is folded, overlaps another or has a gap to it; and what check_rve_mesh()
/// throws.
RveMesh read_gmsh_rve(const std::filesystem::path &msh, const GmshGroups &groups = {});
} // namespace understudy

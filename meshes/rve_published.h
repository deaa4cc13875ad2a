// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/rve_mesh.h>

#include <filesystem>

namespace understudy
{
/// Reads an RVE mesh from two comma-separated tables without header:
///  nodes:    x,y on the unit square centred at 0; the row number, from 1, is the node's number;
///  elements: number, phase (1 matrix, 2 fibre), 8 node numbers from 1 (four corners
///            counter-clockwise, then the mid-side nodes of the sides 1-2, 2-3, 3-4, 4-1).
/// The mesh is named after the element file and has passed check_rve_mesh().
/// Throws UserError with file:line for a missing file, a wrong number of columns, what is not a
/// number, a node number out of range, a phase other than 1 or 2, a side that does not belong to
/// two cells, a node of no cell; and what check_rve_mesh() throws.
RveMesh read_published_rve(const std::filesystem::path &nodes_csv,
                           const std::filesystem::path &elements_csv);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>

#include <array>
#include <cstddef>
#include <vector>

namespace understudy
{
/// The constrained Delaunay triangulation of the inside of a simple polygon: every side of the
/// polygon is an edge, every node is used, and no circumcircle holds a node that its triangle
/// sees (Chew, Constrained Delaunay triangulations, Algorithmica 4, 1989).
///
/// Nodes are inserted one by one (Bowyer 1981, Watson 1981) in the order of a snake through rows,
/// which keeps the walk to the next node short: about O(n) for evenly spread nodes. Sides that are
/// missing then are recovered by flips (Sloan, Computers & Structures 47, 1993). All decisions are
/// exact in integers, for nodes rounded to 2^-27 of the longer side of their bounding box. So the
/// result is the same on every platform, and cocircular or collinear nodes are no special case.
///
/// @param nodes [-] the polygon, counter-clockwise, then the nodes inside it
/// @param n_boundary number of nodes of the polygon
/// @return counter-clockwise triangles, 2 nodes.size() - n_boundary - 2 of them
/// Throws UserError, with the numbers of the nodes, when two nodes coincide, a coordinate is not
/// finite, the polygon has fewer than three nodes, is clockwise, crosses itself or runs through a
/// node, or when a node lies outside of it.
std::vector<TriangleMesh::Triangle>
constrained_delaunay(const std::vector<std::array<double, 2>> &nodes, std::size_t n_boundary);
} // namespace understudy

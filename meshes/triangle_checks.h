// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// Area of triangle @p t [length^2], negative when its nodes run clockwise.
double signed_area(const TriangleMesh &mesh, std::size_t t);

/// Length of the longest edge of triangle @p t [length].
double longest_edge(const TriangleMesh &mesh, std::size_t t);

/// One sentence for every triangle that is flipped, or so flat that the sign of its area is
/// rounding: its height above its longest edge is less than 1e-10 of that edge. After the first ten
/// the rest are counted in one sentence. Node indices must be in range.
std::vector<std::string> area_problems(const TriangleMesh &mesh);

/// What keeps the mesh from being one piece without holes, as one sentence each, naming the
/// triangle or node (numbers count from 0):
///   - a coordinate that is not finite, a node index out of range, no triangle at all,
///   - the triangles of area_problems(), or one that names a node twice,
///   - a node that no triangle uses, or that lies at the place of another (closer than 1e-12 of the
///     diagonal of the bounding box),
///   - an edge of more than two triangles, or of two that lie on the same side of it,
///   - several components, a boundary that touches itself in a node, more than one boundary loop
///     (holes), an Euler number (nodes - edges + triangles) other than 1,
///   - a named edge that is no boundary edge with the interior on its left, or a feature node that
///   is
///     not on the boundary.
/// Empty for a good mesh. Of each kind, what follows the tenth is counted in one sentence; when
/// indices or coordinates are wrong, nothing else is looked at. O(N) apart from one sort of the
/// nodes.
std::vector<std::string> disk_problems(const TriangleMesh &mesh);

/// Throws UserError with the first of disk_problems() and how many there are.
void require_disk(const TriangleMesh &mesh);

/// All nodes of the boundary once, counter-clockwise, beginning with @p start. For meshes that
/// passed require_disk(). Throws UserError when @p start is not on the boundary.
std::vector<unsigned> boundary_loop(const TriangleMesh &mesh, unsigned start);
} // namespace understudy

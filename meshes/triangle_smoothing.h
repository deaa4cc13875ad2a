// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>

#include <array>
#include <cstddef>
#include <vector>

namespace understudy
{
/// The smallest angle of all triangles [rad]; negative where a triangle is clockwise, pi for none.
double smallest_angle(const std::vector<std::array<double, 2>> &nodes,
                      const std::vector<TriangleMesh::Triangle> &triangles);

/// One sweep of smart Laplacian smoothing (Freitag, Combining Laplacian and optimization-based
/// mesh smoothing techniques, 1997): each node from @p n_fixed on moves to the mean of its
/// neighbours if that raises the quality of the worst triangle around it, and stays otherwise.
/// Quality is q = 4 sqrt(3) area / (sum of squared edge lengths): 1 equilateral, 0 degenerate.
/// A mesh without clockwise triangles keeps none. O(n), nodes in the order of their numbers.
void smooth_triangles(std::vector<std::array<double, 2>> &nodes, std::size_t n_fixed,
                      const std::vector<TriangleMesh::Triangle> &triangles);
} // namespace understudy

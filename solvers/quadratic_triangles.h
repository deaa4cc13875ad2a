// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace understudy
{
/// The six-node triangles with straight sides (P2) of a TriangleMesh. Shape functions in
/// barycentric coordinates: L_i (2 L_i - 1) at the vertices, 4 L_i L_j at the middles of the sides.
class QuadraticTriangles
{
public:
  static constexpr unsigned n_points = 3; ///< of the quadrature of degree two, per triangle

  /// Barycentric coordinates of the quadrature points; each has a third of the area as weight.
  static constexpr double points[n_points][3] = {
    {2. / 3., 1. / 6., 1. / 6.}, {1. / 6., 2. / 3., 1. / 6.}, {1. / 6., 1. / 6., 2. / 3.}};

  /// Throws UserError when a triangle names a node that is not there, is not counter-clockwise, or
  /// when there is none.
  explicit QuadraticTriangles(const TriangleMesh &mesh);

  /// Those of the mesh first, then one in the middle of each side.
  const std::vector<std::array<double, 2>> &nodes() const { return nodes_; }
  std::size_t n_vertices() const { return n_vertices_; }

  /// Per triangle: the vertices 0, 1, 2, then the middles of 01, 12, 20.
  const std::vector<std::array<unsigned, 6>> &cells() const { return cells_; }

  /// The node in the middle of a side; throws UserError when no triangle has it.
  unsigned middle(const TriangleMesh::Edge &side) const;

  /// Area of a triangle and gradients of its barycentric coordinates, [3][2].
  double area(std::size_t cell, double (&gradients)[3][2]) const;

private:
  unsigned add_middle(unsigned a, unsigned b);

  std::size_t n_vertices_;
  std::vector<std::array<double, 2>> nodes_;
  std::vector<std::array<unsigned, 6>> cells_;
  std::unordered_map<std::uint64_t, unsigned> middles_; ///< by both ends, the smaller one first
};

/// Values of two components at the vertices, [2 * n_vertices], completed by those in the middle of
/// each side,
///
///   u_ij = (u_i + u_j) / 2 + (G_i - G_j)(x_j - x_i) / 8,
///
/// with nodal gradients G averaged over the triangles by area: Hermite's parabola along the side.
/// @return [2 * n_nodes]
std::vector<double> complete_sides(const QuadraticTriangles &triangles,
                                   const std::vector<double> &values);
} // namespace understudy

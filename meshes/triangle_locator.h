// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>

#include <array>
#include <cstddef>
#include <vector>

namespace understudy
{
/// Finds the triangle of a mesh in which a point lies, or the nearest one: a tree of bounding boxes
/// over the triangles along a space-filling curve, searched nearest box first. The answer is exact
/// also for meshes with strong grading and for shapes that are not convex. Building it is
/// O(N log N), a query O(log N) for most points.
class TriangleLocator
{
public:
  using Point = std::array<double, 2>;

  struct Hit
  {
    unsigned triangle = 0;
    /// Barycentric coordinates of the nearest point of that triangle: in [0, 1], of sum 1.
    std::array<double, 3> weights{};
    double distance = 0.; ///< to that point [length]; 0 in the triangle
  };

  /// Copies what it needs of the mesh, which must have triangles, all of positive area.
  explicit TriangleLocator(const TriangleMesh &mesh);

  /// Of several triangles that are equally near, any one.
  Hit nearest(const Point &p) const;

  /// The mesh's own triangles.
  const std::vector<TriangleMesh::Triangle> &triangles() const { return triangles_; }
  std::size_t n_nodes() const { return n_nodes_; }

  /// Length of the longest edge of triangle @p t [length].
  double longest_edge(std::size_t t) const { return longest_edge_[t]; }

private:
  struct Box
  {
    Point low, high;
    double squared_distance(const Point &p) const;
    void include(const Box &other);
  };
  struct Corners
  {
    std::array<Point, 3> p;
    unsigned triangle;
  };
  struct Search;

  void sort_along_curve(const TriangleMesh &mesh);
  void build_boxes();
  void visit(std::size_t level, std::size_t box, Search &search) const;

  std::vector<TriangleMesh::Triangle> triangles_;
  std::vector<double> longest_edge_;
  std::size_t n_nodes_ = 0;
  std::vector<Corners> corners_;         ///< of all triangles, along the curve
  std::vector<std::vector<Box>> levels_; ///< [0]: of four triangles; [k + 1]: of four boxes of [k]
};
} // namespace understudy

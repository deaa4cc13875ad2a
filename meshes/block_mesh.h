// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/rve_mesh.h>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
/// Collects Q8 cells from structured blocks on the periodic unit square centred at 0 and merges
/// nodes that meet. Cells that lie outside the square come back in on the opposite side.
class BlockMesh
{
public:
  using Point = std::array<double, 2>;
  using Map = std::function<Point(double, double)>;

  explicit BlockMesh(const std::string &name) { mesh_.name = name; }

  /// Adds nu x nv cells, the images of a uniform grid of [0,1]^2 under @p map, which must keep
  /// the orientation. Mid-side nodes are the images of the mid-side points.
  void add_block(const Map &map, unsigned nu, unsigned nv, Phase phase);

  /// The mesh of all blocks so far.
  const RveMesh &mesh() const { return mesh_; }

private:
  unsigned node_at(Point p);

  RveMesh mesh_;
  std::map<std::pair<long, long>, unsigned> nodes_by_place_;
};

/// An inclusion and the tile of matrix around it. The interface is the image of the unit circle,
/// centre + A (cos t, sin t). The way round is counted by s in [0,4], counter-clockwise, with
/// n cells in each of the four quarters; the quarters begin at the corners of the square-like core.
struct InclusionTile
{
  using Point = std::array<double, 2>;

  Point centre{};
  std::array<Point, 2> A{}; ///< rows of the matrix A

  /// Outer polygon at s = 0, 1/2, 1, ... 7/2, straight in between.
  std::array<Point, 8> outer{};

  /// How far points of the interface turn from equal steps in t, beginning at t = -45 degrees
  /// (0), to the direction in which the outer polygon's point is seen from the centre (1).
  double turn = 0.5;

  unsigned n = 12;            ///< cells in a quarter of the way round; even
  unsigned fibre_layers = 3;  ///< from the core to the interface
  unsigned matrix_layers = 6; ///< from the interface to the polygon

  Point outer_point(double s) const;
  Point interface_point(double s) const;
  Point core_point(double s) const;

  /// Adds the core, the fibre ring and the matrix ring: n^2 + 4 n (fibre + matrix layers) cells.
  void add_to(BlockMesh &blocks) const;

private:
  double angle(double s) const;
  Point image(double x, double y) const;
};
} // namespace understudy

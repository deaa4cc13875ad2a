// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <meshes/triangle_checks.h>
#include <meshes/triangle_locator.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

namespace understudy
{
namespace
{
using Point = TriangleLocator::Point;

/// Children of a box, and triangles of a box of the lowest level.
constexpr std::size_t fan_out = 4;

/// Spreads the 16 bits of v to the even places of 32.
std::uint32_t spread(std::uint32_t v)
{
  v = (v | (v << 8)) & 0x00ff00ffu;
  v = (v | (v << 4)) & 0x0f0f0f0fu;
  v = (v | (v << 2)) & 0x33333333u;
  return (v | (v << 1)) & 0x55555555u;
}

/// Twice the signed area of (0, a, b).
double cross(const Point &a, const Point &b)
{
  return a[0] * b[1] - a[1] * b[0];
}

/// The point of the segment from corner i to corner k that is nearest to the origin.
void nearest_on_edge(const std::array<Point, 3> &corner, unsigned i, unsigned k, unsigned triangle,
                     double &nearest, TriangleLocator::Hit &hit)
{
  const Point &a = corner[i], &b = corner[k];
  const Point edge = {b[0] - a[0], b[1] - a[1]};
  const double squared = edge[0] * edge[0] + edge[1] * edge[1];
  const double t = std::clamp(-(a[0] * edge[0] + a[1] * edge[1]) / squared, 0., 1.);
  const double x = a[0] + t * edge[0], y = a[1] + t * edge[1];
  if (x * x + y * y >= nearest)
    return;
  nearest = x * x + y * y;
  hit.triangle = triangle;
  hit.weights = {};
  hit.weights[i] = 1. - t;
  hit.weights[k] = t;
}
} // namespace

/// A query under way.
struct TriangleLocator::Search
{
  Point p;
  double nearest = std::numeric_limits<double>::infinity(); ///< squared distance
  Hit hit;

  void look_at(const Corners &corners)
  {
    // Relative to p: the weights of a node are then exact at the node itself.
    std::array<Point, 3> c = corners.p;
    for (Point &q : c)
      q = {q[0] - p[0], q[1] - p[1]};
    const std::array<double, 3> areas = {cross(c[1], c[2]), cross(c[2], c[0]), cross(c[0], c[1])};
    if (areas[0] >= 0. && areas[1] >= 0. && areas[2] >= 0.)
    {
      const double sum = areas[0] + areas[1] + areas[2];
      nearest = 0.;
      hit.triangle = corners.triangle;
      hit.weights = {areas[0] / sum, areas[1] / sum, areas[2] / sum};
      return;
    }
    for (unsigned i = 0; i < 3; ++i)
      if (areas[(i + 2) % 3] < 0.) // p lies beyond the edge from i to i + 1
        nearest_on_edge(c, i, (i + 1) % 3, corners.triangle, nearest, hit);
  }
};

double TriangleLocator::Box::squared_distance(const Point &p) const
{
  const double dx = std::max({low[0] - p[0], 0., p[0] - high[0]});
  const double dy = std::max({low[1] - p[1], 0., p[1] - high[1]});
  return dx * dx + dy * dy;
}

void TriangleLocator::Box::include(const Box &other)
{
  for (unsigned c = 0; c < 2; ++c)
  {
    low[c] = std::min(low[c], other.low[c]);
    high[c] = std::max(high[c], other.high[c]);
  }
}

TriangleLocator::TriangleLocator(const TriangleMesh &mesh)
  : triangles_(mesh.triangles), longest_edge_(mesh.n_triangles()), n_nodes_(mesh.n_nodes())
{
  if (mesh.triangles.empty())
    throw std::invalid_argument("TriangleLocator: the mesh has no triangle");
  for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
    longest_edge_[t] = understudy::longest_edge(mesh, t);
  sort_along_curve(mesh);
  build_boxes();
}

void TriangleLocator::sort_along_curve(const TriangleMesh &mesh)
{
  Box all{mesh.nodes[0], mesh.nodes[0]};
  for (const Point &p : mesh.nodes)
    all.include({p, p});
  const double scale = 65535. / std::max({all.high[0] - all.low[0], all.high[1] - all.low[1],
                                          std::numeric_limits<double>::min()});
  std::vector<std::pair<std::uint32_t, unsigned>> order(mesh.n_triangles());
  for (unsigned t = 0; t < mesh.n_triangles(); ++t)
  {
    std::uint32_t place[2];
    for (unsigned c = 0; c < 2; ++c)
    {
      double centre = 0.;
      for (const unsigned node : mesh.triangles[t])
        centre += mesh.nodes[node][c] / 3.;
      place[c] = static_cast<std::uint32_t>(std::clamp((centre - all.low[c]) * scale, 0., 65535.));
    }
    order[t] = {spread(place[0]) | (spread(place[1]) << 1), t};
  }
  std::sort(order.begin(), order.end());
  corners_.reserve(order.size());
  for (const auto &[key, t] : order)
  {
    const auto &[i, j, k] = mesh.triangles[t];
    corners_.push_back({{mesh.nodes[i], mesh.nodes[j], mesh.nodes[k]}, t});
  }
}

void TriangleLocator::build_boxes()
{
  std::vector<Box> boxes;
  for (const Corners &c : corners_)
  {
    Box box{c.p[0], c.p[0]};
    box.include({c.p[1], c.p[1]});
    box.include({c.p[2], c.p[2]});
    boxes.push_back(box);
  }
  do
  {
    std::vector<Box> parents((boxes.size() + fan_out - 1) / fan_out);
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (i % fan_out == 0)
        parents[i / fan_out] = boxes[i];
      else
        parents[i / fan_out].include(boxes[i]);
    levels_.push_back(parents);
    boxes = std::move(parents);
  } while (boxes.size() > 1);
}

void TriangleLocator::visit(std::size_t level, std::size_t box, Search &search) const
{
  const std::size_t begin = fan_out * box;
  if (level == 0)
  {
    const std::size_t end = std::min(begin + fan_out, corners_.size());
    for (std::size_t i = begin; i < end && search.nearest > 0.; ++i)
      search.look_at(corners_[i]);
    return;
  }
  const std::vector<Box> &children = levels_[level - 1];
  const std::size_t n = std::min(fan_out, children.size() - begin);
  std::pair<double, std::size_t> order[fan_out];
  for (std::size_t i = 0; i < n; ++i)
  {
    order[i] = {children[begin + i].squared_distance(search.p), begin + i};
    for (std::size_t k = i; k > 0 && order[k] < order[k - 1]; --k)
      std::swap(order[k], order[k - 1]);
  }
  for (std::size_t i = 0; i < n && order[i].first < search.nearest; ++i)
    visit(level - 1, order[i].second, search);
}

TriangleLocator::Hit TriangleLocator::nearest(const Point &p) const
{
  Search search;
  search.p = p;
  visit(levels_.size() - 1, 0, search);
  search.hit.distance = std::sqrt(search.nearest);
  return search.hit;
}
} // namespace understudy

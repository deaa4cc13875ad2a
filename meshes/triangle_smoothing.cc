// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <meshes/triangle_smoothing.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
using Point = std::array<double, 2>;

double square_distance(const Point &a, const Point &b)
{
  return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
}

double twice_area(const Point &a, const Point &b, const Point &c)
{
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

double quality(const Point &a, const Point &b, const Point &c)
{
  return 2 * std::sqrt(3.) * twice_area(a, b, c) /
         (square_distance(a, b) + square_distance(b, c) + square_distance(c, a));
}

/// The triangles round each node, node after node: those of node v are list[start[v]] and on.
struct Stars
{
  std::vector<std::size_t> start;
  std::vector<unsigned> list;

  Stars(std::size_t n_nodes, const std::vector<TriangleMesh::Triangle> &triangles)
    : start(n_nodes + 1), list(3 * triangles.size())
  {
    for (const auto &triangle : triangles)
      for (const unsigned v : triangle)
        ++start[v + 1];
    for (std::size_t v = 0; v < n_nodes; ++v)
      start[v + 1] += start[v];
    auto place = start;
    for (unsigned t = 0; t < triangles.size(); ++t)
      for (const unsigned v : triangles[t])
        list[place[v]++] = t;
  }
};
} // namespace

double smallest_angle(const std::vector<Point> &nodes,
                      const std::vector<TriangleMesh::Triangle> &triangles)
{
  double smallest = std::acos(-1.);
  for (const auto &t : triangles)
    for (unsigned i = 0; i < 3; ++i)
    {
      const Point &a = nodes[t[i]], &b = nodes[t[(i + 1) % 3]], &c = nodes[t[(i + 2) % 3]];
      const double dot = (b[0] - a[0]) * (c[0] - a[0]) + (b[1] - a[1]) * (c[1] - a[1]);
      smallest = std::min(smallest, std::atan2(twice_area(a, b, c), dot));
    }
  return smallest;
}

void smooth_triangles(std::vector<Point> &nodes, std::size_t n_fixed,
                      const std::vector<TriangleMesh::Triangle> &triangles)
{
  const Stars stars(nodes.size(), triangles);
  for (std::size_t v = n_fixed; v < nodes.size(); ++v)
  {
    const auto worst = [&]
    {
      double q = 1.;
      for (auto k = stars.start[v]; k < stars.start[v + 1]; ++k)
      {
        const auto &t = triangles[stars.list[k]];
        q = std::min(q, quality(nodes[t[0]], nodes[t[1]], nodes[t[2]]));
      }
      return q;
    };
    Point sum{0., 0.};
    unsigned n = 0;
    for (auto k = stars.start[v]; k < stars.start[v + 1]; ++k)
      for (const unsigned w : triangles[stars.list[k]])
        if (w != v) // each neighbour comes twice
        {
          sum = {sum[0] + nodes[w][0], sum[1] + nodes[w][1]};
          ++n;
        }
    if (n == 0)
      continue;
    const Point before = nodes[v];
    const double q = worst();
    nodes[v] = {sum[0] / n, sum[1] / n};
    if (worst() <= q)
      nodes[v] = before;
  }
}
} // namespace understudy

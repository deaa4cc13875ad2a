// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/quadratic_triangles.h>

#include <algorithm>
#include <string>

namespace understudy
{
namespace
{
std::uint64_t key(unsigned a, unsigned b)
{
  return (static_cast<std::uint64_t>(std::min(a, b)) << 32) | std::max(a, b);
}
} // namespace

QuadraticTriangles::QuadraticTriangles(const TriangleMesh &mesh)
  : n_vertices_(mesh.n_nodes()), nodes_(mesh.nodes)
{
  if (mesh.triangles.empty())
    throw UserError("The mesh of the plate has no triangles.");
  nodes_.reserve(4 * n_vertices_);
  cells_.reserve(mesh.n_triangles());
  middles_.reserve(3 * n_vertices_);
  for (const auto &[a, b, c] : mesh.triangles)
  {
    if (std::max({a, b, c}) >= n_vertices_)
      throw UserError("Triangle " + std::to_string(cells_.size()) +
                      " of the plate names a node that is not in the mesh.");
    const unsigned ab = add_middle(a, b), bc = add_middle(b, c), ca = add_middle(c, a);
    cells_.push_back({a, b, c, ab, bc, ca});
    double gradients[3][2];
    if (!(area(cells_.size() - 1, gradients) > 0.))
      throw UserError("Triangle " + std::to_string(cells_.size() - 1) +
                      " of the plate has no positive area; its nodes must run counter-clockwise.");
  }
}

unsigned QuadraticTriangles::add_middle(unsigned a, unsigned b)
{
  const auto [place, is_new] =
    middles_.try_emplace(key(a, b), static_cast<unsigned>(nodes_.size()));
  if (is_new)
    nodes_.push_back({0.5 * (nodes_[a][0] + nodes_[b][0]), 0.5 * (nodes_[a][1] + nodes_[b][1])});
  return place->second;
}

unsigned QuadraticTriangles::middle(const TriangleMesh::Edge &side) const
{
  const auto found = middles_.find(key(side[0], side[1]));
  if (found == middles_.end())
    throw UserError("The edge between the nodes " + std::to_string(side[0]) + " and " +
                    std::to_string(side[1]) + " is no side of a triangle of the plate.");
  return found->second;
}

double QuadraticTriangles::area(std::size_t cell, double (&gradients)[3][2]) const
{
  const auto &nodes = cells_[cell];
  const auto &a = nodes_[nodes[0]], &b = nodes_[nodes[1]], &c = nodes_[nodes[2]];
  const double twice = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
  for (unsigned i = 0; i < 3; ++i)
  {
    const auto &next = nodes_[nodes[(i + 1) % 3]], &last = nodes_[nodes[(i + 2) % 3]];
    gradients[i][0] = (next[1] - last[1]) / twice;
    gradients[i][1] = (last[0] - next[0]) / twice;
  }
  return 0.5 * twice;
}

std::vector<double> complete_sides(const QuadraticTriangles &triangles,
                                   const std::vector<double> &values)
{
  const auto &nodes = triangles.nodes();
  const std::size_t n = triangles.n_vertices();
  std::vector<double> gradient(4 * n, 0.), area_at(n, 0.); // gradient [node][component][direction]
  double g[3][2];
  for (std::size_t c = 0; c < triangles.cells().size(); ++c)
  {
    const double area = triangles.area(c, g);
    const auto &cell = triangles.cells()[c];
    double of_cell[4] = {};
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned k = 0; k < 4; ++k)
        of_cell[k] += values[2 * cell[i] + k / 2] * g[i][k % 2];
    for (unsigned i = 0; i < 3; ++i)
    {
      area_at[cell[i]] += area;
      for (unsigned k = 0; k < 4; ++k)
        gradient[4 * cell[i] + k] += area * of_cell[k];
    }
  }
  std::vector<double> all(values);
  all.resize(2 * nodes.size());
  for (const auto &cell : triangles.cells())
    for (unsigned side = 0; side < 3; ++side)
    {
      const unsigned i = cell[side], j = cell[(side + 1) % 3];
      for (unsigned k = 0; k < 2; ++k)
      {
        double bend = 0.;
        for (unsigned d = 0; d < 2; ++d)
          bend +=
            (gradient[4 * i + 2 * k + d] / area_at[i] - gradient[4 * j + 2 * k + d] / area_at[j]) *
            (nodes[j][d] - nodes[i][d]);
        all[2 * cell[3 + side] + k] = 0.5 * (values[2 * i + k] + values[2 * j + k]) + bend / 8.;
      }
    }
  return all;
}
} // namespace understudy

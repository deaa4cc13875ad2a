// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_checks.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace understudy::test
{
constexpr double pi = 3.14159265358979323846;

/// The corners and arc ends of notched_mesh(), counter-clockwise.
inline const std::vector<std::string> plate_features = {"bottom_left", "bottom_right", "right_low",
                                                        "right_high",  "top_right",    "top_left",
                                                        "left_high",   "left_low"};

/// The right side of the plate from bottom to top: n + 1 points, both arc ends among them.
/// @param ends their places in the list
inline std::vector<std::array<double, 2>> notched_side(double radius, unsigned n,
                                                       std::array<unsigned, 2> &ends)
{
  const double straight = 1. - radius, whole = 2. * straight + pi * radius;
  const unsigned m = std::max(1u, static_cast<unsigned>(std::lround(n * straight / whole)));
  ends = {m, n - m};
  std::vector<std::array<double, 2>> side(n + 1);
  for (unsigned j = 0; j <= n; ++j)
    if (j < m)
      side[j] = {1., -1. + straight * j / m};
    else if (j > n - m)
      side[j] = {1., 1. - straight * (n - j) / m};
    else
    {
      const double angle = pi * (j - m) / std::max(1u, n - 2 * m);
      side[j] = {1. - radius * std::sin(angle), -radius * std::cos(angle)};
    }
  return side;
}

/// The square [-1, 1]^2 without the discs of @p radius at (-1, 0) and (1, 0), n x n distorted
/// cells, each cut along a diagonal drawn at random, whose inner nodes are moved at random by
/// @p jitter of the cell's sides, or by as much less as keeps all areas positive. Its boundary has
/// the parts bottom, right, top, left.
inline TriangleMesh notched_mesh(double radius, unsigned n, unsigned seed, double jitter = 0.25)
{
  std::array<unsigned, 2> ends{};
  const auto side = notched_side(radius, n, ends);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-jitter, jitter);
  TriangleMesh mesh;
  const auto node = [n](unsigned i, unsigned j) { return j * (n + 1) + i; };
  for (unsigned j = 0; j <= n; ++j)
    for (unsigned i = 0; i <= n; ++i)
    {
      const double s = 2. * i / n - 1.;
      std::array<double, 2> p = {s * side[j][0], side[j][1]};
      if (i > 0 && i < n && j > 0 && j < n)
      {
        const double below = side[j][1] - side[j - 1][1], above = side[j + 1][1] - side[j][1];
        p[0] += uniform(random) * 2. * side[j][0] / n;
        p[1] += uniform(random) * std::min(below, above);
      }
      mesh.nodes.push_back(p);
    }
  for (unsigned j = 0; j < n; ++j)
    for (unsigned i = 0; i < n; ++i)
    {
      const unsigned a = node(i, j), b = node(i + 1, j), c = node(i + 1, j + 1), d = node(i, j + 1);
      const auto cut = [&](bool ac)
      {
        mesh.triangles.push_back(ac ? TriangleMesh::Triangle{a, b, c}
                                    : TriangleMesh::Triangle{a, b, d});
        mesh.triangles.push_back(ac ? TriangleMesh::Triangle{a, c, d}
                                    : TriangleMesh::Triangle{b, c, d});
        return std::min(signed_area(mesh, mesh.n_triangles() - 1),
                        signed_area(mesh, mesh.n_triangles() - 2));
      };
      const bool ac = random() % 2 == 0;
      if (cut(ac) <= 1e-12)
      {
        mesh.triangles.resize(mesh.n_triangles() - 2);
        cut(!ac);
      }
    }
  for (unsigned i = 0; i < n; ++i)
  {
    mesh.edges["bottom"].push_back({node(i, 0), node(i + 1, 0)});
    mesh.edges["top"].push_back({node(i + 1, n), node(i, n)});
    mesh.edges["right"].push_back({node(n, i), node(n, i + 1)});
    mesh.edges["left"].push_back({node(0, i + 1), node(0, i)});
  }
  mesh.features = {{"bottom_left", node(0, 0)},     {"bottom_right", node(n, 0)},
                   {"right_low", node(n, ends[0])}, {"right_high", node(n, ends[1])},
                   {"top_right", node(n, n)},       {"top_left", node(0, n)},
                   {"left_high", node(0, ends[1])}, {"left_low", node(0, ends[0])}};
  return area_problems(mesh).empty() ? mesh : notched_mesh(radius, n, seed, 0.7 * jitter);
}

/// The same mesh with nodes, triangles and the first nodes of triangles in another order.
/// @param new_number of every old node
inline TriangleMesh renumbered(const TriangleMesh &mesh, unsigned seed,
                               std::vector<unsigned> &new_number)
{
  std::mt19937 random(seed);
  new_number.resize(mesh.n_nodes());
  std::iota(new_number.begin(), new_number.end(), 0u);
  std::shuffle(new_number.begin(), new_number.end(), random);
  TriangleMesh other = mesh;
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    other.nodes[new_number[i]] = mesh.nodes[i];
  for (auto &triangle : other.triangles)
  {
    for (unsigned &node : triangle)
      node = new_number[node];
    std::rotate(triangle.begin(), triangle.begin() + random() % 3, triangle.end());
  }
  std::shuffle(other.triangles.begin(), other.triangles.end(), random);
  for (auto &[name, part] : other.edges)
    for (auto &edge : part)
      edge = {new_number[edge[0]], new_number[edge[1]]};
  for (auto &[name, node] : other.features)
    node = new_number[node];
  return other;
}

/// Values of f(x, y) in the nodes.
template <class Function>
std::vector<double> nodal_values(const TriangleMesh &mesh, const Function &f)
{
  std::vector<double> values;
  for (const auto &p : mesh.nodes)
    values.push_back(f(p[0], p[1]));
  return values;
}
} // namespace understudy::test

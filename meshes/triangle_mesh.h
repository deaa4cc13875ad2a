// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace understudy
{
/// A plane mesh of straight triangles with what is known of its boundary by name.
struct TriangleMesh
{
  using Edge = std::array<unsigned, 2>; ///< two nodes, the interior on the left
  using Triangle = std::array<unsigned, 3>;

  std::vector<std::array<double, 2>> nodes;
  std::vector<Triangle> triangles;                ///< counter-clockwise
  std::map<std::string, std::vector<Edge>> edges; ///< parts of the boundary, e.g. "top"
  std::map<std::string, unsigned> features;       ///< single nodes, e.g. the corner "top_left"

  std::size_t n_nodes() const { return nodes.size(); }
  std::size_t n_triangles() const { return triangles.size(); }
};
} // namespace understudy

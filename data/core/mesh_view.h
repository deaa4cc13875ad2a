// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace understudy
{
/// A mesh of cells of one kind that stands elsewhere, or the part of it that a rank owns. Nodes
/// bear the numbers of whoever made the mesh, the same on all ranks, with or without gaps.
struct MeshView
{
  unsigned dimension = 2;          ///< of the points
  unsigned nodes_per_cell = 3;     ///< 3: triangles, 6: triangles with a node on each side, ...
  unsigned nodes_per_facet = 2;    ///< of the boundary
  std::span<const double> points;  ///< [n_nodes][dimension], of the own nodes
  std::span<const unsigned> cells; ///< [n_cells][nodes_per_cell] numbers of nodes, which other
                                   ///< ranks may own
  /// [n_cells] numbers of the cells, which give them an order that does not depend on the ranks.
  /// Empty on all ranks: rank after rank.
  std::span<const unsigned> cell_numbers;
  /// Parts of the boundary by name, [n][nodes_per_facet] numbers of nodes. Each facet is given by
  /// one rank at least; the same one of several ranks counts once.
  std::map<std::string, std::span<const unsigned>> facets;
  std::map<std::string, unsigned> features; ///< single nodes by name, likewise
};

/// A regular grid. Node (i, j, k) lies at origin + (i, j, k) * spacing and has the number
/// (i n_1 + j) n_2 + k; directions beyond the dimension have one node.
struct GridView
{
  unsigned dimension = 2;
  std::array<unsigned, 3> n_nodes = {1, 1, 1}; ///< n_0, n_1, n_2
  std::array<double, 3> origin = {0., 0., 0.}, spacing = {1., 1., 1.};

  std::size_t size() const { return std::size_t(n_nodes[0]) * n_nodes[1] * n_nodes[2]; }
};
} // namespace understudy

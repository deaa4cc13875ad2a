// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace understudy
{
struct GmshNode
{
  std::int64_t number; ///< as Gmsh counts, 1 or more
  std::array<double, 3> place;
};

/// A quadrilateral.
struct GmshElement
{
  std::int64_t number;
  std::size_t line;      ///< of the file
  std::int64_t surface;  ///< the geometrical entity that it was made on
  std::int64_t physical; ///< format 2.2: its physical group, 0 for none; format 4.1: always 0
  unsigned n_nodes;      ///< 4, 8 or 9
  std::array<std::size_t, 8> nodes; ///< places in GmshMesh::nodes; 4 or 8 of them are set
};

/// What an RVE needs of a Gmsh file: all nodes, and the quadrilaterals with their groups.
struct GmshMesh
{
  std::string file;
  std::vector<GmshNode> nodes;
  std::vector<GmshElement> elements;
  std::map<std::int64_t, std::string> names; ///< of physical groups of surfaces that have one
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> groups_of_surface; ///< format 4.1

  /// The physical groups of a quadrilateral, in ascending order.
  std::vector<std::int64_t> groups(const GmshElement &element) const;
};

/// Reads an ASCII file of format 2.2 or 4.1. Quadrilaterals of 4, 8 and 9 nodes are kept (of 9 the
/// one in the centre is dropped), points and lines ignored.
/// Throws UserError with file:line for a file that is missing, binary, of another format, cut off
/// or damaged, for a node that is given twice or missing, for coordinates that are not finite, and
/// for other elements, telling how Gmsh makes quadrilaterals. Sizes in the file are not trusted:
/// memory grows with what is read.
GmshMesh read_gmsh_file(const std::filesystem::path &msh);
} // namespace understudy

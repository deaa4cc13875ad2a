// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/gmsh_file.h>
#include <meshes/text_lines.h>

#include <algorithm>

namespace understudy
{
namespace
{
using Number = std::int64_t;

bool is_one_of(Number type, std::initializer_list<std::pair<Number, Number>> ranges)
{
  return std::any_of(ranges.begin(), ranges.end(),
                     [type](const auto &r) { return r.first <= type && type <= r.second; });
}

/// Element types of Gmsh, as its manual numbers them.
bool is_point_or_line(Number type)
{
  return is_one_of(type, {{1, 1}, {8, 8}, {15, 15}, {26, 28}, {62, 66}});
}

/// Nodes of a quadrilateral that is read; refuses other types in the words of Gmsh.
unsigned n_nodes_of(Number type, Number element, const TextLines &lines)
{
  if (type == 3 || type == 16 || type == 10)
    return type == 3 ? 4 : type == 16 ? 8 : 9;
  const std::string start = "element " + std::to_string(element) + " is ";
  const std::string of_type = " (type " + std::to_string(type) + ")";
  if (is_one_of(type, {{2, 2}, {9, 9}, {20, 25}, {42, 46}, {52, 56}}))
    lines.refuse(start + "a triangle" + of_type +
                 ", but an RVE is made of quadrilaterals; in Gmsh, give every surface 'Recombine "
                 "Surface' (Mesh.RecombinationAlgorithm = 3 leaves no triangle) and set "
                 "Mesh.ElementOrder = 2");
  if (is_one_of(type, {{36, 41}, {47, 51}, {57, 61}}))
    lines.refuse(start + "a quadrilateral of more than 9 nodes" + of_type +
                 "; in Gmsh, set Mesh.ElementOrder = 2");
  lines.refuse(start + "no quadrilateral of 4, 8 or 9 nodes" + of_type +
               "; an RVE is a mesh in the plane");
}

class GmshReader
{
public:
  explicit GmshReader(const std::filesystem::path &msh) : lines_(msh) { mesh_.file = msh.string(); }

  GmshMesh read()
  {
    read_format();
    while (lines_.next())
      read_section();
    if (!have_nodes_ || !have_elements_)
      throw UserError("The mesh file '" + mesh_.file + "' has no section " +
                      (have_nodes_ ? "$Elements" : "$Nodes") + ".");
    if (mesh_.elements.empty())
      throw UserError("The mesh file '" + mesh_.file +
                      "' has no quadrilaterals; Gmsh saves only what belongs to a physical group, "
                      "e.g. Physical Surface(\"matrix\") = {1}.");
    find_nodes();
    return std::move(mesh_);
  }

private:
  void read_format()
  {
    if (!lines_.next() || lines_.word(0) != "$MeshFormat")
      throw UserError("The mesh file '" + mesh_.file +
                      "' does not begin with $MeshFormat: it is no Gmsh mesh of format 4.1 or 2.2 "
                      "(Mesh.MshFileVersion).");
    lines_.next_in("MeshFormat");
    lines_.expect_columns(3);
    const auto version = lines_.word(0);
    is_4_ = version == "4.1";
    if (!is_4_ && version != "2.2")
      lines_.refuse("the mesh is of format " + in_quotes(version) +
                    "; in Gmsh, set Mesh.MshFileVersion = 4.1 (or 2.2)");
    if (lines_.whole(1, "the file type", 0, 1) == 1)
      lines_.refuse("the mesh file is binary; in Gmsh, set Mesh.Binary = 0");
    end_of("MeshFormat");
  }

  void read_section()
  {
    const std::string name(lines_.word(0).substr(1));
    if (lines_.word(0)[0] != '$' || lines_.n_words() != 1)
      lines_.refuse("expected a section such as $Nodes, found " + in_quotes(lines_.text()));
    if (name == "Nodes")
    {
      begin(have_nodes_);
      is_4_ ? read_nodes_4() : read_nodes_2();
    }
    else if (name == "Elements")
    {
      begin(have_elements_);
      is_4_ ? read_elements_4() : read_elements_2();
    }
    else if (name == "PhysicalNames")
      read_names();
    else if (name == "Entities" && is_4_)
      read_entities();
    else if (name == "PartitionedEntities")
      lines_.refuse("the mesh is partitioned; in Gmsh, save it without 'Partition'");
    else if (name == "ParametricNodes")
      lines_.refuse("$ParametricNodes are not read; in Gmsh, set Mesh.SaveParametric = 0");
    else
      skip(name);
  }

  void begin(bool &have)
  {
    if (have)
      lines_.refuse("a second section " + std::string(lines_.word(0)));
    have = true;
  }

  void skip(const std::string &name)
  {
    do
      lines_.next_in(name);
    while (lines_.word(0) != "$End" + name);
  }

  void end_of(const std::string &name)
  {
    lines_.next_in(name);
    if (lines_.word(0) != "$End" + name)
      lines_.refuse("expected $End" + name + ", found " + in_quotes(lines_.text()));
  }

  /// A line that says how many entries follow, as its only column.
  Number count(const std::string &section)
  {
    lines_.next_in(section);
    lines_.expect_columns(1);
    return lines_.whole(0, "the number of entries of $" + section, 0);
  }

  void read_names()
  {
    for (Number n = count("PhysicalNames"); n > 0; --n)
    {
      lines_.next_in("PhysicalNames");
      lines_.expect_at_least(3);
      const auto dimension = lines_.whole(0, "the dimension of the group", 0, 3);
      const auto tag = lines_.whole(1, "the number of the group", 1);
      const std::string &text = lines_.text();
      const auto first = text.find('"'), last = text.rfind('"');
      if (first == last)
        lines_.refuse("the name of group " + std::to_string(tag) + " is not in quotes");
      if (dimension == 2)
        mesh_.names[tag] = text.substr(first + 1, last - first - 1);
    }
    end_of("PhysicalNames");
  }

  void read_entities()
  {
    lines_.next_in("Entities");
    lines_.expect_columns(4);
    std::array<Number, 4> n;
    for (unsigned d = 0; d < 4; ++d)
      n[d] = lines_.whole(d, "the number of entities", 0);
    for (unsigned d = 0; d < 4; ++d)
      for (; n[d] > 0; --n[d])
      {
        lines_.next_in("Entities");
        if (lines_.word(0)[0] == '$')
          lines_.refuse(std::to_string(n[d]) + " entities of dimension " + std::to_string(d) +
                        " are missing");
        if (d == 2)
          read_surface();
      }
    end_of("Entities");
  }

  /// number, box of 6 coordinates, number of groups, groups, and more
  void read_surface()
  {
    lines_.expect_at_least(8);
    const Number surface = lines_.whole(0, "the number of the surface", 1);
    const Number n_groups = lines_.whole(7, "the number of physical groups", 0,
                                         static_cast<Number>(lines_.n_words()) - 8);
    auto &groups = mesh_.groups_of_surface[surface];
    groups.clear();
    for (Number g = 0; g < n_groups; ++g)
      groups.push_back(group(8 + g));
    std::sort(groups.begin(), groups.end());
  }

  /// A physical group in column @p i: a minus sign only tells that the surface is reversed.
  Number group(std::size_t i) const
  {
    return std::abs(lines_.whole(i, "the physical group", -TextLines::largest_number));
  }

  void read_nodes_2()
  {
    const Number n = count("Nodes");
    for (Number k = 0; k < n; ++k)
    {
      next_of("Nodes", k, n);
      lines_.expect_columns(4);
      add_node(lines_.whole(0, "the number of the node", 1), 1);
    }
    end_of("Nodes");
  }

  void read_nodes_4()
  {
    const auto [n_blocks, n] = header_4("Nodes");
    Number done = 0;
    for (Number b = 0; b < n_blocks; ++b)
    {
      next_of("Nodes", b, n_blocks, "blocks");
      lines_.expect_columns(4);
      const Number dimension = lines_.whole(0, "the dimension", 0, 3);
      const bool parametric = lines_.whole(2, "the mark of parametric nodes", 0, 1) == 1;
      const Number in_block = lines_.whole(3, "the number of nodes of the block", 0, n - done);
      std::vector<Number> numbers;
      for (Number k = 0; k < in_block; ++k)
      {
        next_of("Nodes", done + k, n);
        lines_.expect_columns(1);
        numbers.push_back(lines_.whole(0, "the number of the node", 1));
      }
      for (const Number number : numbers)
      {
        next_of("Nodes", done++, n);
        lines_.expect_columns(3 + (parametric ? dimension : 0));
        add_node(number, 0);
      }
    }
    expect_all("Nodes", done, n);
    end_of("Nodes");
  }

  void read_elements_2()
  {
    const Number n = count("Elements");
    for (Number k = 0; k < n; ++k)
    {
      next_of("Elements", k, n);
      lines_.expect_at_least(3);
      const Number number = lines_.whole(0, "the number of the element", 1);
      const Number type = lines_.whole(1, "the type of the element", 1);
      const Number n_tags =
        lines_.whole(2, "the number of tags", 0, static_cast<Number>(lines_.n_words()) - 3);
      const Number physical = n_tags > 0 ? group(3) : 0;
      const Number surface = n_tags > 1 ? lines_.whole(4, "the surface", 0) : 0;
      if (!is_point_or_line(type))
        add_element(number, type, surface, physical, 3 + n_tags);
    }
    end_of("Elements");
  }

  void read_elements_4()
  {
    const auto [n_blocks, n] = header_4("Elements");
    Number done = 0;
    for (Number b = 0; b < n_blocks; ++b)
    {
      next_of("Elements", b, n_blocks, "blocks");
      lines_.expect_columns(4);
      const Number surface = lines_.whole(1, "the number of the entity", 0);
      const Number type = lines_.whole(2, "the type of the elements", 1);
      const Number in_block = lines_.whole(3, "the number of elements of the block", 0, n - done);
      for (Number k = 0; k < in_block; ++k)
      {
        next_of("Elements", done++, n);
        if (!is_point_or_line(type))
          add_element(lines_.whole(0, "the number of the element", 1), type, surface, 0, 1);
      }
    }
    expect_all("Elements", done, n);
    end_of("Elements");
  }

  /// Blocks and entries of a section of format 4.1.
  std::pair<Number, Number> header_4(const std::string &section)
  {
    lines_.next_in(section);
    lines_.expect_columns(4);
    return {lines_.whole(0, "the number of blocks of $" + section, 0),
            lines_.whole(1, "the number of entries of $" + section, 0)};
  }

  void expect_all(const std::string &section, Number done, Number n) const
  {
    if (done != n)
      lines_.refuse("the blocks of $" + section + " hold " + std::to_string(done) +
                    " entries, but its first line says " + std::to_string(n));
  }

  /// Goes to the line of entry @p k, from 0, of @p n, which must not be the end of the section.
  void next_of(const std::string &section, Number k, Number n, const char *entries = "entries")
  {
    lines_.next_in(section);
    if (lines_.word(0)[0] == '$')
      lines_.refuse("the section $" + section + " ends after " + std::to_string(k) + " of " +
                    std::to_string(n) + " " + entries);
  }

  void add_node(Number number, std::size_t first_column)
  {
    const std::string what = "of node " + std::to_string(number);
    GmshNode node{number, {}};
    for (unsigned d = 0; d < 3; ++d)
      node.place[d] = lines_.finite(first_column + d, std::string(1, "xyz"[d]) + " " + what);
    if (!node_at_.insert({number, mesh_.nodes.size()}).second)
      lines_.refuse("node " + std::to_string(number) + " is given a second time");
    mesh_.nodes.push_back(node);
  }

  void add_element(Number number, Number type, Number surface, Number physical,
                   std::size_t first_column)
  {
    GmshElement element{number, lines_.line(), surface, physical, n_nodes_of(type, number, lines_),
                        {}};
    lines_.expect_columns(first_column + element.n_nodes);
    auto &nodes = numbers_.emplace_back();
    for (unsigned k = 0; k < std::min(element.n_nodes, 8u); ++k)
      nodes[k] = lines_.whole(first_column + k, "the number of the node", 1);
    mesh_.elements.push_back(element);
  }

  /// Replaces node numbers by places; sections may come in any order.
  void find_nodes()
  {
    for (std::size_t e = 0; e < mesh_.elements.size(); ++e)
    {
      auto &element = mesh_.elements[e];
      for (unsigned k = 0; k < std::min(element.n_nodes, 8u); ++k)
      {
        const auto found = node_at_.find(numbers_[e][k]);
        if (found == node_at_.end())
          throw UserError(mesh_.file + ":" + std::to_string(element.line) + ": element " +
                          std::to_string(element.number) + " names node " +
                          std::to_string(numbers_[e][k]) + ", which is not among the " +
                          std::to_string(mesh_.nodes.size()) + " nodes of the file.");
        element.nodes[k] = found->second;
      }
    }
  }

  TextLines lines_;
  bool is_4_ = false, have_nodes_ = false, have_elements_ = false;
  GmshMesh mesh_;
  std::unordered_map<Number, std::size_t> node_at_; ///< by node number
  std::vector<std::array<Number, 8>> numbers_;      ///< of the nodes of each element
};
} // namespace

std::vector<std::int64_t> GmshMesh::groups(const GmshElement &element) const
{
  if (element.physical != 0)
    return {element.physical};
  const auto found = groups_of_surface.find(element.surface);
  return found == groups_of_surface.end() ? std::vector<std::int64_t>() : found->second;
}

GmshMesh read_gmsh_file(const std::filesystem::path &msh)
{
  return GmshReader(msh).read();
}
} // namespace understudy

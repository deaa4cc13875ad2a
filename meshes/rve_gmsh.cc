// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/gmsh_file.h>
#include <meshes/rve_gmsh.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

namespace understudy
{
namespace
{
/// Relative to the side of the square, as in periodic_representatives().
constexpr double tolerance = 1e-8;

std::string short_text(double value)
{
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.10g", value);
  return buffer;
}

[[noreturn]] void refuse(const GmshMesh &file, const GmshElement &element, const std::string &what)
{
  throw UserError(file.file + ":" + std::to_string(element.line) + ": element " +
                  std::to_string(element.number) + " " + what);
}

bool is_group(const GmshMesh &file, std::int64_t group, const std::string &wanted)
{
  const bool is_name = std::any_of(file.names.begin(), file.names.end(),
                                   [&](const auto &entry) { return entry.second == wanted; });
  const auto name = file.names.find(group);
  return is_name ? name != file.names.end() && name->second == wanted
                 : std::to_string(group) == wanted;
}

Phase phase_of(const GmshMesh &file, const GmshElement &element, const GmshGroups &groups)
{
  const auto own = file.groups(element);
  const auto in = [&](const std::string &wanted) {
    return std::any_of(own.begin(), own.end(), [&](auto g) { return is_group(file, g, wanted); });
  };
  const bool matrix = in(groups.matrix), fibre = in(groups.fibre);
  if (matrix != fibre)
    return matrix ? Phase::matrix : Phase::fibre;
  const std::string of_surface = "of surface " + std::to_string(element.surface) + " belongs to ";
  if (matrix)
    refuse(file, element,
           of_surface + "both the matrix ('" + groups.matrix + "') and the fibre ('" +
             groups.fibre + "').");
  if (own.empty())
    refuse(file, element,
           of_surface +
             "no physical group; in Gmsh, put the surface into one, e.g. Physical "
             "Surface(\"matrix\") = {" +
             std::to_string(element.surface) + "}.");
  const auto name = file.names.find(own[0]);
  refuse(file, element,
         of_surface + "the physical group " + std::to_string(own[0]) +
           (name == file.names.end() ? "" : " ('" + name->second + "')") +
           ", which is neither the matrix ('" + groups.matrix + "') nor the fibre ('" +
           groups.fibre + "').");
}

/// The smallest and largest coordinate of direction @p d of the nodes.
std::pair<double, double> span(const std::vector<GmshNode> &nodes, unsigned d)
{
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto &node : nodes)
  {
    low = std::min(low, node.place[d]);
    high = std::max(high, node.place[d]);
  }
  return {low, high};
}

/// Keeps the nodes of cells, in their order.
void drop_unused_nodes(GmshMesh &file)
{
  constexpr auto unused = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> place(file.nodes.size(), unused);
  for (const auto &element : file.elements)
    for (unsigned k = 0; k < std::min(element.n_nodes, 8u); ++k)
      place[element.nodes[k]] = 0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < place.size(); ++i)
    if (place[i] != unused)
    {
      file.nodes[n] = file.nodes[i];
      place[i] = n++;
    }
  file.nodes.resize(n);
  for (auto &element : file.elements)
    for (unsigned k = 0; k < std::min(element.n_nodes, 8u); ++k)
      element.nodes[k] = place[element.nodes[k]];
}

/// The nodes on the unit square centred at 0.
std::vector<std::array<double, 2>> nodes_on_unit_square(const GmshMesh &file)
{
  const auto x = span(file.nodes, 0), y = span(file.nodes, 1), z = span(file.nodes, 2);
  const double width = x.second - x.first, height = y.second - y.first;
  const double larger = std::max(width, height);
  if (!(std::isfinite(larger) && std::abs(width - height) <= tolerance * larger && width > 0.))
    throw UserError("The mesh of '" + file.file + "' fills no square: it is " + short_text(width) +
                    " wide and " + short_text(height) + " high.");
  if (!(z.second - z.first <= tolerance * larger))
    throw UserError("The mesh of '" + file.file +
                    "' does not lie in a plane z = constant: z goes "
                    "from " +
                    short_text(z.first) + " to " + short_text(z.second) + ".");
  const double cx = std::midpoint(x.first, x.second), cy = std::midpoint(y.first, y.second);
  std::vector<std::array<double, 2>> nodes;
  for (const auto &node : file.nodes)
    nodes.push_back({(node.place[0] - cx) / width, (node.place[1] - cy) / height});
  return nodes;
}

void check_periodic(const GmshMesh &file, const RveMesh &mesh)
{
  const auto unmatched = first_unmatched_node(mesh, tolerance);
  if (!unmatched)
    return;
  const auto &node = file.nodes[*unmatched];
  throw UserError("The mesh of '" + file.file + "' is not periodic: boundary node " +
                  std::to_string(node.number) + " at (" + short_text(node.place[0]) + ", " +
                  short_text(node.place[1]) +
                  ") has no partner on the opposite side; in Gmsh, use 'Periodic Curve'.");
}

/// Corners counter-clockwise, mid-side nodes with them; those of 4-node cells are made once per
/// side and added to the mesh.
void add_cells(const GmshMesh &file, RveMesh &mesh)
{
  std::map<std::pair<unsigned, unsigned>, unsigned> middles;
  const auto middle = [&](unsigned a, unsigned b)
  {
    const auto [entry, is_new] = middles.insert({std::minmax(a, b), mesh.nodes.size()});
    if (is_new)
    {
      const auto p = mesh.nodes[a], q = mesh.nodes[b];
      mesh.nodes.push_back({std::midpoint(p[0], q[0]), std::midpoint(p[1], q[1])});
    }
    return entry->second;
  };
  for (const auto &element : file.elements)
  {
    std::array<unsigned, 8> cell{};
    for (unsigned k = 0; k < 8; ++k)
      cell[k] = k < element.n_nodes ? element.nodes[k] : 0;
    const auto &p0 = mesh.nodes[cell[0]], &p1 = mesh.nodes[cell[1]], &p2 = mesh.nodes[cell[2]],
               &p3 = mesh.nodes[cell[3]];
    const double twice_area = (p2[0] - p0[0]) * (p3[1] - p1[1]) - (p3[0] - p1[0]) * (p2[1] - p0[1]);
    if (twice_area < 0.)
      cell = {cell[0], cell[3], cell[2], cell[1], cell[7], cell[6], cell[5], cell[4]};
    if (element.n_nodes == 4)
      for (unsigned k = 0; k < 4; ++k)
        cell[4 + k] = middle(cell[k], cell[(k + 1) % 4]);
    mesh.cells.push_back(cell);
  }
}

void check_orders(const GmshMesh &file)
{
  const auto is_linear = [](const GmshElement &element) { return element.n_nodes == 4; };
  const auto &first = file.elements.front();
  for (const auto &element : file.elements)
    if (is_linear(element) != is_linear(first))
      refuse(file, element,
             "has " + std::to_string(element.n_nodes) + " nodes, but element " +
               std::to_string(first.number) + " has " + std::to_string(first.n_nodes) +
               "; all cells must have mid-side nodes or none.");
}

/// Refuses folded cells and cells that do not hang together, by the numbers of the file.
void check_cells(const GmshMesh &file, const RveMesh &mesh)
{
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
    if (!(smallest_jacobian(mesh, c) > 0.))
      refuse(file, file.elements[c],
             "is folded or too distorted: its Jacobian is not positive everywhere.");
  check_rve_mesh(mesh);
  const auto side = first_loose_side(mesh);
  if (!side)
    return;
  const auto &element = file.elements[side->cell];
  refuse(file, element,
         "does not hang together with its neighbours: " +
           side->text(file.nodes[side->nodes[0]].number, file.nodes[side->nodes[1]].number) +
           " In Gmsh, 'Coherence' and 'Coherence Mesh' merge curves and nodes that lie on top of "
           "each other.");
}
} // namespace

RveMesh read_gmsh_rve(const std::filesystem::path &msh, const GmshGroups &groups)
{
  GmshMesh file = read_gmsh_file(msh);
  check_orders(file);
  RveMesh mesh;
  mesh.name = file.file;
  for (const auto &element : file.elements)
    mesh.phase.push_back(phase_of(file, element, groups));
  drop_unused_nodes(file);
  mesh.nodes = nodes_on_unit_square(file);
  check_periodic(file, mesh);
  add_cells(file, mesh);
  check_cells(file, mesh);
  return mesh;
}
} // namespace understudy

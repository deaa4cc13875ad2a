// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <operators/maps/field_map.h>

#include <algorithm>
#include <stdexcept>

namespace understudy
{
namespace
{
template <class Input>
const Input *find(const std::vector<Input> &given, const std::string &name)
{
  const auto it = std::ranges::find_if(given, [&name](const Input &input)
                                       { return input.quantity.name == name; });
  return it == given.end() ? nullptr : &*it;
}

/// Every wanted quantity is given once with its unit, and nothing else.
/// @param kind "field" or "scalar"
template <class Input>
void check_names(const FieldMapInfo &info, const std::string &kind,
                 const std::vector<Quantity> &wanted, const std::vector<Input> &given)
{
  std::vector<std::string> names;
  for (const Quantity &quantity : wanted)
    names.push_back(quantity.name);
  for (std::size_t i = 0; i < given.size(); ++i)
  {
    const Quantity &quantity = given[i].quantity;
    const auto it = std::ranges::find(names, quantity.name);
    if (it == names.end())
      throw UserError("'" + info.name + "' takes no " + kind + " '" + quantity.name + "'" +
                      (names.empty() ? "" : suggestion(quantity.name, names)) + ".");
    const std::string &unit = wanted[it - names.begin()].unit;
    if (unit != quantity.unit)
      throw UserError("'" + info.name + "' takes the " + kind + " '" + quantity.name + "' in " +
                      unit + ", but was given it in " + quantity.unit + ".");
    if (find(given, quantity.name) != &given[i])
      throw UserError("'" + info.name + "' was given the " + kind + " '" + quantity.name +
                      "' twice.");
  }
  for (const std::string &name : names)
    if (find(given, name) == nullptr)
      throw UserError("'" + info.name + "' needs the " + kind + " '" + name +
                      "', which it was not given.");
}

void check_mesh(const FieldMapInfo &info, const MeshView &mesh, std::size_t n_nodes)
{
  if (mesh.dimension != info.dimension || mesh.nodes_per_cell != info.nodes_per_cell ||
      mesh.nodes_per_facet != info.nodes_per_facet)
    throw UserError("'" + info.name + "' takes cells of " + std::to_string(info.nodes_per_cell) +
                    " nodes in " + std::to_string(info.dimension) +
                    " dimensions, but was given cells of " + std::to_string(mesh.nodes_per_cell) +
                    " in " + std::to_string(mesh.dimension) + ".");
  if (mesh.points.size() != n_nodes * mesh.dimension)
    throw UserError("'" + info.name + "' was given " + std::to_string(mesh.points.size()) +
                    " coordinates for " + std::to_string(n_nodes) + " nodes.");
  const std::size_t n_cells = mesh.cells.size() / mesh.nodes_per_cell;
  bool whole = n_cells * mesh.nodes_per_cell == mesh.cells.size() &&
               (mesh.cell_numbers.empty() || mesh.cell_numbers.size() == n_cells);
  for (const auto &[name, facets] : mesh.facets)
    whole = whole && facets.size() % mesh.nodes_per_facet == 0;
  if (!whole)
    throw UserError("'" + info.name + "' was given an incomplete list of cells or facets.");
}

void check_grid(const FieldMapInfo &info, const GridView &grid, std::span<const unsigned> nodes)
{
  if (grid.dimension != info.dimension)
    throw UserError("'" + info.name + "' takes grids in " + std::to_string(info.dimension) +
                    " dimensions, but was given one in " + std::to_string(grid.dimension) + ".");
  for (const unsigned node : nodes)
    if (node >= grid.size())
      throw UserError("'" + info.name + "' was given node " + std::to_string(node) +
                      " of a grid that has " + std::to_string(grid.size()) + " nodes.");
}
} // namespace

const FieldAnswer::Field &FieldAnswer::field(const std::string &name) const
{
  const Field *found = find(fields, name);
  if (found == nullptr)
    throw std::out_of_range("There is no field '" + name + "' in the answer.");
  return *found;
}

void FieldMap::evaluate_all(std::span<const FieldQuery> queries, std::vector<FieldAnswer> &answers)
{
  answers.resize(queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q)
    evaluate(queries[q], answers[q]);
}

void check_query(const FieldMapInfo &info, const FieldQuery &query)
{
  const bool on_mesh = info.domain == FieldMapInfo::Domain::mesh;
  if ((query.mesh != nullptr) != on_mesh || (query.grid != nullptr) == on_mesh)
    throw UserError("'" + info.name + "' takes fields on a " +
                    (on_mesh ? "mesh and no grid." : "grid and no mesh."));
  if (on_mesh)
    check_mesh(info, *query.mesh, query.nodes.size());
  else
    check_grid(info, *query.grid, query.nodes);
  check_names(info, "field", info.input_fields, query.fields);
  check_names(info, "scalar", info.input_scalars, query.scalars);
  for (const FieldInput &field : query.fields)
    if (field.values.size() != query.nodes.size())
      throw UserError("'" + info.name + "' was given " + std::to_string(field.values.size()) +
                      " values of '" + field.quantity.name + "' for " +
                      std::to_string(query.nodes.size()) + " nodes.");
}

const FieldInput &field_of(const FieldQuery &query, const std::string &name)
{
  const FieldInput *found = find(query.fields, name);
  if (found == nullptr)
    throw std::out_of_range("There is no field '" + name + "' in the query.");
  return *found;
}

double scalar_of(const FieldQuery &query, const std::string &name)
{
  const ScalarInput *found = find(query.scalars, name);
  if (found == nullptr)
    throw std::out_of_range("There is no scalar '" + name + "' in the query.");
  return found->value;
}

FieldAnswer no_answer(Health health, const std::string &reason)
{
  FieldAnswer answer;
  answer.health = health;
  answer.reason = reason;
  return answer;
}
} // namespace understudy

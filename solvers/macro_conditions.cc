// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <meshes/macro_meshes.h>
#include <solvers/macro_conditions.h>

#include <map>

namespace understudy
{
namespace
{
/// How a macro is held, and in which direction its loaded boundary is moved or pulled.
struct MacroEntry
{
  std::vector<PrescribedDisplacement> held;
  unsigned direction;
};

const std::map<std::string, MacroEntry> &table()
{
  using B = MacroBoundary;
  static const std::map<std::string, MacroEntry> entries = {
    {"cook", {{{B::clamped, {{true, true}}, {}}}, 1}},
    {"l_profile", {{{B::clamped, {{true, true}}, {}}}, 1}},
    {"plate_with_hole",
     {{{B::symmetry_x, {{true, false}}, {}}, {B::symmetry_y, {{false, true}}, {}}}, 0}},
    {"square", {{{B::clamped, {{true, true}}, {}}}, 0}}};
  return entries;
}
} // namespace

MacroConditions macro_conditions(const std::string &mesh, MacroLoadType type, double magnitude)
{
  const auto entry = table().find(mesh);
  if (entry == table().end())
  {
    std::vector<std::string> names;
    for (const auto &known : table())
      names.push_back(known.first);
    throw UserError("No boundary conditions are known for the macro mesh '" + mesh + "'" +
                    suggestion(mesh, names));
  }
  MacroConditions conditions;
  conditions.displacements = entry->second.held;
  conditions.loaded = MacroBoundary::loaded;
  conditions.direction = entry->second.direction;
  dealii::Tensor<1, 2> load;
  load[conditions.direction] = magnitude;
  const MacroVectorField constant = [load](const dealii::Point<2> &) { return load; };
  if (type == MacroLoadType::traction)
    conditions.tractions.push_back({conditions.loaded, constant});
  else
  {
    PrescribedDisplacement moved{conditions.loaded, {{false, false}}, constant};
    moved.components[conditions.direction] = true;
    conditions.displacements.push_back(moved);
  }
  return conditions;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The part of MacroDiscretisation that turns a solution into plain fields.

#include <solvers/macro_discretisation.h>

#include <algorithm>

namespace understudy
{
MacroFields MacroDiscretisation::empty_fields() const
{
  MacroFields fields;
  dealii::FEValues<2> values(mapping_, fe_, quadrature_,
                             dealii::update_quadrature_points | dealii::update_JxW_values);
  const auto &nodes = fe_.base_element(0).get_unit_support_points();
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
    {
      values.reinit(cell);
      MacroCell record;
      record.id = cell->id().to_string();
      for (unsigned i = 0; i < MacroCell::n_nodes; ++i)
      {
        const auto x = mapping_.transform_unit_to_real_cell(cell, nodes[i]);
        record.node_position[i] = {{x[0], x[1]}};
      }
      for (unsigned q = 0; q < MacroCell::n_points; ++q)
      {
        const auto &x = values.quadrature_point(q);
        record.points[q].position = {{x[0], x[1]}};
        record.points[q].weight = values.JxW(q);
      }
      fields.cells.push_back(record);
    }
  std::sort(fields.cells.begin(), fields.cells.end(),
            [](const MacroCell &a, const MacroCell &b) { return a.id < b.id; });
  return fields;
}

MacroFields MacroDiscretisation::fields(const Vector &ghosted_displacement,
                                        const PointBatch &strain, const PointAnswer &answer) const
{
  MacroFields fields = empty_fields();
  dealii::FEValues<2> values(mapping_, fe_, quadrature_, dealii::update_values);
  std::vector<dealii::Tensor<1, 2>> u(quadrature_.size());
  std::vector<dealii::types::global_dof_index> indices(fe_.dofs_per_cell);
  std::size_t p = 0;
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
    {
      auto record =
        std::lower_bound(fields.cells.begin(), fields.cells.end(), cell->id().to_string(),
                         [](const MacroCell &a, const std::string &id) { return a.id < id; });
      cell->get_dof_indices(indices);
      for (unsigned i = 0; i < fe_.dofs_per_cell; ++i)
      {
        const auto [component, node] = fe_.system_to_component_index(i);
        record->node_displacement[node][component] = ghosted_displacement[indices[i]];
      }
      values.reinit(cell);
      values[dealii::FEValuesExtractors::Vector(0)].get_function_values(ghosted_displacement, u);
      for (unsigned q = 0; q < MacroCell::n_points; ++q, ++p)
      {
        MacroPoint &point = record->points[q];
        point.displacement = {{u[q][0], u[q][1]}};
        for (unsigned c = 0; c < 3; ++c)
        {
          point.strain[c] = strain(c, p);
          point.stress[c] = answer.outputs(c, p);
        }
        point.error_estimate = answer.error_estimate[p];
        point.answered_by = answer.answered_by[p];
        point.refusals = answer.refusals[p];
        point.health = answer.health[p];
      }
    }
  return fields;
}

MacroDiscretisation::Vector MacroDiscretisation::displacement(const MacroFields &fields) const
{
  auto u = make_vector();
  std::vector<dealii::types::global_dof_index> indices(fe_.dofs_per_cell);
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
    {
      const MacroCell *record = find_cell(fields, cell->id().to_string());
      cell->get_dof_indices(indices);
      for (unsigned i = 0; i < indices.size(); ++i)
        if (owned_.is_element(indices[i]))
        {
          const auto [component, node] = fe_.system_to_component_index(i);
          u[indices[i]] = record->node_displacement[node][component];
        }
    }
  u.compress(dealii::VectorOperation::insert);
  return u;
}

std::vector<std::uint64_t> MacroDiscretisation::point_ids() const
{
  std::vector<std::uint64_t> ids;
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
      for (unsigned q = 0; q < quadrature_.size(); ++q)
        ids.push_back(std::uint64_t(cell->global_active_cell_index()) * quadrature_.size() + q);
  return ids;
}

dealii::Point<2> MacroDiscretisation::point_position(std::size_t point) const
{
  std::size_t first = 0;
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
    {
      if (point < first + quadrature_.size())
        return mapping_.transform_unit_to_real_cell(cell, quadrature_.point(point - first));
      first += quadrature_.size();
    }
  return {};
}
} // namespace understudy

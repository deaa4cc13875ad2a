// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/macro_discretisation.h>

#include <deal.II/base/function.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/sparsity_tools.h>
#include <deal.II/numerics/vector_tools.h>

#include <algorithm>
#include <set>

namespace understudy
{
namespace
{
using dealii::Point;
using dealii::Tensor;

class FieldFunction : public dealii::Function<2>
{
public:
  explicit FieldFunction(const MacroVectorField &field) : dealii::Function<2>(2), field_(field) {}
  double value(const Point<2> &x, unsigned component) const override
  {
    return field_ ? field_(x)[component] : 0.;
  }

private:
  const MacroVectorField &field_;
};

/// (Exx, Eyy, Gxy) of the shape function with gradient @p g in component @p c.
std::array<double, 3> shape_strain(const Tensor<1, 2> &g, unsigned c)
{
  return c == 0 ? std::array<double, 3>{{g[0], 0., g[1]}} : std::array<double, 3>{{0., g[1], g[0]}};
}
} // namespace

MacroDiscretisation::MacroDiscretisation(
  const dealii::parallel::distributed::Triangulation<2> &mesh, const MacroConditions &conditions)
  : comm_(mesh.get_communicator()), conditions_(conditions), fe_(dealii::FE_Q<2>(2), 2), dofs_(mesh)
{
  if (mesh.has_hanging_nodes())
    throw UserError("The macro solver needs a mesh without hanging nodes.");
  check_boundaries(conditions);
  dofs_.distribute_dofs(fe_);
  owned_ = dofs_.locally_owned_dofs();
  dealii::DoFTools::extract_locally_relevant_dofs(dofs_, relevant_);
  n_points_ = mesh.n_locally_owned_active_cells() * quadrature_.size();
  make_constraints();
  assemble_external_force(conditions);

  dealii::ComponentMask mask(2, false);
  mask.set(conditions.direction, true);
  for (const auto dof :
       dealii::DoFTools::extract_boundary_dofs(dofs_, mask, {conditions.loaded}) & owned_)
    loaded_dofs_.push_back(dof);
}

std::size_t MacroDiscretisation::n_cells() const
{
  return dofs_.get_triangulation().n_global_active_cells();
}

void MacroDiscretisation::check_boundaries(const MacroConditions &conditions) const
{
  std::set<unsigned> wanted{conditions.loaded}, found;
  for (const auto &entry : conditions.displacements)
    wanted.insert(entry.boundary);
  for (const auto &entry : conditions.tractions)
    wanted.insert(entry.boundary);
  // The coarse mesh is known to every rank, so that all ranks come to the same verdict.
  for (const auto &cell : dofs_.get_triangulation().cell_iterators_on_level(0))
    for (const auto &face : cell->face_iterators())
      if (face->at_boundary())
        found.insert(face->boundary_id());
  for (const unsigned id : wanted)
    if (!found.contains(id))
      throw UserError("The macro mesh has no boundary with id " + std::to_string(id) +
                      ", which the boundary conditions name.");
}

void MacroDiscretisation::make_constraints()
{
  prescribed_.reinit(relevant_);
  held_.reinit(relevant_);
  for (const auto &entry : conditions_.displacements)
  {
    dealii::ComponentMask mask(2, false);
    for (unsigned c = 0; c < 2; ++c)
      mask.set(c, entry.components[c]);
    dealii::VectorTools::interpolate_boundary_values(mapping_, dofs_, entry.boundary,
                                                     FieldFunction(entry.value), prescribed_, mask);
  }
  for (const auto &line : prescribed_.get_lines())
    held_.add_line(line.index);
  prescribed_.close();
  held_.close();
}

void MacroDiscretisation::assemble_external_force(const MacroConditions &conditions)
{
  external_force_ = make_vector();
  const dealii::AffineConstraints<double> none;
  using namespace dealii;
  FEValues<2> body(mapping_, fe_, quadrature_,
                   update_values | update_quadrature_points | update_JxW_values);
  FEFaceValues<2> face_values(mapping_, fe_, face_quadrature_,
                              update_values | update_quadrature_points | update_JxW_values);
  dealii::Vector<double> local(fe_.dofs_per_cell);
  std::vector<types::global_dof_index> indices(fe_.dofs_per_cell);
  const auto add = [&](const FEValuesBase<2> &values, const MacroVectorField &load)
  {
    for (const unsigned q : values.quadrature_point_indices())
    {
      const auto f = load(values.quadrature_point(q)) * values.JxW(q);
      for (unsigned i = 0; i < fe_.dofs_per_cell; ++i)
        local[i] += values.shape_value(i, q) * f[fe_.system_to_component_index(i).first];
    }
  };
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
    {
      local = 0.;
      if (conditions.body_force)
      {
        body.reinit(cell);
        add(body, conditions.body_force);
      }
      for (const auto &traction : conditions.tractions)
        for (const unsigned f : cell->face_indices())
          if (cell->face(f)->at_boundary() && cell->face(f)->boundary_id() == traction.boundary)
          {
            face_values.reinit(cell, f);
            add(face_values, traction.value);
          }
      cell->get_dof_indices(indices);
      none.distribute_local_to_global(local, indices, external_force_);
    }
  external_force_.compress(VectorOperation::add);
}

MacroDiscretisation::Vector MacroDiscretisation::make_vector() const
{
  return Vector(owned_, comm_);
}

MacroDiscretisation::Vector MacroDiscretisation::make_ghosted_vector() const
{
  return Vector(owned_, relevant_, comm_);
}

void MacroDiscretisation::make_matrix(Matrix &matrix) const
{
  dealii::DynamicSparsityPattern pattern(relevant_);
  dealii::DoFTools::make_sparsity_pattern(dofs_, pattern, held_, false);
  dealii::SparsityTools::distribute_sparsity_pattern(pattern, owned_, comm_, relevant_);
  matrix.reinit(owned_, owned_, pattern, comm_);
}

void MacroDiscretisation::prescribe(double load_factor, Vector &displacement) const
{
  for (const auto &line : prescribed_.get_lines())
    if (owned_.is_element(line.index))
      displacement[line.index] = load_factor * line.inhomogeneity;
  displacement.compress(dealii::VectorOperation::insert);
}

void MacroDiscretisation::clear_prescribed(Vector &force) const
{
  for (const auto &line : held_.get_lines())
    if (owned_.is_element(line.index))
      force[line.index] = 0.;
  force.compress(dealii::VectorOperation::insert);
}

void MacroDiscretisation::strains(const Vector &ghosted_displacement, PointBatch &strain) const
{
  strain.reshape(3, n_points_);
  const dealii::FEValuesExtractors::Vector u(0);
  dealii::FEValues<2> values(mapping_, fe_, quadrature_, dealii::update_gradients);
  std::vector<dealii::Tensor<2, 2>> gradients(quadrature_.size());
  std::size_t p = 0;
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
    {
      values.reinit(cell);
      values[u].get_function_gradients(ghosted_displacement, gradients);
      for (const auto &g : gradients)
      {
        strain(0, p) = g[0][0];
        strain(1, p) = g[1][1];
        strain(2, p) = g[0][1] + g[1][0];
        ++p;
      }
    }
}

void MacroDiscretisation::internal_force(const PointBatch &stress, Vector &force) const
{
  force = 0.;
  const dealii::AffineConstraints<double> none;
  dealii::FEValues<2> values(mapping_, fe_, quadrature_,
                             dealii::update_gradients | dealii::update_JxW_values);
  dealii::Vector<double> local(fe_.dofs_per_cell);
  std::vector<dealii::types::global_dof_index> indices(fe_.dofs_per_cell);
  std::size_t p = 0;
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
    {
      values.reinit(cell);
      local = 0.;
      for (unsigned q = 0; q < quadrature_.size(); ++q, ++p)
        for (unsigned i = 0; i < fe_.dofs_per_cell; ++i)
        {
          const auto e =
            shape_strain(values.shape_grad(i, q), fe_.system_to_component_index(i).first);
          local[i] +=
            values.JxW(q) * (e[0] * stress(0, p) + e[1] * stress(1, p) + e[2] * stress(2, p));
        }
      cell->get_dof_indices(indices);
      none.distribute_local_to_global(local, indices, force);
    }
  force.compress(dealii::VectorOperation::add);
}

void MacroDiscretisation::stiffness(const PointBatch &tangent, Matrix &matrix) const
{
  assemble_stiffness(tangent, held_, matrix, nullptr);
}

void MacroDiscretisation::stiffness_and_predictor_force(const PointBatch &tangent, double increment,
                                                        Matrix &matrix, Vector &force) const
{
  dealii::AffineConstraints<double> constraints(relevant_);
  for (const auto &line : prescribed_.get_lines())
  {
    constraints.add_line(line.index);
    constraints.set_inhomogeneity(line.index, increment * line.inhomogeneity);
  }
  constraints.close();
  clear_prescribed(force);
  assemble_stiffness(tangent, constraints, matrix, &force);
}

void MacroDiscretisation::assemble_stiffness(const PointBatch &tangent,
                                             const dealii::AffineConstraints<double> &constraints,
                                             Matrix &matrix, Vector *force) const
{
  matrix = 0.;
  const unsigned n = fe_.dofs_per_cell;
  dealii::FEValues<2> values(mapping_, fe_, quadrature_,
                             dealii::update_gradients | dealii::update_JxW_values);
  dealii::FullMatrix<double> local(n, n);
  const dealii::Vector<double> zero(n);
  std::vector<dealii::types::global_dof_index> indices(n);
  std::vector<std::array<double, 3>> e(n);
  std::size_t p = 0;
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
    {
      values.reinit(cell);
      local = 0.;
      for (unsigned q = 0; q < quadrature_.size(); ++q, ++p)
      {
        for (unsigned i = 0; i < n; ++i)
          e[i] = shape_strain(values.shape_grad(i, q), fe_.system_to_component_index(i).first);
        for (unsigned j = 0; j < n; ++j)
        {
          std::array<double, 3> s{};
          for (unsigned a = 0; a < 3; ++a)
            for (unsigned b = 0; b < 3; ++b)
              s[a] += values.JxW(q) * tangent(3 * a + b, p) * e[j][b];
          for (unsigned i = 0; i < n; ++i)
            local(i, j) += e[i][0] * s[0] + e[i][1] * s[1] + e[i][2] * s[2];
        }
      }
      cell->get_dof_indices(indices);
      if (force != nullptr)
        constraints.distribute_local_to_global(local, zero, indices, matrix, *force);
      else
        constraints.distribute_local_to_global(local, indices, matrix);
    }
  matrix.compress(dealii::VectorOperation::add);
  if (force != nullptr)
    force->compress(dealii::VectorOperation::add);
}

double MacroDiscretisation::resultant(const Vector &force) const
{
  double sum = 0.;
  for (const auto dof : loaded_dofs_)
    sum += force[dof];
  return dealii::Utilities::MPI::sum(sum, comm_);
}

double MacroDiscretisation::mean_displacement(const Vector &ghosted_displacement) const
{
  dealii::FEFaceValues<2> values(mapping_, fe_, face_quadrature_,
                                 dealii::update_values | dealii::update_JxW_values);
  std::vector<dealii::Tensor<1, 2>> u(face_quadrature_.size());
  std::vector<double> sums(2, 0.); // integral and length
  for (const auto &cell : dofs_.active_cell_iterators())
    if (cell->is_locally_owned())
      for (const unsigned f : cell->face_indices())
        if (cell->face(f)->at_boundary() && cell->face(f)->boundary_id() == conditions_.loaded)
        {
          values.reinit(cell, f);
          values[dealii::FEValuesExtractors::Vector(0)].get_function_values(ghosted_displacement,
                                                                            u);
          for (unsigned q = 0; q < u.size(); ++q)
          {
            sums[0] += u[q][conditions_.direction] * values.JxW(q);
            sums[1] += values.JxW(q);
          }
        }
  sums = {dealii::Utilities::MPI::sum(sums[0], comm_), dealii::Utilities::MPI::sum(sums[1], comm_)};
  return sums[0] / sums[1];
}
} // namespace understudy

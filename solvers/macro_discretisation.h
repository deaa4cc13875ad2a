// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>
#include <solvers/macro_conditions.h>
#include <solvers/macro_fields.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/distributed/tria.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/fe/mapping_q.h>
#include <deal.II/lac/affine_constraints.h>
#include <deal.II/lac/petsc_sparse_matrix.h>
#include <deal.II/lac/petsc_vector.h>

#include <string>
#include <vector>

namespace understudy
{
/// Plane-strain small-strain kinematics on FE_Q(2)^2 with 3 x 3 Gauss points: turns nodal
/// displacements into point strains, and point stresses and tangents into forces and stiffness.
/// Points are those of the locally owned cells, cell by cell in the order of the mesh. Vectors of
/// type `Vector` without ghosts hold the locally owned dofs.
class MacroDiscretisation
{
public:
  using Vector = dealii::PETScWrappers::MPI::Vector;
  using Matrix = dealii::PETScWrappers::MPI::SparseMatrix;

  /// Throws UserError when the mesh has hanging nodes, or a boundary id of the conditions does not
  /// occur on it. Collective.
  MacroDiscretisation(const dealii::parallel::distributed::Triangulation<2> &mesh,
                      const MacroConditions &conditions);

  MPI_Comm comm() const { return comm_; }
  std::size_t n_points() const { return n_points_; }
  std::size_t n_dofs() const { return dofs_.n_dofs(); }
  std::size_t n_cells() const;
  const dealii::DoFHandler<2> &dofs() const { return dofs_; }
  const dealii::Mapping<2> &mapping() const { return mapping_; }

  Vector make_vector() const;             ///< zero
  Vector make_ghosted_vector() const;     ///< zero
  void make_matrix(Matrix &matrix) const; ///< with the sparsity of the stiffness
  const Vector &external_force() const { return external_force_; } ///< [N/mm] at load factor 1

  /// u_c = load_factor * g_c at the prescribed dofs.
  void prescribe(double load_factor, Vector &displacement) const;
  /// Zero at the prescribed dofs.
  void clear_prescribed(Vector &force) const;

  /// strain [3][n_points] = (Exx, Eyy, Gxy) of a displacement with ghosts.
  void strains(const Vector &ghosted_displacement, PointBatch &strain) const;

  /// f_i = int S : grad phi_i [N/mm], prescribed rows included. @param stress [3][n_points]
  void internal_force(const PointBatch &stress, Vector &force) const;

  /// K_ij = int grad phi_i : C : grad phi_j [N/mm2]. The rows and columns of prescribed dofs are
  /// eliminated symmetrically: only a diagonal of the size of the other entries is left.
  /// @param tangent [9][n_points]
  void stiffness(const PointBatch &tangent, Matrix &matrix) const;

  /// The same, and force_i -= K_ij increment * g_j for the prescribed dofs j; force_i of
  /// the prescribed dofs becomes zero (prescribe() sets their values afterwards).
  void stiffness_and_predictor_force(const PointBatch &tangent, double increment, Matrix &matrix,
                                     Vector &force) const;

  /// Sum over the nodes of the loaded boundary in the load direction.
  double resultant(const Vector &force) const;
  /// Average of the displacement in the load direction over the loaded boundary.
  double mean_displacement(const Vector &ghosted_displacement) const;

  /// Names of the points, [n_points]: equal on any number of ranks.
  std::vector<std::uint64_t> point_ids() const;

  /// Coordinates of a point [mm], for messages.
  dealii::Point<2> point_position(std::size_t point) const;

  /// The locally owned cells, with ids, positions and weights; the displacement from the ghosted
  /// vector, strain and answer from the map.
  MacroFields fields(const Vector &ghosted_displacement, const PointBatch &strain,
                     const PointAnswer &answer) const;
  MacroFields empty_fields() const;

  /// The nodal displacement of fields that hold the locally owned cells: the inverse of fields().
  Vector displacement(const MacroFields &fields) const;

private:
  void make_constraints();
  void check_boundaries(const MacroConditions &conditions) const;
  void assemble_external_force(const MacroConditions &conditions);
  void assemble_stiffness(const PointBatch &tangent,
                          const dealii::AffineConstraints<double> &constraints, Matrix &matrix,
                          Vector *force) const;

  MPI_Comm comm_;
  MacroConditions conditions_;
  dealii::MappingQ<2> mapping_{2};
  dealii::FESystem<2> fe_;
  dealii::QGauss<2> quadrature_{3};
  dealii::QGauss<1> face_quadrature_{3};
  dealii::DoFHandler<2> dofs_;
  dealii::IndexSet owned_, relevant_;
  dealii::AffineConstraints<double> held_;       ///< prescribed dofs, all values zero
  dealii::AffineConstraints<double> prescribed_; ///< the same dofs with their values at factor 1
  std::vector<dealii::types::global_dof_index> loaded_dofs_; ///< locally owned, load direction
  Vector external_force_;
  std::size_t n_points_ = 0;
};
} // namespace understudy

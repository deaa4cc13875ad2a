// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/mesh_view.h>
#include <solvers/darcy_grid.h>
#include <solvers/field_guess.h>
#include <solvers/surrogate_preconditioner.h>

#include <deal.II/base/parameter_handler.h>
#include <mpi.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
struct DarcyParameters
{
  unsigned n_cells = 64;             ///< elements per direction
  double relative_tolerance = 1e-10; ///< of the residual |b - A u| / |b|
  unsigned maximum_iterations = 200; ///< of the conjugate gradients

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
};

/// One solution with what it cost. All but u is equal on all ranks.
struct DarcySolution
{
  std::vector<double> u;        ///< [owned_nodes().size()]
  unsigned iterations = 0;      ///< of all kinds
  double right_norm = 0.;       ///< |b|, Euclidean, as the next two
  double initial_residual = 0.; ///< |b - A u| where the iterations began: |b| without a guess
  double final_residual = 0.;   ///< |b - A u|, computed from its definition
  GuessOutcome guess;           ///< own_norm is |b|; see there when it was refused
  SurrogateOutcome surrogate;   ///< of the iterations with a learned preconditioner
  double assembly_seconds = 0.; ///< [s] of A and b, the slowest rank, as the next two; 0 for what
                                ///< has not changed
  double setup_seconds = 0.;    ///< of the preconditioner, likewise
  double solve_seconds = 0.;    ///< of the iterations
};

/// The linear system A u = b of the values at nodes, h^2 f = b inside. The rows of A and b that a
/// rank has stand in the order of owned_nodes(); those of nodes on the boundary hold u = 0 and are
/// coupled to no other.
struct DarcySystem
{
  Mat A = nullptr; ///< both belong to the solver
  Vec b = nullptr;
};

/// Flow through a porous medium on the unit square,
///
///   -div(a grad u) = f  in (0, 1)^2,   u = 0  on the boundary,
///
/// with bilinear elements (Q1) on n_cells x n_cells squares and a coefficient a > 0 and a source f
/// that are constant in each of them:
///
///   sum_K a_K int_K grad u . grad v = sum_K f_K int_K v.
///
/// Fields are given on a grid and are dimensionless: at darcy_nodes(n_cells), where the mean over
/// the four corners counts in a cell, or at darcy_cells(n_cells). Both are of order 2 in L2 for
/// smooth fields; a coefficient that jumps along the sides of cells is represented exactly by the
/// latter. At first a = f = 1.
///
/// Linear solver: PETSc, options prefix "darcy_"; conjugate gradients with hypre's BoomerAMG, which
/// is set up once for each coefficient. The mesh is distributed (p4est), but every rank
/// knows the m x m trees of n_cells = m 2^k, so that many factors 2 save memory. All calls but the
/// views are collective; fields of a whole grid are given on all ranks alike.
class DarcySolver
{
public:
  /// Throws UserError with the problems() of @p parameters.
  DarcySolver(const DarcyParameters &parameters, MPI_Comm comm);
  ~DarcySolver();
  DarcySolver(const DarcySolver &) = delete;
  DarcySolver &operator=(const DarcySolver &) = delete;

  const DarcyParameters &parameters() const;
  const GridView &nodes() const; ///< darcy_nodes(n_cells)
  /// Numbers of the nodes whose solution this rank has; each belongs to one rank.
  const std::vector<unsigned> &owned_nodes() const;

  /// Throw UserError on all ranks as darcy_cell_values() does. The mesh stays.
  void set_coefficient(const GridView &grid, std::span<const double> values);
  void set_source(const GridView &grid, std::span<const double> values);

  /// From zero. Throws SolverError, with iterations and residual, when the tolerance is not met.
  DarcySolution solve();
  /// From @p guess, [owned_nodes().size()], where weigh_guess() finds it no worse than zero. Values
  /// on the boundary are set to zero first. UserError for another number of values.
  DarcySolution solve(std::span<const double> guess);
  /// The same with the field "u" [1] of a map of grids. It may take the fields "a" and "f" [1],
  /// which must then have been given at the nodes, f unless it is 1; UserError otherwise.
  DarcySolution solve(FieldGuess &guess);
  /// From zero, with a preconditioner for the matrix of system() that may have been learned, see
  /// darcy_correction(). Where it does not help, conjugate gradients with BoomerAMG go on; only
  /// then BoomerAMG is set up, in solve_seconds. Tolerance and iterations of each are those of
  /// parameters(). Throws what SurrogatePreconditioner::solve() throws.
  DarcySolution solve(SurrogatePreconditioner &preconditioner);

  /// Of the coefficient and source that were set last. Overwritten by the next solve() or
  /// system() after others were set.
  DarcySystem system();
  /// The coefficient at the owned nodes; empty when it was given in the cells.
  std::span<const double> coefficient_at_nodes() const;

  /// The values at all nodes(), on all ranks, from those at the owned ones.
  std::vector<double> on_grid(std::span<const double> owned) const;

private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};
} // namespace understudy

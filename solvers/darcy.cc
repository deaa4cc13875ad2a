// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/timing.h>
#include <solvers/darcy.h>
#include <solvers/petsc_owners.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/distributed/tria.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/affine_constraints.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/petsc_sparse_matrix.h>
#include <deal.II/lac/petsc_vector.h>
#include <deal.II/lac/sparsity_tools.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
DarcyParameters checked(const DarcyParameters &parameters)
{
  if (const auto found = parameters.problems(); !found.empty())
    throw UserError(found.front());
  return parameters;
}

/// What a field is known as to maps.
const Quantity coefficient = {"a", "1"}, source = {"f", "1"}, pressure = {"u", "1"};
} // namespace

struct DarcySolver::Implementation
{
  using Vector = dealii::PETScWrappers::MPI::Vector;

  Implementation(const DarcyParameters &p, MPI_Comm communicator)
    : parameters(checked(p)),
      comm(communicator),
      nodes(darcy_nodes(p.n_cells)),
      cells(darcy_cells(p.n_cells)),
      mesh(communicator),
      dofs(mesh)
  {
    make_mesh();
    make_spaces();
    make_reference();
    make_solver();
    a.assign(cells.size(), 1.);
    f.assign(cells.size(), 1.);
    a_at_nodes.assign(owned_nodes.size(), 1.);
    f_at_nodes = a_at_nodes;
  }

  /// n_cells = m 2^k: m x m trees of p4est, refined k times.
  void make_mesh()
  {
    unsigned trees = parameters.n_cells, refinements = 0;
    for (; trees % 2 == 0 && trees > 1; trees /= 2)
      ++refinements;
    dealii::GridGenerator::subdivided_hyper_cube(mesh, trees);
    mesh.refine_global(refinements);
  }

  std::size_t node_at(const dealii::Point<2> &x) const
  {
    const double n = parameters.n_cells;
    return static_cast<std::size_t>(std::lround(n * x[0])) * nodes.n_nodes[1] +
           static_cast<std::size_t>(std::lround(n * x[1]));
  }

  void make_spaces()
  {
    dofs.distribute_dofs(fe);
    owned = dofs.locally_owned_dofs();
    dealii::IndexSet relevant;
    dealii::DoFTools::extract_locally_relevant_dofs(dofs, relevant);
    held.reinit(relevant);
    dealii::DoFTools::make_zero_boundary_constraints(dofs, held);
    held.close();

    owned_nodes.resize(owned.n_elements());
    for (const auto &cell : dofs.active_cell_iterators())
      if (cell->is_locally_owned())
      {
        const auto centre = cell->center();
        own_cells.push_back(static_cast<std::size_t>(centre[0] * parameters.n_cells) *
                              parameters.n_cells +
                            static_cast<std::size_t>(centre[1] * parameters.n_cells));
        for (const unsigned v : cell->vertex_indices())
          if (const auto dof = cell->vertex_dof_index(v, 0); owned.is_element(dof))
            owned_nodes[owned.index_within_set(dof)] =
              static_cast<unsigned>(node_at(cell->vertex(v)));
      }
    for (const auto dof : owned)
      unknowns.push_back(static_cast<PetscInt>(dof));
    for (const auto &line : held.get_lines())
      if (owned.is_element(line.index))
        own_held.push_back(static_cast<PetscInt>(line.index));

    dealii::DynamicSparsityPattern pattern(relevant);
    dealii::DoFTools::make_sparsity_pattern(dofs, pattern, held, false);
    dealii::SparsityTools::distribute_sparsity_pattern(pattern, owned, comm, relevant);
    A.reinit(owned, owned, pattern, comm);
    for (Vector *v : {&b, &u, &guess, &work})
      v->reinit(owned, comm);
  }

  /// The squares are all alike: their matrix and vector with a = f = 1.
  void make_reference()
  {
    const unsigned n = fe.dofs_per_cell;
    stiffness.reinit(n, n);
    load.reinit(n);
    dealii::FEValues<2> values(fe, dealii::QGauss<2>(2),
                               dealii::update_values | dealii::update_gradients |
                                 dealii::update_JxW_values);
    for (const auto &cell : dofs.active_cell_iterators())
      if (cell->is_locally_owned())
      {
        values.reinit(cell);
        for (const unsigned q : values.quadrature_point_indices())
          for (unsigned i = 0; i < n; ++i)
          {
            load[i] += values.shape_value(i, q) * values.JxW(q);
            for (unsigned j = 0; j < n; ++j)
              stiffness(i, j) += values.shape_grad(i, q) * values.shape_grad(j, q) * values.JxW(q);
          }
        return;
      }
  }

  void make_solver()
  {
    PC pc = nullptr;
    check_petsc(KSPCreate(comm, ksp.create()));
    check_petsc(KSPSetOptionsPrefix(ksp, "darcy_"));
    check_petsc(KSPSetType(ksp, KSPCG));
    check_petsc(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
    // With a nonzero guess the tolerance is still relative to |b|.
    check_petsc(KSPSetInitialGuessNonzero(ksp, PETSC_TRUE));
    check_petsc(KSPSetTolerances(ksp, parameters.relative_tolerance,
                                 std::numeric_limits<double>::min(), PETSC_DEFAULT,
                                 static_cast<PetscInt>(parameters.maximum_iterations)));
    check_petsc(KSPGetPC(ksp, &pc));
    check_petsc(PCSetType(pc, PCHYPRE));
    check_petsc(PCHYPRESetType(pc, "boomeramg"));
    check_petsc_options(KSPSetFromOptions(ksp));
  }

  /// @param add what each own cell adds, by its number on the grid and its unknowns
  template <class Add>
  void over_own_cells(const Add &add) const
  {
    std::vector<dealii::types::global_dof_index> indices(fe.dofs_per_cell);
    std::size_t c = 0;
    for (const auto &cell : dofs.active_cell_iterators())
      if (cell->is_locally_owned())
      {
        cell->get_dof_indices(indices);
        add(own_cells[c++], indices);
      }
  }

  void assemble_matrix()
  {
    A = 0.;
    dealii::FullMatrix<double> local(fe.dofs_per_cell, fe.dofs_per_cell);
    over_own_cells(
      [&](std::size_t cell, const auto &indices)
      {
        local.equ(a[cell], stiffness);
        held.distribute_local_to_global(local, indices, A);
      });
    A.compress(dealii::VectorOperation::add);
    check_petsc(KSPSetOperators(ksp, A, A));
  }

  void assemble_right()
  {
    b = 0.;
    dealii::Vector<double> local(fe.dofs_per_cell);
    over_own_cells(
      [&](std::size_t cell, const auto &indices)
      {
        local.equ(f[cell], load);
        held.distribute_local_to_global(local, indices, b);
      });
    b.compress(dealii::VectorOperation::add);
  }

  double slowest(double begin) const
  {
    return dealii::Utilities::MPI::max(seconds_now() - begin, comm);
  }

  /// Brings A and b up to date. @return the time it took [s]
  double assemble()
  {
    if (!new_a && !new_f)
      return 0.;
    const double begin = seconds_now();
    if (new_a)
      assemble_matrix();
    if (new_f)
      assemble_right();
    new_setup = new_setup || new_a;
    new_a = new_f = false;
    return slowest(begin);
  }

  /// Time for the preconditioner of a new matrix [s].
  double set_up()
  {
    if (!new_setup)
      return 0.;
    const double begin = seconds_now();
    check_petsc(KSPSetUp(ksp));
    new_setup = false;
    return slowest(begin);
  }

  /// Brings the system up to date, and lets the solution begin from zero.
  DarcySolution start(bool with_preconditioner = true)
  {
    DarcySolution solution;
    solution.assembly_seconds = std::exchange(assembled_before, 0.) + assemble();
    solution.setup_seconds = with_preconditioner ? set_up() : 0.;
    u = 0.;
    solution.right_norm = b.l2_norm();
    solution.guess.own_norm = solution.right_norm;
    return solution;
  }

  double residual_norm(Vec x)
  {
    const Vec right = b, r = work;
    PetscReal norm = 0.;
    check_petsc(MatMult(A, x, r));
    check_petsc(VecAYPX(r, -1., right));
    check_petsc(VecNorm(r, NORM_2, &norm));
    return norm;
  }

  /// Throws on all ranks when one gives another number of values than it owns nodes.
  void check_owned(const char *what, std::span<const double> values) const
  {
    on_all_ranks(comm,
                 [&]
                 {
                   if (values.size() != owned_nodes.size())
                     throw UserError(std::string(what) + " of the Darcy problem has " +
                                     std::to_string(values.size()) + " values where a rank owns " +
                                     std::to_string(owned_nodes.size()) + " nodes.");
                 });
  }

  void hold(Vec x) const
  {
    const std::vector<double> zeros(own_held.size(), 0.);
    check_petsc(VecSetValues(x, static_cast<PetscInt>(own_held.size()), own_held.data(),
                             zeros.data(), INSERT_VALUES));
    check_petsc(VecAssemblyBegin(x));
    check_petsc(VecAssemblyEnd(x));
  }

  void finish(DarcySolution &solution)
  {
    const Vec right = b, x = u;
    const bool guessed = solution.guess.use == GuessUse::taken;
    solution.initial_residual = guessed ? solution.guess.guess_norm : solution.right_norm;
    const double begin = seconds_now();
    check_petsc(KSPSolve(ksp, right, x));
    solution.solve_seconds = slowest(begin);
    KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
    PetscInt iterations = 0;
    check_petsc(KSPGetConvergedReason(ksp, &reason));
    check_petsc(KSPGetIterationNumber(ksp, &iterations));
    solution.iterations = static_cast<unsigned>(iterations);
    solution.final_residual = residual_norm(x);
    if (reason < 0)
      throw SolverError("The linear solver of the Darcy problem stopped after " +
                        std::to_string(iterations) + " iterations with the residual " +
                        number_text(solution.final_residual / solution.right_norm) +
                        " relative to the right-hand side (" + KSPConvergedReasons[reason] +
                        "); the tolerance is " + number_text(parameters.relative_tolerance) + ".");
    solution.u = owned_values(x);
  }

  std::vector<double> owned_values(Vec x) const
  {
    std::vector<double> values(owned_nodes.size(), 0.);
    check_petsc(
      VecGetValues(x, static_cast<PetscInt>(unknowns.size()), unknowns.data(), values.data()));
    return values;
  }

  DarcyParameters parameters;
  MPI_Comm comm;
  GridView nodes, cells;
  dealii::parallel::distributed::Triangulation<2> mesh;
  dealii::FE_Q<2> fe{1};
  dealii::DoFHandler<2> dofs;
  dealii::IndexSet owned;
  dealii::AffineConstraints<double> held; ///< u = 0 on the boundary
  std::vector<unsigned> owned_nodes;      ///< of the owned unknowns in their order
  std::vector<PetscInt> unknowns, own_held;
  std::vector<std::size_t> own_cells; ///< numbers of the own cells on the grid
  dealii::FullMatrix<double> stiffness;
  dealii::Vector<double> load;
  std::vector<double> a, f;                   ///< in the cells of the grid
  std::vector<double> a_at_nodes, f_at_nodes; ///< owned; empty when given in the cells
  bool new_a = true, new_f = true, new_setup = true;
  double assembled_before = 0.; ///< [s], by system() since the last solution
  dealii::PETScWrappers::MPI::SparseMatrix A;
  Vector b, u, guess, work;
  PetscKsp ksp; ///< last: it refers to the matrix
};

DarcySolver::DarcySolver(const DarcyParameters &parameters, MPI_Comm comm)
  : implementation_(std::make_unique<Implementation>(parameters, comm))
{
}

DarcySolver::~DarcySolver() = default;

const DarcyParameters &DarcySolver::parameters() const
{
  return implementation_->parameters;
}

const GridView &DarcySolver::nodes() const
{
  return implementation_->nodes;
}

const std::vector<unsigned> &DarcySolver::owned_nodes() const
{
  return implementation_->owned_nodes;
}

namespace
{
std::vector<double> at_owned(const std::vector<unsigned> &owned, const GridView &nodes,
                             std::span<const double> values)
{
  std::vector<double> mine;
  if (values.size() == nodes.size())
    for (const unsigned node : owned)
      mine.push_back(values[node]);
  return mine;
}
} // namespace

void DarcySolver::set_coefficient(const GridView &grid, std::span<const double> values)
{
  Implementation &my = *implementation_;
  std::vector<double> in_cells; // taken by all ranks or by none
  on_all_ranks(my.comm,
               [&] {
                 in_cells =
                   darcy_cell_values(DarcyField::coefficient, my.parameters.n_cells, grid, values);
               });
  my.a = std::move(in_cells);
  my.a_at_nodes = at_owned(my.owned_nodes, my.nodes, values);
  my.new_a = true;
}

void DarcySolver::set_source(const GridView &grid, std::span<const double> values)
{
  Implementation &my = *implementation_;
  std::vector<double> in_cells;
  on_all_ranks(
    my.comm,
    [&] { in_cells = darcy_cell_values(DarcyField::source, my.parameters.n_cells, grid, values); });
  my.f = std::move(in_cells);
  my.f_at_nodes = at_owned(my.owned_nodes, my.nodes, values);
  my.new_f = true;
}

DarcySolution DarcySolver::solve()
{
  DarcySolution solution = implementation_->start();
  implementation_->finish(solution);
  return solution;
}

DarcySolution DarcySolver::solve(std::span<const double> guess)
{
  Implementation &my = *implementation_;
  my.check_owned("The first guess", guess);
  DarcySolution solution = my.start();
  const Vec u = my.u, offered = my.guess;
  check_petsc(VecSetValues(offered, static_cast<PetscInt>(my.unknowns.size()), my.unknowns.data(),
                           guess.data(), INSERT_VALUES));
  my.hold(offered);
  solution.guess =
    weigh_guess([&my](Vec x) { return my.residual_norm(x); }, "The caller", u, offered);
  my.finish(solution);
  return solution;
}

DarcySolution DarcySolver::solve(FieldGuess &guess)
{
  Implementation &my = *implementation_;
  FieldQuery query;
  query.grid = &my.nodes;
  query.nodes = my.owned_nodes;
  for (const auto &[quantity, values] :
       {std::pair(coefficient, &my.a_at_nodes), std::pair(source, &my.f_at_nodes)})
    for (const Quantity &wanted : guess.map().info().input_fields)
      if (wanted.name == quantity.name && values->size() == my.owned_nodes.size())
        query.fields.push_back({quantity, *values});
  DarcySolution solution = my.start();
  const Vec u = my.u, offered = my.guess;
  const FieldGuess::Solver solver = {[&my](const FieldAnswer &answer, Vec x)
                                     { fill_nodes(answer, {pressure.name}, my.unknowns, x); },
                                     [&my](Vec x) { my.hold(x); },
                                     [&my](Vec x) { return my.residual_norm(x); }};
  solution.guess = guess.improve(query, solver, u, offered);
  my.finish(solution);
  return solution;
}

DarcySolution DarcySolver::solve(SurrogatePreconditioner &preconditioner)
{
  Implementation &my = *implementation_;
  DarcySolution solution = my.start(false);
  const Vec b = my.b, u = my.u;
  const double begin = seconds_now();
  solution.surrogate = preconditioner.solve(b, u, my.ksp);
  solution.solve_seconds = my.slowest(begin);
  my.new_setup = my.new_setup && !solution.surrogate.fell_back;
  solution.iterations =
    solution.surrogate.surrogate_iterations + solution.surrogate.exact_iterations;
  solution.initial_residual = solution.surrogate.initial_residual;
  solution.final_residual = solution.surrogate.final_residual;
  solution.u = my.owned_values(u);
  return solution;
}

DarcySystem DarcySolver::system()
{
  implementation_->assembled_before += implementation_->assemble();
  return {implementation_->A, implementation_->b};
}

std::span<const double> DarcySolver::coefficient_at_nodes() const
{
  return implementation_->a_at_nodes;
}

std::vector<double> DarcySolver::on_grid(std::span<const double> owned) const
{
  const Implementation &my = *implementation_;
  my.check_owned("A field", owned);
  std::vector<double> values(my.nodes.size(), 0.);
  for (std::size_t i = 0; i < my.owned_nodes.size(); ++i)
    values[my.owned_nodes[i]] = owned[i];
  MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE, MPI_SUM,
                my.comm);
  return values;
}
} // namespace understudy

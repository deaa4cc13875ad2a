// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a surrogate preconditions on all ranks as on one, and ranks decide alike.
#include <data/core/errors.h>
#include <solvers/darcy_correction.h>
#include <solvers/darcy_residuals.h>
#include <tests/darcy_fields.h>
#include <tests/five_point_map.h>
#include <tests/poisson_system.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace understudy;
using namespace understudy::test;

namespace
{
SurrogateOutcome solve(MPI_Comm comm, const SurrogateParameters &parameters)
{
  PoissonSystem system(comm, 31);
  CoarseCorrection coarse(system);
  SurrogatePreconditioner preconditioner(
    system.A,
    [&](Vec r, Vec e)
    {
      coarse(r, e);
      return std::string();
    },
    parameters);
  return preconditioner.solve(system.b, system.x, system.exact);
}

int rank()
{
  int number = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &number);
  return number;
}
} // namespace

TEST(SurrogatePreconditionerMpi, TwoRanksAreOne)
{
  for (const char *method : {"fcg", "fgmres"})
  {
    const SurrogateParameters jacobi = {.method = method};
    const SurrogateOutcome alone = solve(MPI_COMM_SELF, jacobi),
                           all = solve(MPI_COMM_WORLD, jacobi);
    EXPECT_EQ(all.surrogate_iterations, alone.surrogate_iterations);
    EXPECT_NEAR(all.surrogate_residual, alone.surrogate_residual, 1e-3 * alone.surrogate_residual);
    EXPECT_FALSE(all.fell_back);
    // Symmetric relaxation is that of each rank.
    const SurrogateParameters sor = {.method = method, .smoother = "sor"};
    EXPECT_NEAR(solve(MPI_COMM_WORLD, sor).surrogate_iterations,
                solve(MPI_COMM_SELF, sor).surrogate_iterations, 2.);
  }
}

TEST(SurrogatePreconditionerMpi, NaNOfOneRankIsEnough)
{
  PoissonSystem system(MPI_COMM_WORLD, 31);
  SurrogatePreconditioner preconditioner(system.A,
                                         [&](Vec r, Vec e)
                                         {
                                           check_petsc(VecCopy(r, e));
                                           PetscScalar *values = nullptr;
                                           check_petsc(VecGetArray(e, &values));
                                           if (rank() == 1)
                                             values[0] = std::numeric_limits<double>::quiet_NaN();
                                           check_petsc(VecRestoreArray(e, &values));
                                           return std::string();
                                         });
  const SurrogateOutcome outcome = preconditioner.solve(system.b, system.x, system.exact);
  EXPECT_EQ(outcome.reason, "The surrogate gave values that are not finite.");
  EXPECT_LT(outcome.final_residual, 1e-9 * outcome.initial_residual);
}

TEST(SurrogatePreconditionerMpi, TheDarcySolverOnTwoRanksIsThatOnOne)
{
  const unsigned n = 24;
  const auto a = random_phases(darcy_nodes(n));
  const auto run = [&](MPI_Comm comm)
  {
    DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-12}, comm);
    solver.set_coefficient(darcy_nodes(n), a);
    SurrogatePreconditioner preconditioner(
      solver.system().A, darcy_correction(solver, std::make_shared<FivePointMap>(comm, n)));
    const DarcySolution solution = solver.solve(preconditioner);
    EXPECT_FALSE(solution.surrogate.fell_back) << solution.surrogate.reason;
    return std::pair(solution.iterations, solver.on_grid(solution.u));
  };
  const auto alone = run(MPI_COMM_SELF), all = run(MPI_COMM_WORLD);
  EXPECT_EQ(all.first, alone.first);
  EXPECT_LT(relative_difference(all.second, alone.second), 1e-11);
}

TEST(SurrogatePreconditionerMpi, ResidualPairsOnTwoRanksAreThoseOnOne)
{
  const unsigned n = 24;
  const auto run = [&](MPI_Comm comm)
  {
    DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-13}, comm);
    solver.set_coefficient(darcy_nodes(n), random_phases(darcy_nodes(n)));
    return darcy_residual_pairs(solver, 5, 1e-3);
  };
  const auto alone = run(MPI_COMM_SELF), all = run(MPI_COMM_WORLD);
  ASSERT_EQ(all.size(), alone.size());
  for (std::size_t j = 0; j < all.size(); ++j)
  {
    EXPECT_EQ(all[j].iteration, alone[j].iteration);
    EXPECT_LT(relative_difference(all[j].r, alone[j].r), 1e-8);
    EXPECT_LT(relative_difference(all[j].e, alone[j].e), 1e-8);
  }
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The Darcy problem has the same solution on all ranks as on one, and ranks decide alike.

#include <data/core/errors.h>
#include <solvers/darcy.h>
#include <tests/darcy_fields.h>
#include <tests/temporary_folder.h>

#include <deal.II/base/mpi.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace understudy;
using namespace understudy::test;

namespace
{
std::vector<double> solution_on(MPI_Comm comm, unsigned n, bool at_nodes)
{
  DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-13}, comm);
  const GridView grid = at_nodes ? darcy_nodes(n) : darcy_cells(n);
  solver.set_coefficient(grid, random_phases(grid));
  solver.set_source(grid, sampled(grid, smooth_darcy().f));
  return solver.on_grid(solver.solve().u);
}

int rank()
{
  return static_cast<int>(dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD));
}
} // namespace

TEST(DarcyMpi, TwoRanksAreOne)
{
  for (const unsigned n : {2u, 13u, 48u})
    for (const bool at_nodes : {false, true})
    {
      const auto alone = solution_on(MPI_COMM_SELF, n, at_nodes);
      const auto together = solution_on(MPI_COMM_WORLD, n, at_nodes);
      EXPECT_LT(relative_difference(together, alone), 1e-10) << n;
    }
}

TEST(DarcyMpi, EachNodeBelongsToOneRank)
{
  const DarcySolver solver({.n_cells = 12}, MPI_COMM_WORLD);
  const auto owners = solver.on_grid(std::vector<double>(solver.owned_nodes().size(), 1.));
  EXPECT_EQ(owners, std::vector<double>(13 * 13, 1.));
}

TEST(DarcyMpi, OneRankWithAWrongGuessIsEnough)
{
  DarcySolver solver({.n_cells = 12}, MPI_COMM_WORLD);
  const DarcySolution own = solver.solve();
  std::vector<double> guess = own.u;
  if (rank() == 1)
    guess.assign(guess.size(), std::numeric_limits<double>::quiet_NaN());
  const DarcySolution solution = solver.solve(guess);
  EXPECT_EQ(solution.guess.use, GuessUse::refused);
  EXPECT_EQ(solution.u, own.u);
  guess = own.u;
  if (rank() == 1)
    guess.pop_back();
  EXPECT_THAT(testing_tools::sentence_of<UserError>([&] { solver.solve(guess); }),
              testing::HasSubstr("where a rank owns"));
}

TEST(DarcyMpi, OneRankWithAWrongCoefficientIsEnough)
{
  DarcySolver solver({.n_cells = 12}, MPI_COMM_WORLD);
  std::vector<double> a(144, 2.);
  if (rank() == 1)
    a[7] = -2.;
  EXPECT_THAT(
    testing_tools::sentence_of<UserError>([&] { solver.set_coefficient(darcy_cells(12), a); }),
    testing::HasSubstr("is -2 at the point (0, 7)"));
  EXPECT_THAT(testing_tools::sentence_of<UserError>([&] { solver.set_source(darcy_nodes(12), a); }),
              testing::HasSubstr("144"));
  // No rank has taken anything of it.
  DarcySolver fresh({.n_cells = 12}, MPI_COMM_WORLD);
  EXPECT_EQ(solver.solve().u, fresh.solve().u);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the solution of the Darcy problem converges as theory says, for smooth coefficients
// and for those that jump along the sides of cells, and obeys the symmetries of the equation.

#include <solvers/darcy.h>
#include <tests/darcy_fields.h>

#include <gtest/gtest.h>

#include <algorithm>

using namespace understudy;
using namespace understudy::test;

namespace
{
enum class Given
{
  at_nodes,
  in_cells
};

std::vector<double> solution_of(const DarcyExample &example, unsigned n, Given given)
{
  DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-11}, MPI_COMM_SELF);
  const GridView grid = given == Given::at_nodes ? darcy_nodes(n) : darcy_cells(n);
  solver.set_coefficient(grid, sampled(grid, example.a));
  solver.set_source(grid, sampled(grid, example.f));
  return solver.on_grid(solver.solve().u);
}

DarcyErrors errors_of(const DarcyExample &example, unsigned n, Given given)
{
  return darcy_errors(n, solution_of(example, n, given), example);
}

std::vector<double> solve_phases(unsigned n, const std::vector<double> &a)
{
  DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-12}, MPI_COMM_SELF);
  solver.set_coefficient(darcy_cells(n), a);
  return solver.on_grid(solver.solve().u);
}
} // namespace

TEST(Darcy, OrdersForASmoothSolution)
{
  for (const Given given : {Given::at_nodes, Given::in_cells})
  {
    const DarcyErrors coarse = errors_of(smooth_darcy(), 32, given);
    const DarcyErrors fine = errors_of(smooth_darcy(), 64, given);
    EXPECT_NEAR(std::log2(coarse.l2 / fine.l2), 2., 0.1) << coarse.l2 << " -> " << fine.l2;
    EXPECT_NEAR(std::log2(coarse.h1 / fine.h1), 1., 0.1) << coarse.h1 << " -> " << fine.h1;
    EXPECT_LT(fine.l2, 1.6e-3);
  }
}

TEST(Darcy, AJumpAlongTheSidesOfCellsCostsNoOrder)
{
  const DarcyErrors coarse = errors_of(layered_darcy(), 32, Given::in_cells);
  const DarcyErrors fine = errors_of(layered_darcy(), 64, Given::in_cells);
  EXPECT_NEAR(std::log2(coarse.l2 / fine.l2), 2., 0.1) << coarse.l2 << " -> " << fine.l2;
  EXPECT_NEAR(std::log2(coarse.h1 / fine.h1), 1., 0.1) << coarse.h1 << " -> " << fine.h1;
  // In the nodes, against the exact solution with its kink.
  const auto u = solution_of(layered_darcy(), 64, Given::in_cells);
  const auto exact = sampled(darcy_nodes(64), layered_darcy().u);
  EXPECT_LT(relative_difference(u, exact), 3e-4);
}

TEST(Darcy, ACoefficientAtNodesSmearsAJumpByOneCell)
{
  const DarcyErrors coarse = errors_of(layered_darcy(), 32, Given::at_nodes);
  const DarcyErrors fine = errors_of(layered_darcy(), 64, Given::at_nodes);
  EXPECT_NEAR(std::log2(coarse.l2 / fine.l2), 1., 0.15) << coarse.l2 << " -> " << fine.l2;
  EXPECT_LT(fine.l2, 1e-2);
}

// A mesh of 3 x 3 trees of p4est, refined twice, numbers cells and nodes as one of 16 does.
TEST(Darcy, NumberOfCellsNeedNotBeAPowerOfTwo)
{
  const double e12 = errors_of(smooth_darcy(), 12, Given::in_cells).l2;
  const double e13 = errors_of(smooth_darcy(), 13, Given::in_cells).l2;
  EXPECT_NEAR(e13 / e12, 12. * 12. / (13. * 13.), 0.02);
}

TEST(Darcy, TransposedAndScaledCoefficients)
{
  const unsigned n = 24;
  const auto a = random_phases(darcy_cells(n));
  std::vector<double> transposed(a.size()), twice(a.size());
  for (unsigned i = 0; i < n; ++i)
    for (unsigned j = 0; j < n; ++j)
    {
      transposed[j * n + i] = a[i * n + j];
      twice[i * n + j] = 2. * a[i * n + j];
    }
  const auto u = solve_phases(n, a), v = solve_phases(n, transposed), w = solve_phases(n, twice);
  const double scale = *std::max_element(u.begin(), u.end());
  EXPECT_GT(scale, 0.);
  for (unsigned i = 0; i <= n; ++i)
    for (unsigned j = 0; j <= n; ++j)
    {
      const double value = u[i * (n + 1) + j];
      EXPECT_NEAR(v[j * (n + 1) + i], value, 1e-9 * scale);
      EXPECT_NEAR(2. * w[i * (n + 1) + j], value, 1e-9 * scale);
      if (i == 0 || j == 0 || i == n || j == n)
        EXPECT_EQ(value, 0.);
      else
        EXPECT_GT(value, 0.); // since f > 0
    }
}

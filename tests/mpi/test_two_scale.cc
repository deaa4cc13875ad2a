// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The macro solver gives the same answer on all ranks as on one, also where a rank has no cells.

#include <data/core/errors.h>
#include <solvers/two_scale.h>
#include <tests/toy_point_maps.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy
{
namespace
{
using testing_maps::SofteningLaw;

void expect_equal_on_all_ranks(const std::string &mesh, unsigned resolution, double load)
{
  TwoScaleParameters p;
  p.mesh = mesh;
  p.resolution = resolution;
  p.load = load;
  p.load_steps = 2;
  SofteningLaw law_alone(true), law_together(true);
  const auto alone = TwoScaleSolver(p, law_alone, MPI_COMM_SELF).run();
  TwoScaleSolver solver(p, law_together, MPI_COMM_WORLD);
  const auto together = solver.run();

  ASSERT_EQ(together.steps.size(), alone.steps.size());
  EXPECT_EQ(together.last().newton_iterations, alone.last().newton_iterations);
  EXPECT_EQ(together.points, alone.points);
  EXPECT_EQ(law_together.n_calls, law_alone.n_calls); // also on a rank without cells
  EXPECT_NEAR(together.last().reaction / alone.last().reaction, 1., 1e-10);
  for (unsigned c = 0; c < 3; ++c)
    EXPECT_NEAR(together.last().max_strain[c], alone.last().max_strain[c], 1e-10);

  const auto all = gather(together.fields.back(), MPI_COMM_WORLD);
  if (dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD) == 0)
  {
    const auto d = compare(all, alone.fields.back(), MPI_COMM_SELF);
    EXPECT_LT(d.displacement, 1e-10);
    EXPECT_LT(d.stress, 1e-10);
  }
  const auto back = distribute(all, solver.empty_fields(), MPI_COMM_WORLD);
  EXPECT_EQ(compare(back, together.fields.back(), MPI_COMM_WORLD).displacement, 0.);
}

TEST(TwoScaleMpi, TwoRanksAreOne)
{
  expect_equal_on_all_ranks("l_profile", 2, 2.);
}
TEST(TwoScaleMpi, CurvedMesh)
{
  expect_equal_on_all_ranks("plate_with_hole", 2, 0.5);
}
TEST(TwoScaleMpi, RankWithoutCells)
{
  expect_equal_on_all_ranks("square", 1, 0.02);
}

// Requirement: a point that fails on one rank makes all ranks cut, and all get the same sentence.
TEST(TwoScaleMpi, FailureOnOneRankIsEverybodys)
{
  TwoScaleParameters p;
  p.mesh = "l_profile";
  p.load = 4.;
  p.minimum_step_fraction = 0.25;
  SofteningLaw law(false, 0.01);
  std::string message;
  try
  {
    TwoScaleSolver(p, law, MPI_COMM_WORLD).run();
  }
  catch (const SolverError &error)
  {
    message = error.what();
  }
  EXPECT_THAT(message, testing::HasSubstr("with strain (Exx, Eyy, Gxy)"));
  const double length = static_cast<double>(message.size());
  EXPECT_EQ(dealii::Utilities::MPI::max(length, MPI_COMM_WORLD), length);
}
} // namespace
} // namespace understudy

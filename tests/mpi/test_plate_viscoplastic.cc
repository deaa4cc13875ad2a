// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The viscoplastic plate gives the same answer on all ranks as on one.

#include <data/core/errors.h>
#include <solvers/plate_viscoplastic.h>
#include <tests/small_plates.h>
#include <tests/toy_field_maps.h>

#include <deal.II/base/mpi.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace understudy;

namespace
{
void expect_equal(const std::vector<double> &a, const std::vector<double> &b, const char *name)
{
  ASSERT_EQ(a.size(), b.size());
  double scale = 0., difference = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    scale = std::max(scale, std::abs(b[i]));
    difference = std::max(difference, std::abs(a[i] - b[i]));
  }
  EXPECT_LE(difference, 1e-10 * scale) << name;
}

void expect_equal_on_all_ranks(const TriangleMesh &mesh, const PlateParameters &p)
{
  const PlateResult alone = PlateViscoplastic(mesh, p, MPI_COMM_SELF).run();
  const PlateResult together = PlateViscoplastic(mesh, p, MPI_COMM_WORLD).run();
  expect_equal(together.U1, alone.U1, "U1");
  expect_equal(together.U2, alone.U2, "U2");
  expect_equal(together.evrcum, alone.evrcum, "evrcum");
  expect_equal(together.sig11, alone.sig11, "sig11");
  expect_equal(together.sig22, alone.sig22, "sig22");
  expect_equal(together.sig12, alone.sig12, "sig12");
  expect_equal({together.max_von_mises, together.max_sig22_top},
               {alone.max_von_mises, alone.max_sig22_top}, "stress");
  expect_equal({together.max_evrcum}, {alone.max_evrcum}, "max_evrcum");
  expect_equal({together.max_U2_top}, {alone.max_U2_top}, "max_U2_top");
  EXPECT_EQ(together.newton_iterations, alone.newton_iterations);
  EXPECT_EQ(together.steps.back().plastic_points, alone.steps.back().plastic_points);
}
} // namespace

TEST(PlateViscoplasticMpi, TwoRanksAreOne)
{
  PlateParameters p = test::flowing_plate();
  p.relative_tolerance = 1e-12;
  expect_equal_on_all_ranks(test::notched_plate(16, 0.75), p);
}

TEST(PlateViscoplasticMpi, DefaultToleranceIsEnough)
{
  expect_equal_on_all_ranks(test::notched_plate(16, 0.75), test::flowing_plate());
}

// Requirement: a rank may have no triangle at all, and then no node.
TEST(PlateViscoplasticMpi, FewerTrianglesThanRanks)
{
  TriangleMesh mesh;
  mesh.nodes = {{0., 0.}, {1., 0.}, {0., 1.}};
  mesh.triangles = {{0, 1, 2}};
  mesh.edges = {{"bottom", {{0, 1}}}, {"top", {{1, 2}}}};
  mesh.features = {{"bottom_left", 0}};
  expect_equal_on_all_ranks(mesh, test::flowing_plate());
}

TEST(PlateViscoplasticMpi, GuessAndFailureAreEverybodys)
{
  const TriangleMesh mesh = test::notched_plate(8, 0.75);
  PlateViscoplastic plate(mesh, test::flowing_plate(), MPI_COMM_WORLD);
  const PlateResult own = plate.run();
  const auto guessed = [&](MPI_Comm comm, unsigned nodes_per_cell, double factor, Health health)
  {
    std::vector<double> values = own.displacement;
    for (double &value : values)
      value *= factor;
    PlateViscoplastic solver(mesh, test::flowing_plate(), comm);
    solver.guess_with({testing_maps::given_displacement(comm, nodes_per_cell, values, health), {}});
    return solver.run();
  };
  const PlateResult again = guessed(MPI_COMM_WORLD, 6, 1., Health::ok);
  EXPECT_EQ(again.steps.back().guess.use, GuessUse::taken);
  EXPECT_EQ(again.steps.back().newton_iterations, 0u);
  for (const unsigned nodes_per_cell : {3u, 6u})
    for (const double factor : {1., 1.5, std::nan("")})
      for (const Health health : {Health::ok, Health::outside_training_range})
      {
        const PlateResult alone = guessed(MPI_COMM_SELF, nodes_per_cell, factor, health);
        const PlateResult together = guessed(MPI_COMM_WORLD, nodes_per_cell, factor, health);
        EXPECT_EQ(together.steps.back().guess.use, alone.steps.back().guess.use);
        EXPECT_EQ(together.steps.back().guess.reason, alone.steps.back().guess.reason);
        EXPECT_EQ(together.guesses.asked, 1u);
        EXPECT_EQ(together.newton_iterations, alone.newton_iterations);
        expect_equal(together.displacement, alone.displacement, "displacement");
      }

  PlateParameters p = test::flowing_plate();
  p.maximum_iterations = 1;
  p.most_cuts = 2;
  std::string message;
  try
  {
    PlateViscoplastic(mesh, p, MPI_COMM_WORLD).run();
  }
  catch (const SolverError &error)
  {
    message = error.what();
  }
  EXPECT_THAT(message, testing::HasSubstr("at triangle "));
  const double length = static_cast<double>(message.size());
  EXPECT_EQ(dealii::Utilities::MPI::max(length, MPI_COMM_WORLD), length);
}

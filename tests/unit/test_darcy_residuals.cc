// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: pairs of residual and error of the Darcy problem belong together, are scaled so that
// they do not depend on the grid, and are spread over the reduction of the residual.
#include <data/core/errors.h>
#include <data/store/dataset.h>
#include <solvers/darcy_residuals.h>
#include <solvers/petsc_owners.h>
#include <tests/darcy_fields.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace understudy;
using namespace understudy::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_tools::sentence_of;

namespace
{
/// A e / h^2 at all nodes, on one rank.
std::vector<double> density_of(DarcySolver &solver, const std::vector<double> &e)
{
  const DarcySystem system = solver.system();
  PetscVector x, y;
  check_petsc(VecDuplicate(system.b, x.create()));
  check_petsc(VecDuplicate(system.b, y.create()));
  PetscScalar *to = nullptr;
  check_petsc(VecGetArrayWrite(x, &to));
  for (std::size_t i = 0; i < e.size(); ++i)
    to[i] = e[solver.owned_nodes()[i]];
  check_petsc(VecRestoreArrayWrite(x, &to));
  check_petsc(MatMult(system.A, x, y));
  const PetscScalar *from = nullptr;
  check_petsc(VecGetArrayRead(y, &from));
  std::vector<double> values(from, from + e.size());
  check_petsc(VecRestoreArrayRead(y, &from));
  const double n = solver.parameters().n_cells;
  for (double &value : values)
    value *= n * n;
  return solver.on_grid(values);
}

/// Mean of the squares over the points that networks see.
double mean_square(const std::vector<double> &r, unsigned n)
{
  double sum = 0.;
  for (unsigned i = 0; i < n; ++i)
    for (unsigned j = 0; j < n; ++j)
      sum += r[i * (n + 1) + j] * r[i * (n + 1) + j];
  return sum / (n * n);
}

DarcyResidualParameters few()
{
  DarcyResidualParameters p;
  p.media.n_modes = 8;
  p.solver.n_cells = 12;
  p.n_train = 2;
  p.n_valid = p.n_test = 1;
  p.n_pairs = 3;
  p.samples_per_shard = 5;
  return p;
}
} // namespace

TEST(DarcyResiduals, ErrorsBelongToResiduals)
{
  constexpr unsigned n = 32;
  DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-13}, MPI_COMM_SELF);
  solver.set_coefficient(darcy_nodes(n), random_phases(darcy_nodes(n)));
  solver.set_source(darcy_nodes(n), sampled(darcy_nodes(n), smooth_darcy().f));
  constexpr unsigned n_pairs = 9;
  constexpr double reduction = 1e-4;
  const auto pairs = darcy_residual_pairs(solver, n_pairs, reduction);
  ASSERT_EQ(pairs.size(), n_pairs);
  for (std::size_t j = 0; j < n_pairs; ++j)
  {
    const DarcyResidualPair &pair = pairs[j];
    EXPECT_NEAR(mean_square(pair.r, n), 1., 1e-12);
    EXPECT_LT(relative_difference(density_of(solver, pair.e), pair.r), 1e-7) << j;
    EXPECT_LE(pair.residual, std::pow(reduction, j / 8.) * (1. + 1e-9));
    EXPECT_GE(pair.residual, 0.3 * std::pow(reduction, j / 8.)); // and not long after
    EXPECT_TRUE(j == 0 || pair.iteration > pairs[j - 1].iteration);
    for (unsigned k = 0; k <= n; ++k)
      for (const unsigned node : {k, n * (n + 1) + k, k * (n + 1), k * (n + 1) + n})
      {
        EXPECT_EQ(pair.r[node], 0.);
        EXPECT_EQ(pair.e[node], 0.);
      }
  }
  EXPECT_EQ(pairs[0].iteration, 0u);
  EXPECT_EQ(pairs[0].residual, 1.);
}

// With f = 1, b is h^2 at the (n - 1)^2 inner nodes: r = n / (n - 1) there, and e = r u.
TEST(DarcyResiduals, TheFirstPairIsTheSolution)
{
  for (const unsigned n : {16u, 32u})
  {
    DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-13}, MPI_COMM_SELF);
    const auto pair = darcy_residual_pairs(solver, 1, 0.5).at(0);
    const auto u = solver.on_grid(solver.solve().u);
    const double r = n / (n - 1.);
    for (std::size_t i = 0; i < u.size(); ++i)
    {
      EXPECT_NEAR(pair.e[i], r * u[i], 1e-12);
      const bool inner = i % (n + 1) % n != 0 && i / (n + 1) % n != 0;
      EXPECT_NEAR(pair.r[i], inner ? r : 0., 1e-12);
    }
    // Of -div grad u = 1 on the square, in its middle.
    EXPECT_NEAR(pair.e[(n / 2) * (n + 2)] / r, 0.0736713, 3e-4);
  }
}

TEST(DarcyResiduals, AreStoredMediumByMedium)
{
  const testing_tools::TemporaryFolder folder;
  Log log(MPI_COMM_SELF, true);
  EXPECT_EQ(generate_darcy_residuals(MPI_COMM_SELF, folder / "data", few(), log, false), 12u);
  const DataSet data = DataSet::open(folder / "data");
  data.require(describe_darcy_residuals(few()));
  EXPECT_THAT(data.ids("train"), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(data.ids("val"), ElementsAre(6, 7, 8));
  EXPECT_THAT(data.ids("test"), ElementsAre(9, 10, 11));
  DarcySamples media(few().media, 12);
  DarcySolver solver(few().solver, MPI_COMM_SELF);
  std::vector<double> a(media.nodes().size());
  for (const std::size_t id : data.ids())
  {
    media.draw(few().splits().number(id / 3), a);
    EXPECT_EQ(data.read(id, "a"), a);
    solver.set_coefficient(media.nodes(), a);
    const auto r = data.read(id, "r");
    EXPECT_NEAR(mean_square(r, 12), 1., 1e-12);
    EXPECT_LT(relative_difference(density_of(solver, data.read(id, "e")), r), 1e-6);
  }
  EXPECT_NE(data.read(0, "r"), data.read(3, "r")); // a source for each medium
}

TEST(DarcyResiduals, OtherContentsAreAnotherSet)
{
  const auto fingerprint = [](const auto &change)
  {
    DarcyResidualParameters p = few();
    change(p);
    return describe_darcy_residuals(p).fingerprint();
  };
  using P = DarcyResidualParameters;
  const std::string same = describe_darcy_residuals(few()).fingerprint();
  EXPECT_EQ(fingerprint([](P &p) { p.samples_per_shard = 7; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.media.seed = 7; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.solver.n_cells = 13; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.solver.relative_tolerance = 1e-11; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.n_pairs = 4; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.n_train = 4; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.reduction = 0.1; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.source_scale = 0.; }), same);
}

// Requirement: a medium whose residual vanishes too soon has fewer pairs, and that is told.
TEST(DarcyResiduals, PairsThatDoNotExistAreListed)
{
  const testing_tools::TemporaryFolder folder;
  Log log(MPI_COMM_SELF, true);
  DarcyResidualParameters tiny = few(); // one unknown: one iteration is exact
  tiny.solver.n_cells = 2;
  tiny.n_train = 1;
  tiny.n_valid = tiny.n_test = 0;
  generate_darcy_residuals(MPI_COMM_SELF, folder / "data", tiny, log, false);
  const DataSet data = DataSet::open(folder / "data");
  EXPECT_EQ(data.ids().front(), 0u);
  EXPECT_FALSE(data.crashed().empty());
  EXPECT_THAT(sentence_of<UserError>([&] { data.read(2, "r"); }),
              HasSubstr("The residual vanished before."));
}

TEST(DarcyResiduals, ParametersThatAreWrong)
{
  EXPECT_THAT(DarcyResidualParameters{}.problems(), IsEmpty());
  EXPECT_EQ(DarcyResidualParameters{}.n_samples(), 4000u);
  DarcyResidualParameters p = few();
  p.n_pairs = 0;
  p.reduction = 1.;
  p.source_scale = -1.;
  p.media.below = 0.;
  p.solver.n_cells = 1;
  EXPECT_EQ(p.problems().size(), 5u);
  Log log(MPI_COMM_SELF, true);
  EXPECT_THAT(sentence_of<UserError>(
                [&] { generate_darcy_residuals(MPI_COMM_SELF, "never-made", p, log, false); }),
              HasSubstr("coefficient below"));
  DarcySolver solver({.n_cells = 4}, MPI_COMM_SELF);
  EXPECT_EQ(sentence_of<UserError>([&] { darcy_residual_pairs(solver, 2, 1.5); }),
            "Residuals of the Darcy problem were asked for with 2 pairs and the reduction 1.5; "
            "there must be 1 pair at least and a reduction between 0 and 1.");
  dealii::ParameterHandler prm;
  DarcyResidualParameters read;
  read.declare(prm);
  prm.set("Pairs per medium", "5");
  EXPECT_EQ(read.n_pairs, 5u);
  prm.enter_subsection("Solver");
  EXPECT_EQ(prm.get("Cells per direction"), "32");
}

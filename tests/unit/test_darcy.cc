// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <solvers/darcy.h>
#include <tests/darcy_fields.h>
#include <tests/temporary_folder.h>
#include <tests/toy_field_maps.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace understudy;
using namespace understudy::test;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr unsigned n = 16;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

FieldGuess guess_of(const std::function<double(std::size_t)> &values,
                    std::vector<Quantity> inputs = {{"a", "1"}})
{
  FieldMapInfo info;
  info.name = "given";
  info.domain = FieldMapInfo::Domain::grid;
  info.input_fields = std::move(inputs);
  info.output_fields = {{"u", "1"}};
  return {std::make_shared<testing_maps::GivenFields>(
            MPI_COMM_SELF, info, [values](std::size_t i, std::size_t) { return values(i); }),
          {{"u", "1"}}};
}
} // namespace

// Requirement: a coefficient or source is replaced without the rest, and gives what a new solver
// gives.
TEST(Darcy, CoefficientAndSourceAreReplaceable)
{
  DarcySolver used({.n_cells = n}, MPI_COMM_SELF), fresh({.n_cells = n}, MPI_COMM_SELF);
  const auto a = random_phases(darcy_nodes(n), 1), f = sampled(darcy_nodes(n), smooth_darcy().f);
  used.solve();
  used.set_coefficient(darcy_nodes(n), random_phases(darcy_nodes(n), 2));
  used.solve();
  used.set_coefficient(darcy_nodes(n), a);
  used.set_source(darcy_nodes(n), f);
  fresh.set_source(darcy_nodes(n), f);
  fresh.set_coefficient(darcy_nodes(n), a);
  const DarcySolution first = used.solve();
  EXPECT_EQ(first.u, fresh.solve().u);
  EXPECT_GT(first.assembly_seconds, 0.);
  EXPECT_GT(first.setup_seconds, 0.);
  EXPECT_GT(first.solve_seconds, 0.);

  const DarcySolution again = used.solve();
  EXPECT_EQ(again.u, first.u);
  EXPECT_EQ(again.assembly_seconds, 0.);
  EXPECT_EQ(again.setup_seconds, 0.);

  std::vector<double> twice = f;
  for (double &value : twice)
    value *= 2.;
  used.set_source(darcy_nodes(n), twice);
  const DarcySolution doubled = used.solve();
  EXPECT_GT(doubled.assembly_seconds, 0.);
  EXPECT_EQ(doubled.setup_seconds, 0.);
  EXPECT_NEAR(doubled.right_norm, 2. * first.right_norm, 1e-14 * doubled.right_norm);
  for (std::size_t i = 0; i < doubled.u.size(); ++i)
    EXPECT_NEAR(doubled.u[i], 2. * first.u[i], 1e-9);
}

// Requirement: iterations and residuals are told, relative to |b| with and without a guess.
TEST(Darcy, ResidualsAreTold)
{
  DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-8}, MPI_COMM_SELF);
  solver.set_coefficient(darcy_cells(n), random_phases(darcy_cells(n)));
  const DarcySolution own = solver.solve();
  // b = h^2 at each of the 15 x 15 inner nodes.
  EXPECT_NEAR(own.right_norm, 15. / 256., 1e-15);
  EXPECT_EQ(own.initial_residual, own.right_norm);
  EXPECT_GT(own.iterations, 1u);
  EXPECT_LT(own.final_residual, 1e-8 * own.right_norm);
  EXPECT_EQ(own.guess.use, GuessUse::none);

  std::vector<double> near = own.u;
  for (double &value : near)
    value *= 1.01;
  const DarcySolution helped = solver.solve(near);
  EXPECT_EQ(helped.guess.use, GuessUse::taken);
  EXPECT_NEAR(helped.initial_residual, 0.01 * own.right_norm, 1e-6 * own.right_norm);
  EXPECT_EQ(helped.guess.guess_norm, helped.initial_residual);
  EXPECT_EQ(helped.guess.own_norm, helped.right_norm);
  EXPECT_LT(helped.iterations, own.iterations);
  EXPECT_LT(helped.final_residual, 1e-8 * own.right_norm);

  solver.set_source(darcy_cells(n), std::vector<double>(n * n, 0.));
  const DarcySolution rest = solver.solve(near);
  EXPECT_EQ(rest.guess.use, GuessUse::discarded);
  EXPECT_EQ(rest.u, std::vector<double>(own.u.size(), 0.));
}

// Requirement: the exact residual decides over a guess; a bad one changes nothing.
TEST(Darcy, GuessesAreWeighed)
{
  DarcySolver solver({.n_cells = n}, MPI_COMM_SELF);
  solver.set_coefficient(darcy_nodes(n), random_phases(darcy_nodes(n)));
  const DarcySolution own = solver.solve();
  const auto exact = solver.on_grid(own.u);

  DarcySolution helped = solver.solve(own.u);
  EXPECT_EQ(helped.guess.use, GuessUse::taken);
  EXPECT_EQ(helped.iterations, 0u);

  std::vector<double> rough = own.u;
  for (std::size_t i = 0; i < rough.size(); ++i)
    rough[i] += i % 2 == 0 ? 1e-2 : -1e-2;
  helped = solver.solve(rough);
  EXPECT_EQ(helped.guess.use, GuessUse::discarded);
  EXPECT_GT(helped.guess.guess_norm, helped.guess.own_norm);
  EXPECT_EQ(helped.initial_residual, helped.right_norm);
  EXPECT_EQ(helped.u, own.u);
  rough[3] = not_a_number;
  helped = solver.solve(rough);
  EXPECT_EQ(helped.guess.use, GuessUse::refused);
  EXPECT_EQ(helped.guess.reason, "The caller gave a first guess that is not finite.");
  EXPECT_EQ(helped.u, own.u);
  EXPECT_EQ(sentence_of<UserError>([&] { solver.solve(std::vector<double>(7, 0.)); }),
            "The first guess of the Darcy problem has 7 values where a rank owns 289 nodes.");

  // A map that forgets u = 0 on the boundary.
  FieldGuess learned = guess_of(
    [&](std::size_t i)
    {
      const bool inner = i % (n + 1) % n != 0 && i / (n + 1) % n != 0;
      return inner ? exact[i] : 7.;
    },
    {{"f", "1"}, {"a", "1"}});
  helped = solver.solve(learned);
  EXPECT_EQ(helped.guess.use, GuessUse::taken);
  EXPECT_EQ(helped.iterations, 0u);
  EXPECT_EQ(learned.take_counts().taken, 1u);
  FieldGuess wrong = guess_of([](std::size_t) { return 1.; });
  EXPECT_EQ(solver.solve(wrong).guess.use, GuessUse::discarded);
}

// Requirement: what a map needs and the problem does not have is told in one sentence.
TEST(Darcy, MapsThatAskForMore)
{
  DarcySolver solver({.n_cells = n}, MPI_COMM_SELF);
  FieldGuess strange = guess_of([](std::size_t) { return 0.; }, {{"porosity", "1"}});
  EXPECT_EQ(sentence_of<UserError>([&] { solver.solve(strange); }),
            "'given' needs the field 'porosity', which it was not given.");
  FieldGuess plain = guess_of([](std::size_t) { return 0.; });
  EXPECT_EQ(solver.solve(plain).guess.use, GuessUse::taken);
  solver.set_coefficient(darcy_cells(n), random_phases(darcy_cells(n)));
  EXPECT_EQ(sentence_of<UserError>([&] { solver.solve(plain); }),
            "'given' needs the field 'a', which it was not given.");
}

TEST(Darcy, GivesUpWithASentence)
{
  DarcySolver solver({.n_cells = 64, .relative_tolerance = 1e-12, .maximum_iterations = 2},
                     MPI_COMM_SELF);
  const std::string sentence = sentence_of<SolverError>([&] { solver.solve(); });
  EXPECT_THAT(sentence, HasSubstr("stopped after 2 iterations with the residual "));
  EXPECT_THAT(sentence, HasSubstr("DIVERGED_ITS"));
  EXPECT_THAT(sentence, HasSubstr("the tolerance is 1e-12."));
}

TEST(Darcy, HostileFields)
{
  DarcySolver solver({.n_cells = n}, MPI_COMM_SELF);
  const auto refuse = [&](const GridView &grid, const std::vector<double> &a)
  { return sentence_of<UserError>([&] { solver.set_coefficient(grid, a); }); };
  auto a = random_phases(darcy_nodes(n));
  a[3 * (n + 1) + 4] = 0.;
  EXPECT_EQ(refuse(darcy_nodes(n), a), "The coefficient of the Darcy problem is 0 at the point "
                                       "(3, 4) of its grid; it must be finite and > 0.");
  a[3 * (n + 1) + 4] = not_a_number;
  EXPECT_THAT(refuse(darcy_nodes(n), a), HasSubstr("is nan at the point (3, 4)"));
  EXPECT_THAT(refuse(darcy_cells(n), std::vector<double>(n * n, -1.)), HasSubstr("is -1 at"));
  EXPECT_EQ(refuse(darcy_nodes(n), std::vector<double>(n * n, 1.)),
            "The coefficient of the Darcy problem has 256 values where its grid has 17 x 17 "
            "points.");
  EXPECT_EQ(refuse(darcy_nodes(8), std::vector<double>(81, 1.)),
            "The coefficient of the Darcy problem was given on another grid of 9 x 9 points; it "
            "must stand at the nodes or in the middles of the 16 x 16 cells of the unit square.");
  GridView shifted = darcy_nodes(n);
  shifted.origin[1] = 0.01;
  EXPECT_THAT(refuse(shifted, random_phases(shifted)), HasSubstr("another grid"));
  EXPECT_EQ(sentence_of<UserError>(
              [&]
              {
                auto f = random_phases(darcy_cells(n));
                f[0] = std::numeric_limits<double>::infinity();
                solver.set_source(darcy_cells(n), f);
              }),
            "The source of the Darcy problem is inf at the point (0, 0) of its grid; it must be "
            "finite.");
  DarcySolver untouched({.n_cells = n}, MPI_COMM_SELF);
  EXPECT_EQ(solver.solve().u, untouched.solve().u); // nothing of it was taken
  EXPECT_EQ(sentence_of<UserError>([&] { solver.on_grid(std::vector<double>(3)); }),
            "A field of the Darcy problem has 3 values where a rank owns 289 nodes.");
}

TEST(Darcy, ParametersThatAreWrong)
{
  EXPECT_TRUE(DarcyParameters{}.problems().empty());
  const auto refuse = [](const DarcyParameters &p)
  { return sentence_of<UserError>([&] { DarcySolver(p, MPI_COMM_SELF); }); };
  EXPECT_EQ(refuse({.n_cells = 1}),
            "The Darcy problem has 1 cells per direction; there must be 2 to 8192.");
  EXPECT_THAT(refuse({.relative_tolerance = 0.}), HasSubstr("is 0; it must lie between 0 and 1."));
  EXPECT_THAT(refuse({.relative_tolerance = not_a_number}), HasSubstr("is nan; it must"));
  EXPECT_THAT(refuse({.maximum_iterations = 0}), HasSubstr("allowed 0 iterations"));
  dealii::ParameterHandler prm;
  DarcyParameters p;
  p.declare(prm);
  prm.set("Cells per direction", "420");
  prm.set("Relative tolerance", "1e-6");
  EXPECT_EQ(p.n_cells, 420u);
  EXPECT_EQ(p.relative_tolerance, 1e-6);
}

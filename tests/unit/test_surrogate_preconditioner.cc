// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a surrogate that answers residuals well makes a solve short, and one that does not,
// whatever it says, costs some iterations and never the solution.
#include <data/core/errors.h>
#include <solvers/surrogate_preconditioner.h>
#include <tests/poisson_system.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

using namespace understudy;
using test::CoarseCorrection, test::DirectSolver, test::PoissonSystem;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr double tolerance = 1e-10;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// One that never falls back for its speed.
SurrogateParameters patient(const std::string &method = "fcg",
                            const std::string &smoother = "jacobi")
{
  return {.method = method, .smoother = smoother, .window = 1000};
}

ResidualCorrection coarse(const PoissonSystem &system)
{
  return [grid = std::make_shared<CoarseCorrection>(system)](Vec r, Vec e)
  {
    (*grid)(r, e);
    return std::string();
  };
}

ResidualCorrection filled_with(const std::function<double()> &value)
{
  return [value](Vec, Vec e)
  {
    PetscInt n = 0;
    PetscScalar *values = nullptr;
    check_petsc(VecGetLocalSize(e, &n));
    check_petsc(VecGetArrayWrite(e, &values));
    std::generate_n(values, n, value);
    check_petsc(VecRestoreArrayWrite(e, &values));
    return std::string();
  };
}

SurrogateOutcome solve(PoissonSystem &system, const ResidualCorrection &correction,
                       const SurrogateParameters &parameters)
{
  SurrogatePreconditioner preconditioner(system.A, correction, parameters);
  check_petsc(VecSet(system.x, 0.));
  const SurrogateOutcome outcome = preconditioner.solve(system.b, system.x, system.exact);
  PetscReal right = 0.;
  check_petsc(VecNorm(system.b, NORM_2, &right));
  EXPECT_LE(system.residual_norm(system.x), 2. * tolerance * right);
  EXPECT_EQ(outcome.final_residual, system.residual_norm(system.x));
  EXPECT_EQ(outcome.initial_residual, right);
  EXPECT_EQ(outcome.fell_back, !outcome.reason.empty());
  return outcome;
}
} // namespace

TEST(SurrogatePreconditioner, TheExactInverseEndsAtOnce)
{
  PoissonSystem system(MPI_COMM_SELF, 31, tolerance);
  DirectSolver inverse(system.A);
  const ResidualCorrection N = [&](Vec r, Vec e)
  {
    PetscReal norm = 0.;
    check_petsc(VecNorm(r, NORM_2, &norm));
    EXPECT_NEAR(norm, 1., 1e-14); // what a network may rely on
    inverse.solve(r, e);
    return std::string();
  };
  for (const char *method : {"fcg", "fgmres"})
    for (const char *smoother : {"jacobi", "sor", "none"})
    {
      const SurrogateOutcome outcome = solve(system, N, patient(method, smoother));
      EXPECT_GE(outcome.surrogate_iterations, 1u);
      EXPECT_LE(outcome.surrogate_iterations, 2u) << method << " " << smoother;
      EXPECT_FALSE(outcome.fell_back);
      EXPECT_EQ(outcome.exact_iterations, 0u);
      EXPECT_GE(outcome.corrections, 1u);
    }
}

// Requirement: between smoothing steps, a correction of the smooth part of the error is enough for
// a number of iterations that does not grow with the mesh.
TEST(SurrogatePreconditioner, ACoarseGridMakesIterationsIndependentOfTheMesh)
{
  for (const char *method : {"fcg", "fgmres"})
    for (const char *smoother : {"jacobi", "sor"})
    {
      std::vector<unsigned> with, without;
      for (const PetscInt m : {31, 63, 127})
      {
        PoissonSystem system(MPI_COMM_SELF, m, tolerance);
        with.push_back(
          solve(system, coarse(system), patient(method, smoother)).surrogate_iterations);
        const auto zero = filled_with([] { return 0.; });
        const SurrogateOutcome alone = solve(system, zero, patient(method, smoother));
        EXPECT_TRUE(!alone.fell_back || alone.surrogate_iterations == 100u);
        without.push_back(alone.surrogate_iterations);
      }
      RecordProperty(std::string(method) + "_" + smoother, static_cast<int>(with.back()));
      RecordProperty(std::string(smoother) + "_alone_" + method, static_cast<int>(without.back()));
      EXPECT_LE(with.back(), with.front() + 1) << method << " " << smoother;
      EXPECT_LE(with.back(), 12u) << method << " " << smoother;
      EXPECT_GE(without.front(), 2 * with.front()) << method << " " << smoother;
      EXPECT_GE(without.back(), 5 * with.back()) << method << " " << smoother;
    }
}

TEST(SurrogatePreconditioner, ASurrogateThatDoesNotHelpGivesWay)
{
  PoissonSystem system(MPI_COMM_SELF, 63, tolerance);
  std::mt19937 generator(4);
  std::normal_distribution<double> normal;
  for (const char *method : {"fcg", "fgmres"})
    for (const double size : {0., 1., 1e3})
    {
      const auto N = filled_with([&] { return size * normal(generator); });
      const SurrogateOutcome outcome = solve(system, N, {.method = method});
      EXPECT_TRUE(outcome.fell_back) << method << size;
      EXPECT_THAT(outcome.reason, HasSubstr("of what it was 5 iterations before; at most 0.5 is "
                                            "demanded."));
      EXPECT_GE(outcome.surrogate_iterations, 5u);
      EXPECT_GE(outcome.exact_iterations, 1u);
      EXPECT_EQ(outcome.corrections, outcome.surrogate_iterations);
    }
}

// Requirement: what has been reached is not lost.
TEST(SurrogatePreconditioner, TheExactSolverGoesOnFromTheIterate)
{
  PoissonSystem system(MPI_COMM_SELF, 63, tolerance);
  const auto good = coarse(system);
  unsigned calls = 0;
  const ResidualCorrection tired = [&](Vec r, Vec e)
  { return ++calls == 4 ? "It is tired." : good(r, e); };
  const SurrogateOutcome outcome = solve(system, tired, {});
  EXPECT_EQ(outcome.reason, "It is tired.");
  EXPECT_EQ(outcome.corrections, 4u);
  EXPECT_EQ(outcome.surrogate_iterations, 4u);
  EXPECT_LT(outcome.surrogate_residual, 1e-2 * outcome.initial_residual);
  const auto nothing = [](Vec, Vec) { return std::string("It never speaks."); };
  EXPECT_LT(outcome.exact_iterations, solve(system, nothing, {}).exact_iterations);
}

TEST(SurrogatePreconditioner, ValuesThatAreNotFinite)
{
  PoissonSystem system(MPI_COMM_SELF, 31, tolerance);
  for (const char *method : {"fcg", "fgmres"})
  {
    const auto none = filled_with([] { return not_a_number; });
    SurrogateOutcome outcome = solve(system, none, {.method = method});
    EXPECT_EQ(outcome.reason, "The surrogate gave values that are not finite.");
    EXPECT_EQ(outcome.surrogate_iterations, 1u);
    EXPECT_NE(outcome.surrogate_residual, outcome.initial_residual); // the smoother is heard
    EXPECT_LT(outcome.surrogate_residual, 2. * outcome.initial_residual);

    unsigned calls = 0; // one value of the third answer
    const auto good = coarse(system);
    const ResidualCorrection late = [&](Vec r, Vec e)
    {
      good(r, e);
      if (++calls == 3)
        check_petsc(VecSetValue(e, 7, std::numeric_limits<double>::infinity(), INSERT_VALUES));
      check_petsc(VecAssemblyBegin(e));
      check_petsc(VecAssemblyEnd(e));
      return std::string();
    };
    outcome = solve(system, late, {.method = method});
    EXPECT_EQ(outcome.reason, "The surrogate gave values that are not finite.");
    EXPECT_EQ(outcome.corrections, 3u);

    // Finite, but products with it are not.
    const auto huge = filled_with([] { return 1e250; });
    outcome = solve(system, huge, {.method = method});
    EXPECT_TRUE(outcome.fell_back);
    EXPECT_GE(outcome.exact_iterations, 1u);
  }
}

TEST(SurrogatePreconditioner, OnlyFlexibleMethodsArePossible)
{
  PoissonSystem system(MPI_COMM_SELF, 7, tolerance);
  const auto N = filled_with([] { return 0.; });
  const auto refuse = [&](const SurrogateParameters &p)
  { return sentence_of<UserError>([&] { SurrogatePreconditioner(system.A, N, p); }); };
  EXPECT_EQ(refuse({.method = "cg"}),
            "The method 'cg' was chosen for a surrogate as preconditioner; 'fcg' and 'fgmres' are "
            "possible, since a surrogate is not linear.");
  check_petsc(PetscOptionsSetValue(nullptr, "-surrogate_ksp_type", "gmres"));
  EXPECT_EQ(refuse({}),
            "A surrogate is no linear preconditioner, so the method 'gmres' of PETSc cannot use "
            "it; 'fcg' and 'fgmres' can.");
  check_petsc(PetscOptionsClearValue(nullptr, "-surrogate_ksp_type"));
  SurrogatePreconditioner changed(system.A, N);
  check_petsc(KSPSetType(changed.ksp(), KSPCG));
  EXPECT_THAT(sentence_of<UserError>([&] { changed.solve(system.b, system.x, system.exact); }),
              HasSubstr("the method 'cg' of PETSc cannot use it; 'fcg' and 'fgmres' can."));
}

TEST(SurrogatePreconditioner, ParametersThatAreWrong)
{
  EXPECT_TRUE(SurrogateParameters{}.problems().empty());
  const SurrogateParameters wrong = {
    .smoother = "ilu", .sweeps = 0, .damping = not_a_number, .least_reduction = 2.};
  EXPECT_EQ(wrong.problems().size(), 4u);
  EXPECT_EQ(wrong.problems()[0],
            "The smoother of a surrogate is 'ilu'; known: 'jacobi', 'none', 'sor'.");
  EXPECT_THAT(wrong.problems()[1], HasSubstr("has 0 sweeps and a window of 5 iterations"));
  dealii::ParameterHandler prm;
  SurrogateParameters read;
  read.declare(prm);
  prm.set("Method", "fgmres");
  prm.set("Window", "9");
  EXPECT_EQ(read.method, "fgmres");
  EXPECT_EQ(read.window, 9u);
  EXPECT_EQ(read.damping, 2. / 3.);
}

// Requirement: what a surrogate throws reaches the caller, and the next solve is as good as any.
TEST(SurrogatePreconditioner, WhatASurrogateThrowsIsThrown)
{
  PoissonSystem system(MPI_COMM_SELF, 31, tolerance);
  bool angry = true;
  const auto good = coarse(system);
  SurrogatePreconditioner preconditioner(system.A,
                                         [&](Vec r, Vec e)
                                         {
                                           if (angry)
                                             throw UserError("No.");
                                           return good(r, e);
                                         });
  const auto run = [&] { return preconditioner.solve(system.b, system.x, system.exact); };
  EXPECT_EQ(sentence_of<UserError>(run), "No.");
  angry = false;
  check_petsc(VecSet(system.x, 0.));
  EXPECT_FALSE(run().fell_back);
  EXPECT_EQ(run().surrogate_iterations, 0u); // x is the solution
}

TEST(SurrogatePreconditioner, TheMatrixMayChange)
{
  PoissonSystem system(MPI_COMM_SELF, 31, tolerance);
  const auto good = coarse(system);
  double factor = 1.;
  SurrogatePreconditioner preconditioner(system.A,
                                         [&](Vec r, Vec e)
                                         {
                                           good(r, e);
                                           check_petsc(VecScale(e, 1. / factor));
                                           return std::string();
                                         });
  const SurrogateOutcome before = preconditioner.solve(system.b, system.x, system.exact);
  system.fill(factor = 1e4);
  check_petsc(VecSet(system.x, 0.));
  const SurrogateOutcome after = preconditioner.solve(system.b, system.x, system.exact);
  EXPECT_EQ(after.surrogate_iterations, before.surrogate_iterations);
  EXPECT_FALSE(after.fell_back);
}

TEST(SurrogatePreconditioner, AZeroRightHandSide)
{
  PoissonSystem system(MPI_COMM_SELF, 15, tolerance);
  check_petsc(VecSet(system.b, 0.));
  const SurrogateOutcome outcome = solve(system, coarse(system), {});
  EXPECT_EQ(outcome.surrogate_iterations, 0u);
  EXPECT_FALSE(outcome.fell_back);
}

// Requirement: when the exact solver fails, too, all that happened is told.
TEST(SurrogatePreconditioner, FailureOfBothIsTold)
{
  PoissonSystem system(MPI_COMM_SELF, 63, 1e-14);
  check_petsc(KSPSetTolerances(system.exact, 1e-14, PETSC_DEFAULT, PETSC_DEFAULT, 2));
  const auto zero = filled_with([] { return 0.; });
  SurrogatePreconditioner preconditioner(system.A, zero);
  EXPECT_THAT(
    sentence_of<SolverError>([&] { preconditioner.solve(system.b, system.x, system.exact); }),
    testing::AllOf(HasSubstr("stopped after 2 iterations with the residual "),
                   HasSubstr("DIVERGED_ITS"),
                   HasSubstr("The tolerance was not reached in 2 iterations.")));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a map of fields is the first guess of a solve with PETSc where the exact residual
// says that it is not worse, on any number of ranks and in any numbering; otherwise nothing
// changes. The problem is -u'' + r u^3 = f on (0, 1) by differences, u given at both ends.

#include <data/core/errors.h>
#include <solvers/field_guess.h>
#include <solvers/petsc_owners.h>
#include <tests/temporary_folder.h>
#include <tests/toy_field_maps.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace understudy;
using testing_maps::GivenFields;

namespace
{
constexpr PetscInt n = 23;
constexpr double h = 1. / (n - 1), reaction = 50.,
                 infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Solves discretely: f is made for it.
double solution(std::size_t node)
{
  return 1. + std::sin(5. * h * static_cast<double>(node));
}
bool is_end(PetscInt node)
{
  return node == 0 || node == n - 1;
}
/// PETSc numbers the nodes from the right.
PetscInt unknown_of(PetscInt node)
{
  return n - 1 - node;
}

class Line
{
public:
  Line(MPI_Comm comm, double r) : comm_(comm), r_(r), snes_(comm, "line_")
  {
    int rank = 0, n_ranks = 1;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_ranks);
    for (PetscInt i = 0; i < n; ++i) // dealt out otherwise than PETSc does
      if (i % n_ranks == rank)
      {
        nodes_.push_back(static_cast<unsigned>(i));
        points_.push_back(h * i);
        places_.push_back(unknown_of(i));
        if (i + 1 < n)
          cells_.insert(cells_.end(), {static_cast<unsigned>(i), static_cast<unsigned>(i + 1)});
      }
    view_.dimension = 1;
    view_.nodes_per_cell = 2;
    view_.nodes_per_facet = 1;
    view_.points = points_;
    view_.cells = cells_;
    query_.mesh = &view_;
    query_.nodes = nodes_;
    check_petsc(VecCreateMPI(comm, PETSC_DECIDE, n, u.create()));
    for (PetscVector *v : {&work_, &f_, &all_work_})
      check_petsc(VecDuplicate(u, v->create()));
    check_petsc(MatCreateAIJ(comm, PETSC_DECIDE, PETSC_DECIDE, n, n, 3, nullptr, 2, nullptr,
                             matrix_.create()));
    check_petsc(VecScatterCreateToAll(u, &to_all_, all_.create()));
    check_petsc(SNESSetFunction(snes_, f_, residual, this));
    check_petsc(SNESSetJacobian(snes_, matrix_, matrix_, jacobian, this));
    check_petsc(SNESSetTolerances(snes_, 1e-9, 0., 0., 50, -1));
    KSP ksp = nullptr;
    check_petsc(SNESGetKSP(snes_, &ksp));
    check_petsc(KSPSetTolerances(ksp, 1e-12, 1e-14, PETSC_DEFAULT, 1000));
  }
  ~Line() { VecScatterDestroy(&to_all_); }
  Line(const Line &) = delete;
  Line &operator=(const Line &) = delete;

  /// The own guess: zero with the ends held.
  void start()
  {
    check_petsc(VecSet(u, 0.));
    hold(u);
  }
  void hold(Vec v)
  {
    for (const PetscInt node : {PetscInt(0), n - 1})
      check_petsc(VecSetValue(v, unknown_of(node), solution(node), INSERT_VALUES));
    check_petsc(VecAssemblyBegin(v));
    check_petsc(VecAssemblyEnd(v));
  }
  double norm(Vec v)
  {
    ++n_norms;
    PetscReal value = 0.;
    evaluate(v, all_work_);
    check_petsc(VecNorm(all_work_, NORM_2, &value));
    return value;
  }
  FieldGuess::Solver solver()
  {
    return {[this](const FieldAnswer &answer, Vec v) { fill_nodes(answer, {"u"}, places_, v); },
            [this](Vec v) { hold(v); }, [this](Vec v) { return norm(v); }};
  }
  GuessOutcome offer(FieldGuess &guess) { return guess.improve(query_, solver(), u, work_); }

  PetscInt newton_iterations()
  {
    PetscInt iterations = 0;
    check_petsc(SNESSolve(snes_, nullptr, u));
    check_petsc(SNESGetIterationNumber(snes_, &iterations));
    return iterations;
  }
  /// With r = 0: the equations as A u = b, from a first guess.
  PetscInt krylov_iterations()
  {
    PetscKsp ksp;
    PetscVector b, at_zero;
    check_petsc(VecDuplicate(u, b.create()));
    check_petsc(VecDuplicate(u, at_zero.create()));
    check_petsc(VecSet(at_zero, 0.));
    evaluate(at_zero, b);
    check_petsc(VecScale(b, -1.));
    assemble(u);
    check_petsc(KSPCreate(comm_, ksp.create()));
    check_petsc(KSPSetOperators(ksp, matrix_, matrix_));
    check_petsc(KSPSetInitialGuessNonzero(ksp, PETSC_TRUE));
    check_petsc(KSPSetTolerances(ksp, 1e-10, 1e-9, PETSC_DEFAULT, 1000));
    check_petsc(KSPSolve(ksp, b, u));
    PetscInt iterations = 0;
    check_petsc(KSPGetIterationNumber(ksp, &iterations));
    return iterations;
  }
  double error()
  {
    fetch(u);
    double largest = 0.;
    for (PetscInt i = 0; i < n; ++i)
      largest = std::max(largest, std::abs(values_[unknown_of(i)] - solution(i)));
    return largest;
  }

  PetscVector u;
  unsigned n_norms = 0;

private:
  void fetch(Vec v)
  {
    check_petsc(VecScatterBegin(to_all_, v, all_, INSERT_VALUES, SCATTER_FORWARD));
    check_petsc(VecScatterEnd(to_all_, v, all_, INSERT_VALUES, SCATTER_FORWARD));
    const double *values = nullptr;
    check_petsc(VecGetArrayRead(all_, &values));
    values_.assign(values, values + n);
    check_petsc(VecRestoreArrayRead(all_, &values));
  }
  static double equation(PetscInt i, double r, const auto &at)
  {
    return is_end(i) ? at(i)
                     : (2. * at(i) - at(i - 1) - at(i + 1)) / (h * h) + r * std::pow(at(i), 3);
  }
  void evaluate(Vec v, Vec f)
  {
    fetch(v);
    PetscInt begin = 0, end = 0;
    check_petsc(VecGetOwnershipRange(f, &begin, &end));
    for (PetscInt row = begin; row < end; ++row)
    {
      const PetscInt i = unknown_of(row);
      const double left = equation(i, r_, [this](PetscInt k) { return values_[unknown_of(k)]; });
      const double right = equation(i, r_, [](PetscInt k) { return solution(k); });
      check_petsc(VecSetValue(f, row, left - right, INSERT_VALUES));
    }
    check_petsc(VecAssemblyBegin(f));
    check_petsc(VecAssemblyEnd(f));
  }
  void assemble(Vec v)
  {
    fetch(v);
    PetscInt begin = 0, end = 0;
    check_petsc(MatGetOwnershipRange(matrix_, &begin, &end));
    for (PetscInt row = begin; row < end; ++row)
    {
      const bool held = is_end(unknown_of(row));
      const double diagonal = held ? 1. : 2. / (h * h) + 3. * r_ * values_[row] * values_[row];
      check_petsc(MatSetValue(matrix_, row, row, diagonal, INSERT_VALUES));
      for (const PetscInt column : {row - 1, row + 1})
        if (!held)
          check_petsc(MatSetValue(matrix_, row, column, -1. / (h * h), INSERT_VALUES));
    }
    check_petsc(MatAssemblyBegin(matrix_, MAT_FINAL_ASSEMBLY));
    check_petsc(MatAssemblyEnd(matrix_, MAT_FINAL_ASSEMBLY));
  }
  static PetscErrorCode residual(SNES, Vec x, Vec f, void *self)
  {
    static_cast<Line *>(self)->evaluate(x, f);
    return 0;
  }
  static PetscErrorCode jacobian(SNES, Vec x, Mat, Mat, void *self)
  {
    static_cast<Line *>(self)->assemble(x);
    return 0;
  }

  MPI_Comm comm_;
  double r_;
  std::vector<unsigned> nodes_, cells_;
  std::vector<double> points_, values_;
  std::vector<PetscInt> places_;
  MeshView view_;
  FieldQuery query_;
  PetscVector work_, f_, all_work_, all_;
  PetscMatrix matrix_;
  VecScatter to_all_ = nullptr;
  Snes snes_;
};

FieldMapInfo line_info()
{
  FieldMapInfo info;
  info.name = "line";
  info.dimension = 1;
  info.nodes_per_cell = 2;
  info.nodes_per_facet = 1;
  info.output_fields = {{"w", "1"}, {"u", "1"}};
  return info;
}

/// u is @p values, and another field beside it is broken or not.
FieldGuess guess_of(MPI_Comm comm, const std::function<double(std::size_t)> &values,
                    Health health = Health::ok)
{
  return {std::make_shared<GivenFields>(
            comm, line_info(),
            [values](std::size_t i, std::size_t c) { return c == 0 ? 3. : values(i); }, health),
          {{"u", "1"}}};
}

/// A map that breaks the promise of FieldMap and lets a NaN out, on one rank only.
class Leaking final : public FieldMap
{
public:
  const FieldMapInfo &info() const override { return info_; }
  void evaluate(const FieldQuery &query, FieldAnswer &answer) override
  {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    answer = {};
    answer.fields = {{{"w", "1"}, std::vector<double>(query.nodes.size(), 1.), {}},
                     {{"u", "1"}, std::vector<double>(query.nodes.size(), 1.), {}}};
    if (rank == 1)
      answer.fields[1].mean[0] = not_a_number;
  }

private:
  FieldMapInfo info_ = line_info();
};

class FieldGuessOn : public testing::TestWithParam<bool>
{
protected:
  MPI_Comm comm() const { return GetParam() ? MPI_COMM_WORLD : MPI_COMM_SELF; }
};
} // namespace

TEST_P(FieldGuessOn, AGoodGuessIsTakenAndSavesIterations)
{
  Line line(comm(), reaction);
  line.start();
  const PetscInt own = line.newton_iterations();
  EXPECT_LT(line.error(), 1e-9);
  ASSERT_GT(own, 3);

  FieldGuess perfect = guess_of(comm(), solution);
  line.start();
  GuessOutcome outcome = line.offer(perfect);
  EXPECT_EQ(outcome.use, GuessUse::taken);
  EXPECT_LT(outcome.guess_norm, 1e-9);
  EXPECT_GT(outcome.own_norm, 1.);
  EXPECT_EQ(line.newton_iterations(), 0);
  EXPECT_LT(line.error(), 1e-9);

  FieldGuess near = guess_of(comm(), [](std::size_t i) { return 1.02 * solution(i); });
  line.start();
  EXPECT_EQ(line.offer(near).use, GuessUse::taken);
  EXPECT_LT(line.newton_iterations(), own);
  EXPECT_LT(line.error(), 1e-9);
}

TEST_P(FieldGuessOn, ABadGuessChangesNothing)
{
  Line line(comm(), reaction);
  line.start();
  const PetscInt own = line.newton_iterations();
  const auto expect_own = [&](FieldGuess &guess, GuessUse use)
  {
    line.start();
    const GuessOutcome outcome = line.offer(guess);
    EXPECT_EQ(outcome.use, use);
    EXPECT_EQ(line.newton_iterations(), own);
    EXPECT_LT(line.error(), 1e-9);
    return outcome;
  };
  FieldGuess rough =
    guess_of(comm(), [](std::size_t i) { return solution(i) + (i % 2 == 0 ? 9. : -9.); });
  const GuessOutcome outcome = expect_own(rough, GuessUse::discarded);
  EXPECT_GT(outcome.guess_norm, outcome.own_norm);
  const unsigned before = line.n_norms;
  FieldGuess broken =
    guess_of(comm(), [](std::size_t i) { return i == 4 ? not_a_number : solution(i); });
  EXPECT_EQ(expect_own(broken, GuessUse::refused).reason,
            "'line' gave values of 'u' that are not finite.");
  FieldGuess shut = guess_of(comm(), solution, Health::outside_training_range);
  EXPECT_EQ(expect_own(shut, GuessUse::refused).reason, "It was told not to answer.");
  EXPECT_EQ(line.n_norms, before); // refused unseen
  // Finite, but its residual is not.
  FieldGuess huge = guess_of(comm(), [](std::size_t) { return 1e150; });
  EXPECT_EQ(expect_own(huge, GuessUse::discarded).guess_norm, infinity);
}

TEST_P(FieldGuessOn, PrescribedValuesAreHeld)
{
  FieldGuess wrong_ends =
    guess_of(comm(), [](std::size_t i) { return solution(i) + (is_end(i) ? 5. : 0.); });
  Line line(comm(), reaction);
  line.start();
  EXPECT_EQ(line.offer(wrong_ends).use, GuessUse::taken);
  EXPECT_LT(line.error(), 1e-14);
}

TEST_P(FieldGuessOn, WhatBecameOfGuessesIsCounted)
{
  double factor = 1.;
  FieldGuess guess = guess_of(comm(), [&factor](std::size_t i) { return factor * solution(i); });
  Line line(comm(), reaction);
  for (const double f : {1., 1.1, 100., not_a_number})
  {
    factor = f;
    line.start();
    line.offer(guess);
  }
  const GuessCounts counts = guess.take_counts();
  EXPECT_EQ(counts.asked, 4u);
  EXPECT_EQ(counts.taken, 2u);
  EXPECT_EQ(counts.discarded, 1u);
  EXPECT_EQ(counts.refused, 1u);
  EXPECT_EQ(guess.take_counts().asked, 0u);
}

// Requirement: the same rule serves a linear solve, with |b - A u| as norm.
TEST_P(FieldGuessOn, ALinearSolveStartsFromIt)
{
  Line line(comm(), 0.);
  line.start();
  const PetscInt own = line.krylov_iterations();
  ASSERT_GT(own, 0); // one is enough for an exact factor
  FieldGuess perfect = guess_of(comm(), solution);
  line.start();
  EXPECT_EQ(line.offer(perfect).use, GuessUse::taken);
  EXPECT_EQ(line.krylov_iterations(), 0);
  FieldGuess rough = guess_of(comm(), [](std::size_t i) { return i % 2 == 0 ? 9. : -9.; });
  line.start();
  EXPECT_EQ(line.offer(rough).use, GuessUse::discarded);
  EXPECT_EQ(line.krylov_iterations(), own);
  EXPECT_LT(line.error(), 1e-8);
}

INSTANTIATE_TEST_SUITE_P(Ranks, FieldGuessOn, testing::Bool(),
                         [](const auto &info) { return info.param ? "All" : "One"; });

// Requirement: ranks decide alike even when a map tells them different things.
TEST(FieldGuessMpi, OneRankWithANaNIsEnough)
{
  FieldGuess leaking(std::make_shared<Leaking>(), {{"u", "1"}});
  Line line(MPI_COMM_WORLD, reaction);
  line.start();
  const GuessOutcome outcome = line.offer(leaking);
  EXPECT_EQ(outcome.use, GuessUse::refused);
  EXPECT_EQ(outcome.reason, "'line' gave a first guess that is not finite.");
}

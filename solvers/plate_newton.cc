// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/force_convergence.h>
#include <solvers/plate_newton.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
constexpr PetscInt most_kept_iterations = 5; ///< as many solves take the time of a factorization
constexpr PetscInt most_linear_iterations = 40;
} // namespace

PlateNewton::PlateNewton(PlateDiscretisation &discretisation, const ViscoplasticLaw &law,
                         const Tolerances &tolerances)
  : discretisation_(discretisation),
    law_(law),
    stale_(discretisation.own_cells().size(), 1),
    changed_(stale_.size(), 1),
    snes_(discretisation.comm(), "plate_")
{
  discretisation.make_matrix(matrix_);
  for (PetscVector *vector : {&evaluated_, &residual_, &work_})
    discretisation.make_vector(*vector);
  check_petsc(SNESSetFunction(snes_, work_, give_residual, this));
  check_petsc(SNESSetJacobian(snes_, matrix_, matrix_, give_matrix, this));
  check_petsc(SNESSetConvergenceTest(snes_, test, this, nullptr));
  check_petsc(SNESSetType(snes_, SNESNEWTONLS));
  check_petsc(SNESSetTolerances(snes_, tolerances.absolute, tolerances.relative, 0.,
                                static_cast<PetscInt>(tolerances.maximum_iterations), -1));
  // A direction that is not accurate enough is still one; the next one gets a new factor.
  check_petsc(SNESSetMaxLinearSolveFailures(snes_, PETSC_MAX_INT));
  KSP ksp = nullptr;
  PC pc = nullptr;
  check_petsc(SNESGetKSP(snes_, &ksp));
  check_petsc(KSPSetType(ksp, KSPGMRES));
  check_petsc(KSPGMRESSetRestart(ksp, most_linear_iterations));
  check_petsc(KSPSetPCSide(ksp, PC_RIGHT));
  check_petsc(KSPGetPC(ksp, &pc));
  check_petsc(PCSetType(pc, PCCHOLESKY));
  check_petsc(PCFactorSetMatSolverType(pc, MATSOLVERMUMPS));
  check_petsc_options(SNESSetFromOptions(snes_));
}

/// The law at @p u; afterwards evaluated_, residual_, state_, stress_ and tangent_ belong to it.
/// False, on all ranks, when a point gives no answer.
bool PlateNewton::evaluate(Vec u)
{
  if (u != evaluated_)
    check_petsc(VecCopy(u, evaluated_));
  discretisation_.strains(evaluated_, strain_);
  int n_failed = static_cast<int>(
    law_.update(step_.dt, strain_, *step_.before, state_, stress_, &tangent_, status_));
  MPI_Allreduce(MPI_IN_PLACE, &n_failed, 1, MPI_INT, MPI_MAX, discretisation_.comm());
  failed_ = n_failed > 0;
  if (failed_)
  {
    describe_failure();
    return false;
  }
  discretisation_.internal_force(stress_, residual_);
  check_petsc(VecNorm(residual_, NORM_2, &force_scale_));
  discretisation_.residual(step_.load_factor, residual_);
  return true;
}

/// Names the triangle with the lowest number that has a point without an answer.
void PlateNewton::describe_failure()
{
  unsigned cell = std::numeric_limits<unsigned>::max();
  for (std::size_t p = 0; p < status_.size(); ++p)
    if (status_[p] == FlowStatus::failed)
      cell = std::min(cell, discretisation_.own_cells()[p / QuadraticTriangles::n_points]);
  MPI_Allreduce(MPI_IN_PLACE, &cell, 1, MPI_UNSIGNED, MPI_MIN, discretisation_.comm());
  trouble_ = "the material gave no answer in triangle " + std::to_string(cell);
}

/// The matrix of tangent_. Triangles that were and are elastic keep their part.
void PlateNewton::assemble()
{
  constexpr unsigned n = QuadraticTriangles::n_points;
  int any = 0;
  for (std::size_t c = 0; c < stale_.size(); ++c)
  {
    const bool flows = std::any_of(status_.begin() + static_cast<std::ptrdiff_t>(n * c),
                                   status_.begin() + static_cast<std::ptrdiff_t>(n * (c + 1)),
                                   [](FlowStatus s) { return s != FlowStatus::elastic; });
    changed_[c] = flows || stale_[c];
    stale_[c] = flows;
    any |= changed_[c];
  }
  MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, discretisation_.comm());
  if (any)
    discretisation_.stiffness(tangent_, changed_, law_.material().young, matrix_);
}

/// Keeps the factor while it serves, and asks GMRES for as much accuracy as keeps Newton's
/// quadratic rate, but never for more than convergence needs.
void PlateNewton::prepare_linear_solver()
{
  KSP ksp = nullptr;
  PetscInt last = 0;
  check_petsc(SNESGetKSP(snes_, &ksp));
  PetscReal absolute = 0., relative = 0., norm = 0.;
  check_petsc(SNESGetTolerances(snes_, &absolute, &relative, nullptr, nullptr, nullptr));
  check_petsc(VecNorm(residual_, NORM_2, &norm));
  const double enough = std::max(absolute, relative * force_scale_);
  const double tolerance = std::max(0.3 * enough / norm, 0.1 * std::min(0.1, norm / force_scale_));
  check_petsc(KSPSetTolerances(ksp, std::min(tolerance, 0.1), PETSC_DEFAULT, PETSC_DEFAULT,
                               most_linear_iterations));
  check_petsc(KSPGetIterationNumber(ksp, &last));
  const bool keep = has_factor_ && (unused_factor_ || last <= most_kept_iterations);
  unused_factor_ = false;
  check_petsc(SNESSetLagPreconditioner(snes_, keep ? -1 : -2)); // never, or now and then never
  if (!keep)
    ++factorizations_;
  has_factor_ = true;
}

bool PlateNewton::at_last_point(Vec x) const
{
  PetscBool equal = PETSC_FALSE;
  VecEqual(x, evaluated_, &equal); // collective, exact
  return equal == PETSC_TRUE;
}

/// Runs @p action inside a callback. Nothing thrown may travel through PETSc: it is kept, and
/// thrown again after SNESSolve.
PetscErrorCode PlateNewton::guarded(const std::function<void()> &action)
{
  try
  {
    action();
  }
  catch (...)
  {
    error_ = std::current_exception();
    return PETSC_ERR_USER;
  }
  return 0;
}

PetscErrorCode PlateNewton::give_residual(SNES snes, Vec x, Vec f, void *context)
{
  auto &self = *static_cast<PlateNewton *>(context);
  PetscFunctionBeginUser;
  bool answered = false;
  PetscCall(self.guarded([&] { answered = self.evaluate(x); }));
  if (!answered)
  {
    PetscCall(SNESSetFunctionDomainError(snes));
    PetscCall(VecSet(f, std::numeric_limits<double>::quiet_NaN()));
    PetscFunctionReturn(0);
  }
  PetscCall(VecCopy(self.residual_, f));
  PetscFunctionReturn(0);
}

PetscErrorCode PlateNewton::give_matrix(SNES snes, Vec x, Mat, Mat, void *context)
{
  auto &self = *static_cast<PlateNewton *>(context);
  PetscFunctionBeginUser;
  // The line search may have ended elsewhere than where it looked last.
  bool answered = true;
  if (!self.at_last_point(x))
    PetscCall(self.guarded([&] { answered = self.evaluate(x); }));
  if (!answered)
  {
    PetscCall(SNESSetJacobianDomainError(snes));
    PetscFunctionReturn(0);
  }
  PetscCall(self.guarded(
    [&self]
    {
      self.assemble();
      self.prepare_linear_solver();
    }));
  PetscFunctionReturn(0);
}

PetscErrorCode PlateNewton::test(SNES snes, PetscInt, PetscReal, PetscReal, PetscReal fnorm,
                                 SNESConvergedReason *reason, void *context)
{
  auto &self = *static_cast<PlateNewton *>(context);
  PetscFunctionBeginUser;
  self.norms_.push_back(fnorm);
  PetscCall(test_against_forces(snes, fnorm, self.force_scale_, reason));
  PetscFunctionReturn(0);
}

/// A factor of the tangent at evaluated_.
void PlateNewton::make_factor()
{
  KSP ksp = nullptr;
  check_petsc(SNESGetKSP(snes_, &ksp));
  assemble();
  check_petsc(KSPSetOperators(ksp, matrix_, matrix_));
  check_petsc(KSPSetReusePreconditioner(ksp, PETSC_FALSE));
  check_petsc(KSPSetUp(ksp));
  has_factor_ = unused_factor_ = true;
  ++factorizations_;
}

double PlateNewton::distance(const Step &step, Vec u, Vec correction)
{
  step_ = step;
  if (!evaluate(u))
    return std::numeric_limits<double>::infinity();
  if (!has_factor_)
    make_factor();
  KSP ksp = nullptr;
  PC pc = nullptr;
  PetscScalar square = 0.;
  check_petsc(SNESGetKSP(snes_, &ksp));
  check_petsc(KSPGetPC(ksp, &pc));
  check_petsc(PCApply(pc, residual_, correction));
  check_petsc(VecDot(residual_, correction, &square));
  return std::isfinite(square) ? std::sqrt(std::max(square, 0.))
                               : std::numeric_limits<double>::infinity();
}

bool PlateNewton::linearise(const Step &step, Vec u)
{
  step_ = step;
  if (!evaluate(u))
    return false;
  assemble();
  return true;
}

PlateNewton::Outcome PlateNewton::solve(const Step &step, Vec u)
{
  step_ = step;
  norms_.clear();
  trouble_.clear();
  const unsigned factorizations_before = factorizations_;
  failed_ = false;
  error_ = nullptr;
  const PetscErrorCode code = SNESSolve(snes_, nullptr, u);
  if (error_)
    std::rethrow_exception(error_);
  check_petsc(code);
  SNESConvergedReason reason = SNES_CONVERGED_ITERATING;
  PetscInt iterations = 0, linear_iterations = 0;
  check_petsc(SNESGetConvergedReason(snes_, &reason));
  check_petsc(SNESGetIterationNumber(snes_, &iterations));
  check_petsc(SNESGetLinearSolveIterations(snes_, &linear_iterations));
  Outcome outcome;
  outcome.converged = reason > 0 && (at_last_point(u) || evaluate(u)) && !failed_;
  outcome.iterations = static_cast<unsigned>(iterations);
  outcome.linear_iterations = static_cast<unsigned>(linear_iterations);
  outcome.factorizations = factorizations_ - factorizations_before;
  outcome.residual_norms = norms_;
  if (!outcome.converged && !failed_)
    trouble_ = std::string("Newton's method stopped after ") + std::to_string(iterations) +
               " iterations (" + SNESConvergedReasons[reason] +
               "), with the largest residual at triangle " +
               std::to_string(discretisation_.cell_at_largest(residual_));
  outcome.trouble = trouble_;
  return outcome;
}
} // namespace understudy

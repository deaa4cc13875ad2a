// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/parameters.h>
#include <solvers/petsc_owners.h>
#include <solvers/surrogate_preconditioner.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <utility>

namespace understudy
{
namespace
{
constexpr std::array<const char *, 2> methods = {"fcg", "fgmres"};
constexpr std::array<const char *, 3> smoothers = {"jacobi", "sor", "none"};

/// Flexible conjugate gradients reduce the energy of the error, while the residual may grow as the
/// root of the condition number. Beyond that it is rounding that has spoilt the iterate.
constexpr double most_growth = 1e3;

template <std::size_t n>
bool is_one_of(const std::array<const char *, n> &names, const std::string &name)
{
  return std::ranges::any_of(names, [&](const char *known) { return name == known; });
}

SurrogateParameters checked(const SurrogateParameters &parameters)
{
  if (const auto found = parameters.problems(); !found.empty())
    throw UserError(found.front());
  return parameters;
}

void require_flexible(KSP ksp)
{
  KSPType type = nullptr;
  check_petsc(KSPGetType(ksp, &type));
  if (type == nullptr || !is_one_of(methods, type))
    throw UserError(std::string("A surrogate is no linear preconditioner, so the method '") +
                    (type == nullptr ? "none" : type) +
                    "' of PETSc cannot use it; 'fcg' and 'fgmres' can.");
}

double norm_of(Vec x)
{
  PetscReal norm = 0.;
  check_petsc(VecNorm(x, NORM_2, &norm)); // NaN of one rank is NaN on all
  return norm;
}
} // namespace

void SurrogateParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.add_parameter("Method", method,
                    "Flexible conjugate gradients ('fcg', for symmetric positive definite "
                    "matrices) or 'fgmres'.",
                    Selection("fcg|fgmres"));
  prm.add_parameter("Smoother", smoother,
                    "What removes rough errors before and after the surrogate: 'jacobi', damped; "
                    "'sor', symmetric and on each rank for itself; or 'none'.",
                    Selection("jacobi|sor|none"));
  prm.add_parameter("Sweeps", sweeps, "Of the smoother, before and after [1]", Integer(1, 100));
  add_number(prm, "Damping", damping, "Of 'jacobi' [1]", Double(1e-6, 2.));
  prm.add_parameter("Window", window,
                    "Iterations over which the residual must fall, or the exact solver goes on [1]",
                    Integer(1, 10000));
  add_number(prm, "Least reduction", least_reduction,
             "The residual is at most this share of what it was a window ago [1]", Double(0., 1.));
}

std::vector<std::string> SurrogateParameters::problems() const
{
  std::vector<std::string> found;
  if (!is_one_of(methods, method))
    found.push_back("The method '" + method +
                    "' was chosen for a surrogate as preconditioner; 'fcg' and 'fgmres' are "
                    "possible, since a surrogate is not linear.");
  if (!is_one_of(smoothers, smoother))
    found.push_back("The smoother of a surrogate is '" + smoother +
                    "'; known: 'jacobi', 'none', 'sor'.");
  if (sweeps == 0 || window == 0)
    found.push_back("A surrogate as preconditioner has " + std::to_string(sweeps) +
                    " sweeps and a window of " + std::to_string(window) +
                    " iterations; there must be 1 of each at least.");
  if (!(damping > 0. && damping <= 2.))
    found.push_back("The damping of a surrogate's smoother is " + number_text(damping) +
                    "; it must be > 0 and at most 2.");
  if (!(least_reduction >= 0. && least_reduction <= 1.))
    found.push_back("The least reduction of the residual by a surrogate is " +
                    number_text(least_reduction) + "; it must lie between 0 and 1.");
  return found;
}

struct SurrogatePreconditioner::Implementation
{
  Implementation(Mat matrix, ResidualCorrection c, const SurrogateParameters &p,
                 const std::string &prefix)
    : parameters(checked(p)), A(matrix), correction(std::move(c))
  {
    check_petsc(PetscObjectGetComm(reinterpret_cast<PetscObject>(A), &comm));
    check_petsc(MatCreateVecs(A, residual.create(), step.create()));
    check_petsc(VecDuplicate(residual, unit.create()));
    check_petsc(VecDuplicate(step, initial.create()));
    if (parameters.smoother != "none")
      make_smoother(prefix + "smoother_");
    make_method(prefix);
  }

  void make_smoother(const std::string &prefix)
  {
    const bool jacobi = parameters.smoother == "jacobi";
    PC pc = nullptr;
    check_petsc(KSPCreate(comm, smoother.create()));
    check_petsc(KSPSetOptionsPrefix(smoother, prefix.c_str()));
    check_petsc(KSPSetType(smoother, KSPRICHARDSON));
    check_petsc(KSPRichardsonSetScale(smoother, jacobi ? parameters.damping : 1.));
    check_petsc(KSPGetPC(smoother, &pc));
    check_petsc(PCSetType(pc, jacobi ? PCJACOBI : PCSOR));
    if (!jacobi)
      check_petsc(PCSORSetSymmetric(pc, SOR_LOCAL_SYMMETRIC_SWEEP));
    check_petsc(KSPSetNormType(smoother, KSP_NORM_NONE));
    check_petsc(KSPSetConvergenceTest(smoother, KSPConvergedSkip, nullptr, nullptr));
    check_petsc(KSPSetTolerances(smoother, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT,
                                 static_cast<PetscInt>(parameters.sweeps)));
    check_petsc_options(KSPSetFromOptions(smoother));
  }

  void make_method(const std::string &prefix)
  {
    check_petsc(KSPCreate(comm, ksp.create()));
    check_petsc(KSPSetOptionsPrefix(ksp, prefix.c_str()));
    check_petsc(KSPSetType(ksp, parameters.method.c_str()));
    check_petsc(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
    check_petsc(KSPSetInitialGuessNonzero(ksp, PETSC_TRUE));
    check_petsc_options(KSPSetFromOptions(ksp));
    check_petsc(KSPSetConvergenceTest(ksp, test, this, nullptr));
    require_flexible(ksp);
    PC pc = nullptr;
    check_petsc(KSPGetPC(ksp, &pc));
    check_petsc(PCSetType(pc, PCSHELL));
    check_petsc(PCShellSetContext(pc, this));
    check_petsc(PCShellSetApply(pc, apply_shell));
    check_petsc(PCShellSetName(pc, "surrogate"));
  }

  /// One smoothing from z, or from zero.
  void smooth(Vec r, Vec z, bool from_zero)
  {
    if (parameters.smoother == "none")
    {
      if (from_zero)
        check_petsc(VecSet(z, 0.));
      return;
    }
    check_petsc(KSPSetInitialGuessNonzero(smoother, from_zero ? PETSC_FALSE : PETSC_TRUE));
    check_petsc(KSPSolve(smoother, r, z));
  }

  /// z <- z + |r_1| N(r_1 / |r_1|) with r_1 = r - A z; nothing when N has failed before.
  void correct(Vec r, Vec z)
  {
    if (!trouble.empty())
      return;
    if (parameters.smoother == "none")
      check_petsc(VecCopy(r, unit));
    else
    {
      check_petsc(MatMult(A, z, unit));
      check_petsc(VecAYPX(unit, -1., r));
    }
    const double norm = norm_of(unit);
    if (!(norm > 0. && std::isfinite(norm)))
      return;
    check_petsc(VecScale(unit, 1. / norm));
    ++corrections;
    trouble = correction(unit, step);
    if (trouble.empty() && !std::isfinite(norm_of(step)))
      trouble = "The surrogate gave values that are not finite.";
    if (trouble.empty())
      check_petsc(VecAXPY(z, norm, step));
  }

  void apply(Vec r, Vec z)
  {
    smooth(r, z, true);
    correct(r, z);
    smooth(r, z, false);
  }

  /// Exceptions must not pass through PETSc: they wait until the method has ended, as it does after
  /// this iteration.
  static PetscErrorCode apply_shell(PC pc, Vec r, Vec z)
  {
    PetscFunctionBeginUser;
    void *context = nullptr;
    PetscCall(PCShellGetContext(pc, &context));
    auto &my = *static_cast<Implementation *>(context);
    try
    {
      my.apply(r, z);
    }
    catch (...)
    {
      my.thrown = std::current_exception();
      my.trouble = "The surrogate has thrown.";
      PetscCall(VecCopy(r, z));
    }
    PetscFunctionReturn(0);
  }

  /// The residual of both methods is the true one to rounding; solve() computes it afresh at the
  /// end.
  static PetscErrorCode test(KSP, PetscInt k, PetscReal norm, KSPConvergedReason *reason,
                             void *context)
  {
    PetscFunctionBeginUser;
    auto &my = *static_cast<Implementation *>(context);
    const auto n = static_cast<std::size_t>(k);
    my.norms.resize(n + 1);
    my.norms[n] = norm;
    *reason = KSP_CONVERGED_ITERATING;
    if (!std::isfinite(norm))
      *reason = KSP_DIVERGED_NANORINF;
    else if (norm <= my.tolerance)
      *reason = KSP_CONVERGED_RTOL;
    else if (!my.trouble.empty())
      *reason = KSP_DIVERGED_PC_FAILED;
    else if (n >= my.parameters.window &&
             norm > my.parameters.least_reduction * my.norms[n - my.parameters.window])
    {
      my.stagnates = true;
      *reason = KSP_DIVERGED_BREAKDOWN;
    }
    PetscFunctionReturn(0);
  }

  double true_residual(Vec b, Vec x)
  {
    check_petsc(MatMult(A, x, residual));
    check_petsc(VecAYPX(residual, -1., b));
    return norm_of(residual);
  }

  /// Why the surrogate did not reach the tolerance.
  std::string why(KSPConvergedReason reason, unsigned iterations) const
  {
    if (!trouble.empty())
      return trouble;
    if (stagnates)
      return "The residual fell only to " +
             number_text(norms.back() / norms[norms.size() - 1 - parameters.window]) +
             " of what it "
             "was " +
             std::to_string(parameters.window) + " iterations before; at most " +
             number_text(parameters.least_reduction) + " is demanded.";
    if (reason == KSP_DIVERGED_ITS)
      return "The tolerance was not reached in " + std::to_string(iterations) + " iterations.";
    return "The flexible method ended before the tolerance was reached (" +
           std::string(KSPConvergedReasons[reason]) + ").";
  }

  SurrogateOutcome solve(Vec b, Vec x, KSP exact)
  {
    require_flexible(ksp); // it may have been changed from outside
    PetscReal relative = 0., absolute = 0.;
    PetscInt most = 0;
    check_petsc(KSPGetTolerances(exact, &relative, &absolute, nullptr, &most));
    check_petsc(KSPSetTolerances(ksp, relative, absolute, PETSC_DEFAULT, most));
    check_petsc(KSPSetOperators(ksp, A, A));
    if (parameters.smoother != "none")
      check_petsc(KSPSetOperators(smoother, A, A));
    tolerance = std::max(relative * norm_of(b), absolute);
    norms.clear();
    trouble.clear();
    thrown = nullptr;
    stagnates = false;
    corrections = 0;

    SurrogateOutcome outcome;
    KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
    PetscInt iterations = 0;
    check_petsc(VecCopy(x, initial));
    outcome.initial_residual = true_residual(b, x);
    check_petsc(KSPSolve(ksp, b, x));
    if (thrown)
      std::rethrow_exception(thrown);
    check_petsc(KSPGetConvergedReason(ksp, &reason));
    check_petsc(KSPGetIterationNumber(ksp, &iterations));
    outcome.surrogate_iterations = static_cast<unsigned>(iterations);
    outcome.corrections = corrections;
    outcome.surrogate_residual = outcome.final_residual = true_residual(b, x);
    // Rounding may leave the true residual a little above that of the method.
    outcome.fell_back = reason < 0 || !(outcome.surrogate_residual <= 2. * tolerance);
    if (outcome.fell_back)
    {
      outcome.reason = why(reason, outcome.surrogate_iterations);
      if (!(outcome.surrogate_residual <= most_growth * outcome.initial_residual))
        check_petsc(VecCopy(initial, x));
      go_on(b, x, exact, outcome);
    }
    return outcome;
  }

  /// The exact solver from x.
  void go_on(Vec b, Vec x, KSP exact, SurrogateOutcome &outcome)
  {
    PetscBool nonzero = PETSC_TRUE;
    KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
    PetscInt iterations = 0;
    check_petsc(KSPGetInitialGuessNonzero(exact, &nonzero));
    check_petsc(KSPSetInitialGuessNonzero(exact, PETSC_TRUE));
    check_petsc(KSPSolve(exact, b, x));
    check_petsc(KSPSetInitialGuessNonzero(exact, nonzero));
    check_petsc(KSPGetConvergedReason(exact, &reason));
    check_petsc(KSPGetIterationNumber(exact, &iterations));
    outcome.exact_iterations = static_cast<unsigned>(iterations);
    outcome.final_residual = true_residual(b, x);
    if (reason < 0)
      throw SolverError("Neither a surrogate nor the exact preconditioner has solved the linear "
                        "system: the latter stopped after " +
                        std::to_string(iterations) + " iterations with the residual " +
                        number_text(outcome.final_residual) + " (" + KSPConvergedReasons[reason] +
                        "); the tolerance is " + number_text(tolerance) + ". " + outcome.reason);
  }

  SurrogateParameters parameters;
  MPI_Comm comm = MPI_COMM_NULL;
  Mat A;
  ResidualCorrection correction;
  PetscVector residual, step, unit, initial;
  PetscKsp smoother, ksp; ///< smoother: none when there is none

  // Of the solve at work.
  double tolerance = 0.;
  std::vector<double> norms;
  std::string trouble; ///< a sentence when N has failed
  std::exception_ptr thrown;
  bool stagnates = false;
  unsigned corrections = 0;
};

SurrogatePreconditioner::SurrogatePreconditioner(Mat A, ResidualCorrection correction,
                                                 const SurrogateParameters &parameters,
                                                 const std::string &prefix)
  : implementation_(std::make_unique<Implementation>(A, std::move(correction), parameters, prefix))
{
}

SurrogatePreconditioner::~SurrogatePreconditioner() = default;

SurrogateOutcome SurrogatePreconditioner::solve(Vec b, Vec x, KSP exact)
{
  return implementation_->solve(b, x, exact);
}

KSP SurrogatePreconditioner::ksp() const
{
  return implementation_->ksp;
}
} // namespace understudy

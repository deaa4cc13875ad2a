// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/timing.h>
#include <solvers/force_convergence.h>
#include <solvers/macro_newton.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace understudy
{
namespace
{
bool usable(Health health)
{
  return health == Health::ok || health == Health::outside_training_range;
}
} // namespace

MacroNewton::MacroNewton(const MacroDiscretisation &discretisation, PointMap &map,
                         const Tolerances &tolerances)
  : discretisation_(discretisation),
    map_(map),
    evaluated_(discretisation.make_vector()),
    ghosted_(discretisation.make_ghosted_vector()),
    internal_force_(discretisation.make_vector()),
    residual_(discretisation.make_vector()),
    work_(discretisation.make_vector()),
    ids_(discretisation.point_ids()),
    snes_(discretisation.comm(), "macro_")
{
  discretisation.make_matrix(matrix_);
  const Mat matrix = matrix_;
  const Vec f = work_;
  check_petsc(SNESSetFunction(snes_, f, residual, this));
  check_petsc(SNESSetJacobian(snes_, matrix, matrix, jacobian, this));
  check_petsc(SNESSetConvergenceTest(snes_, test, this, nullptr));
  check_petsc(SNESSetType(snes_, SNESNEWTONLS));
  check_petsc(SNESSetTolerances(snes_, tolerances.absolute, tolerances.relative, 0.,
                                tolerances.maximum_iterations, -1));
  SNESLineSearch search = nullptr;
  check_petsc(SNESGetLineSearch(snes_, &search));
  check_petsc(SNESLineSearchSetType(search, SNESLINESEARCHBASIC));
  KSP ksp = nullptr;
  PC pc = nullptr;
  check_petsc(SNESGetKSP(snes_, &ksp));
  check_petsc(KSPSetType(ksp, KSPPREONLY));
  check_petsc(KSPGetPC(ksp, &pc));
  check_petsc(PCSetType(pc, PCLU));
  check_petsc(PCFactorSetMatSolverType(pc, MATSOLVERMUMPS));
  check_petsc_options(SNESSetFromOptions(snes_));
}

void MacroNewton::start(unsigned step, double load_factor, MapState &state)
{
  step_ = step;
  iteration_ = 0;
  load_factor_ = load_factor;
  state_ = &state;
  keep_answer_ = false;
  norms_.clear();
  trouble_.clear();
  map_error_ = nullptr;
  failed_ = false;
}

PointQuery MacroNewton::query()
{
  PointQuery query{&strain_, state_->hints.n_components() > 0 ? &state_->hints : nullptr, step_,
                   iteration_, true};
  query.memory = &state_->memory;
  query.ids = &ids_;
  return query;
}

/// Calls the map; afterwards answer_ and internal_force_ belong to evaluated_. False, on all ranks,
/// when a point has no usable answer.
bool MacroNewton::ask(const std::function<void()> &call)
{
  const double begin = seconds_now();
  try
  {
    call();
  }
  catch (...)
  {
    // An exception must not travel through PETSc: it is thrown again after SNESSolve.
    map_error_ = std::current_exception();
  }
  counters_.time += seconds_now() - begin;
  failed_ = !agree_on_health(map_error_ != nullptr);
  if (failed_)
    return false;
  discretisation_.internal_force(answer_.outputs, internal_force_);
  force_scale_ = internal_force_.l2_norm();
  return true;
}

/// Asks the map at evaluated_; afterwards ghosted_ and strain_ belong to it, too.
bool MacroNewton::evaluate()
{
  ghosted_ = evaluated_;
  discretisation_.strains(ghosted_, strain_);
  const bool answered = ask([&] { map_.evaluate(query(), answer_); });
  ++counters_.calls;
  counters_.points += discretisation_.n_cells() * MacroCell::n_points;
  ++iteration_;
  return answered;
}

/// Lets the map look at its answer once more. True, on all ranks, when it is the same.
bool MacroNewton::confirm()
{
  bool changed = false;
  ask([&] { changed = map_.confirm(query(), answer_); });
  return !failed_ && !changed;
}

/// True on all ranks when every point has a usable answer; otherwise trouble_ names the first point
/// of the lowest rank that lacks one.
bool MacroNewton::agree_on_health(bool map_threw)
{
  const auto bad = map_threw ? answer_.health.end()
                             : std::find_if(answer_.health.begin(), answer_.health.end(),
                                            [](Health h) { return !usable(h); });
  const bool found = !map_threw && bad != answer_.health.end();
  if (dealii::Utilities::MPI::max(found || map_threw ? 1 : 0, discretisation_.comm()) == 0)
    return true;
  std::string sentence;
  if (found)
  {
    const std::size_t p = bad - answer_.health.begin();
    const auto x = discretisation_.point_position(p);
    std::ostringstream text;
    text << "the material model '" << map_.info().name << "' gave no answer (" << to_string(*bad)
         << ") at the point (" << x[0] << ", " << x[1] << ") mm with strain (Exx, Eyy, Gxy) = ("
         << strain_(0, p) << ", " << strain_(1, p) << ", " << strain_(2, p) << ") at load factor "
         << load_factor_;
    sentence = text.str();
  }
  try
  {
    on_all_ranks(discretisation_.comm(),
                 [&sentence]
                 {
                   if (!sentence.empty())
                     throw SolverError(sentence);
                 });
  }
  catch (const SolverError &first)
  {
    trouble_ = first.what();
  }
  return false;
}

bool MacroNewton::at_last_point(Vec x) const
{
  const Vec last = evaluated_;
  PetscBool equal = PETSC_FALSE;
  VecEqual(x, last, &equal); // collective, exact
  return equal == PETSC_TRUE;
}

void MacroNewton::compute_residual()
{
  residual_ = internal_force_;
  residual_.add(-load_factor_, discretisation_.external_force());
  discretisation_.clear_prescribed(residual_);
}

/// Whether answer_ balances the load at evaluated_, by the tolerances of SNES.
bool MacroNewton::in_equilibrium()
{
  PetscReal absolute = 0., relative = 0.;
  check_petsc(SNESGetTolerances(snes_, &absolute, &relative, nullptr, nullptr, nullptr));
  compute_residual();
  return residual_.l2_norm() <= std::max(absolute, relative * force_scale_);
}

PetscErrorCode MacroNewton::residual(SNES snes, Vec x, Vec f, void *context)
{
  auto &self = *static_cast<MacroNewton *>(context);
  const Vec evaluated = self.evaluated_;
  PetscFunctionBeginUser;
  const bool known = self.keep_answer_ && self.at_last_point(x);
  self.keep_answer_ = false;
  PetscCall(VecCopy(x, evaluated));
  if (!known && !self.evaluate())
  {
    PetscCall(SNESSetFunctionDomainError(snes));
    PetscCall(VecSet(f, std::numeric_limits<double>::quiet_NaN()));
    PetscFunctionReturn(0);
  }
  self.compute_residual();
  const Vec r = self.residual_;
  PetscCall(VecCopy(r, f));
  PetscFunctionReturn(0);
}

PetscErrorCode MacroNewton::jacobian(SNES snes, Vec x, Mat, Mat, void *context)
{
  auto &self = *static_cast<MacroNewton *>(context);
  PetscFunctionBeginUser;
  // With the basic line search this never happens; a backtracking one may end elsewhere.
  if (!self.at_last_point(x))
  {
    const Vec evaluated = self.evaluated_;
    PetscCall(VecCopy(x, evaluated));
    if (!self.evaluate())
    {
      PetscCall(SNESSetJacobianDomainError(snes));
      PetscFunctionReturn(0);
    }
  }
  self.discretisation_.stiffness(self.answer_.tangent, self.matrix_);
  PetscFunctionReturn(0);
}

PetscErrorCode MacroNewton::test(SNES snes, PetscInt, PetscReal, PetscReal, PetscReal fnorm,
                                 SNESConvergedReason *reason, void *context)
{
  auto &self = *static_cast<MacroNewton *>(context);
  PetscFunctionBeginUser;
  self.norms_.push_back(fnorm);
  PetscCall(test_against_forces(snes, fnorm, self.force_scale_, reason));
  PetscFunctionReturn(0);
}

void MacroNewton::rethrow_map_error()
{
  on_all_ranks(discretisation_.comm(),
               [this]
               {
                 if (map_error_)
                   std::rethrow_exception(map_error_);
               });
}

bool MacroNewton::predict(unsigned step, double from, double to, MapState &state, Vector &u,
                          std::string &trouble)
{
  start(step, from, state);
  evaluated_ = u;
  const bool answered = evaluate();
  rethrow_map_error();
  trouble = trouble_;
  if (!answered)
    return false;
  residual_ = discretisation_.external_force();
  residual_ *= to;
  residual_ -= internal_force_;
  discretisation_.stiffness_and_predictor_force(answer_.tangent, to - from, matrix_, residual_);
  KSP ksp = nullptr;
  check_petsc(SNESGetKSP(snes_, &ksp));
  const Mat matrix = matrix_;
  const Vec right = residual_, solution = work_;
  check_petsc(KSPSetOperators(ksp, matrix, matrix));
  check_petsc(KSPSolve(ksp, right, solution));
  KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
  check_petsc(KSPGetConvergedReason(ksp, &reason));
  if (reason < 0)
    trouble = "the linear solver failed for the first guess";
  else
    u += work_;
  discretisation_.prescribe(to, u);
  return reason >= 0;
}

/// Newton's iterations from @p u until the residual is small.
MacroNewton::Outcome MacroNewton::iterate(Vector &u)
{
  const Vec x = u;
  check_petsc(SNESSolve(snes_, nullptr, x));
  rethrow_map_error();
  SNESConvergedReason reason = SNES_CONVERGED_ITERATING;
  PetscInt iterations = 0;
  check_petsc(SNESGetConvergedReason(snes_, &reason));
  check_petsc(SNESGetIterationNumber(snes_, &iterations));
  Outcome outcome;
  outcome.converged = reason > 0 && !failed_;
  outcome.iterations = static_cast<unsigned>(iterations);
  if (outcome.converged && !at_last_point(x))
  {
    evaluated_ = u;
    outcome.converged = evaluate();
    rethrow_map_error();
  }
  if (!outcome.converged && trouble_.empty())
    trouble_ = std::string("Newton's method stopped after ") + std::to_string(iterations) +
               " iterations (" + SNESConvergedReasons[reason] + ")";
  return outcome;
}

/// Lets the map confirm its answers until it does, or until they are out of balance: then false. A
/// confirmation that fails leaves failed_. Every point that is answered anew moves towards the
/// exact model, so this ends.
bool MacroNewton::settles()
{
  for (;;)
  {
    const bool same = confirm();
    rethrow_map_error();
    if (failed_ || same)
      return true;
    if (!in_equilibrium())
      return false;
  }
}

MacroNewton::Outcome MacroNewton::solve(unsigned step, double load_factor, MapState &state,
                                        Vector &u)
{
  start(step, load_factor, state);
  Outcome outcome;
  for (;;)
  {
    const Outcome more = iterate(u);
    outcome.iterations += more.iterations;
    outcome.converged = more.converged;
    if (!outcome.converged || settles())
      break;
    keep_answer_ = true;
  }
  outcome.converged = outcome.converged && !failed_;
  outcome.residual_norms = norms_;
  outcome.trouble = trouble_;
  return outcome;
}
} // namespace understudy

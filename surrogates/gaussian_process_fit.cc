// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/stop_flag.h>
#include <solvers/petsc_owners.h>
#include <surrogates/gaussian_process_fit.h>

#include <petsctao.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>
#include <random>

namespace understudy
{
namespace
{
using PetscTao = PetscOwner<Tao, TaoDestroy>;

void fill(PetscVector &vector, const std::vector<double> &values)
{
  check_petsc(VecCreateSeq(PETSC_COMM_SELF, static_cast<PetscInt>(values.size()), vector.create()));
  PetscScalar *entries = nullptr;
  check_petsc(VecGetArray(vector, &entries));
  std::copy(values.begin(), values.end(), entries);
  check_petsc(VecRestoreArray(vector, &entries));
}

std::vector<double> values_of(Vec vector)
{
  PetscInt n = 0;
  const PetscScalar *entries = nullptr;
  check_petsc(VecGetSize(vector, &n));
  check_petsc(VecGetArrayRead(vector, &entries));
  std::vector<double> copy(entries, entries + n);
  check_petsc(VecRestoreArrayRead(vector, &entries));
  return copy;
}

/// What TAO minimises: -L / (n m), of the size of 1 for any number of samples.
struct Objective
{
  GaussianProcessLikelihood &likelihood;
  double scale;
  double value_tolerance;
  unsigned evaluations = 0;
  std::vector<double> values = {}; ///< after each iteration
  std::exception_ptr error = nullptr;
};

PetscErrorCode evaluate(Tao, Vec x, PetscReal *value, Vec gradient, void *context)
{
  Objective &objective = *static_cast<Objective *>(context);
  const PetscScalar *p = nullptr;
  PetscScalar *g = nullptr;
  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(x, &p));
  PetscCall(VecGetArrayWrite(gradient, &g));
  bool failed = false;
  try // no exception may pass through PETSc
  {
    *value = -objective.scale * objective.likelihood.evaluate(p, g);
    for (std::size_t i = 0; i < objective.likelihood.n_parameters(); ++i)
      g[i] *= -objective.scale;
    ++objective.evaluations;
  }
  catch (...)
  {
    objective.error = std::current_exception();
    failed = true;
  }
  PetscCall(VecRestoreArrayWrite(gradient, &g));
  PetscCall(VecRestoreArrayRead(x, &p));
  PetscFunctionReturn(failed ? PETSC_ERR_USER : 0);
}

/// TAO's own test, and an end to iterations that only follow the rounding of K^-1: with hardly any
/// noise it keeps the gradient from vanishing.
PetscErrorCode test_convergence(Tao tao, void *context)
{
  Objective &objective = *static_cast<Objective *>(context);
  constexpr std::size_t span = 5; // iterations; single ones may be short
  PetscReal value = 0.;
  TaoConvergedReason reason = TAO_CONTINUE_ITERATING;
  PetscFunctionBeginUser;
  PetscCall(TaoDefaultConvergenceTest(tao, nullptr));
  PetscCall(TaoGetSolutionStatus(tao, nullptr, &value, nullptr, nullptr, nullptr, &reason));
  std::vector<double> &values = objective.values;
  values.push_back(value);
  if (reason == TAO_CONTINUE_ITERATING && values.size() > span &&
      values[values.size() - 1 - span] - value < objective.value_tolerance)
    PetscCall(TaoSetConvergedReason(tao, TAO_CONVERGED_USER));
  PetscFunctionReturn(0);
}

/// Logarithms of the bounds, for n_inputs length scales, signal and noise.
struct Box
{
  std::vector<double> lower, upper;

  Box(const GaussianProcessFitParameters &p, std::size_t n_inputs)
    : lower(n_inputs, std::log(p.min_length)), upper(n_inputs, std::log(p.max_length))
  {
    lower.insert(lower.end(), {std::log(p.min_signal), std::log(p.min_noise)});
    upper.insert(upper.end(), {std::log(p.max_signal), std::log(p.max_noise)});
  }

  /// Whether a parameter lies at a bound, up to what a factor 1e-6 changes in it.
  bool touched_by(const std::vector<double> &logarithms) const
  {
    for (std::size_t i = 0; i < lower.size(); ++i)
      if (logarithms[i] - lower[i] < 1e-6 || upper[i] - logarithms[i] < 1e-6)
        return true;
    return false;
  }
};

std::vector<double> start_of(std::size_t process, unsigned restart,
                             const GaussianProcessFitParameters &parameters, const Box &box)
{
  const std::size_t d = box.lower.size() - 2;
  std::vector<double> start(d, 0.5 * std::log(static_cast<double>(d)));
  start.insert(start.end(), {0., std::log(1e-3)});
  if (restart == 0 && !parameters.first_starts.empty())
    start = parameters.first_starts[process].logarithms();
  if (restart > 0)
  {
    std::seed_seq words{parameters.seed, restart};
    std::mt19937_64 random(words);
    const auto within_factor = [&](double factor) // 53 bits of the generator: in [-1, 1)
    { return std::log(factor) * (std::ldexp(static_cast<double>(random() >> 11), -52) - 1.); };
    for (std::size_t i = 0; i <= d; ++i)
      start[i] += within_factor(10.);
    start[d + 1] += within_factor(1000.);
  }
  for (std::size_t i = 0; i < start.size(); ++i)
    start[i] = std::clamp(start[i], box.lower[i], box.upper[i]);
  return start;
}

/// One search as numbers, to be sent to the other ranks.
struct Search
{
  double log_likelihood = 0., evaluations = 0., converged = 0.;
  std::vector<double> logarithms;
};

Search search(GaussianProcessLikelihood &likelihood, const std::vector<double> &start,
              const Box &box, const GaussianProcessFitParameters &parameters)
{
  const double scale = 1. / static_cast<double>(likelihood.n_samples() * likelihood.n_outputs());
  Objective objective{likelihood, scale, parameters.value_tolerance};
  PetscVector solution, lower, upper;
  fill(solution, start);
  fill(lower, box.lower);
  fill(upper, box.upper);
  PetscTao tao; // keeps no reference to what it is given
  check_petsc(TaoCreate(PETSC_COMM_SELF, tao.create()));
  check_petsc(TaoSetOptionsPrefix(tao, "gaussian_process_"));
  check_petsc(TaoSetType(tao, TAOBLMVM));
  check_petsc(TaoSetSolution(tao, solution));
  check_petsc(TaoSetVariableBounds(tao, lower, upper));
  check_petsc(TaoSetObjectiveAndGradient(tao, nullptr, evaluate, &objective));
  check_petsc(TaoSetTolerances(tao, parameters.gradient_tolerance, 0., 0.));
  check_petsc(TaoSetConvergenceTest(tao, test_convergence, &objective));
  const auto most = static_cast<PetscInt>(parameters.max_evaluations);
  check_petsc(TaoSetMaximumFunctionEvaluations(tao, most));
  check_petsc(TaoSetMaximumIterations(tao, most));
  check_petsc_options(TaoSetFromOptions(tao));
  const PetscErrorCode code = TaoSolve(tao);
  if (objective.error)
    std::rethrow_exception(objective.error);
  check_petsc(code);

  TaoConvergedReason reason = TAO_CONTINUE_ITERATING;
  PetscReal value = 0.;
  check_petsc(TaoGetSolutionStatus(tao, nullptr, &value, nullptr, nullptr, nullptr, &reason));
  return {-value / scale, static_cast<double>(objective.evaluations), reason > 0 ? 1. : 0.,
          values_of(solution)};
}

/// All searches, each made by one rank and known to all afterwards.
std::vector<Search> all_searches(MPI_Comm comm, const PointBatch &x,
                                 const std::vector<PointBatch> &outputs, const Box &box,
                                 const GaussianProcessFitParameters &parameters,
                                 const std::function<void(std::size_t, std::size_t)> &searched)
{
  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  const std::size_t rank = static_cast<std::size_t>(rank_in(comm)), n_parameters = box.lower.size();
  const std::size_t n_searches = outputs.size() * parameters.n_restarts, width = 3 + n_parameters;
  std::vector<double> table(n_searches * width, 0.); // sums with zeros are exact
  on_all_ranks(
    comm,
    [&]
    {
      std::unique_ptr<GaussianProcessLikelihood> likelihood;
      std::size_t last = outputs.size();
      for (std::size_t s = rank; s < n_searches; s += static_cast<std::size_t>(n_ranks))
      {
        throw_if_stop_requested("the search for hyper-parameters begins anew next time.");
        const std::size_t process = s / parameters.n_restarts;
        if (process != last)
        {
          likelihood.reset(); // before the next one takes its memory
          likelihood = std::make_unique<GaussianProcessLikelihood>(x, outputs[process]);
        }
        last = process;
        const auto restart = static_cast<unsigned>(s % parameters.n_restarts);
        const Search found =
          search(*likelihood, start_of(process, restart, parameters, box), box, parameters);
        double *row = &table[s * width];
        row[0] = found.log_likelihood;
        row[1] = found.evaluations;
        row[2] = found.converged;
        std::copy(found.logarithms.begin(), found.logarithms.end(), row + 3);
        if (searched)
          searched(std::min(n_searches, s - rank + static_cast<std::size_t>(n_ranks)), n_searches);
      }
    });
  MPI_Allreduce(MPI_IN_PLACE, table.data(), static_cast<int>(table.size()), MPI_DOUBLE, MPI_SUM,
                comm);
  std::vector<Search> searches;
  for (std::size_t s = 0; s < n_searches; ++s)
  {
    const double *row = &table[s * width];
    searches.push_back({row[0], row[1], row[2], {row + 3, row + width}});
  }
  return searches;
}

GaussianProcessFit conclude(const PointBatch &x, const PointBatch &y, std::size_t process,
                            const Search *searches, const Box &box,
                            const GaussianProcessFitParameters &parameters)
{
  std::size_t best = 0;
  std::vector<GaussianProcessSearch> reports;
  for (unsigned r = 0; r < parameters.n_restarts; ++r)
  {
    const Search &s = searches[r];
    reports.push_back(
      {GaussianProcessParameters::from_logarithms(start_of(process, r, parameters, box)),
       GaussianProcessParameters::from_logarithms(s.logarithms), s.log_likelihood,
       static_cast<unsigned>(s.evaluations), s.converged > 0., box.touched_by(s.logarithms)});
    if (s.log_likelihood > searches[best].log_likelihood)
      best = r;
  }
  return {GaussianProcess::condition(reports[best].found, x, y), std::move(reports), best};
}
} // namespace

std::vector<std::string> GaussianProcessFitParameters::problems() const
{
  std::vector<std::string> sentences;
  if (n_restarts == 0 || max_evaluations == 0)
    sentences.emplace_back("A Gaussian process needs at least one search with one evaluation.");
  if (!(gradient_tolerance > 0. && value_tolerance >= 0.))
    sentences.emplace_back("The tolerances of a Gaussian process must not be negative, and that of "
                           "the gradient must be greater than 0.");
  const auto range = [&](const char *what, double low, double high)
  {
    if (!(low > 0. && low < high && std::isfinite(high)))
      sentences.push_back("Bounds of the " + std::string(what) +
                          " of a Gaussian process must be positive and rising.");
  };
  range("length scales", min_length, max_length);
  range("signal variance", min_signal, max_signal);
  range("noise variance", min_noise, max_noise);
  return sentences;
}

std::vector<GaussianProcessFit>
fit_gaussian_processes(MPI_Comm comm, const PointBatch &x, const std::vector<PointBatch> &outputs,
                       const GaussianProcessFitParameters &parameters,
                       const std::function<void(std::size_t, std::size_t)> &searched)
{
  for (const std::string &sentence : parameters.problems())
    throw UserError(sentence);
  const auto &starts = parameters.first_starts;
  if (!starts.empty() &&
      (starts.size() != outputs.size() ||
       std::ranges::any_of(starts, [&](const GaussianProcessParameters &start)
                           { return start.length_scales.size() != x.n_components(); })))
    throw UserError("The starts of the searches of Gaussian processes do not fit their inputs and "
                    "outputs.");
  const Box box(parameters, x.n_components());
  const std::vector<Search> searches = all_searches(comm, x, outputs, box, parameters, searched);
  std::vector<GaussianProcessFit> fits;
  on_all_ranks(comm,
               [&]
               {
                 for (std::size_t p = 0; p < outputs.size(); ++p)
                   fits.push_back(conclude(x, outputs[p], p, &searches[p * parameters.n_restarts],
                                           box, parameters));
               });
  return fits;
}
} // namespace understudy

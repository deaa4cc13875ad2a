// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/parameters.h>
#include <data/sampling/gaussian_random_field.h>
#include <solvers/darcy_dataset.h>
#include <solvers/darcy_residuals.h>
#include <solvers/generate_samples.h>
#include <solvers/petsc_owners.h>

#include <cmath>
#include <optional>

namespace understudy
{
namespace
{
/// Conjugate gradients with the diagonal of A as preconditioner, step by step (Hestenes and
/// Stiefel, 1952).
class JacobiGradients
{
public:
  JacobiGradients(Mat A, Vec b) : A_(A)
  {
    for (PetscVector *v : {&u_, &r_, &z_, &p_, &q_, &diagonal_})
      check_petsc(VecDuplicate(b, v->create()));
    check_petsc(MatGetDiagonal(A, diagonal_));
    check_petsc(VecSet(u_, 0.));
    check_petsc(VecCopy(b, r_));
    check_petsc(VecPointwiseDivide(z_, r_, diagonal_));
    check_petsc(VecCopy(z_, p_));
    check_petsc(VecDot(r_, z_, &rz_));
  }

  Vec iterate() const { return u_; }

  double residual_norm() const
  {
    PetscReal norm = 0.;
    check_petsc(VecNorm(r_, NORM_2, &norm));
    return norm;
  }

  void step()
  {
    PetscReal pq = 0., rz = 0.;
    check_petsc(MatMult(A_, p_, q_));
    check_petsc(VecDot(p_, q_, &pq));
    check_petsc(VecAXPY(u_, rz_ / pq, p_));
    check_petsc(VecAXPY(r_, -rz_ / pq, q_));
    check_petsc(VecPointwiseDivide(z_, r_, diagonal_));
    check_petsc(VecDot(r_, z_, &rz));
    check_petsc(VecAYPX(p_, rz / rz_, z_));
    rz_ = rz;
  }

private:
  Mat A_;
  PetscVector u_, r_, z_, p_, q_, diagonal_;
  PetscReal rz_ = 0.; ///< r . z
};

/// The own values, in the order of owned_nodes().
std::vector<double> values_of(Vec x)
{
  PetscInt n = 0;
  const PetscScalar *values = nullptr;
  check_petsc(VecGetLocalSize(x, &n));
  check_petsc(VecGetArrayRead(x, &values));
  std::vector<double> copy(values, values + n);
  check_petsc(VecRestoreArrayRead(x, &values));
  return copy;
}

/// @param u the solution at the owned nodes
DarcyResidualPair pair_of(const DarcySolver &solver, Mat A, Vec b, Vec iterate,
                          const std::vector<double> &u)
{
  PetscVector residual;
  PetscReal norm = 0., right = 0.;
  check_petsc(VecDuplicate(b, residual.create()));
  check_petsc(MatMult(A, iterate, residual));
  check_petsc(VecAYPX(residual, -1., b));
  check_petsc(VecNorm(residual, NORM_2, &norm));
  check_petsc(VecNorm(b, NORM_2, &right));
  const double h = 1. / solver.parameters().n_cells, s = norm / h;
  std::vector<double> r = values_of(residual), e = values_of(iterate);
  for (std::size_t i = 0; i < r.size(); ++i)
  {
    r[i] /= h * h * s;
    e[i] = (u[i] - e[i]) / s;
  }
  return {0, norm / right, solver.on_grid(r), solver.on_grid(e)};
}
} // namespace

std::vector<DarcyResidualPair> darcy_residual_pairs(DarcySolver &solver, unsigned n_pairs,
                                                    double reduction)
{
  if (n_pairs == 0 || !(reduction > 0. && reduction < 1.))
    throw UserError("Residuals of the Darcy problem were asked for with " +
                    std::to_string(n_pairs) + " pairs and the reduction " + number_text(reduction) +
                    "; there must be 1 pair at least and a reduction between 0 and 1.");
  const std::vector<double> u = solver.solve().u;
  const DarcySystem system = solver.system();
  JacobiGradients iteration(system.A, system.b);
  const double right = iteration.residual_norm();
  const unsigned most = 100 * solver.parameters().n_cells;
  std::vector<DarcyResidualPair> pairs;
  for (unsigned k = 0; pairs.size() < n_pairs; ++k)
  {
    const double norm = iteration.residual_norm();
    if (!(norm > 0.))
      break;
    const double share = n_pairs == 1 ? 0. : double(pairs.size()) / (n_pairs - 1);
    if (norm <= std::pow(reduction, share) * right)
    {
      pairs.push_back(pair_of(solver, system.A, system.b, iteration.iterate(), u));
      pairs.back().iteration = k;
    }
    if (k == most)
      throw SolverError("Conjugate gradients with the Jacobi method have reduced the residual of "
                        "the Darcy problem by " +
                        number_text(norm / right) + " only after " + std::to_string(k) +
                        " iterations.");
    iteration.step();
  }
  return pairs;
}

namespace
{
GaussianCovariance source_covariance(const DarcyResidualParameters &parameters)
{
  return {.alpha = 2., .tau = 3., .side = 1., .scale = parameters.source_scale};
}

/// Far from the streams of media, which count from 0 under the seed itself.
constexpr std::uint64_t source_stream = std::uint64_t(1) << 40;

class ResidualGenerator
{
public:
  explicit ResidualGenerator(const DarcyResidualParameters &parameters)
    : parameters_(parameters),
      media_(parameters.media, parameters.solver.n_cells),
      solver_(parameters.solver, MPI_COMM_SELF),
      a_(media_.nodes().size()),
      f_(a_.size())
  {
    if (parameters.source_scale > 0.)
      sources_.emplace(GaussianRandomField::Boundary::neumann_nodes,
                       std::size_t(parameters.solver.n_cells) + 1, source_covariance(parameters),
                       parameters.media.n_modes);
  }

  Sample make(std::size_t id)
  {
    const std::size_t medium = id / parameters_.n_pairs, pair = id % parameters_.n_pairs;
    Sample sample;
    sample.id = id;
    sample.split = parameters_.splits().split(medium);
    if (medium_ != medium)
      compute(medium);
    sample.crashed = pair >= pairs_.size();
    if (sample.crashed)
      sample.note = note_;
    else
      sample.values = {a_, pairs_[pair].r, pairs_[pair].e};
    return sample;
  }

private:
  void compute(std::size_t medium)
  {
    medium_ = medium;
    pairs_.clear();
    note_ = "The residual vanished before.";
    const std::uint64_t number = parameters_.splits().number(medium);
    media_.draw(number, a_);
    f_.assign(f_.size(), 0.);
    if (sources_)
      sources_->draw(parameters_.media.seed, source_stream + number, f_);
    for (double &f : f_)
      f += 1.;
    solver_.set_coefficient(media_.nodes(), a_);
    solver_.set_source(media_.nodes(), f_);
    try
    {
      pairs_ = darcy_residual_pairs(solver_, parameters_.n_pairs, parameters_.reduction);
    }
    catch (const SolverError &failure)
    {
      note_ = failure.what();
    }
  }

  const DarcyResidualParameters &parameters_;
  DarcySamples media_;
  DarcySolver solver_;
  std::vector<double> a_, f_;
  std::optional<GaussianRandomField> sources_;
  std::optional<std::size_t> medium_; ///< that of pairs_
  std::vector<DarcyResidualPair> pairs_;
  std::string note_; ///< why pairs are missing
};
} // namespace

void DarcyResidualParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.enter_subsection("Media");
  media.declare(prm);
  prm.leave_subsection();
  prm.enter_subsection("Solver");
  solver.declare(prm);
  prm.leave_subsection();
  prm.add_parameter("Training media", n_train, "To learn from [1]", Integer(1, 10000000));
  prm.add_parameter("Validation media", n_valid, "To watch the training with [1]",
                    Integer(0, 10000000));
  prm.add_parameter("Test media", n_test, "To test with [1]", Integer(0, 10000000));
  prm.add_parameter("Pairs per medium", n_pairs,
                    "Residuals with their errors from one run of conjugate gradients [1]",
                    Integer(1, 1000));
  add_number(prm, "Reduction", reduction,
             "Of the residual by the last pair of a medium, relative to the right-hand side [1]",
             Double(1e-10, 0.9));
  add_number(prm, "Source scale", source_scale,
             "Factor of the Gaussian random field that is added to the source 1 [1]",
             Double(0., 1e6));
  prm.add_parameter("Samples per shard", samples_per_shard,
                    "Of each rank and round: so many are lost at most when a run is killed [1]",
                    Integer(1, 100000));
}

std::vector<std::string> DarcyResidualParameters::problems() const
{
  std::vector<std::string> found = media.problems();
  for (const std::string &problem : solver.problems())
    found.push_back(problem);
  if (n_train == 0 || n_pairs == 0 || samples_per_shard == 0)
    found.emplace_back("The residuals of the Darcy problem need 1 training medium, 1 pair per "
                       "medium and 1 sample per shard at least.");
  if (!(reduction > 0. && reduction < 1.))
    found.push_back("The reduction of the residuals of the Darcy problem is " +
                    number_text(reduction) + "; it must lie between 0 and 1.");
  if (!(solver.relative_tolerance <= 1e-3 * reduction))
    found.push_back("The relative tolerance of the solver, " +
                    number_text(solver.relative_tolerance) +
                    ", must be a thousandth of the reduction of the residuals, " +
                    number_text(reduction) + ", at most: it is the error of what is learned.");
  if (!(std::isfinite(source_scale) && source_scale >= 0.))
    found.push_back("The source scale of the residuals of the Darcy problem is " +
                    number_text(source_scale) + "; it must be finite and >= 0.");
  return found;
}

DataSetInfo describe_darcy_residuals(const DarcyResidualParameters &parameters)
{
  const std::size_t n = std::size_t(parameters.solver.n_cells) + 1;
  DataSetInfo info;
  info.kind = "darcy-residuals";
  info.fields = {{"a", {n, n}, "1"}, {"r", {n, n}, "1"}, {"e", {n, n}, "1"}};
  info.defining = {{"media", defining_values(parameters.media)},
                   {"source_scale", parameters.source_scale},
                   {"n_cells", parameters.solver.n_cells},
                   {"relative_tolerance", parameters.solver.relative_tolerance},
                   {"maximum_iterations", parameters.solver.maximum_iterations},
                   {"n_pairs", parameters.n_pairs},
                   {"reduction", parameters.reduction},
                   {"splits", parameters.splits().to_json()}};
  info.attributes = {{"title", "Residuals of conjugate gradients on the Darcy problem"},
                     {"equation", "-div(a grad e) = r in (0, 1)^2, e = 0 on the boundary"},
                     {"norm", "the mean of r^2 over the points (i, j) / n_cells, i, j < n_cells, "
                              "is 1"},
                     {"grid", "value [i][j] at (i, j) / n_cells"}};
  return info;
}

std::size_t generate_darcy_residuals(MPI_Comm comm, const std::string &folder,
                                     const DarcyResidualParameters &parameters, Log &log,
                                     bool start_afresh)
{
  if (const auto found = parameters.problems(); !found.empty())
    throw UserError(found.front());
  ResidualGenerator generator(parameters);
  const auto make = [&generator](std::size_t id) { return generator.make(id); };
  return generate_samples(comm, folder, describe_darcy_residuals(parameters),
                          parameters.n_samples(), parameters.samples_per_shard, make, "generate",
                          log, start_afresh);
}
} // namespace understudy

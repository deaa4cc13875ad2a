// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/rve.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace understudy
{
namespace
{
constexpr unsigned most_cg_iterations = 24; ///< of one column: about what a factorization costs
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double dot(std::size_t n, const double *a, const double *b)
{
  return std::inner_product(a, a + n, b, 0.);
}

double norm(const std::vector<double> &v)
{
  return std::sqrt(dot(v.size(), v.data(), v.data()));
}

Components part(PointBatch &field, std::size_t first)
{
  return {field.component(0).data() + first, field.component(1).data() + first,
          field.component(2).data() + first};
}

ConstComponents part(const PointBatch &field, std::size_t first)
{
  return {field.component(0).data() + first, field.component(1).data() + first,
          field.component(2).data() + first};
}
} // namespace

Rve::Rve(const RveMesh &mesh, const RveParameters &parameters)
  : parameters_(parameters),
    matrix_(material_laws().create(parameters.matrix.law, parameters.matrix)),
    fibre_(material_laws().create(parameters.fibre.law, parameters.fibre)),
    discretisation_(mesh, matrix_->has_potential() && fibre_->has_potential()),
    factor_(discretisation_.pattern()),
    residual_(discretisation_.n_dofs()),
    magnitude_(discretisation_.n_dofs())
{
}

void Rve::apply_laws(const PointBatch &strain, PointBatch &stress, PointBatch *tangent) const
{
  const std::size_t n = discretisation_.n_points(), n_matrix = discretisation_.n_matrix_points();
  stress.reshape(3, n);
  if (tangent != nullptr)
    tangent->reshape(9, n);
  const auto tangent_part = [tangent](std::size_t first)
  {
    TangentComponents c{};
    for (unsigned i = 0; i < 9 && tangent != nullptr; ++i)
      c[i] = tangent->component(i).data() + first;
    return c;
  };
  matrix_->evaluate(n_matrix, part(strain, 0), part(stress, 0), tangent_part(0));
  fibre_->evaluate(n - n_matrix, part(strain, n_matrix), part(stress, n_matrix),
                   tangent_part(n_matrix));
}

double Rve::evaluate(const std::array<double, 3> &E, const std::vector<double> &w,
                     bool want_tangent)
{
  discretisation_.strains(E, w.data(), strain_);
  apply_laws(strain_, stress_, want_tangent ? &tangent_ : nullptr);
  discretisation_.residual(stress_, residual_.data(), magnitude_.data());
  const double r = norm(residual_);
  return r == 0. ? 0. : r / norm(magnitude_);
}

void Rve::elastic_guess(const std::array<double, 3> &E, std::vector<double> &w)
{
  const std::size_t n = discretisation_.n_dofs();
  if (elastic_.empty())
  {
    const std::vector<double> zero(n, 0.);
    evaluate({0., 0., 0.}, zero, true);
    discretisation_.stiffness(tangent_, values_);
    std::array<double, 9> mean;
    std::vector<double> load(3 * n);
    discretisation_.load_columns(tangent_, load.data(), mean);
    have_factor_ = false;
    std::vector<double> fluctuations(3 * n);
    if (!factor_.factorize(values_) || !factor_.solve(3, load.data(), fluctuations.data()))
      throw SolverError(
        "The undeformed RVE has no positive definite stiffness; check its materials.");
    elastic_ = std::move(fluctuations); // a failure leaves nothing half done behind
  }
  w.resize(n);
  for (std::size_t i = 0; i < n; ++i)
    w[i] = -(E[0] * elastic_[i] + E[1] * elastic_[n + i] + E[2] * elastic_[2 * n + i]);
}

bool Rve::conjugate_gradients(std::size_t n_columns, const double *b, double *x, double tolerance)
{
  const std::size_t n = discretisation_.n_dofs(), size = n * n_columns;
  std::vector<double> r(b, b + size), z(size), p(size), Ap(size), rz(n_columns), limit(n_columns);
  std::fill_n(x, size, 0.);
  for (std::size_t c = 0; c < n_columns; ++c)
    limit[c] = tolerance * std::sqrt(dot(n, b + c * n, b + c * n));
  for (unsigned iteration = 0;; ++iteration)
  {
    bool done = true;
    for (std::size_t c = 0; c < n_columns; ++c)
      done = done && std::sqrt(dot(n, &r[c * n], &r[c * n])) <= limit[c];
    if (done)
      return true;
    if (iteration * n_columns >= most_cg_iterations)
      return false;
    if (!factor_.solve(n_columns, r.data(), z.data()))
      return false;
    for (std::size_t c = 0; c < n_columns; ++c)
    {
      const double now = dot(n, &r[c * n], &z[c * n]);
      const double beta = iteration == 0 || rz[c] == 0. ? 0. : now / rz[c];
      rz[c] = now;
      for (std::size_t i = c * n; i < (c + 1) * n; ++i)
        p[i] = z[i] + beta * p[i];
    }
    multiply(discretisation_.pattern(), values_, n_columns, p.data(), Ap.data());
    for (std::size_t c = 0; c < n_columns; ++c)
    {
      const double curvature = dot(n, &p[c * n], &Ap[c * n]);
      if (curvature < 0.)
        return false; // not positive definite here: let a factorization tell
      const double alpha = curvature > 0. ? rz[c] / curvature : 0.;
      for (std::size_t i = c * n; i < (c + 1) * n; ++i)
      {
        x[i] += alpha * p[i];
        r[i] -= alpha * Ap[i];
      }
    }
  }
}

bool Rve::newton_direction(std::vector<double> &direction, double relative, RveAnswer &answer)
{
  discretisation_.stiffness(tangent_, values_);
  // Accurate enough to keep Newton's quadratic rate, and never beyond what convergence asks for.
  const double forcing =
    std::max(0.3 * parameters_.tolerance / relative, 0.1 * std::min(0.1, relative));
  if (have_factor_ && has_potential() &&
      conjugate_gradients(1, residual_.data(), direction.data(), forcing))
    return true;
  ++answer.factorizations;
  have_factor_ = factor_.factorize(values_) && factor_.solve(1, residual_.data(), direction.data());
  return have_factor_;
}

bool Rve::homogenised_tangent(RveAnswer &answer)
{
  const std::size_t n = discretisation_.n_dofs();
  std::vector<double> L(3 * n), Z(3 * n), KZ(3 * n), Lt;
  std::array<double, 9> mean;
  discretisation_.load_columns(tangent_, L.data(), mean);
  discretisation_.stiffness(tangent_, values_);
  // The formula below is of second order in the error of Z, so half of the digits are enough.
  bool solved = have_factor_ && has_potential() && conjugate_gradients(3, L.data(), Z.data(), 1e-6);
  if (!solved)
  {
    ++answer.factorizations;
    have_factor_ = solved = factor_.factorize(values_) && factor_.solve(3, L.data(), Z.data());
  }
  if (!solved)
    return false;
  // L'^T K^{-1} L = L'^T Z + Z'^T (L - K Z) up to the product of both errors; Z' = Z if symmetric.
  multiply(discretisation_.pattern(), values_, 3, Z.data(), KZ.data());
  if (!has_potential())
  {
    Lt.resize(3 * n);
    discretisation_.transposed_load_columns(tangent_, Lt.data());
  }
  const std::vector<double> &left = has_potential() ? L : Lt;
  for (unsigned i = 0; i < 3; ++i)
    for (unsigned j = 0; j < 3; ++j)
    {
      double relaxed = dot(n, &left[i * n], &Z[j * n]);
      if (has_potential())
        relaxed += dot(n, &Z[i * n], &L[j * n]) - dot(n, &Z[i * n], &KZ[j * n]);
      answer.tangent[3 * i + j] = mean[3 * i + j] - relaxed;
    }
  if (has_potential())
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < i; ++j)
        answer.tangent[3 * i + j] = answer.tangent[3 * j + i] =
          (answer.tangent[3 * i + j] + answer.tangent[3 * j + i]) / 2;
  return true;
}

double Rve::line_search(const std::array<double, 3> &E, std::vector<double> &w,
                        const std::vector<double> &direction)
{
  // With a potential, r . d is its slope along the step: a step is good that ends where the slope
  // is smaller, which bounds overshooting. Without one, the residual has to fall.
  const std::size_t n = w.size();
  const bool potential = has_potential();
  const double slope = std::abs(dot(n, residual_.data(), direction.data()));
  const double r0 = norm(residual_);
  double length = 1., relative = nan;
  std::vector<double> trial(n);
  for (unsigned halving = 0; halving < 12; ++halving, length /= 2)
  {
    for (std::size_t i = 0; i < n; ++i)
      trial[i] = w[i] - length * direction[i];
    relative = evaluate(E, trial, true);
    if (relative <= parameters_.tolerance ||
        (potential ? std::abs(dot(n, residual_.data(), direction.data())) <= 0.9 * slope
                   : norm(residual_) <= (1 - 1e-4 * length) * r0))
      break;
  }
  w.swap(trial);
  return relative;
}

RveAnswer Rve::solve(const std::array<double, 3> &E, std::vector<double> &w, bool want_tangent)
{
  RveAnswer answer;
  answer.stress.fill(nan);
  answer.tangent.fill(nan);
  have_factor_ = false; // one solve never depends on the one before
  std::vector<double> direction(w.size());
  double relative = evaluate(E, w, true);
  answer.residual_history.push_back(relative);
  while (!(relative <= parameters_.tolerance) && answer.iterations < parameters_.maximum_iterations)
  {
    if (!std::isfinite(relative) || !newton_direction(direction, relative, answer))
      break;
    ++answer.iterations;
    relative = line_search(E, w, direction);
    answer.residual_history.push_back(relative);
  }
  answer.residual = relative;
  answer.converged = relative <= parameters_.tolerance;
  if (answer.converged && want_tangent)
    answer.converged = homogenised_tangent(answer);
  if (answer.converged)
    answer.stress = discretisation_.mean(stress_);
  if (!want_tangent)
    answer.tangent.fill(0.);
  return answer;
}
} // namespace understudy

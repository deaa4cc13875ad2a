// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/plane_strain.h>
#include <surrogates/galerkin_rom.h>

#include <Eigen/Dense>

#include <cblas.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
using Eigen::Index;

constexpr unsigned maximum_iterations = 30;
/// |r| relative to the energy norm of the stress: converged, and good enough where rounding stops
/// the descent before.
constexpr double tolerance = 1e-12, acceptable = 1e-9;

Matrix3 factor_of(const MaterialLaw &law)
{
  const auto C0 = law.initial_tangent();
  return energy_factor(C0.data());
}

/// y = A x and y = A^T x for a tall A, through BLAS.
void multiply(const Eigen::MatrixXd &A, bool transposed, const double *x, double *y, double beta)
{
  cblas_dgemv(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, static_cast<int>(A.rows()),
              static_cast<int>(A.cols()), 1., A.data(), static_cast<int>(A.rows()), x, 1, beta, y,
              1);
}
} // namespace

GalerkinSolver::GalerkinSolver(const GalerkinRom &rom)
  : n_modes_(rom.n_modes),
    n_(rom.n_points),
    n_matrix_(rom.n_matrix_points),
    matrix_(material_laws().create(rom.matrix.law, rom.matrix)),
    fibre_(material_laws().create(rom.fibre.law, rom.fibre)),
    symmetric_(matrix_->has_potential() && fibre_->has_potential()),
    weights_(Eigen::Map<const Eigen::VectorXd>(rom.weights.data(), rom.n_points)),
    phi_(Eigen::Map<const Eigen::MatrixXd>(rom.phi_e.data(), 3 * rom.n_points, rom.n_modes)),
    energy_factor_{factor_of(*matrix_), factor_of(*fibre_)},
    strain_(n_, 3),
    stress_(n_, 3),
    weighted_(n_, 3),
    tangent_(n_, 9),
    product_(3 * n_, n_modes_),
    scaled_(3 * n_),
    coefficients_(n_modes_),
    K_(n_modes_, n_modes_),
    trial_(n_modes_),
    step_(n_modes_),
    r_(n_modes_),
    r_trial_(n_modes_),
    elastic_(n_modes_, 3)
{
  Eigen::MatrixXd modes(3 * n_, n_modes_);
  for (Index k = 0; k < modes.cols(); ++k)
  {
    stress_ = Eigen::Map<const Eigen::MatrixXd>(rom.phi_s.data() + k * 3 * n_, n_, 3);
    scale_stress();
    modes.col(k) = scaled_;
  }
  Eigen::HouseholderQR<Eigen::MatrixXd> qr(modes);
  stress_modes_ = qr.householderQ() * Eigen::MatrixXd::Identity(3 * n_, n_modes_);
  elastic_start();
}

void GalerkinSolver::elastic_start()
{
  strain_.setZero();
  laws(true);
  stiffness();
  for (Index j = 0; j < 3; ++j)
  {
    load(j, r_);
    if (!solve_reduced(r_, step_))
      step_.setZero();
    elastic_.col(j) = -step_;
  }
}

void GalerkinSolver::laws(bool want_tangent)
{
  const auto evaluate = [&](const MaterialLaw &law, std::size_t first, std::size_t count)
  {
    if (count == 0)
      return;
    ConstComponents e;
    Components s;
    TangentComponents c{};
    for (unsigned i = 0; i < 3; ++i)
    {
      e[i] = strain_.data() + i * n_ + first;
      s[i] = stress_.data() + i * n_ + first;
    }
    for (unsigned i = 0; want_tangent && i < 9; ++i)
      c[i] = tangent_.data() + i * n_ + first;
    law.evaluate(count, e, s, c);
  };
  evaluate(*matrix_, 0, n_matrix_);
  evaluate(*fibre_, n_matrix_, n_ - n_matrix_);
}

void GalerkinSolver::scale_stress()
{
  const auto phase = [&](const Matrix3 &U, Index first, Index count)
  {
    for (Index i = 0; i < 3; ++i)
      scaled_.segment(i * n_ + first, count) =
        weights_.segment(first, count).array().sqrt() *
        (U(i, 0) * stress_.col(0).segment(first, count).array() +
         U(i, 1) * stress_.col(1).segment(first, count).array() +
         U(i, 2) * stress_.col(2).segment(first, count).array());
  };
  phase(energy_factor_[0], 0, n_matrix_);
  phase(energy_factor_[1], n_matrix_, n_ - n_matrix_);
}

void GalerkinSolver::residual(const std::array<double, 3> &E, const Vector &a, Vector &r)
{
  multiply(phi_, false, a.data(), strain_.data(), 0.);
  for (Index i = 0; i < 3; ++i)
    strain_.col(i).array() += E[i];
  laws(false);
  for (Index i = 0; i < 3; ++i)
    weighted_.col(i) = weights_.cwiseProduct(stress_.col(i));
  multiply(phi_, true, weighted_.data(), r.data(), 0.);
}

void GalerkinSolver::stiffness()
{
  for (Index i = 0; i < 9; ++i)
    tangent_.col(i).array() *= weights_.array();
  const Index n = static_cast<Index>(n_);
  for (Index k = 0; k < phi_.cols(); ++k)
  {
    const double *p0 = phi_.col(k).data(), *p1 = p0 + n, *p2 = p1 + n;
    for (Index i = 0; i < 3; ++i)
    {
      const double *c0 = tangent_.col(3 * i).data(), *c1 = c0 + n, *c2 = c1 + n;
      double *y = product_.col(k).data() + i * n;
      for (Index q = 0; q < n; ++q)
        y[q] = c0[q] * p0[q] + c1[q] * p1[q] + c2[q] * p2[q];
    }
  }
  const int r = static_cast<int>(n_modes_), m = static_cast<int>(3 * n_);
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, r, r, m, 1., phi_.data(), m, product_.data(),
              m, 0., K_.data(), r);
  if (symmetric_) // equal but for rounding
    for (Index j = 0; j < r; ++j)
      for (Index i = 0; i < j; ++i)
        K_(i, j) = K_(j, i);
}

void GalerkinSolver::load(Index j, Vector &L) const
{
  for (Index k = 0; k < phi_.cols(); ++k)
  {
    const auto phi = [&](Index i) { return phi_.col(k).segment(i * n_, n_); };
    L[k] = phi(0).dot(tangent_.col(j)) + phi(1).dot(tangent_.col(3 + j)) +
           phi(2).dot(tangent_.col(6 + j));
  }
}

bool GalerkinSolver::solve_reduced(const Vector &b, Vector &x) const
{
  if (symmetric_)
  {
    const Eigen::LLT<Square> factor(K_);
    if (factor.info() == Eigen::Success)
    {
      x = factor.solve(b);
      return x.allFinite();
    }
  }
  x = Eigen::PartialPivLU<Square>(K_).solve(b);
  return x.allFinite();
}

bool GalerkinSolver::newton(const std::array<double, 3> &E, Vector &a, Answer &answer)
{
  residual(E, a, r_);
  for (;; ++answer.iterations)
  {
    // |phi_k^T s| is bounded by the energy norm of the stress; phi is normalised in that of C0.
    scale_stress();
    const double size = scaled_.norm(), norm = r_.norm();
    if (!std::isfinite(norm) || !std::isfinite(size))
      return false;
    if (norm <= tolerance * size)
      return true;
    if (answer.iterations == maximum_iterations)
      return norm <= acceptable * size;
    laws(true);
    stiffness();
    if (!solve_reduced(r_, step_))
      return false;
    double alpha = 1.;
    for (;; alpha /= 2)
    {
      if (alpha < 1e-3)
      { // no descent any more: strain and stress are put back to a
        residual(E, a, r_);
        return norm <= acceptable * size;
      }
      trial_ = a - alpha * step_;
      residual(E, trial_, r_trial_);
      if (r_trial_.norm() <= (1. - 1e-4 * alpha) * norm)
        break;
    }
    a = trial_;
    r_ = r_trial_;
  }
}

bool GalerkinSolver::tangent(Answer &answer)
{
  laws(true);
  stiffness();
  for (Index j = 0; j < 3; ++j)
  {
    load(j, r_);
    if (!solve_reduced(r_, step_))
      return false;
    for (Index i = 0; i < 3; ++i)
    {
      // L'_ik = sum_q W (C phi_k)_i
      double sum = tangent_.col(3 * i + j).sum();
      for (Index k = 0; k < phi_.cols(); ++k)
        sum -= product_.col(k).segment(i * n_, n_).sum() * step_[k];
      answer.tangent[3 * i + j] = sum;
    }
  }
  if (symmetric_) // equal but for rounding
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < i; ++j)
        answer.tangent[3 * i + j] = answer.tangent[3 * j + i] =
          (answer.tangent[3 * i + j] + answer.tangent[3 * j + i]) / 2;
  return true;
}

double GalerkinSolver::indicator()
{
  scale_stress();
  const double size = scaled_.norm();
  if (size == 0.)
    return 0.;
  multiply(stress_modes_, true, scaled_.data(), coefficients_.data(), 0.);
  coefficients_ = -coefficients_;
  multiply(stress_modes_, false, coefficients_.data(), scaled_.data(), 1.);
  return scaled_.norm() / size;
}

GalerkinSolver::Answer GalerkinSolver::solve(const std::array<double, 3> &E, double *a,
                                             bool want_tangent, bool want_indicator)
{
  Answer answer;
  Eigen::Map<Eigen::VectorXd> given(a, n_modes_);
  const Eigen::Vector3d strain(E[0], E[1], E[2]);
  const bool cold = !given.allFinite() || (given.array() == 0.).all();
  Vector x = given;
  if (cold)
    x = elastic_ * strain;
  bool good = newton(E, x, answer);
  if (!good && !cold)
  { // a start that leads nowhere is worse than none
    x = elastic_ * strain;
    answer.iterations = 0;
    good = newton(E, x, answer);
  }
  if (!good)
    return answer;
  for (Index i = 0; i < 3; ++i)
    answer.stress[i] = weighted_.col(i).sum();
  if (want_indicator)
    answer.indicator = indicator();
  answer.converged = !want_tangent || tangent(answer);
  if (answer.converged)
    given = x;
  return answer;
}

GalerkinRomClosure::GalerkinRomClosure(const GalerkinRom &rom, const StrainBox &box, bool indicator,
                                       bool symmetrise)
  : info_(plane_strain_info("pod-galerkin")),
    solver_(rom),
    indicator_(indicator),
    symmetrise_(symmetrise)
{
  info_.lower = box.lower();
  info_.upper = box.upper();
  info_.hint_size = rom.n_modes;
  info_.symmetric_tangent = solver_.has_potential() || symmetrise;
}

void GalerkinRomClosure::evaluate(const PointQuery &query, PointAnswer &answer)
{
  prepare_answer(info_, query, answer);
  screen_inputs(info_, query, answer);
  std::array<double, GalerkinRom::max_modes> a;
  const bool indicator = indicator_ && query.want_estimate;
  for (std::size_t p = 0; p < query.inputs->n_points(); ++p)
  {
    if (answer.health[p] == Health::not_finite)
      continue;
    const std::array<double, 3> E = {(*query.inputs)(0, p), (*query.inputs)(1, p),
                                     (*query.inputs)(2, p)};
    for (std::size_t k = 0; k < info_.hint_size; ++k)
      a[k] = query.hints ? (*query.hints)(k, p) : 0.;
    const auto point = solver_.solve(E, a.data(), query.want_tangent, indicator);
    iterations_ += point.iterations;
    if (!point.converged)
    {
      answer.health[p] = Health::not_converged;
      continue;
    }
    if (indicator)
      answer.error_estimate[p] = point.indicator;
    for (unsigned i = 0; i < 3; ++i)
      answer.outputs(i, p) = point.stress[i];
    for (unsigned i = 0; query.want_tangent && i < 9; ++i)
    {
      const unsigned mirrored = 3 * (i % 3) + i / 3;
      answer.tangent(i, p) =
        symmetrise_ ? (point.tangent[i] + point.tangent[mirrored]) / 2 : point.tangent[i];
    }
    for (std::size_t k = 0; query.hints && k < info_.hint_size; ++k)
      (*query.hints)(k, p) = a[k];
  }
  blank_unusable(answer);
}
} // namespace understudy

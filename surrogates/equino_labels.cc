// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <surrogates/equino_labels.h>
#include <surrogates/equino_misfit.h>

#include <cmath>

namespace understudy
{
namespace
{
void evaluate(const MaterialLaw &law, std::size_t first, std::size_t end, const PointBatch &e,
              PointBatch &s, PointBatch *c)
{
  TangentComponents tangent{};
  for (unsigned i = 0; i < 9 && c != nullptr; ++i)
    tangent[i] = c->component(i).data() + first;
  law.evaluate(
    end - first,
    {e.component(0).data() + first, e.component(1).data() + first, e.component(2).data() + first},
    {s.component(0).data() + first, s.component(1).data() + first, s.component(2).data() + first},
    tangent);
}
} // namespace

EquinoLabeller::EquinoLabeller(const MicroBasis &basis, const Rve &rve, std::size_t n_points,
                               std::uint64_t seed)
  : matrix_law_(rve.matrix_law()),
    fibre_law_(rve.fibre_law()),
    n_(n_points),
    U_{energy_factor(basis.C0_matrix.data()), energy_factor(basis.C0_fibre.data())}
{
  const auto points = sample_quadrature_points(basis.weights, n_points, seed);
  const std::size_t r = basis.n_modes, N = basis.n_points;
  for (const std::size_t q : points)
    n_matrix_ += q < basis.n_matrix_points ? 1 : 0;

  phi_e_.resize(3 * n_, r);
  Matrix phi_s(3 * n_, r);
  for (std::size_t k = 0; k < r; ++k)
    for (std::size_t p = 0; p < n_; ++p)
    {
      Eigen::Vector3d s;
      for (unsigned i = 0; i < 3; ++i)
      {
        phi_e_(i * n_ + p, k) = basis.phi_e[(3 * k + i) * N + points[p]];
        s[i] = basis.phi_s[(3 * k + i) * N + points[p]];
      }
      s = U_[p < n_matrix_ ? 0 : 1] * s;
      for (unsigned i = 0; i < 3; ++i)
        phi_s(i * n_ + p, k) = s[i];
    }
  identity_ = Matrix::Zero(3 * n_, 3);
  for (unsigned i = 0; i < 3; ++i)
    identity_.block(i * n_, i, n_, 1).setOnes();
  const Eigen::HouseholderQR<Matrix> qr(phi_s);
  Q_ = qr.householderQ() * Matrix::Identity(3 * n_, r);
  R_ = qr.matrixQR().topRows(r).triangularView<Eigen::Upper>();
  strain_.reshape(3, n_);
  stress_.reshape(3, n_);
  tangent_.reshape(9, n_);
}

void EquinoLabeller::evaluate_law(const Eigen::Vector3d &E, const Eigen::VectorXd &a,
                                  bool want_tangent)
{
  Eigen::Map<Eigen::VectorXd>(strain_.data(), 3 * n_) = identity_ * E + phi_e_ * a;
  PointBatch *c = want_tangent ? &tangent_ : nullptr;
  evaluate(matrix_law_, 0, n_matrix_, strain_, stress_, c);
  evaluate(fibre_law_, n_matrix_, n_, strain_, stress_, c);
}

Eigen::VectorXd EquinoLabeller::scaled_stress() const
{
  Eigen::VectorXd scaled(3 * n_);
  for (std::size_t p = 0; p < n_; ++p)
  {
    const Eigen::Vector3d s(stress_(0, p), stress_(1, p), stress_(2, p));
    const Eigen::Vector3d t = U_[p < n_matrix_ ? 0 : 1] * s;
    for (unsigned i = 0; i < 3; ++i)
      scaled[i * n_ + p] = t[i];
  }
  return scaled;
}

EquinoLabeller::Matrix EquinoLabeller::scaled_tangent_times(const Matrix &strains) const
{
  Matrix product(strains.rows(), strains.cols());
  for (std::size_t p = 0; p < n_; ++p)
  {
    Eigen::Matrix3d C;
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < 3; ++j)
        C(i, j) = tangent_(3 * i + j, p);
    const Eigen::Matrix3d UC = U_[p < n_matrix_ ? 0 : 1] * C;
    for (Eigen::Index k = 0; k < strains.cols(); ++k)
    {
      const Eigen::Vector3d e(strains(p, k), strains(n_ + p, k), strains(2 * n_ + p, k));
      const Eigen::Vector3d s = UC * e;
      for (unsigned i = 0; i < 3; ++i)
        product(i * n_ + p, k) = s[i];
    }
  }
  return product;
}

void EquinoLabeller::project_out(Matrix &columns) const
{
  const Matrix inside = Q_.transpose() * columns;
  columns.noalias() -= Q_ * inside;
}

EquinoLabeller::Label EquinoLabeller::label(const std::array<double, 3> &strain,
                                            bool want_derivatives)
{
  const Eigen::Vector3d E(strain[0], strain[1], strain[2]);
  Label label;
  label.a = Eigen::VectorXd::Zero(phi_e_.cols());
  const auto residual_at = [&](const Eigen::VectorXd &a)
  {
    evaluate_law(E, a, true);
    Matrix residual = scaled_stress();
    project_out(residual);
    return Eigen::VectorXd(residual);
  };
  Eigen::VectorXd residual = residual_at(label.a);
  Matrix J;
  for (unsigned iteration = 0; iteration < 50 && !label.converged; ++iteration)
  {
    J = scaled_tangent_times(phi_e_);
    project_out(J);
    const Eigen::VectorXd step = (J.transpose() * J).ldlt().solve(J.transpose() * residual);
    const double before = residual.norm();
    // The predicted gain tells convergence; the misfit itself does not go to zero.
    label.converged = (J * step).norm() <= 1e-9 * scaled_stress().norm();
    if (label.converged || !step.allFinite())
      break;
    double length = 1.;
    Eigen::VectorXd trial;
    for (unsigned halving = 0; halving < 12; ++halving, length /= 2)
    {
      trial = residual_at(label.a - length * step);
      if (trial.norm() < before)
        break;
    }
    if (!(trial.norm() < before))
    {
      // At the minimum up to rounding, or stuck far from it: the gain above decides.
      residual = residual_at(label.a);
      label.converged = (J * step).norm() <= 1e-6 * scaled_stress().norm();
      break;
    }
    label.a -= length * step;
    residual.swap(trial);
  }
  const Eigen::VectorXd stress = scaled_stress();
  label.misfit = stress.norm() > 0. ? residual.norm() / stress.norm() : 0.;
  label.b = R_.triangularView<Eigen::Upper>().solve(Q_.transpose() * stress);
  if (want_derivatives)
    differentiate(residual, J, label);
  return label;
}

void EquinoLabeller::differentiate(const Eigen::VectorXd &residual, const Matrix &jacobian,
                                   Label &label)
{
  // Stationarity J^T R = 0 differentiated: (J^T J + sum_i R_i R_i'') da = -(J^T R_E + ...) with
  // second derivatives of the law, here central differences of its tangent.
  constexpr double h = 1e-6;
  Matrix R_E = scaled_tangent_times(identity_);
  const Matrix C_identity = R_E, C_phi = scaled_tangent_times(phi_e_);
  project_out(R_E);

  Matrix lambda(3, n_); // U^T R per point
  for (std::size_t p = 0; p < n_; ++p)
    lambda.col(p) = U_[p < n_matrix_ ? 0 : 1].transpose() *
                    Eigen::Vector3d(residual[p], residual[n_ + p], residual[2 * n_ + p]);
  std::vector<Eigen::Matrix3d> curvature(n_,
                                         Eigen::Matrix3d::Zero()); // sum_i lambda_i d C_ij / d e_k
  const PointBatch strain = strain_;
  PointBatch stress(3, n_), tangent(9, n_);
  for (unsigned k = 0; k < 3; ++k)
    for (const double sign : {1., -1.})
    {
      PointBatch shifted = strain;
      for (double &e : shifted.component(k))
        e += sign * h;
      evaluate(matrix_law_, 0, n_matrix_, shifted, stress, &tangent);
      evaluate(fibre_law_, n_matrix_, n_, shifted, stress, &tangent);
      for (std::size_t p = 0; p < n_; ++p)
        for (unsigned j = 0; j < 3; ++j)
          for (unsigned i = 0; i < 3; ++i)
            curvature[p](j, k) += sign * lambda(i, p) * tangent(3 * i + j, p) / (2 * h);
    }
  Matrix T_phi(3 * n_, phi_e_.cols()), T_identity(3 * n_, 3);
  for (std::size_t p = 0; p < n_; ++p)
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < 3; ++j)
      {
        if (j == 0)
        {
          T_phi.row(i * n_ + p).setZero();
          T_identity.row(i * n_ + p).setZero();
        }
        T_phi.row(i * n_ + p) += curvature[p](i, j) * phi_e_.row(j * n_ + p);
        T_identity.row(i * n_ + p) += curvature[p](i, j) * identity_.row(j * n_ + p);
      }
  const Matrix hessian = jacobian.transpose() * jacobian + phi_e_.transpose() * T_phi;
  const Matrix mixed = jacobian.transpose() * R_E + phi_e_.transpose() * T_identity;
  label.da = -hessian.partialPivLu().solve(mixed);
  label.db =
    R_.triangularView<Eigen::Upper>().solve(Q_.transpose() * (C_identity + C_phi * label.da));
}
} // namespace understudy

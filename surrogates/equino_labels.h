// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <surrogates/energy_norm.h>
#include <surrogates/micro_basis.h>

#include <Eigen/Dense>

#include <array>
#include <cstdint>
#include <vector>

namespace understudy
{
/// Labels for the two branches of EquiNO without solving the RVE: for a strain E
///
///   a(E) = argmin_a |(I - P P^T) s(E + phi_e a)|,   b(E) = P^T s(E + phi_e a(E)),
///
/// where P spans the stress modes, both in the energy norm C0^{-1} and on a sample of quadrature
/// points. That is the exact minimum of EquiNO's loss |s_law(a) - s_nn(b)|^2 for this strain with b
/// eliminated (variable projection). Derivatives follow from the implicit function theorem.
class EquinoLabeller
{
public:
  struct Label
  {
    Eigen::VectorXd a, b;   ///< [n_modes]
    Eigen::MatrixXd da, db; ///< [n_modes][3], derivatives with respect to E
    double misfit = 0.;     ///< |s_law - s_nn| / |s_law| in the energy norm on the sample
    bool converged = false;
  };

  /// @param n_points quadrature points, drawn with probability proportional to their weight
  EquinoLabeller(const MicroBasis &basis, const Rve &rve, std::size_t n_points, std::uint64_t seed);

  Label label(const std::array<double, 3> &E, bool want_derivatives);

private:
  using Matrix = Eigen::MatrixXd;
  void evaluate_law(const Eigen::Vector3d &E, const Eigen::VectorXd &a, bool want_tangent);
  Eigen::VectorXd scaled_stress() const;
  Matrix scaled_tangent_times(const Matrix &strains) const;
  void project_out(Matrix &columns) const;
  void differentiate(const Eigen::VectorXd &residual, const Matrix &jacobian, Label &label);

  const MaterialLaw &matrix_law_, &fibre_law_;
  std::size_t n_ = 0, n_matrix_ = 0; ///< points, and those of the matrix, which come first
  Matrix phi_e_;                     ///< [3 n][r], rows component-major as in PointBatch
  Matrix identity_;                  ///< [3 n][3], strains of the unit macroscopic strains
  Matrix Q_, R_;                     ///< thin QR of the scaled stress modes
  std::array<Matrix3, 2> U_;         ///< C0^{-1} = U^T U of matrix and fibre
  PointBatch strain_, stress_, tangent_;
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/LU>

namespace understudy
{
/// Plane-strain tangents as they are stored, row-major.
using Matrix3 = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

/// C0^{-1}, the metric of stresses in the energy norm: |s|^2 = s^T C0^{-1} s.
/// @param C0 initial tangent of a law, [9] row-major [N/mm2]
inline Matrix3 stress_metric(const double *C0)
{
  return Eigen::Map<const Matrix3>(C0).inverse();
}

/// Upper factor U with C0^{-1} = U^T U: the Euclidean norm of U s is the energy norm of a stress s.
inline Matrix3 energy_factor(const double *C0)
{
  return stress_metric(C0).llt().matrixU();
}
} // namespace understudy

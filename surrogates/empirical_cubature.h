// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace understudy
{
/// Fewest columns with the same span as those of @p X up to the relative Frobenius norm @p
/// tolerance (at least 1e-7): X V by the method of snapshots, i.e. left singular vectors times
/// singular values, the largest first.
Eigen::MatrixXd compress_columns(const Eigen::MatrixXd &X, double tolerance);

/// How far an empirical cubature goes.
struct CubatureParameters
{
  double truncation = 1e-4;  ///< of the integrands, relative Frobenius norm
  double tolerance = 1e-8;   ///< relative residual of the integrals at which to stop
  unsigned max_points = 400; ///< bounds the functions that are kept, too
};

/// Few points with positive weights that integrate a family of functions.
struct Cubature
{
  std::vector<std::size_t> points; ///< rising
  std::vector<double> weights;     ///< > 0, parallel to points, sum 1
  double residual = 1.;            ///< |sum_q W_q u_q - sum_q w_q u_q|, orthonormal u, 1 among them
  std::size_t n_functions = 0;     ///< after compression, with the constant
};

/// Empirical cubature (Hernandez, Caicedo, Ferrer, CMAME 313, 2017): the integrands are compressed
/// to functions u orthonormal under the weights, the constant 1 being the first of them; then
/// points are added one by one where u is most parallel to the residual of the integrals, and the
/// weights follow from least squares with W >= 0 (Lawson and Hanson).
/// @param integrands [n_points][n_integrands]   @param weights [n_points], positive, sum 1
Cubature empirical_cubature(const Eigen::MatrixXd &integrands, const std::vector<double> &weights,
                            const CubatureParameters &parameters);
} // namespace understudy

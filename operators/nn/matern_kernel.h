// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>

namespace understudy
{
/// Loops over many points for the Matern-5/2 covariance with one length scale per input (Rasmussen
/// and Williams, Gaussian Processes for Machine Learning, 2006, eq. 4.17):
///   k = s2 (1 + q + q^2 / 3) exp(-q),  q = sqrt(5) r,  r^2 = sum_c (x_c - z_c)^2
/// for inputs that are divided by their length scales. Compiled once per processor generation; the
/// exponential, a polynomial of degree 12 after reduction, is within 1e-15 relative. Covariances
/// below 1e-87 s2 are 0, so that no products of subnormal size slow down a factorisation.
/// Covariances of n points with one point.
/// @param x [n_inputs][stride], the first n of each row are read
/// @param z [n_inputs]   @param k [n]
void matern_values(std::size_t n_inputs, std::size_t n, const double *x, std::size_t stride,
                   const double *z, double s2, double *k);

/// The same with what their derivatives have in common:
///   dk / dlog l_c = h (x_c - z_c)^2,  h = s2 5/3 (1 + q) exp(-q).
void matern_values_and_slopes(std::size_t n_inputs, std::size_t n, const double *x,
                              std::size_t stride, const double *z, double s2, double *k, double *h);

/// sums_c += sum_p w_p h_p (x_cp - z_c)^2.
/// @param w [n]   @param h [n]   @param sums [n_inputs]
void add_matern_slopes(std::size_t n_inputs, std::size_t n, const double *x, std::size_t stride,
                       const double *z, const double *w, const double *h, double *sums);
} // namespace understudy

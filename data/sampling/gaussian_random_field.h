// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
/// Matern-like covariance of a Gaussian field with mean 0 on a square with sides of length L. The
/// Laplacian's eigenfunction with wave vector q has the variance
///   lambda(q) = scale^2 tau^(2 alpha - 2) (|q|^2 + tau^2)^(-alpha).
/// A larger alpha gives smoother fields; 1/tau is the length over which values are alike.
struct GaussianCovariance
{
  double alpha = 2.; ///< > 1, without which the sum of all variances diverges [1]
  double tau = 3.;   ///< > 0 [1 / unit of length]
  double side = 1.;  ///< L > 0 [unit of length]
  double scale = 1.; ///< > 0, factor of the field [unit of the field]

  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
};

/// Draws Gaussian random fields on grids of n x n points. A field is stored row by row, x in the
/// first index: field[i n + j] lies at (x_i, y_j).
///
/// Field `number` of seed `seed` is always the same function, whichever process draws it and
/// whatever was drawn before. Random numbers go to the modes in rings of growing wave number: the
/// same field on a finer grid has the same low modes and some more, and is the same function to
/// rounding when `n_modes` limits both to the same modes.
///
///   neumann   zero normal derivative at the boundary of [0, L]^2:
///               U(x, y) = sum over 0 <= k1, k2 < m, not both 0, of
///                         xi_k sqrt(lambda(pi k / L)) c_k1 c_k2 cos(pi k1 x / L) cos(pi k2 y / L)
///             with xi_k ~ N(0, 1), c_0 = 1, c_k = sqrt 2, at cell centres x_i = (i + 1/2) L / n.
///             Permeability fields of the Darcy data of Li et al. (2021), arXiv 2010.08895, have
///             alpha = 2, tau = 3, L = 1 and pass through to_two_phase().
///   neumann_nodes  the same functions at the nodes x_i = i L / (n - 1), the boundary included, of
///             which a grid with twice as many intervals has all. m is n - 1 here.
///   periodic  with period L along both axes:
///               U(x, y) = sum over 0 < max(|k1|, |k2|) < m of
///                         u_k exp(2 pi i (k1 x + k2 y) / L),   E|u_k|^2 = 2 lambda(2 pi k / L)
///             with u_-k = conj u_k and otherwise independent, at x_i = i L / n. The 2 is that of
///             the sampler published with the Navier-Stokes data of Li et al., whose initial
///             vorticities have alpha = 2.5, tau = 7, L = 1.
///
/// m is the number of modes the grid can tell apart, n (neumann) or (n + 1) / 2 (periodic: the
/// Nyquist mode of an even n, of which a grid sees one half only, stays out), or n_modes if that is
/// smaller. A draw costs m^2 (neumann) or 4 m^2 normal numbers and one transform of FFTW. Not for
/// several threads at once.
class GaussianRandomField
{
public:
  enum class Boundary
  {
    neumann,
    neumann_nodes,
    periodic
  };

  /// @p n_modes 0: no limit but the grid's. Throws UserError when n is 0 (neumann_nodes: 1) or more
  /// than 2^15, or for the problems() of @p covariance.
  GaussianRandomField(Boundary boundary, std::size_t n, const GaussianCovariance &covariance,
                      std::size_t n_modes = 0);

  std::size_t n() const { return n_; }             ///< points per direction
  std::size_t n_modes() const { return n_modes_; } ///< m

  /// Overwrites @p field, of n * n values, by field @p number of @p seed.
  void draw(std::uint64_t seed, std::uint64_t number, std::span<double> field);

  /// Variance of the coefficient of a mode: of xi_k sqrt(lambda), or E|u_k|^2; 0 for modes that
  /// are left out.
  double mode_variance(int k1, int k2) const;

private:
  void place(int k1, int k2, double xi, double eta);

  Boundary boundary_;
  std::size_t n_, n_modes_;
  GaussianCovariance covariance_;
  std::vector<double> amplitude_; ///< [|k1|][|k2|], m x m
  FftArray<double> coefficients_, values_;
  FftArray<std::complex<double>> spectrum_; ///< [n][n / 2 + 1]
  FftPlan plan_;
};

/// Replaces values < 0 by @p below, all others by @p above: the two permeabilities of the Darcy
/// data of Li et al. (2021).
void to_two_phase(std::span<double> field, double below = 3., double above = 12.);
} // namespace understudy

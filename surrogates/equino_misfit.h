// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/rve.h>
#include <surrogates/micro_basis.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace understudy
{
/// Numbers of @p n quadrature points, rising, each drawn with a chance proportional to its weight:
/// equally spaced in the running sum of the weights, with one random offset. Points are numbered
/// cell by cell, so the sample is spread over the cells.
std::vector<std::size_t> sample_quadrature_points(const std::vector<double> &weights, std::size_t n,
                                                  std::uint64_t seed);

/// The loss of EquiNO on a sample of quadrature points, as a function of the mode coefficients:
///
///   L = < |s_law(E + phi_e a) - phi_s b|_M^2 > / < |s|_M^2 >,
///
/// the mean over strains and points relative to that of the training snapshots (projected on the
/// modes), with |t|_M^2 = t^T M t and M = C0^{-1} of the phase ("energy") or I ("stress"). So
/// sqrt(L) is a relative error of the stress field.
class EquinoMisfit
{
public:
  /// Throws UserError when @p norm is neither "energy" nor "stress", no point is wanted or a
  /// singular value of the basis is not positive.
  EquinoMisfit(const MicroBasis &basis, const Rve &rve, std::size_t n_points, std::uint64_t seed,
               const std::string &norm);

  std::size_t n_modes() const { return n_modes_; }
  /// Root mean square of every coefficient over the training snapshots, [n_modes].
  const std::vector<double> &rms_a() const { return rms_a_; }
  const std::vector<double> &rms_b() const { return rms_b_; }

  /// L for @p n strains.
  /// @param E      [n][3]
  /// @param a, b   [n][n_modes]
  /// @param grad_a derivatives by a and b, [n][n_modes]; null, both: not wanted
  double evaluate(std::size_t n, const double *E, const double *a, const double *b, double *grad_a,
                  double *grad_b) const;

private:
  struct Scratch;
  double one_strain(const double *E, double *strain, double *stress, Scratch &scratch,
                    bool want_gradient) const;

  const MaterialLaw &matrix_law_, &fibre_law_;
  std::size_t n_modes_, n_, n_matrix_ = 0;    ///< points, and those of the matrix, which come first
  std::vector<double> phi_e_, phi_s_;         ///< [n_modes][3][n]
  std::array<std::array<double, 9>, 2> norm_; ///< M of matrix and fibre, symmetric
  std::vector<double> rms_a_, rms_b_;
  double reference_ = 0.; ///< sum over points of the mean |s|_M^2 of the snapshots
};
} // namespace understudy

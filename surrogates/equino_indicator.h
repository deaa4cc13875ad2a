// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/head.h>
#include <operators/nn/simd_kernels.h>
#include <solvers/material_law.h>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace understudy
{
class ModelFile;

/// The error indicator of EquiNO: the energy norm of the misfit s_nn - s_law at a few points,
/// relative to the root mean square of s_nn over the training strains there, with
///
///   s_nn = phi_s b(E),   s_law = law(E + phi_e a(E)).
///
/// Coefficients and fields are made in single precision, the law is asked in double, so the
/// indicator is within some 1e-5 of its value in double precision (asserted by verify/test_equino).
class EquinoIndicator
{
public:
  /// Reads what train_equino() wrote under "indicator/". The laws stay with the caller.
  /// @param a, b branches, of which copies are made
  EquinoIndicator(const ModelFile &file, const Head &a, const Head &b, const MaterialLaw &matrix,
                  const MaterialLaw &fibre);

  /// @param E finite, [3][n]
  /// @param estimate [n]; infinite where the misfit overflows
  void evaluate(std::size_t n, const double *E, double *estimate);

private:
  /// Some points of one phase. Rows of matrices: component by component, points within.
  struct Group
  {
    const MaterialLaw *law;
    std::size_t n_points;
    PackedMatrix<float> strain; ///< (I, phi_e), [3 n_points][3 + n_modes]
    PackedMatrix<float> stress; ///< U phi_s, [3 n_points][n_modes]
    std::array<double, 9> U;    ///< C0^{-1} = U^T U, row-major
  };
  void add_misfit(const Group &group, std::size_t n, const double *b);

  std::vector<std::unique_ptr<Head>> branches_; ///< b and a, in single precision
  std::size_t n_a_, n_b_, n_points_ = 0;
  double scale_ = 1.; ///< energy norm of the training stress at the points, root mean square
  std::vector<Group> groups_;
  std::vector<double> E_and_a_, b_and_a_, sum_;
  std::vector<double> strain_, law_stress_, nn_stress_; ///< of a group; nn: U s_nn
};
} // namespace understudy

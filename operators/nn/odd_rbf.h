// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <operators/nn/head.h>
#include <operators/nn/mlp.h>

#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// Odd radial basis function interpolant with s = x ./ scale,
///   f(x) = L s + sum_i [ psi_i(s - z_i) - psi_i(-s - z_i) ],
///   psi_i(d) = c_i |d|^3                  (values only), or
///   psi_i(d) = c_i |d|^3 + |d| G_i d      (Hermite: values and derivatives are interpolated).
/// f(-x) = -f(x) holds to the last bit. Centres are the training points.
class OddRbf final : public Head
{
public:
  /// Numbers of an interpolant; all matrices are row-major.
  struct Coefficients
  {
    std::vector<double> scale;   ///< [n_inputs], positive
    std::vector<double> centres; ///< [n_centres][n_inputs], scaled
    std::vector<double> linear;  ///< [n_outputs][n_inputs]
    /// [n_outputs][n_centres * m] with m = 1 (values) or 1 + n_inputs (Hermite: c_i, G_i per
    /// centre)
    std::vector<double> radial;
    bool hermite = false;
  };

  /// Throws UserError when shapes do not fit or a number is not finite.
  explicit OddRbf(Coefficients coefficients, Precision precision = Precision::double_);

  /// Interpolates y at the points x; the mirrored points come for free. Points at the origin and
  /// exact or mirrored duplicates make the system singular: UserError.
  /// @param x [n_inputs][n], @param y [n_outputs][n], @param scale [n_inputs]
  /// @param ridge added to the diagonal of the radial block, relative to its largest entry
  static OddRbf fit(const PointBatch &x, const PointBatch &y, const std::vector<double> &scale,
                    double ridge = 0.);

  /// Interpolates values and derivatives.
  /// @param dy [n_outputs * n_inputs][n], row-major dy_i/dx_j per point, physical units
  static OddRbf fit_hermite(const PointBatch &x, const PointBatch &y, const PointBatch &dy,
                            const std::vector<double> &scale, double ridge = 0.);

  std::string kind() const override { return "odd-rbf"; }
  std::size_t n_inputs() const override { return coefficients_.scale.size(); }
  std::size_t n_outputs() const override { return n_outputs_; }
  std::size_t n_centres() const { return coefficients_.centres.size() / n_inputs(); }
  void evaluate(std::size_t n, const double *x, double *y, double *dy) const override;

  std::unique_ptr<Head> folded(const double *A, std::size_t n_rows) const override;
  void save(ModelFile &file, const std::string &prefix) const override;

  /// Reads what save() wrote.
  static OddRbf load(const ModelFile &file, const std::string &prefix);

  const Coefficients &coefficients() const { return coefficients_; }
  Precision precision() const { return precision_; }

private:
  struct Packed;
  Coefficients coefficients_;
  std::size_t n_outputs_;
  Precision precision_;
  std::shared_ptr<const Packed> packed_; ///< numbers in the order of the kernel
};
} // namespace understudy

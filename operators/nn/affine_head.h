// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/head.h>

#include <Eigen/Core>

#include <memory>
#include <string>

namespace understudy
{
/// y = A x + b. What a constant and a linear law have in common.
class AffineHead final : public Head
{
public:
  /// @param A [n_outputs][n_inputs]   @param b [n_outputs]
  AffineHead(Eigen::MatrixXd A, Eigen::VectorXd b);

  std::string kind() const override { return "affine"; }
  std::size_t n_inputs() const override { return A_.cols(); }
  std::size_t n_outputs() const override { return A_.rows(); }
  void evaluate(std::size_t n, const double *x, double *y, double *dy) const override;
  std::unique_ptr<Head> folded(const double *A, std::size_t n_rows) const override;
  void save(ModelFile &file, const std::string &prefix) const override;

  /// Reads what save() wrote.
  static AffineHead load(const ModelFile &file, const std::string &prefix);

private:
  Eigen::MatrixXd A_;
  Eigen::VectorXd b_;
};
} // namespace understudy

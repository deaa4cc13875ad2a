// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace understudy
{
class ModelFile;

/// A smooth vector function of few inputs whose last operation is linear, y = f(x), evaluated for
/// batches with its exact Jacobian: the learned core of a closure. Torch-free and immutable.
class Head
{
public:
  virtual ~Head() = default;

  /// Name in model files: "mlp", "odd-rbf" or "affine".
  virtual std::string kind() const = 0;
  virtual std::size_t n_inputs() const = 0;
  virtual std::size_t n_outputs() const = 0;

  /// @param x  [n_inputs][n]   component-major, physical units
  /// @param y  [n_outputs][n]
  /// @param dy [n_outputs * n_inputs][n], row-major dy_i/dx_j per point; null: values only
  virtual void evaluate(std::size_t n, const double *x, double *y, double *dy) const = 0;

  /// The head A f(x), with the matrix folded into the last linear layer, so that it costs only its
  /// own number of outputs.
  /// @param A [n_rows][n_outputs] row-major
  virtual std::unique_ptr<Head> folded(const double *A, std::size_t n_rows) const = 0;

  /// Writes tensors named "<prefix>..." and hyper-parameters into the file.
  virtual void save(ModelFile &file, const std::string &prefix) const = 0;
};

/// Reads what save() wrote; UserError when tensors are missing, misshapen or not finite.
std::unique_ptr<Head> load_head(const ModelFile &file, const std::string &prefix);
} // namespace understudy

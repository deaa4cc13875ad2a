// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/rve_discretisation.h>

#include <memory>
#include <vector>

namespace understudy
{
/// Direct solver for matrices of one pattern: supernodal Cholesky (CHOLMOD) for symmetric positive
/// definite ones, LU (UMFPACK) otherwise. The symbolic work is done once.
class SparseFactor
{
public:
  /// @param pattern must outlive the factor
  explicit SparseFactor(const SparsityPattern &pattern);
  ~SparseFactor();
  SparseFactor(const SparseFactor &) = delete;
  SparseFactor &operator=(const SparseFactor &) = delete;

  /// False when the matrix is not positive definite, or singular; then there is no factor.
  [[nodiscard]] bool factorize(const std::vector<double> &values);

  /// X = A^{-1} B for @p n_columns columns of length n, one after the other. B and X may be equal.
  /// False when there is no factor or the solution is not finite; X is of no use then.
  [[nodiscard]] bool solve(std::size_t n_columns, const double *B, double *X);

private:
  struct Data;
  std::unique_ptr<Data> data_;
};

/// Y = A X for @p n_columns columns of length n.
void multiply(const SparsityPattern &pattern, const std::vector<double> &values,
              std::size_t n_columns, const double *X, double *Y);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace understudy
{
/// Sparse matrix in compressed rows: the entries of row i are value[e] in column[e] for
/// row_start[i] <= e < row_start[i + 1]. An entry of a row stands once; columns may have any order.
struct CsrMatrix
{
  std::size_t n_columns = 0;
  std::vector<std::size_t> row_start = {0}; ///< [n_rows + 1]
  std::vector<std::uint32_t> column;        ///< [n_entries]
  std::vector<double> value;                ///< [n_entries]

  std::size_t n_rows() const { return row_start.size() - 1; }

  /// Y = A X for @p n_fields columns, each contiguous: X [n_fields][n_columns], Y
  /// [n_fields][n_rows]. X and Y must not overlap. Two flops per entry and field; the matrix is
  /// read once for every four fields.
  void multiply(std::size_t n_fields, const double *X, double *Y) const;

  /// Whether the arrays belong together: row_start from 0 to the number of entries and never
  /// falling, columns below n_columns.
  bool is_consistent() const;
};
} // namespace understudy

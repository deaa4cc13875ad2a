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
  std::size_t n_entries() const { return value.size(); }

  /// y = A x.  @param x [n_columns]  @param y [n_rows], other memory than x
  void multiply(const double *x, double *y) const
  {
    for (std::size_t i = 0; i < n_rows(); ++i)
    {
      double sum = 0.;
      for (std::size_t e = row_start[i]; e < row_start[i + 1]; ++e)
        sum += value[e] * x[column[e]];
      y[i] = sum;
    }
  }

  /// Whether the arrays belong together: row_start from 0 to n_entries and never falling, columns
  /// below n_columns.
  bool is_consistent() const
  {
    if (row_start.empty() || row_start.front() != 0 || row_start.back() != value.size() ||
        column.size() != value.size())
      return false;
    for (std::size_t i = 0; i + 1 < row_start.size(); ++i)
      if (row_start[i] > row_start[i + 1])
        return false;
    for (const std::uint32_t c : column)
      if (c >= n_columns)
        return false;
    return true;
  }
};
} // namespace understudy

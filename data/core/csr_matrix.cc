// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/csr_matrix.h>

#include <algorithm>

namespace understudy
{
namespace
{
/// n fields at a time; n is known to the compiler, which keeps the sums in registers.
template <std::size_t n>
void multiply_fields(const CsrMatrix &A, const double *X, double *Y)
{
  const std::size_t n_rows = A.n_rows();
  for (std::size_t i = 0; i < n_rows; ++i)
  {
    double sum[n] = {};
    for (std::size_t k = A.row_start[i]; k < A.row_start[i + 1]; ++k)
      for (std::size_t f = 0; f < n; ++f)
        sum[f] += A.value[k] * X[f * A.n_columns + A.column[k]];
    for (std::size_t f = 0; f < n; ++f)
      Y[f * n_rows + i] = sum[f];
  }
}
} // namespace

void CsrMatrix::multiply(std::size_t n_fields, const double *X, double *Y) const
{
  std::size_t f = 0;
  for (; f + 4 <= n_fields; f += 4)
    multiply_fields<4>(*this, X + f * n_columns, Y + f * n_rows());
  for (; f < n_fields; ++f)
    multiply_fields<1>(*this, X + f * n_columns, Y + f * n_rows());
}

bool CsrMatrix::is_consistent() const
{
  if (row_start.empty() || row_start.front() != 0 || row_start.back() != value.size() ||
      column.size() != value.size() || !std::ranges::is_sorted(row_start))
    return false;
  return std::ranges::all_of(column, [this](std::uint32_t c) { return c < n_columns; });
}
} // namespace understudy

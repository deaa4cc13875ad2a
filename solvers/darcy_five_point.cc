// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/darcy_five_point.h>

#include <string>

namespace understudy
{
namespace
{
unsigned checked(unsigned n_cells)
{
  if (n_cells < 2 || n_cells > 2048)
    throw UserError("The five-point scheme was asked for " + std::to_string(n_cells) +
                    " cells per direction; 2 to 2048 are possible.");
  return n_cells;
}

/// Lower triangle by columns: the diagonal, the neighbour along y, and the one along x.
SparsityPattern five_point_pattern(unsigned n_cells)
{
  const int m = static_cast<int>(n_cells) - 1;
  SparsityPattern pattern;
  pattern.n = m * m;
  pattern.column_start = {0};
  for (int k = 0; k < pattern.n; ++k)
  {
    pattern.row.push_back(k);
    if (k % m + 1 < m)
      pattern.row.push_back(k + 1);
    if (k / m + 1 < m)
      pattern.row.push_back(k + m);
    pattern.column_start.push_back(static_cast<int>(pattern.row.size()));
  }
  return pattern;
}
} // namespace

DarcyFivePoint::DarcyFivePoint(unsigned n_cells)
  : n_(checked(n_cells)),
    nodes_(darcy_nodes(n_)),
    pattern_(five_point_pattern(n_)),
    values_(pattern_.row.size()),
    right_(pattern_.n),
    factor_(pattern_)
{
}

void DarcyFivePoint::assemble(std::span<const double> a)
{
  const std::size_t pitch = n_ + 1;
  std::size_t entry = 0;
  for (std::size_t i = 1; i < n_; ++i)
    for (std::size_t j = 1; j < n_; ++j)
    {
      const double *p = a.data() + i * pitch + j;
      const double right = 0.5 * (p[0] + p[1]), above = 0.5 * (p[0] + p[pitch]);
      values_[entry++] = right + above + 0.5 * (p[0] + p[-1]) +
                         0.5 * (p[0] + p[-static_cast<std::ptrdiff_t>(pitch)]);
      if (j + 1 < n_)
        values_[entry++] = -right;
      if (i + 1 < n_)
        values_[entry++] = -above;
    }
}

std::vector<double> DarcyFivePoint::solve(std::span<const double> a, std::span<const double> f)
{
  check_darcy_field(DarcyField::coefficient, nodes_, a);
  check_darcy_field(DarcyField::source, nodes_, f);
  assemble(a);
  const std::size_t m = n_ - 1, pitch = n_ + 1;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < m; ++j)
      right_[i * m + j] = f[(i + 1) * pitch + j + 1] / (double(n_) * n_);
  if (!factor_.factorize(values_) || !factor_.solve(1, right_.data(), right_.data()))
    throw SolverError("The matrix of the five-point scheme could not be factorised; the "
                      "coefficient may vary by too many decades.");
  std::vector<double> u(nodes_.size(), 0.);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < m; ++j)
      u[(i + 1) * pitch + j + 1] = right_[i * m + j];
  return u;
}
} // namespace understudy

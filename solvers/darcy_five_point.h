// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/darcy_grid.h>
#include <solvers/sparse_factor.h>

#include <span>
#include <vector>

namespace understudy
{
/// The five-point scheme behind the published Darcy data of neural operators (Li et al., 2021,
/// arXiv 2010.08895, there with 421 nodes): for -div(a grad u) = f on (0, 1)^2 with u = 0 on the
/// boundary, at the inner ones of the nodes darcy_nodes(n_cells),
///
///   sum over the four neighbours q of p of (a_p + a_q) / 2 (u_p - u_q) = h^2 f_p,   h = 1/n_cells.
///
/// which is also what bilinear elements become when the trapezoidal rule takes the place of the
/// integrals. Of order 2 for a smooth a; across a jump, which the mean smears over a cell, of order
/// 1 as DarcySolver is with values at nodes. One process, by a sparse Cholesky factorisation whose
/// symbolic part is done once; exact to rounding. (The published data interpolate a and u between
/// these nodes and cell centres by splines, which overshoot at jumps; here all stands at nodes.)
class DarcyFivePoint
{
public:
  /// Throws UserError unless 2 <= n_cells <= 2048, since the factor takes gigabytes beyond.
  explicit DarcyFivePoint(unsigned n_cells);

  const GridView &nodes() const { return nodes_; }

  /// The solution at all nodes from values at all nodes, of which f counts inside only. Throws
  /// UserError as check_darcy_field() does, and SolverError when a varies by so many decades that
  /// the matrix cannot be factorised.
  std::vector<double> solve(std::span<const double> a, std::span<const double> f);

private:
  void assemble(std::span<const double> a);

  unsigned n_;
  GridView nodes_;
  SparsityPattern pattern_; ///< of the inner nodes, row by row
  std::vector<double> values_, right_;
  SparseFactor factor_; ///< last: it refers to the pattern
};
} // namespace understudy

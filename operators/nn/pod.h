// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace understudy
{
/// Modes of a proper orthogonal decomposition.
struct Pod
{
  std::size_t n_rows = 0, n_modes = 0;
  std::vector<double> modes;           ///< [n_modes][n_rows]: one mode after the other
  std::vector<double> singular_values; ///< all n_snapshots of them, falling
};

/// Writes M x for one vector of n_rows entries; M symmetric positive definite. x and Mx never
/// overlap.
using MetricProduct = std::function<void(const double *x, double *Mx)>;

/// What to do with more modes than there are independent snapshots.
enum class PodModes
{
  exactly, ///< refuse
  at_most  ///< return fewer
};

/// Weighted POD by the method of snapshots: eigenvectors of X^T M X give Phi = X V / s, which is
/// then orthonormalised once more, so that Phi^T M Phi = I to rounding. Singular values below 1e-7
/// of the largest are noise. The sign is fixed: the largest entry of each mode is positive. Throws
/// UserError when there are more modes than independent snapshots and @p count is exactly. For n
/// snapshots of N rows 2 n^2 N + 10 n^3 operations, n products with the metric, and the memory of
/// the snapshots once more.
/// @param snapshots [n_snapshots][n_rows]: one snapshot after the other
/// @param metric    empty: M = I
Pod proper_orthogonal_decomposition(const double *snapshots, std::size_t n_rows,
                                    std::size_t n_snapshots, std::size_t n_modes,
                                    const MetricProduct &metric = {},
                                    PodModes count = PodModes::exactly);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace understudy
{
/// Split-conformal quantile (Vovk et al., 2005; Papadopoulos et al., 2002): the k-th smallest of n
/// scores, k = ceil((n + 1) (1 - nominal)). A new score that is exchangeable with these exceeds it
/// with a probability of at most @p nominal, whatever their distribution and however few they are.
/// Infinite when k > n, i.e. when there are fewer than conformal_minimum() scores.
double conformal_quantile(std::vector<double> scores, double nominal);

/// The fewest scores for which the quantile is finite: ceil(1 / nominal) - 1.
std::size_t conformal_minimum(double nominal);

/// The same for scores that come in groups, as the nodes of plates: groups are exchangeable, the
/// scores within one need not be independent. A score drawn from a new group exceeds the result
/// with a probability of at most @p nominal (hierarchical conformal prediction; Lee, Barber and
/// Willett, arXiv 2306.06342, 2023): it is the quantile 1 - nominal of the distribution in which
/// each of the n groups has the weight 1 / (n + 1), shared out evenly over its scores, and the rest
/// lies at infinity.
/// @param scores equally many per group
double grouped_conformal_quantile(std::vector<double> scores, std::size_t n_groups, double nominal);

/// How a quantile that half of the scores give holds for the other half, over random halves.
struct SplitStudy
{
  std::size_t n_splits = 0;
  double mean = 0., smallest = 0., largest = 0.; ///< share of scores above the quantile
};
SplitStudy study_splits(std::vector<double> scores, double nominal, std::size_t n_splits,
                        std::uint64_t seed);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <operators/maps/conformal.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

namespace understudy
{
namespace
{
/// ceil() that does not take the rounding error of 0.05 for a whole one.
std::size_t robust_ceil(double value)
{
  return static_cast<std::size_t>(std::ceil(value - 1e-9 * value));
}
} // namespace

double conformal_quantile(std::vector<double> scores, double nominal)
{
  const std::size_t k = robust_ceil(static_cast<double>(scores.size() + 1) * (1. - nominal));
  if (k > scores.size() || k == 0)
    return std::numeric_limits<double>::infinity();
  std::nth_element(scores.begin(), scores.begin() + static_cast<long>(k - 1), scores.end());
  return scores[k - 1];
}

double grouped_conformal_quantile(std::vector<double> scores, std::size_t n_groups, double nominal)
{
  if (scores.empty())
    return std::numeric_limits<double>::infinity();
  const double per_group = static_cast<double>(scores.size()) / static_cast<double>(n_groups);
  const std::size_t k = robust_ceil(static_cast<double>(n_groups + 1) * (1. - nominal) * per_group);
  if (k > scores.size())
    return std::numeric_limits<double>::infinity();
  std::nth_element(scores.begin(), scores.begin() + static_cast<long>(k - 1), scores.end());
  return scores[k - 1];
}

std::size_t conformal_minimum(double nominal)
{
  return robust_ceil(1. / nominal) - 1;
}

SplitStudy study_splits(std::vector<double> scores, double nominal, std::size_t n_splits,
                        std::uint64_t seed)
{
  SplitStudy study{n_splits, 0., 1., 0.};
  std::mt19937_64 random(seed);
  const auto half = static_cast<long>(scores.size() / 2);
  for (std::size_t split = 0; split < n_splits; ++split)
  {
    // Fisher and Yates by hand: std::shuffle differs between standard libraries.
    for (std::size_t i = scores.size(); i > 1; --i)
      std::swap(scores[i - 1], scores[random() % i]);
    const double quantile = conformal_quantile({scores.begin(), scores.begin() + half}, nominal);
    const auto above = std::count_if(scores.begin() + half, scores.end(),
                                     [&](double score) { return score > quantile; });
    const double share =
      static_cast<double>(above) / static_cast<double>(scores.end() - scores.begin() - half);
    study.mean += share / static_cast<double>(n_splits);
    study.smallest = std::min(study.smallest, share);
    study.largest = std::max(study.largest, share);
  }
  return study;
}
} // namespace understudy

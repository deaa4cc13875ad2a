// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace understudy
{
/// Fields of many samples on one grid of n1 x n2 points, [n_samples][n_channels][n1][n2], as
/// networks take them.
struct GridBatch
{
  std::size_t n_samples = 0, n_channels = 0, n1 = 0, n2 = 0;
  std::vector<float> values;

  GridBatch() = default;
  /// All values are zero.
  GridBatch(std::size_t samples, std::size_t channels, std::size_t points1, std::size_t points2)
    : n_samples(samples),
      n_channels(channels),
      n1(points1),
      n2(points2),
      values(samples * channels * points1 * points2)
  {
  }

  std::size_t n_points() const { return n1 * n2; }
  std::size_t sample_size() const { return n_channels * n_points(); }

  std::span<float> sample(std::size_t s)
  {
    return {values.data() + s * sample_size(), sample_size()};
  }
  std::span<const float> sample(std::size_t s) const
  {
    return {values.data() + s * sample_size(), sample_size()};
  }
  std::span<float> field(std::size_t s, std::size_t c)
  {
    return sample(s).subspan(c * n_points(), n_points());
  }
  std::span<const float> field(std::size_t s, std::size_t c) const
  {
    return sample(s).subspan(c * n_points(), n_points());
  }
};
} // namespace understudy

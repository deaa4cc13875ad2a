// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/sampling/latin_hypercube.h>
#include <data/sampling/random_numbers.h>

#include <cmath>
#include <numeric>
#include <string>
#include <utility>

namespace understudy
{
namespace
{
/// An index in [0, bound) without the bias of a plain remainder, equal on every platform.
std::size_t uniform_index(std::mt19937_64 &generator, const std::size_t bound)
{
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t number = generator();
  while (number >= limit)
    number = generator();
  return static_cast<std::size_t>(number % bound);
}

void check_box(const std::vector<double> &lower, const std::vector<double> &upper)
{
  if (lower.size() != upper.size())
    throw UserError("The sampling box has " + std::to_string(lower.size()) + " lower and " +
                    std::to_string(upper.size()) + " upper bounds; their numbers must be equal.");
  for (std::size_t c = 0; c < lower.size(); ++c)
    if (!std::isfinite(lower[c]) || !std::isfinite(upper[c]) || !(lower[c] <= upper[c]))
      throw UserError("The sampling box runs from " + std::to_string(lower[c]) + " to " +
                      std::to_string(upper[c]) + " along axis " + std::to_string(c) +
                      "; bounds must be finite and in ascending order.");
}
} // namespace

PointBatch latin_hypercube(std::size_t n, const std::vector<double> &lower,
                           const std::vector<double> &upper, std::uint64_t seed)
{
  check_box(lower, upper);
  std::mt19937_64 generator(seed);
  PointBatch points(lower.size(), n);
  std::vector<std::size_t> slice(n);
  for (std::size_t c = 0; c < lower.size(); ++c)
  {
    std::iota(slice.begin(), slice.end(), std::size_t(0));
    for (std::size_t i = n; i > 1; --i) // Fisher-Yates
      std::swap(slice[i - 1], slice[uniform_index(generator, i)]);
    for (std::size_t p = 0; p < n; ++p)
    {
      const double place =
        (static_cast<double>(slice[p]) + uniform_01(generator)) / static_cast<double>(n);
      points(c, p) = lower[c] * (1. - place) + upper[c] * place;
    }
  }
  return points;
}
} // namespace understudy

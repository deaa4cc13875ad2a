// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace understudy::test
{
/// Uniform in [-range, range), the same for the same seed.
inline std::vector<double> random_numbers(std::size_t n, unsigned seed, double range = 1.)
{
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-range, range);
  std::vector<double> v(n);
  for (double &a : v)
    a = uniform(random);
  return v;
}
} // namespace understudy::test

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/sampling/random_numbers.h>

#include <cmath>
#include <numbers>

namespace understudy
{
double uniform_01(std::mt19937_64 &generator)
{
  return static_cast<double>(generator() >> 11) * 0x1p-53;
}

std::pair<double, double> normal_pair(std::mt19937_64 &generator)
{
  const double u = uniform_01(generator), v = uniform_01(generator);
  const double radius = std::sqrt(-2. * std::log(1. - u)), angle = 2. * std::numbers::pi * v;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}
} // namespace understudy

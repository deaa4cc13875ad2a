// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <random>
#include <utility>

namespace understudy
{
/// A double in [0, 1) from the upper 53 bits of the next number: equal on every platform, which the
/// standard does not promise of std::uniform_real_distribution.
double uniform_01(std::mt19937_64 &generator);

/// Two independent standard normal numbers (Box and Muller, Annals of Mathematical Statistics 29,
/// 1958): equal on every platform but for the last bit of log, sin and cos, which the standard does
/// not promise of std::normal_distribution.
std::pair<double, double> normal_pair(std::mt19937_64 &generator);
} // namespace understudy

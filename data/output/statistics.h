// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace understudy
{
/// ||a - b|| / ||b|| over whole arrays (Frobenius norm), b being the truth. Scaled, so that squares
/// neither overflow nor vanish. 0 when both are zero, infinite when only b is; NaN when a value is
/// NaN. Throws std::invalid_argument when the lengths differ.
double relative_frobenius(std::span<const double> a, std::span<const double> b);

/// Square root of the sum of squares, scaled likewise.
double frobenius(std::span<const double> a);

/// Arithmetic mean. Throws std::invalid_argument when there is no value; so does median().
double mean(std::span<const double> a);

/// The middle value, or the mean of the two in the middle. NaN when a value is NaN.
double median(std::span<const double> a);

/// The ceil(n p)-th of n sorted numbers for 0 <= p <= 1, the first for p = 0; an n p that exceeds a
/// whole number by less than 1e-9 counts as that. Throws std::invalid_argument for no numbers.
double sorted_quantile(std::span<const double> sorted, double p);

/// Largest absolute value; NaN when a value is NaN.
double max_abs(std::span<const double> a);

/// Values of every @p stride th entry from @p offset on, e.g. one component of interleaved ones.
std::vector<double> every(std::span<const double> a, std::size_t stride, std::size_t offset);
} // namespace understudy

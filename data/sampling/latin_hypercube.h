// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace understudy
{
/// @p n points in the box [lower, upper): along every axis the box is cut into n equal slices, and
/// every slice holds exactly one point, at a random place within it. Equal seeds give equal points
/// on every platform. @return [lower.size()][n]. Throws UserError when the bounds differ in number,
/// are not finite or the wrong way round.
PointBatch latin_hypercube(std::size_t n, const std::vector<double> &lower,
                           const std::vector<double> &upper, std::uint64_t seed);
} // namespace understudy

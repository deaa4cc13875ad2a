// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>

#include <cstddef>
#include <vector>

namespace understudy
{
/// Indices of at most @p n points that cover @p points well: first the one of largest norm, then
/// again and again the one farthest from all chosen ones (Gonzalez, 1985), until all that are left
/// lie within @p distance of a chosen one. The first of equal candidates wins.
std::vector<std::size_t> farthest_points(const PointBatch &points, std::size_t n, double distance);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <vector>

namespace understudy::benchmarks
{
/// Processor time of this program [s]: other programs on the machine do not count.
inline double seconds()
{
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// The upper one of the middle two for an even number of values, of which there must be one.
inline double median(std::vector<double> v)
{
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}
} // namespace understudy::benchmarks

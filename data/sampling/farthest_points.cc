// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/sampling/farthest_points.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
std::vector<std::size_t> farthest_points(const PointBatch &points, std::size_t n, double distance)
{
  const std::size_t n_points = points.n_points();
  std::vector<std::size_t> chosen;
  if (n_points == 0 || n == 0)
    return chosen;
  const auto squared_distance = [&](std::size_t p, std::size_t q)
  {
    double sum = 0.;
    for (std::size_t c = 0; c < points.n_components(); ++c)
      sum += (points(c, p) - points(c, q)) * (points(c, p) - points(c, q));
    return sum;
  };
  std::vector<double> size(n_points, 0.);
  for (std::size_t c = 0; c < points.n_components(); ++c)
    for (std::size_t p = 0; p < n_points; ++p)
      size[p] += points(c, p) * points(c, p);
  std::size_t next = std::max_element(size.begin(), size.end()) - size.begin();
  std::vector<double> nearest(n_points, std::numeric_limits<double>::infinity());
  for (;;)
  {
    chosen.push_back(next);
    for (std::size_t p = 0; p < n_points; ++p)
      nearest[p] = std::min(nearest[p], squared_distance(p, next));
    next = std::max_element(nearest.begin(), nearest.end()) - nearest.begin();
    if (chosen.size() == n || !(nearest[next] > distance * distance))
      return chosen;
  }
}
} // namespace understudy

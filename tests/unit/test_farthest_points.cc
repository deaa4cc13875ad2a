// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the chosen points cover all, the largest comes first, and near twins count once.

#include <data/sampling/farthest_points.h>

#include <gtest/gtest.h>

namespace understudy
{
namespace
{
PointBatch line(const std::vector<double> &x)
{
  PointBatch points(1, x.size());
  for (std::size_t p = 0; p < x.size(); ++p)
    points(0, p) = x[p];
  return points;
}

TEST(FarthestPoints, StartsWithTheLargestAndSpreads)
{
  using Indices = std::vector<std::size_t>;
  const PointBatch points = line({0., 1., -4., 2., 3.});
  EXPECT_EQ(farthest_points(points, 3, 0.), (Indices{2, 4, 0}));
  EXPECT_EQ(farthest_points(points, 9, 0.).size(), 5u);
  EXPECT_EQ(farthest_points(points, 9, 1.5), (Indices{2, 4, 0})); // 1 and 2 are within 1.5
  EXPECT_EQ(farthest_points(line({1., 1., 1.}), 3, 0.), (Indices{0}));
  EXPECT_TRUE(farthest_points(PointBatch(3, 0), 3, 0.).empty());
  EXPECT_TRUE(farthest_points(points, 0, 0.).empty());
}
} // namespace
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <meshes/triangle_smoothing.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace understudy;

namespace
{
using Points = std::vector<std::array<double, 2>>;
using Triangles = std::vector<TriangleMesh::Triangle>;

const double degree = std::acos(-1.) / 180;
} // namespace

// Requirement: the smallest angle is that of known triangles, negative for clockwise ones.
TEST(TriangleSmoothing, SmallestAngle)
{
  const Points nodes = {{0, 0}, {1, 0}, {0, 1}, {0, 1 / std::sqrt(3.)}, {0.5, std::sqrt(0.75)}};
  EXPECT_NEAR(smallest_angle(nodes, Triangles{{0, 1, 4}}), 60 * degree, 1e-14);
  EXPECT_NEAR(smallest_angle(nodes, Triangles{{0, 1, 4}, {1, 2, 0}}), 45 * degree, 1e-14);
  EXPECT_NEAR(smallest_angle(nodes, Triangles{{0, 1, 3}, {0, 1, 2}}), 30 * degree, 1e-14);
  EXPECT_LT(smallest_angle(nodes, Triangles{{0, 1, 2}, {0, 2, 1}}), 0.);
  EXPECT_NEAR(smallest_angle(nodes, {}), 180 * degree, 1e-14);
}

// Requirement: a free node goes to the mean of its neighbours, fixed ones stay.
TEST(TriangleSmoothing, CentresANode)
{
  Points nodes;
  Triangles triangles;
  for (unsigned i = 0; i < 6; ++i)
  {
    nodes.push_back({std::cos(60 * i * degree), std::sin(60 * i * degree)});
    triangles.push_back({6, i, (i + 1) % 6});
  }
  nodes.push_back({0.7, 0.2});
  const auto before = nodes;
  smooth_triangles(nodes, 7, triangles);
  EXPECT_EQ(nodes, before);
  smooth_triangles(nodes, 6, triangles);
  EXPECT_NEAR(nodes[6][0], 0., 1e-15);
  EXPECT_NEAR(nodes[6][1], 0., 1e-15);
  nodes[6] = before[6];
  EXPECT_EQ(nodes, before);
}

// Requirement: a node stays where the mean of its neighbours would turn triangles over.
TEST(TriangleSmoothing, TurnsNothingOver)
{
  Points nodes = {{-1, 0}, {1, 0}, {1, 3}, {0.05, 0.6}, {-0.05, 0.6}, {-1, 3}, {0, 0.3}};
  const Triangles triangles = {{6, 0, 1}, {6, 1, 2}, {6, 2, 3}, {6, 3, 4}, {6, 4, 5}, {6, 5, 0}};
  ASSERT_GT(smallest_angle(nodes, triangles), 0.);
  const auto before = nodes;
  smooth_triangles(nodes, 6, triangles); // the mean is (0, 1.2)
  EXPECT_EQ(nodes, before);
}

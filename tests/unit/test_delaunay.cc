// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/delaunay.h>
#include <tests/random_numbers.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace understudy;
using testing::AllOf;
using testing::HasSubstr;

namespace
{
using Points = std::vector<std::array<double, 2>>;
using Triangles = std::vector<TriangleMesh::Triangle>;

double twice_area(const Points &nodes, const TriangleMesh::Triangle &t)
{
  const auto &a = nodes[t[0]], &b = nodes[t[1]], &c = nodes[t[2]];
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

double polygon_area(const Points &nodes, std::size_t n)
{
  double area = 0.;
  for (std::size_t i = 0; i < n; ++i)
    area += nodes[i][0] * nodes[(i + 1) % n][1] - nodes[i][1] * nodes[(i + 1) % n][0];
  return area / 2;
}

/// Positive for p in the circumcircle of t.
double in_circle(const Points &nodes, const TriangleMesh::Triangle &t,
                 const std::array<double, 2> &p)
{
  double m[3][3];
  for (unsigned i = 0; i < 3; ++i)
  {
    m[i][0] = nodes[t[i]][0] - p[0];
    m[i][1] = nodes[t[i]][1] - p[1];
    m[i][2] = m[i][0] * m[i][0] + m[i][1] * m[i][1];
  }
  return m[0][0] * (m[1][1] * m[2][2] - m[2][1] * m[1][2]) -
         m[0][1] * (m[1][0] * m[2][2] - m[2][0] * m[1][2]) +
         m[0][2] * (m[1][0] * m[2][1] - m[2][0] * m[1][1]);
}

/// Triangles of positive area that fill the polygon, with its sides as the only outer edges.
void expect_triangulation(const Points &nodes, std::size_t n_boundary, const Triangles &triangles)
{
  EXPECT_EQ(triangles.size(), 2 * nodes.size() - n_boundary - 2);
  double area = 0.;
  std::set<std::pair<unsigned, unsigned>> edges;
  for (const auto &t : triangles)
  {
    EXPECT_GT(twice_area(nodes, t), 0.);
    area += twice_area(nodes, t) / 2;
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_TRUE(edges.insert({t[i], t[(i + 1) % 3]}).second) << "two triangles overlap";
  }
  EXPECT_NEAR(area, polygon_area(nodes, n_boundary), 1e-12 * std::abs(area));
  for (const auto &[a, b] : edges)
    if (edges.count({b, a}) == 0)
    {
      EXPECT_EQ(b, (a + 1) % n_boundary) << "an outer edge that is no side";
    }
}

/// No edge but the sides has the opposite node of one side in the circumcircle of the other.
void expect_locally_delaunay(const Points &nodes, const Triangles &triangles)
{
  std::map<std::pair<unsigned, unsigned>, unsigned> apex;
  for (const auto &t : triangles)
    for (unsigned i = 0; i < 3; ++i)
      apex[{t[i], t[(i + 1) % 3]}] = t[(i + 2) % 3];
  for (const auto &t : triangles)
    for (unsigned i = 0; i < 3; ++i)
    {
      const auto other = apex.find({t[(i + 1) % 3], t[i]});
      if (other != apex.end())
      {
        EXPECT_LT(in_circle(nodes, t, nodes[other->second]), 1e-8);
      }
    }
}

std::string error_of(const Points &nodes, std::size_t n_boundary)
{
  try
  {
    constrained_delaunay(nodes, n_boundary);
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return "no error";
}

const Points square = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
} // namespace

// Requirement: in a convex polygon, no circumcircle holds a node.
TEST(Delaunay, CircumcirclesAreEmpty)
{
  Points nodes = square;
  const auto random = test::random_numbers(600, 7, 0.499);
  for (std::size_t i = 0; i < random.size(); i += 2)
    nodes.push_back({0.5 + random[i], 0.5 + random[i + 1]});
  const auto triangles = constrained_delaunay(nodes, 4);
  expect_triangulation(nodes, 4, triangles);
  for (const auto &t : triangles)
    for (const auto &p : nodes)
      EXPECT_LT(in_circle(nodes, t, p), 1e-8);
}

// Requirement: cocircular and collinear nodes, as those of a square lattice, are no special case.
TEST(Delaunay, TakesLattices)
{
  const unsigned n = 12;
  Points nodes;
  for (unsigned side = 0; side < 4; ++side)
    for (unsigned i = 0; i < n; ++i)
    {
      const double x = i, last = n;
      nodes.push_back(side == 0   ? std::array{x, 0.}
                      : side == 1 ? std::array{last, x}
                      : side == 2 ? std::array{last - x, last}
                                  : std::array{0., last - x});
    }
  for (unsigned i = 1; i < n; ++i)
    for (unsigned j = 1; j < n; ++j)
      nodes.push_back({double(i), double(j)});
  const auto triangles = constrained_delaunay(nodes, 4 * n);
  expect_triangulation(nodes, 4 * n, triangles);
  for (const auto &t : triangles)
    EXPECT_DOUBLE_EQ(twice_area(nodes, t), 1.);
}

// Requirement: sides that are no Delaunay edges are recovered, however many edges they cross.
TEST(Delaunay, RecoversSides)
{
  const unsigned n_teeth = 9;
  Points nodes = {{0, -1}, {double(n_teeth), -1}};
  for (unsigned i = n_teeth; i > 0; --i) // long, thin teeth: the sides of each are close neighbours
  {
    const double x = i;
    nodes.push_back({x - 0.001 * i, 40.});
    nodes.push_back({x - 0.4, 0.1 / i});
    nodes.push_back({x - 0.9, 39. + 0.1 * i});
  }
  const std::size_t n_boundary = nodes.size();
  for (unsigned i = 0; i < n_teeth; ++i)
    nodes.push_back({i + 0.43, -0.3 - 0.05 * i});
  const auto triangles = constrained_delaunay(nodes, n_boundary);
  expect_triangulation(nodes, n_boundary, triangles);
}

// Requirement: a long side that hundreds of edges would cross is recovered, and what the flips
// leave behind is made Delaunay.
TEST(Delaunay, RecoversASlit)
{
  const double w = 1. / 64; // integers in units of w keep in_circle() exact
  Points nodes = {{0, 0}, {128, 0}, {128, 32 - w}, {1, 32}, {128, 32 + w}, {128, 64}, {0, 64}};
  const std::size_t n_boundary = nodes.size();
  const auto random = test::random_numbers(400, 3, 1.);
  for (unsigned i = 0; i < 100; ++i) // close to the slit, so that both sides see each other
    for (const double side : {-1., 1.})
      nodes.push_back({8 + i + std::round(20 * random[2 * i]) * w,
                       32 + side * (16 + std::round(8 * random[2 * i + 1])) * w});
  const auto triangles = constrained_delaunay(nodes, n_boundary);
  expect_triangulation(nodes, n_boundary, triangles);
  expect_locally_delaunay(nodes, triangles);
}

// Requirement: within a polygon that is not convex, all edges but the sides are locally Delaunay.
TEST(Delaunay, IsDelaunayWithinSides)
{
  Points nodes; // a star whose points are thin
  const unsigned n_boundary = 24;
  for (unsigned i = 0; i < n_boundary; ++i)
  {
    const double angle = 2 * std::acos(-1.) * i / n_boundary, r = i % 2 == 0 ? 10. : 1.;
    nodes.push_back({r * std::cos(angle), r * std::sin(angle)});
  }
  const auto random = test::random_numbers(80, 11, 0.65);
  for (unsigned i = 0; i < 40; ++i)
    nodes.push_back({random[2 * i], random[2 * i + 1]});
  const auto triangles = constrained_delaunay(nodes, n_boundary);
  expect_triangulation(nodes, n_boundary, triangles);
  expect_locally_delaunay(nodes, triangles);
}

// Requirement: the connectivity does not depend on place and size of the domain.
TEST(Delaunay, ScalesAndMoves)
{
  Points nodes = square;
  const auto random = test::random_numbers(200, 5, 0.49);
  for (std::size_t i = 0; i < random.size(); i += 2)
    nodes.push_back({0.5 + random[i], 0.5 + random[i + 1]});
  Points far = nodes;
  for (auto &p : far)
    p = {1e-6 * p[0] - 0.25, 1e-6 * p[1] + 0.5};
  EXPECT_EQ(constrained_delaunay(nodes, 4), constrained_delaunay(far, 4));
}

// Requirement: what is no simple polygon with nodes inside is refused with the nodes' numbers.
TEST(Delaunay, RefusesWhatIsNoPolygon)
{
  const double nan = std::nan("");
  auto with = [](std::initializer_list<std::array<double, 2>> more)
  {
    Points nodes = square;
    nodes.insert(nodes.end(), more);
    return nodes;
  };
  EXPECT_THAT(error_of({}, 0), HasSubstr("needs three nodes; it has 0."));
  EXPECT_THAT(error_of(square, 2), HasSubstr("needs three nodes; it has 2."));
  EXPECT_THAT(error_of(with({{0.5, nan}}), 4), HasSubstr("Node 4 of the mesh"));
  EXPECT_THAT(error_of(with({{0.5, 0.5}, {0.5, 0.5}}), 4), HasSubstr("Nodes 4 and 5"));
  EXPECT_THAT(error_of(with({{1, 1}}), 4), HasSubstr("Nodes 2 and 4"));
  EXPECT_THAT(error_of(with({{0.5, 1.5}}), 4), HasSubstr("Node 4 lies outside"));
  EXPECT_THAT(error_of(with({{0.5, 0.}}), 4), HasSubstr("runs through node 4."));
  EXPECT_THAT(error_of({{0, 0}, {0, 1}, {1, 1}, {1, 0}}, 4), HasSubstr("counter-clockwise"));
  EXPECT_THAT(error_of({{0, 0}, {1, 0}, {2, 0}}, 3), HasSubstr("counter-clockwise"));
  EXPECT_THAT(error_of({{0, 0}, {3, 0}, {3, 3}, {1, -1}, {0, 3}}, 5),
              AllOf(HasSubstr("crosses itself"), HasSubstr("between nodes 0 and 1")));
}

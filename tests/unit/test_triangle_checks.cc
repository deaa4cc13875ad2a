// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/triangle_checks.h>
#include <tests/notched_mesh.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace understudy;
using namespace understudy::test;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

namespace
{
/// 9 x 9 nodes; node 40 is the middle one.
TriangleMesh small_plate()
{
  return notched_mesh(0.5, 8, 3);
}

/// The two unit right triangles of a square, nodes 0 to 3 counter-clockwise.
TriangleMesh square()
{
  TriangleMesh mesh;
  mesh.nodes = {{0., 0.}, {1., 0.}, {1., 1.}, {0., 1.}};
  mesh.triangles = {{0, 1, 2}, {0, 2, 3}};
  return mesh;
}

/// A triangle none of whose nodes is on the boundary.
std::size_t inner_triangle(const TriangleMesh &mesh)
{
  const auto loop = boundary_loop(mesh, mesh.features.at("top_left"));
  for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
    if (std::none_of(mesh.triangles[t].begin(), mesh.triangles[t].end(),
                     [&](unsigned node)
                     { return std::find(loop.begin(), loop.end(), node) != loop.end(); }))
      return t;
  return mesh.n_triangles();
}

std::string refusal(const TriangleMesh &mesh)
{
  try
  {
    require_disk(mesh);
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return "";
}
} // namespace

// Requirement: meshes of one piece without holes are accepted.
TEST(TriangleChecks, AcceptPlates)
{
  for (unsigned seed = 0; seed < 20; ++seed)
    EXPECT_THAT(disk_problems(notched_mesh(0.2 + 0.03 * seed, 10 + seed, seed)), IsEmpty()) << seed;
  EXPECT_THAT(disk_problems(square()), IsEmpty());
  EXPECT_EQ(refusal(small_plate()), "");
}

// Requirement: the boundary is walked counter-clockwise from the given node, each node once.
TEST(TriangleChecks, BoundaryLoop)
{
  EXPECT_EQ(boundary_loop(square(), 2), (std::vector<unsigned>{2, 3, 0, 1}));

  const auto mesh = small_plate();
  const auto loop = boundary_loop(mesh, mesh.features.at("right_low"));
  ASSERT_EQ(loop.size(), 32u);
  EXPECT_EQ(loop[0], mesh.features.at("right_low"));
  double area = 0., sum = 0.;
  for (std::size_t i = 0; i < loop.size(); ++i)
  {
    const auto &a = mesh.nodes[loop[i]], &b = mesh.nodes[loop[(i + 1) % loop.size()]];
    area += 0.5 * (a[0] * b[1] - a[1] * b[0]);
  }
  for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
    sum += signed_area(mesh, t);
  EXPECT_NEAR(area, sum, 1e-12);
  EXPECT_GT(area, 0.);

  try
  {
    boundary_loop(mesh, 40);
    FAIL();
  }
  catch (const UserError &error)
  {
    EXPECT_THAT(error.what(), HasSubstr("Node 40, at which the walk along the boundary"));
  }
}

// Requirement: flipped and flat triangles are named; of many the rest is counted.
TEST(TriangleChecks, NameBadTriangles)
{
  auto mesh = square();
  std::swap(mesh.triangles[1][0], mesh.triangles[1][1]);
  EXPECT_THAT(disk_problems(mesh),
              AllOf(Contains("Triangle 1 with the nodes 2, 0 and 3 is flipped (its nodes run "
                             "clockwise): its area is -0.5."),
                    Contains("Triangles 0 and 1 lie on the same side of their edge (0, 2).")));

  mesh = square();
  mesh.nodes[3] = {0.5 - 1e-11, 0.5 + 1e-11}; // a sliver of the right orientation
  EXPECT_THAT(disk_problems(mesh), Contains(HasSubstr("Triangle 1 with the nodes 0, 2 and 3 is "
                                                      "flat: its area is 1e-11")));
  mesh.nodes[3] = {0.5 - 1e-9, 0.5 + 1e-9};
  EXPECT_THAT(disk_problems(mesh), IsEmpty());

  mesh = square();
  mesh.triangles[0] = {0, 1, 1};
  EXPECT_THAT(disk_problems(mesh), Contains(HasSubstr("Triangle 0 with the nodes 0, 1 and 1")));

  mesh = small_plate();
  for (auto &triangle : mesh.triangles)
    std::swap(triangle[0], triangle[1]);
  const auto problems = area_problems(mesh);
  ASSERT_EQ(problems.size(), 11u);
  EXPECT_EQ(problems[10], "118 more triangles are flipped or flat.");
  EXPECT_THAT(refusal(mesh), AllOf(HasSubstr("The mesh cannot be morphed: Triangle 0 "),
                                   HasSubstr("(problem 1 of")));
}

// Requirement: nodes that are unused or lie at one place are named.
TEST(TriangleChecks, NameBadNodes)
{
  auto mesh = small_plate();
  mesh.nodes.push_back({0.25, 5.});
  EXPECT_THAT(disk_problems(mesh), Contains("Node 81 at (0.25, 5) belongs to no triangle."));

  mesh = small_plate();
  mesh.nodes.push_back(mesh.nodes[40]);
  for (auto &triangle : mesh.triangles)
    if (std::find(triangle.begin(), triangle.end(), 40) != triangle.end())
    {
      std::replace(triangle.begin(), triangle.end(), 40u, 81u);
      break;
    }
  EXPECT_THAT(disk_problems(mesh), Contains(HasSubstr("Nodes 40 and 81 lie at the same place, (")));

  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), -1. / 0.})
  {
    mesh = small_plate();
    mesh.nodes[7][1] = bad;
    EXPECT_THAT(disk_problems(mesh),
                testing::ElementsAre(HasSubstr("Node 7 has a coordinate that is not finite")));
  }
}

// Requirement: nodes are one place when they are closer than 1e-12 of the diagonal, whatever the
// size of the mesh, where it stands and which way they lie from each other.
TEST(TriangleChecks, NodesAreTheSameWithinTheToleranceOnly)
{
  for (const double size : {1e-3, 1., 1e6})
    for (unsigned turn = 0; turn < 24; ++turn)
    {
      // A disk of n triangles round node 0, cut open along a radius: the lips end in the nodes 1
      // and n + 1, which lie apart by a share of the diagonal of the bounding box.
      const unsigned n = 7;
      const double begin = 2. * pi * turn / 24.;
      const auto opened = [&](double share)
      {
        TriangleMesh mesh;
        mesh.nodes.push_back({0., 0.});
        for (unsigned i = 0; i <= n; ++i)
        {
          const double angle = begin + 2. * pi * (i % n) / n;
          mesh.nodes.push_back({size * std::cos(angle), size * std::sin(angle)});
        }
        for (unsigned i = 0; i < n; ++i)
          mesh.triangles.push_back({0, i + 1, i + 2});
        double low[2] = {0., 0.}, high[2] = {0., 0.};
        for (const auto &p : mesh.nodes)
          for (unsigned c = 0; c < 2; ++c)
          {
            low[c] = std::min(low[c], p[c]);
            high[c] = std::max(high[c], p[c]);
          }
        const double apart = share * std::hypot(high[0] - low[0], high[1] - low[1]);
        mesh.nodes[n + 1][0] += apart * std::sin(begin);
        mesh.nodes[n + 1][1] -= apart * std::cos(begin);
        return mesh;
      };
      EXPECT_THAT(disk_problems(opened(0.5e-12)),
                  testing::ElementsAre(HasSubstr("Nodes 1 and 8 lie at the same place, (")))
        << size << ' ' << turn;
      EXPECT_THAT(disk_problems(opened(2e-12)), IsEmpty()) << size << ' ' << turn;
    }
}

// Requirement: holes, several pieces and boundaries that meet are named; nothing reads out of
// range.
TEST(TriangleChecks, NameBadTopology)
{
  auto mesh = small_plate();
  mesh.triangles.erase(mesh.triangles.begin() + static_cast<std::ptrdiff_t>(inner_triangle(mesh)));
  EXPECT_THAT(disk_problems(mesh),
              AllOf(Contains(HasSubstr("The boundary has 2 loops where a mesh without holes has "
                                       "one; one passes through node 0, another through node ")),
                    Contains(HasSubstr("of the mesh is 0; that of one piece without holes is 1"))));
  EXPECT_THAT(refusal(mesh), HasSubstr("The boundary has 2 loops"));

  mesh = square();
  for (const auto &p : square().nodes)
    mesh.nodes.push_back({p[0] + 3., p[1]});
  mesh.triangles.push_back({4, 5, 6});
  mesh.triangles.push_back({4, 6, 7});
  EXPECT_THAT(disk_problems(mesh),
              AllOf(Contains("The mesh has 2 components; one holds node 0, another node 4."),
                    Contains(HasSubstr("of the mesh is 2;"))));

  mesh = square();
  mesh.nodes.push_back({2., 1.});
  mesh.nodes.push_back({2., 2.});
  mesh.triangles.push_back({2, 4, 5});
  EXPECT_THAT(disk_problems(mesh),
              testing::ElementsAre("The boundary touches itself in node 2 at (1, 1)."));

  mesh = square();
  mesh.nodes.push_back({0.2, 0.9});
  mesh.triangles.push_back({0, 2, 4});
  EXPECT_THAT(disk_problems(mesh),
              Contains("Edge (0, 2) belongs to 3 triangles, among them 0, 1 and 2."));

  EXPECT_THAT(disk_problems({}), testing::ElementsAre("The mesh has no triangle."));
  mesh = square();
  mesh.triangles[1][1] = 4;
  EXPECT_THAT(disk_problems(mesh),
              testing::ElementsAre("Triangle 1 names the node 4; the mesh has 4 nodes."));
}

// Requirement: names that are not on the boundary are refused, and edges of the wrong direction.
TEST(TriangleChecks, NameBadNames)
{
  auto mesh = small_plate();
  mesh.features["tip"] = 40;
  mesh.edges["top"].push_back({40, 41});
  std::swap(mesh.edges["bottom"][2][0], mesh.edges["bottom"][2][1]);
  EXPECT_THAT(
    disk_problems(mesh),
    testing::UnorderedElementsAre(
      "The feature 'tip', node 40, is not on the boundary.",
      "The edge (40, 41) of 'top' is no edge of the boundary with the interior on its left.",
      "The edge (3, 2) of 'bottom' is no edge of the boundary with the interior on its left."));

  mesh = small_plate();
  mesh.features["tip"] = 81;
  mesh.edges["top"].push_back({81, 0});
  EXPECT_THAT(
    disk_problems(mesh),
    testing::UnorderedElementsAre(
      "The feature 'tip' is the node 81; the mesh has 81 nodes.",
      "The edge (81, 0) of 'top' names a node that does not exist; the mesh has 81 nodes."));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/rbf_morphing.h>
#include <tests/notched_mesh.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace understudy;
using namespace understudy::test;
using testing::AllOf;
using testing::HasSubstr;

namespace
{
using Points = std::vector<std::array<double, 2>>;

double distance(const std::array<double, 2> &a, const std::array<double, 2> &b)
{
  return std::hypot(a[0] - b[0], a[1] - b[1]);
}

/// The boundary of one plate, to be moved to that of another with as many nodes.
struct PlateToPlate
{
  TriangleMesh from, to;
  std::vector<unsigned> loop;
  Points points, displacements;

  PlateToPlate(double r0, double r1, unsigned n)
    : from(notched_mesh(r0, n, 1)), to(notched_mesh(r1, n, 2))
  {
    loop = boundary_loop(from, 0);
    for (const unsigned i : loop)
    {
      points.push_back(from.nodes[i]);
      displacements.push_back(
        {to.nodes[i][0] - from.nodes[i][0], to.nodes[i][1] - from.nodes[i][1]});
    }
  }
};

std::string refusal(const TriangleMesh &mesh, const Points &points, const Points &displacements,
                    const RbfMorphingOptions &options = {})
{
  try
  {
    rbf_morph(mesh, points, displacements, options);
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return "";
}
} // namespace

// Requirement: Wendland's function has its values, and two continuous derivatives where it ends.
TEST(RbfMorphing, WendlandC2)
{
  EXPECT_EQ(wendland_c2(0.), 1.);
  EXPECT_EQ(wendland_c2(0.5), 0.1875);
  EXPECT_EQ(wendland_c2(1.), 0.);
  EXPECT_EQ(wendland_c2(7.), 0.);
  // (1 - r)^4 at the end: a step of h leaves 5 h^4.
  EXPECT_NEAR(wendland_c2(1. - 1e-2), 5e-8, 5e-10);
}

// Requirement: one control point moves every node by its displacement times the function.
TEST(RbfMorphing, OnePointMovesItsNeighbourhood)
{
  const auto mesh = notched_mesh(0.5, 30, 4);
  const std::array<double, 2> centre = {0.1, 0.2};
  RbfMorphingOptions options;
  options.radius = 0.6;
  const auto image = rbf_morph(mesh, {centre}, {{0.1, -0.05}}, options);
  unsigned n_still = 0;
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
  {
    const double phi = wendland_c2(distance(mesh.nodes[i], centre) / 0.6);
    ASSERT_NEAR(image.nodes[i][0], mesh.nodes[i][0] + 0.1 * phi, 1e-15) << i;
    ASSERT_NEAR(image.nodes[i][1], mesh.nodes[i][1] - 0.05 * phi, 1e-15) << i;
    n_still += image.nodes[i] == mesh.nodes[i];
  }
  EXPECT_GT(n_still, 200u);
  EXPECT_EQ(image.triangles, mesh.triangles);
  EXPECT_EQ(image.features, mesh.features);
}

// Requirement: a plate whose boundary nodes are the control points takes the boundary of another
// plate, exactly and without a flipped triangle; the default radius is half the diagonal.
TEST(RbfMorphing, TakesTheGivenBoundary)
{
  const PlateToPlate plates(0.45, 0.5, 20);
  const auto image = rbf_morph(plates.from, plates.points, plates.displacements);
  for (const unsigned i : plates.loop)
    EXPECT_LT(distance(image.nodes[i], plates.to.nodes[i]), 1e-11) << i;
  double area = 0., expected = 0.;
  for (std::size_t t = 0; t < image.n_triangles(); ++t)
  {
    EXPECT_GT(signed_area(image, t), 0.) << t;
    area += signed_area(image, t);
    expected += signed_area(plates.to, t);
  }
  EXPECT_NEAR(area, expected, 1e-11);

  RbfMorphingOptions options;
  options.radius = std::sqrt(2.);
  EXPECT_EQ(rbf_morph(plates.from, plates.points, plates.displacements, options).nodes,
            image.nodes);

  std::vector<unsigned> number;
  const auto other =
    rbf_morph(renumbered(plates.from, 9, number), plates.points, plates.displacements);
  for (std::size_t i = 0; i < image.n_nodes(); ++i)
    ASSERT_LT(distance(image.nodes[i], other.nodes[number[i]]), 1e-10);
}

// Requirement: a displacement above R / 2.11, the steepest descent of the function, folds the mesh
// and is refused naming a triangle; in steps below that it does not.
TEST(RbfMorphing, StepsFollowLargeDisplacements)
{
  const auto mesh = notched_mesh(0.2, 40, 4);
  RbfMorphingOptions options;
  options.radius = 0.5;
  const Points centre = {{-0.2, 0.}}, displacement = {{0.35, 0.}};
  EXPECT_THAT(refusal(mesh, centre, displacement, options),
              AllOf(HasSubstr("The morphing folds the mesh: Triangle "), HasSubstr("is flipped"),
                    HasSubstr("More steps")));
  options.steps = 5;
  const auto image = rbf_morph(mesh, centre, displacement, options);
  double nearest = 1.;
  std::size_t node = 0;
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    if (distance(mesh.nodes[i], centre[0]) < nearest)
      nearest = distance(mesh.nodes[node = i], centre[0]);
  EXPECT_LT(distance(image.nodes[node], {0.15, 0.}), 3. * nearest);
}

// Requirement: control points that nearly meet are refused by their condition number.
TEST(RbfMorphing, RefusesIllConditionedControlPoints)
{
  const auto mesh = notched_mesh(0.5, 12, 4);
  const auto text = [&](double apart) {
    return refusal(mesh, {{0., 0.}, {apart, 0.}}, {{0.01, 0.}, {0.01, 0.}});
  };
  // Eigenvalues of [1 p; p 1] are 1 +- p, and 1 - p is about 10 (apart / R)^2.
  EXPECT_EQ(text(1e-4), "");
  EXPECT_THAT(text(1e-7),
              AllOf(HasSubstr("The condition number of the morphing's 2 control points"),
                    HasSubstr(", above 1e+12;"), HasSubstr("a radius smaller than 1.41421.")));
  EXPECT_THAT(text(0.), HasSubstr("is infinite, above 1e+12"));
}

// Requirement: bad input is refused with one sentence that names it.
TEST(RbfMorphing, RefusesWithASentence)
{
  const auto mesh = notched_mesh(0.5, 12, 4);
  EXPECT_EQ(refusal(mesh, {}, {}), "The morphing has no control point.");
  EXPECT_EQ(refusal(mesh, {{0., 0.}}, {}),
            "The morphing has 1 control points, but 0 displacements.");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal(mesh, {{0., 0.}, {1., nan}}, {{0., 0.}, {0., 0.}}),
            "Control point 1 of the morphing is not finite.");
  EXPECT_EQ(refusal(mesh, {{0., 0.}}, {{nan, 0.}}),
            "Displacement 0 of the morphing is not finite.");
  RbfMorphingOptions options;
  options.radius = -1.;
  EXPECT_THAT(refusal(mesh, {{0., 0.}}, {{0., 0.}}, options),
              HasSubstr("The radius of the morphing is -1"));
  options = {};
  options.steps = 0;
  EXPECT_THAT(refusal(mesh, {{0., 0.}}, {{0., 0.}}, options), HasSubstr("has 0 steps"));
  TriangleMesh twice = mesh;
  twice.nodes.push_back({9., 9.});
  EXPECT_THAT(refusal(twice, {{0., 0.}}, {{0., 0.}}),
              HasSubstr("The mesh cannot be morphed: Node 169 at (9, 9) belongs to no triangle"));
}

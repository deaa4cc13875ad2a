// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/tutte_map.h>
#include <tests/notched_mesh.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

using namespace understudy;
using namespace understudy::test;
using testing::HasSubstr;
using testing::IsEmpty;
using Target = TutteOptions::Target;
using Weights = TutteOptions::Weights;

namespace
{
TutteOptions options(Target target = Target::unit_disk, Weights weights = Weights::uniform)
{
  TutteOptions o{target, weights, plate_features, {}};
  if (target == Target::unit_square) // corners to corners, arc ends to thirds of the sides
    o.places = {0., 3 / 12., 4 / 12., 5 / 12., 6 / 12., 9 / 12., 10 / 12., 11 / 12.};
  return o;
}

double distance(const std::array<double, 2> &a, const std::array<double, 2> &b)
{
  return std::hypot(a[0] - b[0], a[1] - b[1]);
}

std::string refusal(const TriangleMesh &mesh, const TutteOptions &options)
{
  try
  {
    tutte_map(mesh, options);
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return "";
}
} // namespace

// Requirement: the images of 50 random plates have positive areas that add up to the polygon of the
// boundary nodes, for both targets and both kinds of weights.
TEST(TutteMap, MapsRandomPlatesOneToOne)
{
  std::mt19937 random(1);
  for (unsigned plate = 0; plate < 50; ++plate)
  {
    const double radius = 0.2 + 0.6 * random() / std::mt19937::max();
    const auto mesh = notched_mesh(radius, 12 + random() % 20, plate);
    for (const Target target : {Target::unit_disk, Target::unit_square})
      for (const Weights weights : {Weights::uniform, Weights::mean_value})
      {
        const auto map = tutte_map(mesh, options(target, weights));
        double polygon = 0., sum = 0.;
        if (target == Target::unit_square)
          polygon = 1.;
        else
        { // triangles from the centre, by the angles of the boundary nodes
          const auto loop = boundary_loop(mesh, 0);
          for (std::size_t i = 0; i < loop.size(); ++i)
          {
            const auto &a = map.image.nodes[loop[i]];
            const auto &b = map.image.nodes[loop[(i + 1) % loop.size()]];
            ASSERT_NEAR(std::hypot(a[0], a[1]), 1., 1e-15);
            polygon +=
              0.5 *
              std::sin(std::remainder(std::atan2(b[1], b[0]) - std::atan2(a[1], a[0]), 2. * pi));
          }
        }
        for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
        {
          ASSERT_GT(signed_area(map.image, t), 0.) << "plate " << plate << ", triangle " << t;
          sum += signed_area(map.image, t);
        }
        EXPECT_NEAR(sum, polygon, 1e-12 * polygon) << "plate " << plate;
        EXPECT_NEAR(map.area, polygon, 1e-12 * polygon) << "plate " << plate;
        EXPECT_THAT(image_problems(map.image, map.area), IsEmpty()) << "plate " << plate;
      }
  }
}

// Requirement: two boundary nodes that changed places, neighbours or not, trip the check, as does
// a node that left its place; the triangle is named.
TEST(TutteMap, ExchangedNodesTripTheCheck)
{
  for (unsigned plate = 0; plate < 50; ++plate)
  {
    const auto mesh = notched_mesh(0.2 + 0.012 * plate, 16, plate);
    const auto map = tutte_map(mesh, options());
    const auto loop = boundary_loop(mesh, 0);
    for (const std::size_t apart : {1u, 5u, 30u})
    {
      TriangleMesh wrong = map.image;
      std::swap(wrong.nodes[loop[plate]], wrong.nodes[loop[(plate + apart) % loop.size()]]);
      EXPECT_THAT(image_problems(wrong, map.area), testing::Contains(HasSubstr("Triangle ")))
        << plate << " " << apart;
    }
  }
  // All triangles positive, but not of the polygon that was meant.
  const auto map = tutte_map(notched_mesh(0.5, 12, 1), options());
  EXPECT_THAT(image_problems(map.image, map.area * (1. + 1e-11)),
              testing::ElementsAre(HasSubstr("The areas of all triangles add up to ")));
}

// Requirement: with uniform weights every inner node is the plain mean of its neighbours.
TEST(TutteMap, InnerNodesAreMeansOfTheirNeighbours)
{
  const auto mesh = notched_mesh(0.6, 40, 7);
  const auto u = tutte_map(mesh, options()).image.nodes;
  std::vector<std::set<unsigned>> neighbours(mesh.n_nodes());
  for (const auto &triangle : mesh.triangles)
    for (unsigned k = 0; k < 3; ++k)
    {
      neighbours[triangle[k]].insert(triangle[(k + 1) % 3]);
      neighbours[triangle[k]].insert(triangle[(k + 2) % 3]);
    }
  const auto loop = boundary_loop(mesh, 0);
  const std::set<unsigned> boundary(loop.begin(), loop.end());
  for (unsigned i = 0; i < mesh.n_nodes(); ++i)
    if (boundary.count(i) == 0)
      for (unsigned c = 0; c < 2; ++c)
      {
        double mean = 0.;
        for (const unsigned j : neighbours[i])
          mean += u[j][c] / static_cast<double>(neighbours[i].size());
        EXPECT_NEAR(u[i][c], mean, 1e-13) << i;
      }
}

// Requirement: features go to equal angles, or to the places given; between them nodes
// keep their share of the arc length.
TEST(TutteMap, BoundaryFollowsFeaturesAndArcLength)
{
  const auto mesh = notched_mesh(0.3, 20, 5);
  const auto disk = tutte_map(mesh, options()).image;
  const auto square = tutte_map(mesh, options(Target::unit_square)).image;
  const std::array<std::array<double, 2>, 8> on_square = {
    {{0, 0}, {1, 0}, {1, 1 / 3.}, {1, 2 / 3.}, {1, 1}, {0, 1}, {0, 2 / 3.}, {0, 1 / 3.}}};
  for (unsigned f = 0; f < 8; ++f)
  {
    const unsigned node = mesh.features.at(plate_features[f]);
    EXPECT_LT(distance(disk.nodes[node], {std::cos(f * pi / 4), std::sin(f * pi / 4)}), 1e-15);
    EXPECT_LT(distance(square.nodes[node], on_square[f]), 1e-14);
  }
  // The bottom has equal edges, so its nodes go to equal steps.
  for (unsigned i = 0; i <= 20; ++i)
  {
    EXPECT_NEAR(std::atan2(disk.nodes[i][1], disk.nodes[i][0]), pi / 4 * i / 20, 1e-14);
    EXPECT_NEAR(square.nodes[i][0], i / 20., 1e-14);
  }

  // Without features: from the leftmost node, of several the lowest; the whole length is one part.
  const auto free = tutte_map(mesh).image;
  EXPECT_LT(distance(free.nodes[0], {1., 0.}), 1e-15);
  const auto loop = boundary_loop(mesh, 0);
  double length = 0.;
  for (std::size_t i = 0; i < loop.size(); ++i)
    length += distance(mesh.nodes[loop[i]], mesh.nodes[loop[(i + 1) % loop.size()]]);
  EXPECT_NEAR(std::atan2(free.nodes[10][1], free.nodes[10][0]), 2. * pi * 1. / length, 1e-13);
}

// Requirement: mean-value weights have linear precision: a square goes to the square unchanged,
// however its inside is cut (Floater 2003).
TEST(TutteMap, MeanValueWeightsReproduceLinearMaps)
{
  const auto mesh = notched_mesh(0., 24, 11);
  TutteOptions o{Target::unit_square, Weights::mean_value, {}, {}};
  o.features = {"bottom_left", "bottom_right", "top_right", "top_left"};
  const auto exact = tutte_map(mesh, o).image;
  o.weights = Weights::uniform;
  const auto uniform = tutte_map(mesh, o).image;
  double worst = 0., worst_uniform = 0.;
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
  {
    const std::array<double, 2> p = {0.5 * (mesh.nodes[i][0] + 1.), 0.5 * (mesh.nodes[i][1] + 1.)};
    worst = std::max(worst, distance(exact.nodes[i], p));
    worst_uniform = std::max(worst_uniform, distance(uniform.nodes[i], p));
  }
  EXPECT_LT(worst, 1e-13);
  EXPECT_GT(worst_uniform, 1e-3); // the test can tell the two apart
}

// Requirement: the numbering of nodes and triangles does not matter.
TEST(TutteMap, DoesNotDependOnTheNumbering)
{
  const auto mesh = notched_mesh(0.45, 30, 2);
  for (const Weights weights : {Weights::uniform, Weights::mean_value})
  {
    const auto image = tutte_map(mesh, options(Target::unit_disk, weights)).image;
    std::vector<unsigned> number;
    const auto other =
      tutte_map(renumbered(mesh, 3, number), options(Target::unit_disk, weights)).image;
    for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
      ASSERT_LT(distance(image.nodes[i], other.nodes[number[i]]), 1e-10) << i;
    EXPECT_EQ(other.features.at("top_left"), number[mesh.features.at("top_left")]);
  }
}

// Requirement: a mesh without inner nodes is mapped by its boundary alone.
TEST(TutteMap, MapsASingleTriangle)
{
  TriangleMesh mesh;
  mesh.nodes = {{0., 0.}, {4., 0.}, {0., 3.}};
  mesh.triangles = {{0, 1, 2}};
  const auto map = tutte_map(mesh); // sides 4, 5, 3 of 12
  EXPECT_LT(distance(map.image.nodes[0], {1., 0.}), 1e-15);
  EXPECT_LT(distance(map.image.nodes[1], {std::cos(2. * pi / 3), std::sin(2. * pi / 3)}), 1e-15);
  EXPECT_LT(distance(map.image.nodes[2], {0., -1.}), 1e-15);
}

// Requirement: bad features and meshes are refused with one sentence that names them.
TEST(TutteMap, RefusesWithASentence)
{
  const auto mesh = notched_mesh(0.5, 12, 1);
  TutteOptions o = options();
  o.features[2] = "right_lo";
  EXPECT_THAT(refusal(mesh, o),
              HasSubstr("The mesh has no feature 'right_lo'; did you mean 'right_low'?"));
  o = options();
  std::swap(o.features[3], o.features[4]);
  EXPECT_THAT(refusal(mesh, o), HasSubstr("The feature 'right_high' (node "));
  EXPECT_THAT(refusal(mesh, o), HasSubstr("does not follow 'top_right' (node "));
  o.features = {"top_left", "top_left"};
  EXPECT_THAT(refusal(mesh, o), HasSubstr("does not follow 'top_left'"));
  o = options(Target::unit_square);
  o.places.pop_back();
  EXPECT_THAT(refusal(mesh, o), HasSubstr("The map has 8 features, but places for 7."));
  o = options(Target::unit_square);
  o.places[4] = 0.51;
  EXPECT_THAT(refusal(mesh, o),
              HasSubstr("No feature lies at 0.5 of the perimeter of the unit square"));
  std::swap(o.places[5], o.places[6]);
  EXPECT_THAT(refusal(mesh, o),
              HasSubstr("must begin with 0 and grow to less than 1; 'top_left' has 0.833333."));
  o.features.clear();
  o.places.clear();
  EXPECT_THAT(refusal(mesh, o), HasSubstr("No feature lies at 0.25"));

  TriangleMesh hole = mesh;
  const auto loop = boundary_loop(mesh, 0);
  const std::set<unsigned> boundary(loop.begin(), loop.end());
  for (std::size_t t = 0; t < mesh.n_triangles() && hole.n_triangles() == mesh.n_triangles(); ++t)
    if (std::none_of(mesh.triangles[t].begin(), mesh.triangles[t].end(),
                     [&](unsigned node) { return boundary.count(node) > 0; }))
      hole.triangles.erase(hole.triangles.begin() + static_cast<std::ptrdiff_t>(t));
  EXPECT_THAT(refusal(hole, options()),
              HasSubstr("The mesh cannot be morphed: The boundary has 2 loops"));

  // A corner of the plate in the middle of a side of the square: its triangle becomes flat.
  TriangleMesh corner;
  corner.nodes = {{0., 0.}, {1., 0.}, {1., 1.}, {.5, 1.}, {0., 1.}, {.5, .5}};
  corner.triangles = {{0, 1, 5}, {1, 3, 5}, {1, 2, 3}, {3, 4, 5}, {4, 0, 5}};
  corner.features = {{"a", 0}, {"b", 1}, {"c", 3}, {"d", 4}};
  o.features = {"a", "b", "c", "d"};
  EXPECT_THAT(refusal(corner, o), HasSubstr("The image of the mesh is not one-to-one: Triangle 2 "
                                            "with the nodes 1, 2 and 3 is flat"));
  o.target = Target::unit_disk;
  EXPECT_EQ(refusal(corner, o), "");
}

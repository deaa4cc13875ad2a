// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/plate_generator.h>
#include <meshes/triangle_checks.h>
#include <meshes/triangle_smoothing.h>
#include <meshes/tutte_map.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

using namespace understudy;
using testing::AllOf;
using testing::HasSubstr;

namespace
{
using Point = std::array<double, 2>;
using Edges = std::set<std::pair<unsigned, unsigned>>;

constexpr double pi = 3.14159265358979323846;

PlateMeshing with_seed(double h, std::uint64_t seed, double refinement = 1.)
{
  PlateMeshing meshing;
  meshing.h = h;
  meshing.seed = seed;
  meshing.notch_refinement = refinement;
  return meshing;
}

struct NamedCase
{
  const char *name;
  PlateShape shape;
  double refinement;
};

/// The family, departures from it, and both refined at the notches.
const std::vector<NamedCase> all_cases = {
  {"circle 0.2", PlateShape::circle(0.2), 1.},
  {"circle 0.5", PlateShape::circle(0.5), 1.},
  {"circle 0.8", PlateShape::circle(0.8), 1.},
  {"circle 0.5 refined", PlateShape::circle(0.5), 3.},
  {"deep ellipse", PlateShape::semi_ellipse(0.3, 0.6), 1.},
  {"deep ellipse refined", PlateShape::semi_ellipse(0.2, 0.6), 3.},
  {"flat ellipse", PlateShape::semi_ellipse(0.6, 0.35), 1.},
  {"wide V", PlateShape::v_notch(0.6, 0.2), 1.},
  {"sharp V", PlateShape::v_notch(0.15, 0.6), 1.},
  {"sharp V refined", PlateShape::v_notch(0.05, 0.6), 4.}};

double cross(const Point &a, const Point &b)
{
  return a[0] * b[1] - a[1] * b[0];
}

double area(const TriangleMesh &mesh)
{
  double sum = 0.;
  for (const auto &t : mesh.triangles)
  {
    const Point &a = mesh.nodes[t[0]], &b = mesh.nodes[t[1]], &c = mesh.nodes[t[2]];
    sum += cross({b[0] - a[0], b[1] - a[1]}, {c[0] - a[0], c[1] - a[1]}) / 2;
  }
  return sum;
}

Edges directed_edges(const TriangleMesh &mesh)
{
  Edges edges;
  for (const auto &t : mesh.triangles)
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_TRUE(edges.insert({t[i], t[(i + 1) % 3]}).second);
  return edges;
}

Edges outer_edges(const TriangleMesh &mesh)
{
  const auto all = directed_edges(mesh);
  Edges outer;
  for (const auto &[a, b] : all)
    if (all.count({b, a}) == 0)
      outer.insert({a, b});
  return outer;
}

std::string error_of(const PlateShape &shape, const PlateMeshing &meshing)
{
  try
  {
    make_plate(shape, meshing);
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return "no error";
}
} // namespace

// Requirement: a plate is a disk with one boundary loop; each of its nodes belongs to a triangle.
TEST(PlateGenerator, IsADisk)
{
  for (const auto &[name, shape, refinement] : all_cases)
    for (unsigned seed = 0; seed < 3; ++seed)
    {
      SCOPED_TRACE(name);
      const auto mesh = make_plate(shape, with_seed(0.06, seed, refinement));
      const auto outer = outer_edges(mesh);
      const auto n_edges = (directed_edges(mesh).size() + outer.size()) / 2;
      EXPECT_EQ(mesh.n_nodes() + mesh.n_triangles(), n_edges + 1); // Euler number 1

      std::map<unsigned, unsigned> next(outer.begin(), outer.end());
      EXPECT_EQ(next.size(), outer.size());
      unsigned v = 0, steps = 0;
      do
      {
        EXPECT_EQ(next.at(v), (v + 1) % outer.size()); // boundary nodes come first, in order
        v = next.at(v);
        ++steps;
      } while (v != 0 && steps < outer.size());
      EXPECT_EQ(steps, outer.size());

      std::set<unsigned> used;
      for (const auto &t : mesh.triangles)
        used.insert(t.begin(), t.end());
      EXPECT_EQ(used.size(), mesh.n_nodes());
    }
}

// Requirement: the named parts cover the boundary exactly once, each from feature to feature, with
// the interior on the left.
TEST(PlateGenerator, NamesItsBoundary)
{
  for (const auto &[name, shape, refinement] : all_cases)
  {
    SCOPED_TRACE(name);
    const auto mesh = make_plate(shape, with_seed(0.06, 5, refinement));
    ASSERT_EQ(mesh.edges.size(), plate_parts.size());
    ASSERT_EQ(mesh.features.size(), plate_features.size());
    const auto outer = outer_edges(mesh);
    std::size_t n = 0;
    for (std::size_t i = 0; i < plate_parts.size(); ++i)
    {
      SCOPED_TRACE(plate_parts[i]);
      const auto &edges = mesh.edges.at(plate_parts[i]);
      ASSERT_FALSE(edges.empty());
      n += edges.size();
      EXPECT_EQ(edges.front()[0], mesh.features.at(plate_features[i]));
      EXPECT_EQ(edges.back()[1], mesh.features.at(plate_features[(i + 1) % 8]));
      for (std::size_t k = 0; k < edges.size(); ++k)
      {
        EXPECT_EQ(outer.count({edges[k][0], edges[k][1]}), 1u);
        if (k > 0)
        {
          EXPECT_EQ(edges[k][0], edges[k - 1][1]);
        }
      }
    }
    EXPECT_EQ(n, outer.size());
  }
}

// Requirement: features and the nodes of each part lie where their names say, exactly.
TEST(PlateGenerator, NodesLieOnTheirCurves)
{
  for (const auto &[name, shape, refinement] : all_cases)
  {
    SCOPED_TRACE(name);
    const auto mesh = make_plate(shape, with_seed(0.06, 9, refinement));
    const double b = shape.half_height, d = shape.depth;
    const std::map<std::string, Point> expected = {
      {"bottom_left", {-1, -1}},     {"bottom_right", {1, -1}},      {"top_right", {1, 1}},
      {"top_left", {-1, 1}},         {"notch_right_lower", {1, -b}}, {"notch_right_upper", {1, b}},
      {"notch_left_upper", {-1, b}}, {"notch_left_lower", {-1, -b}}};
    for (const auto &[feature, p] : expected)
    {
      EXPECT_NEAR(mesh.nodes[mesh.features.at(feature)][0], p[0], 1e-15) << feature;
      EXPECT_NEAR(mesh.nodes[mesh.features.at(feature)][1], p[1], 1e-15) << feature;
    }
    const std::map<std::string, Point> lines = {{"bottom", {1, -1}},     {"top", {1, 1}},
                                                {"right_lower", {0, 1}}, {"right_upper", {0, 1}},
                                                {"left_upper", {0, -1}}, {"left_lower", {0, -1}}};
    for (const auto &[part, line] : lines)
      for (const auto &edge : mesh.edges.at(part))
        EXPECT_EQ(mesh.nodes[edge[1]][line[0]], line[1]) << part;
    double tip = 0.;
    for (const double side : {-1., 1.})
      for (const auto &edge : mesh.edges.at(side < 0 ? "notch_left" : "notch_right"))
      {
        const auto &p = mesh.nodes[edge[1]];
        const double u = (1 - side * p[0]) / d, v = std::abs(p[1]) / b;
        EXPECT_NEAR(shape.notch == PlateShape::Notch::v_notch ? u + v : std::hypot(u, v), 1, 1e-14);
        tip = std::max(tip, u);
      }
    EXPECT_NEAR(tip, 1., shape.notch == PlateShape::Notch::v_notch ? 1e-15 : 0.02);
  }
}

// Requirement: the area comes from above to that between the curves, with order 2; it is exact
// between straight lines.
TEST(PlateGenerator, AreaConverges)
{
  EXPECT_NEAR(plate_area(PlateShape::circle(0.5)), 4 - pi / 4, 1e-15);
  EXPECT_NEAR(plate_area(PlateShape::semi_ellipse(0.3, 0.6)), 4 - pi * 0.18, 1e-15);
  EXPECT_NEAR(plate_area(PlateShape::v_notch(0.3, 0.6)), 4 - 2 * 0.18, 1e-15);
  for (const auto &[name, shape, refinement] : all_cases)
  {
    SCOPED_TRACE(name);
    double excess[2] = {0., 0.};
    for (unsigned i = 0; i < 2; ++i)
    {
      PlateMeshing meshing = with_seed(i == 0 ? 0.06 : 0.02, 1, refinement);
      meshing.jitter = meshing.h_variation = 0.;
      excess[i] = area(make_plate(shape, meshing)) - plate_area(shape);
    }
    if (shape.notch == PlateShape::Notch::v_notch)
      EXPECT_NEAR(excess[0], 0., 1e-13);
    else
    {
      EXPECT_GT(excess[1], 0.);
      EXPECT_NEAR(std::log(excess[0] / excess[1]) / std::log(3.), 2., 0.15);
    }
  }
}

// Requirement: no angle is below 20 degrees, over shapes, sizes and 100 seeds
// (10 of refined meshes).
TEST(PlateGenerator, HasGoodTriangles)
{
  double worst = pi;
  for (unsigned seed = 0; seed < 100; ++seed)
    for (const auto &[name, shape, refinement] : all_cases)
    {
      if (refinement > 1 && seed % 10 > 0) // they are large
        continue;
      PlateMeshing meshing = with_seed(0.06 + 0.0125 * (seed % 3), seed, refinement);
      meshing.jitter = seed % 4 == 0 ? 0.25 : 0.15;
      const auto mesh = make_plate(shape, meshing);
      worst = std::min(worst, smallest_angle(mesh.nodes, mesh.triangles));
      ASSERT_GE(worst, pi / 9) << name << ", seed " << seed;
    }
  RecordProperty("worst_angle_in_degrees", std::to_string(worst * 180 / pi));
}

// Requirement: equal seeds give equal meshes bit by bit, other seeds another number of nodes or
// another connectivity.
TEST(PlateGenerator, SeedMakesTheMesh)
{
  const auto shape = PlateShape::circle(0.4);
  std::set<std::vector<TriangleMesh::Triangle>> different;
  std::set<std::size_t> numbers;
  for (unsigned seed = 0; seed < 20; ++seed)
  {
    const auto mesh = make_plate(shape, with_seed(0.08, seed));
    const auto again = make_plate(shape, with_seed(0.08, seed));
    EXPECT_EQ(mesh.nodes, again.nodes);
    EXPECT_EQ(mesh.triangles, again.triangles);
    EXPECT_EQ(mesh.edges, again.edges);
    EXPECT_EQ(mesh.features, again.features);
    different.insert(mesh.triangles);
    numbers.insert(mesh.n_nodes());
  }
  EXPECT_EQ(different.size(), 20u);
  EXPECT_GT(numbers.size(), 15u);

  // Without variation of h the boundary stays, but hardly a node of the inside.
  PlateMeshing meshing;
  meshing.h_variation = meshing.jitter = 0.;
  const auto one = make_plate(shape, meshing);
  meshing.seed = 1;
  const auto other = make_plate(shape, meshing);
  const std::size_t n_boundary = outer_edges(one).size();
  ASSERT_EQ(outer_edges(other).size(), n_boundary);
  unsigned kept = 0;
  for (std::size_t i = 0; i < one.n_nodes(); ++i)
    for (const auto &p : other.nodes)
      kept += std::hypot(p[0] - one.nodes[i][0], p[1] - one.nodes[i][1]) < 1e-3;
  EXPECT_GE(kept, n_boundary);
  EXPECT_LT(kept, n_boundary + 0.02 * one.n_nodes());
}

// Requirement: edges have the length that is asked for, shorter at a refined notch.
TEST(PlateGenerator, EdgesHaveTheirLength)
{
  PlateMeshing meshing = with_seed(0.05, 2, 3.);
  meshing.h_variation = 0.;
  const auto mesh = make_plate(PlateShape::circle(0.5), meshing);
  const auto mean_length = [&](const char *part)
  {
    double sum = 0.;
    for (const auto &[a, b] : mesh.edges.at(part))
      sum += std::hypot(mesh.nodes[a][0] - mesh.nodes[b][0], mesh.nodes[a][1] - mesh.nodes[b][1]);
    return sum / static_cast<double>(mesh.edges.at(part).size());
  };
  EXPECT_NEAR(mean_length("top"), 0.05, 0.005);
  EXPECT_NEAR(mean_length("notch_left"), 0.05 / 3, 0.002);
}

// Requirement: a mesh has the wished number of nodes within 10 %, and with the default variation of
// h, twice as many nodes in the finest as in the coarsest at most.
TEST(PlateGenerator, HasTheWishedNumberOfNodes)
{
  for (const auto &[name, shape, refinement] : all_cases)
    for (const double wished : {600., 1200., 6000.})
    {
      auto meshing = with_seed(plate_element_size(shape, wished, refinement), 3, refinement);
      meshing.h_variation = 0.;
      EXPECT_NEAR(make_plate(shape, meshing).n_nodes(), wished, 0.1 * wished) << name;
    }
  const auto shape = PlateShape::circle(0.5);
  const double h = plate_element_size(shape, 1200);
  for (unsigned seed = 0; seed < 20; ++seed)
  {
    const double n = make_plate(shape, with_seed(h, seed)).n_nodes();
    EXPECT_GT(n, 1200 / (1.15 * 1.15) * 0.97);
    EXPECT_LT(n, 1200 / (0.85 * 0.85) * 1.03);
  }
}

// Requirement: the middles of notch edges are taken to the curve, by O(h^2); those of a V stay.
TEST(PlateGenerator, ProjectsToTheNotch)
{
  for (const auto &[name, shape, refinement] : all_cases)
  {
    const auto mesh = make_plate(shape, with_seed(0.05, 4, refinement));
    for (const auto &[a, b] : mesh.edges.at("notch_left"))
    {
      const Point &p = mesh.nodes[a], &q = mesh.nodes[b];
      const Point middle{(p[0] + q[0]) / 2, (p[1] + q[1]) / 2};
      const auto on = project_to_notch(shape, middle);
      const double u = (1 + on[0]) / shape.depth, v = on[1] / shape.half_height;
      const double away = std::hypot(on[0] - middle[0], on[1] - middle[1]);
      if (shape.notch == PlateShape::Notch::v_notch)
        EXPECT_NEAR(away, 0., 1e-15) << name;
      else
      {
        EXPECT_NEAR(std::hypot(u, v), 1., 1e-14) << name;
        if (shape.notch == PlateShape::Notch::circle) // the sagitta, on the bisector
        {
          const double r = shape.depth, half = std::hypot(p[0] - q[0], p[1] - q[1]) / 2;
          EXPECT_NEAR(away, r - std::sqrt(r * r - half * half), 1e-14) << name;
        }
      }
    }
  }
  EXPECT_THROW(project_to_notch(PlateShape::circle(0.5), {1., 0.}), UserError);
}

// Requirement: plates of all shapes have images on the unit disk: their boundary nodes go to the
// circle, and the areas inside are positive and those of its polygon.
TEST(PlateGenerator, IsMappedToTheDiskOneToOne)
{
  std::mt19937 random(2);
  const auto between = [&random](double low, double high)
  { return low + (high - low) * random() / std::mt19937::max(); };
  for (unsigned plate = 0; plate < 50; ++plate)
  {
    const double b = between(0.2, 0.8), d = between(0.25, 0.7);
    const PlateShape shape = plate % 5 == 3   ? PlateShape::semi_ellipse(0.3 + 0.5 * b, d)
                             : plate % 5 == 4 ? PlateShape::v_notch(b, d)
                                              : PlateShape::circle(b);
    const auto mesh = make_plate(shape, with_seed(between(0.05, 0.1), plate));
    const auto n_boundary = static_cast<unsigned>(outer_edges(mesh).size());
    for (const auto weights : {TutteOptions::Weights::uniform, TutteOptions::Weights::mean_value})
    {
      const TutteMap map = tutte_map(mesh, {TutteOptions::Target::unit_disk,
                                            weights,
                                            {plate_features.begin(), plate_features.end()},
                                            {}});
      double polygon = 0.; // from triangles at the centre, by the angles of the boundary nodes
      for (unsigned i = 0; i < n_boundary; ++i)
      {
        const Point &p = map.image.nodes[i], &q = map.image.nodes[(i + 1) % n_boundary];
        ASSERT_NEAR(std::hypot(p[0], p[1]), 1., 1e-15);
        polygon +=
          std::sin(std::remainder(std::atan2(q[1], q[0]) - std::atan2(p[1], p[0]), 2. * pi)) / 2;
      }
      for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
        ASSERT_GT(signed_area(map.image, t), 0.) << "plate " << plate << ", triangle " << t;
      EXPECT_NEAR(area(map.image), polygon, 1e-12 * polygon) << "plate " << plate;
      EXPECT_NEAR(map.area, polygon, 1e-12 * polygon) << "plate " << plate;
    }
  }
}

// Requirement: shapes and meshings out of range are refused by name, value and range.
TEST(PlateGenerator, RefusesWhatIsOutOfRange)
{
  const auto refused = [](auto change)
  {
    PlateMeshing meshing;
    change(meshing);
    return error_of(PlateShape::circle(0.5), meshing);
  };
  const double nan = std::nan("");
  EXPECT_THAT(error_of(PlateShape::circle(1.), {}), HasSubstr("radius of a plate is 1; it must"));
  EXPECT_THAT(error_of(PlateShape::circle(nan), {}), HasSubstr("radius of a plate is nan"));
  EXPECT_THAT(error_of(PlateShape::v_notch(0., 0.5), {}), HasSubstr("half height"));
  EXPECT_THAT(error_of(PlateShape::semi_ellipse(0.5, 1.2), {}), HasSubstr("depth"));
  EXPECT_THAT(error_of({PlateShape::Notch::circle, 0.5, 0.4}, {}), HasSubstr("be the radius"));
  EXPECT_THAT(refused([](auto &m) { m.h = 0.; }), HasSubstr("element size of a plate is 0;"));
  EXPECT_THAT(refused([&](auto &m) { m.h = nan; }), HasSubstr("element size"));
  EXPECT_THAT(refused([](auto &m) { m.h_variation = 0.6; }), HasSubstr("[0,0.5]"));
  EXPECT_THAT(refused([](auto &m) { m.jitter = 0.3; }), HasSubstr("[0,0.25]"));
  EXPECT_THAT(refused([](auto &m) { m.notch_refinement = 0.5; }), HasSubstr("[1,8]"));
  EXPECT_THAT(refused([](auto &m) { m.h = 1e-4; }), HasSubstr("too fine"));
  EXPECT_THROW(plate_element_size(PlateShape::circle(0.5), 49), UserError);
  EXPECT_THROW(plate_element_size(PlateShape::circle(1.5), 1000), UserError);
  EXPECT_THROW(plate_element_size(PlateShape::circle(0.5), 1000, 9.), UserError);
}

// Requirement: an element size that is too coarse for a shape is refused with the largest one.
TEST(PlateGenerator, RefusesCoarseElements)
{
  const auto at_0_08 = [](const PlateShape &shape, double refinement = 1.)
  {
    PlateMeshing meshing = with_seed(0.08, 0, refinement);
    meshing.h_variation = 0.;
    return error_of(shape, meshing);
  };
  EXPECT_THAT(at_0_08(PlateShape::circle(0.93)),
              AllOf(HasSubstr("element size 0.08"), HasSubstr("side beside a notch of 0.07 calls"),
                    HasSubstr("at most 0.07.")));
  EXPECT_THAT(at_0_08(PlateShape::semi_ellipse(0.6, 0.9)), HasSubstr("ligament"));
  EXPECT_THAT(at_0_08(PlateShape::circle(0.1)), HasSubstr("half the height of a notch of 0.1"));
  EXPECT_THAT(at_0_08(PlateShape::v_notch(0.3, 0.1)), HasSubstr("a depth of the notches of 0.1"));
  EXPECT_THAT(at_0_08(PlateShape::semi_ellipse(0.13, 0.6)), HasSubstr("radius of curvature"));
  EXPECT_EQ(at_0_08(PlateShape::semi_ellipse(0.13, 0.6), 4.), "no error");
  EXPECT_EQ(at_0_08(PlateShape::v_notch(0.13, 0.6)), "no error");
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/rve_generator.h>
#include <meshes/rve_mesh.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

using namespace understudy;
using testing::HasSubstr;

namespace
{
constexpr double pi = 3.14159265358979323846;

/// An inclusion as centre, semi-axes and direction of the long axis.
struct Inclusion
{
  double x, y, a, b, degrees;
};

struct Geometry
{
  const char *name;
  std::size_t cells;
  double fraction; ///< of the geometry with exact curves
  std::vector<Inclusion> inclusions;
};

const std::vector<Geometry> geometries = {
  {"rve1",
   3456,
   2 * pi * 0.29587 * 0.29587,
   {{0, 0, .29587, .29587, 0},
    {.5, .5, .29587, .29587, 0},
    {-.5, .5, .29587, .29587, 0},
    {-.5, -.5, .29587, .29587, 0},
    {.5, -.5, .29587, .29587, 0}}},
  {"rve2", 2112, pi * 0.35 * 0.175, {{0, 0, .35, .175, 30}}},
  {"rve3",
   1872,
   pi *(0.01 + 0.0225 + 0.01),
   {{-.25, .25, .1, .1, 0}, {.25, .15, .15, .15, 0}, {0, -.25, .1, .1, 0}}}};

/// The scaled radius of a point in an inclusion: below 1 inside, 1 on its interface.
double radius(const Inclusion &i, const std::array<double, 2> &p)
{
  const double c = std::cos(i.degrees * pi / 180), s = std::sin(i.degrees * pi / 180);
  const double dx = p[0] - i.x, dy = p[1] - i.y;
  return std::hypot((c * dx + s * dy) / i.a, (c * dy - s * dx) / i.b);
}

double radius(const Geometry &geometry, const std::array<double, 2> &p)
{
  double nearest = 1e9;
  for (const auto &inclusion : geometry.inclusions)
    nearest = std::min(nearest, radius(inclusion, p));
  return nearest;
}

/// The worst corner of all cells: the sine of the angle between its two chords, 1 for a right
/// angle, 0 or less for a corner that is not convex.
double worst_corner(const RveMesh &mesh)
{
  double worst = 1.;
  for (const auto &cell : mesh.cells)
    for (unsigned k = 0; k < 4; ++k)
    {
      const auto &p = mesh.nodes[cell[k]], &next = mesh.nodes[cell[(k + 1) % 4]],
                 &last = mesh.nodes[cell[(k + 3) % 4]];
      const double a[] = {next[0] - p[0], next[1] - p[1]}, b[] = {last[0] - p[0], last[1] - p[1]};
      worst = std::min(worst, (a[0] * b[1] - a[1] * b[0]) / std::hypot(a[0], a[1]) /
                                std::hypot(b[0], b[1]));
    }
  return worst;
}

std::string error_of(const RveMesh &mesh)
{
  try
  {
    check_rve_mesh(mesh);
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return "";
}
} // namespace

// Requirement: each geometry has the cells that its documentation states, times the square of the
// refinement, and well-shaped ones.
TEST(RveMesh, HasTheStatedCells)
{
  for (const auto &geometry : geometries)
    for (const unsigned r : {1u, 2u})
    {
      const auto mesh = make_rve(geometry.name, r);
      EXPECT_EQ(mesh.cells.size(), geometry.cells * r * r) << geometry.name;
      EXPECT_GT(worst_corner(mesh), 0.45) << geometry.name;
      double smallest = 1, area = 0;
      for (std::size_t c = 0; c < mesh.cells.size(); ++c)
      {
        smallest = std::min(smallest, cell_area(mesh, c));
        area += cell_area(mesh, c);
      }
      EXPECT_GT(smallest, 0.) << geometry.name;
      EXPECT_NEAR(area, 1., 1e-12) << geometry.name;
    }
  EXPECT_EQ(make_rve("homogeneous", 3).cells.size(), 144u);
  EXPECT_EQ(make_rve("laminate", 1).cells.size(), 64u);
  EXPECT_NEAR(fibre_fraction(make_rve("laminate", 2)), 0.5, 1e-14);
  EXPECT_EQ(fibre_fraction(make_rve("homogeneous", 1)), 0.);
}

// Requirement: the fibre fraction is right to 2e-4 and converges with the order 4 of quadratic
// curves through points of the interface.
TEST(RveMesh, FibreFractionConvergesWithOrderFour)
{
  for (const auto &geometry : geometries)
  {
    const double e1 = std::abs(fibre_fraction(make_rve(geometry.name, 1)) - geometry.fraction);
    const double e2 = std::abs(fibre_fraction(make_rve(geometry.name, 2)) - geometry.fraction);
    EXPECT_LT(e1, 2e-4 * geometry.fraction) << geometry.name;
    EXPECT_NEAR(std::log2(e1 / e2), 4., 0.15) << geometry.name << ": " << e1 << " -> " << e2;
  }
}

// Requirement: a node shared by both phases lies on the exact interface, all other nodes of a
// fibre inside it and all other nodes of the matrix outside.
TEST(RveMesh, InterfaceNodesLieOnTheCurve)
{
  for (const auto &geometry : geometries)
  {
    const auto mesh = make_rve(geometry.name, 1);
    std::vector<bool> in_fibre(mesh.nodes.size()), in_matrix(mesh.nodes.size());
    for (std::size_t c = 0; c < mesh.cells.size(); ++c)
      for (const unsigned node : mesh.cells[c])
        (mesh.phase[c] == Phase::fibre ? in_fibre : in_matrix)[node] = true;
    unsigned n_interface = 0;
    for (unsigned i = 0; i < mesh.nodes.size(); ++i)
    {
      ASSERT_TRUE(in_fibre[i] || in_matrix[i]) << "node " << i << " belongs to no cell";
      const double r = radius(geometry, mesh.nodes[i]);
      if (in_fibre[i] && in_matrix[i])
      {
        EXPECT_NEAR(r, 1., 1e-12) << geometry.name << " node " << i;
        ++n_interface;
      }
      else if (in_fibre[i])
        EXPECT_LT(r, 1.) << geometry.name << " node " << i;
      else
        EXPECT_GT(r, 1.) << geometry.name << " node " << i;
    }
    EXPECT_GT(n_interface, 90u) << geometry.name;
  }
}

// Requirement: neighbouring cells share their nodes: each side belongs to two cells once the
// periodic images are joined, and no two nodes share a place.
TEST(RveMesh, IsClosedUnderPeriodicity)
{
  for (const auto &name : rve_geometries())
  {
    const auto mesh = make_rve(name, 1);
    const auto representative = periodic_representatives(mesh);
    std::map<unsigned, unsigned> cells_at_side; // by the representative of the mid-side node
    for (const auto &cell : mesh.cells)
      for (unsigned k = 4; k < 8; ++k)
        ++cells_at_side[representative[cell[k]]];
    EXPECT_EQ(cells_at_side.size(), 2 * mesh.cells.size()) << name;
    for (const auto &[node, count] : cells_at_side)
      EXPECT_EQ(count, 2u) << name << " side of node " << node;
  }
}

// Requirement: an image differs from its representative by whole periods exactly, a representative
// represents itself, and all four corners have one.
TEST(RveMesh, RepresentativesAreImages)
{
  for (const auto &name : rve_geometries())
  {
    const auto mesh = make_rve(name, 1);
    const auto representative = periodic_representatives(mesh);
    std::set<unsigned> of_corners;
    std::size_t n_free = 0;
    for (unsigned i = 0; i < mesh.nodes.size(); ++i)
    {
      const auto &p = mesh.nodes[i], &q = mesh.nodes[representative[i]];
      EXPECT_EQ(representative[representative[i]], representative[i]);
      EXPECT_EQ(q[0] < 0.5 && q[1] < 0.5, true) << name;
      for (unsigned d = 0; d < 2; ++d)
        EXPECT_NEAR(p[d] - q[d], p[d] == 0.5 ? 1. : 0., 1e-14) << name << " node " << i;
      if (std::abs(p[0]) == 0.5 && std::abs(p[1]) == 0.5)
        of_corners.insert(representative[i]);
      n_free += representative[i] == i;
    }
    ASSERT_EQ(of_corners.size(), 1u) << name;
    EXPECT_EQ(mesh.nodes[*of_corners.begin()], (std::array<double, 2>{-0.5, -0.5}));
    EXPECT_EQ(n_free, 3 * mesh.cells.size()) << name; // Euler: n vertices and 2n sides on a torus
  }
}

// Requirement: a misspelt geometry is answered with the nearest known one.
TEST(RveMesh, RefusesUnknownGeometry)
{
  const auto text_of = [](const char *name, unsigned r) -> std::string
  {
    try
    {
      make_rve(name, r);
    }
    catch (const UserError &error)
    {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(text_of("lamintae", 1), HasSubstr("no RVE geometry 'lamintae'; did you mean "
                                                "'laminate'?"));
  EXPECT_EQ(text_of("rve3", 0), "The refinement of RVE 'rve3' is 0; it must be at least 1.");
}

// Requirement: a damaged mesh is refused with the mesh's name and the entity.
TEST(RveMesh, RefusesDamagedMeshes)
{
  const auto good = make_rve("rve3", 1);
  EXPECT_EQ(error_of(good), "");

  auto bad = good;
  bad.cells.clear();
  EXPECT_EQ(error_of(bad), "Mesh 'rve3 refinement 1' has no cells.");

  bad = good;
  bad.phase.pop_back();
  EXPECT_THAT(error_of(bad), HasSubstr("has 1872 cells but 1871 phases"));

  bad = good;
  bad.cells[7][5] = 5713;
  EXPECT_THAT(error_of(bad), HasSubstr("cell 8 names node 5714, but there are only 5713 nodes"));

  bad = good;
  bad.nodes[bad.cells[7][5]][1] = std::nan("");
  EXPECT_THAT(error_of(bad), HasSubstr("with a coordinate that is not finite"));

  bad = good;
  bad.phase[9] = static_cast<Phase>(3);
  EXPECT_THAT(error_of(bad), HasSubstr("cell 10 has phase 3; a phase is 1 (matrix) or 2 (fibre)"));

  bad = good;
  std::swap(bad.cells[4][1], bad.cells[4][3]);
  std::swap(bad.cells[4][4], bad.cells[4][7]);
  std::swap(bad.cells[4][5], bad.cells[4][6]);
  EXPECT_THAT(error_of(bad), HasSubstr("cell 5 with first corner at ("));
  EXPECT_THAT(error_of(bad), HasSubstr("is inverted"));

  bad = good;
  bad.cells.pop_back();
  bad.phase.pop_back();
  EXPECT_THAT(error_of(bad), HasSubstr("does not fill the unit square"));
}

// Requirement: a boundary node without a partner opposite is named, whether it moved or is missing.
TEST(RveMesh, RefusesUnmatchedBoundaryNodes)
{
  const auto good = make_rve("homogeneous", 1);
  for (unsigned i = 0; i < good.nodes.size(); ++i)
  {
    if (good.nodes[i][0] != 0.5 || std::abs(good.nodes[i][1]) > 0.4)
      continue;
    auto bad = good;
    bad.nodes[i][1] += 1e-4;
    EXPECT_THAT(error_of(bad), HasSubstr("has no periodic partner on the opposite side"));
    bad = good;
    bad.nodes[i][0] = 0.5 - 1e-7; // no longer on the side
    EXPECT_THAT(error_of(bad), HasSubstr("has no periodic partner on the opposite side"));
  }
  auto bad = good;
  bad.nodes.push_back({-0.5, 0.123});
  EXPECT_THAT(error_of(bad),
              HasSubstr("boundary node 66 at (-0.5, 0.123) has no periodic partner"));
}

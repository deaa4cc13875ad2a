// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/macro_meshes.h>

#include <deal.II/distributed/tria.h>
#include <deal.II/fe/mapping_q.h>
#include <deal.II/grid/grid_tools.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

using namespace understudy;
using testing::HasSubstr;

namespace
{
constexpr double pi = 3.14159265358979323846;

using Triangulation = dealii::Triangulation<2>;
using Lengths = std::map<unsigned, double>;

/// Length of the boundary by its id, along chords.
Lengths boundary_lengths(const Triangulation &tria)
{
  Lengths lengths;
  for (const auto &cell : tria.active_cell_iterators())
    for (const auto &face : cell->face_iterators())
      if (face->at_boundary())
        lengths[face->boundary_id()] += face->measure();
  return lengths;
}

void expect_lengths(const Triangulation &tria, const Lengths &expected)
{
  const auto lengths = boundary_lengths(tria);
  EXPECT_EQ(lengths.size(), expected.size());
  for (const auto &[id, length] : expected)
    EXPECT_NEAR(lengths.count(id) ? lengths.at(id) : 0., length, 1e-9) << "boundary id " << id;
}

double area(const Triangulation &tria)
{
  return dealii::GridTools::volume(tria, dealii::MappingQ<2>(2));
}
} // namespace

// Requirement: Cook's membrane has its cells, area and boundary parts.
TEST(MacroMeshes, Cook)
{
  Triangulation tria;
  make_cook(tria, 3, 5);
  EXPECT_EQ(tria.n_active_cells(), 15u);
  EXPECT_NEAR(area(tria), 48. * (44 + 16) / 2, 1e-9);
  expect_lengths(tria, {{MacroBoundary::clamped, 44.},
                        {MacroBoundary::loaded, 16.},
                        {MacroBoundary::free, std::hypot(48., 44.) + std::hypot(48., 16.)}});
  tria.refine_global(1);
  EXPECT_EQ(tria.n_active_cells(), 60u);
}

// Requirement: the L has 12 or 27 cells, its area and boundary parts.
TEST(MacroMeshes, LProfile)
{
  for (const auto &[n, cells] : {std::pair{2u, 12u}, std::pair{3u, 27u}})
  {
    Triangulation tria;
    make_l_profile(tria, n);
    EXPECT_EQ(tria.n_active_cells(), cells);
    EXPECT_NEAR(area(tria), 7500., 1e-9);
    expect_lengths(
      tria,
      {{MacroBoundary::clamped, 50.}, {MacroBoundary::loaded, 50.}, {MacroBoundary::free, 300.}});
  }
}

// Requirement: new points of a refined plate lie on the hole, so the area converges with the order
// of quadratic curves; the boundary parts are where they are said to be.
TEST(MacroMeshes, QuarterPlate)
{
  Triangulation tria;
  make_quarter_plate(tria, 2);
  EXPECT_EQ(tria.n_active_cells(), 8u);
  const double exact = 2500. - pi * 25.;
  const double e0 = std::abs(area(tria) - exact);
  tria.refine_global(1);
  const double e1 = std::abs(area(tria) - exact);
  EXPECT_NEAR(std::log2(e0 / e1), 4., 0.2) << e0 << " -> " << e1;

  const auto lengths = boundary_lengths(tria);
  EXPECT_NEAR(lengths.at(MacroBoundary::loaded), 50., 1e-9);
  EXPECT_NEAR(lengths.at(MacroBoundary::symmetry_x), 40., 1e-9);
  EXPECT_NEAR(lengths.at(MacroBoundary::symmetry_y), 40., 1e-9);
  for (const auto &cell : tria.active_cell_iterators())
    for (const auto &face : cell->face_iterators())
      if (face->at_boundary())
        for (const unsigned v : {0u, 1u})
        {
          const auto p = face->vertex(v);
          const auto id = face->boundary_id();
          const bool on_hole = id == MacroBoundary::free && std::abs(p[1] - 50.) > 1e-9;
          EXPECT_TRUE(id != MacroBoundary::symmetry_x || std::abs(p[0]) < 1e-12) << p;
          EXPECT_TRUE(id != MacroBoundary::symmetry_y || std::abs(p[1]) < 1e-12) << p;
          EXPECT_TRUE(id != MacroBoundary::loaded || std::abs(p[0] - 50.) < 1e-12) << p;
          EXPECT_TRUE(!on_hole || std::abs(p.norm() - 10.) < 1e-10) << p;
        }
}

// Requirement: every mesh can be the coarse mesh of a distributed triangulation.
TEST(MacroMeshes, WorkDistributed)
{
  for (const auto &name : macro_meshes())
  {
    Triangulation serial;
    make_macro_mesh(name, 2, serial);
    dealii::parallel::distributed::Triangulation<2> tria(MPI_COMM_WORLD);
    make_macro_mesh(name, 2, tria);
    tria.refine_global(1);
    serial.refine_global(1);
    EXPECT_EQ(tria.n_global_active_cells(), serial.n_active_cells()) << name;
    EXPECT_NEAR(area(tria), area(serial), 1e-9 * area(serial)) << name;
    Lengths mine;
    for (const auto &cell : tria.active_cell_iterators())
      if (cell->is_locally_owned())
        for (const auto &face : cell->face_iterators())
          if (face->at_boundary())
            mine[face->boundary_id()] += face->measure();
    for (const auto &[id, length] : boundary_lengths(serial))
      EXPECT_NEAR(dealii::Utilities::MPI::sum(mine[id], MPI_COMM_WORLD), length, 1e-9)
        << name << " boundary id " << id;
  }
}

// Requirement: makers are found by name; a misspelt name is answered with the nearest one.
TEST(MacroMeshes, AreFoundByName)
{
  Triangulation tria;
  make_macro_mesh("square", 3, tria);
  EXPECT_EQ(tria.n_active_cells(), 9u);
  EXPECT_NEAR(area(tria), 1., 1e-12);
  expect_lengths(
    tria, {{MacroBoundary::clamped, 1.}, {MacroBoundary::loaded, 1.}, {MacroBoundary::free, 2.}});

  const auto text_of = [](const char *name, unsigned n) -> std::string
  {
    Triangulation tria;
    try
    {
      make_macro_mesh(name, n, tria);
    }
    catch (const UserError &error)
    {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(text_of("l_profil", 2),
              HasSubstr("no macro mesh 'l_profil'; did you mean 'l_profile'?"));
  for (const auto &name : macro_meshes())
    EXPECT_THAT(text_of(name.c_str(), 0), HasSubstr("it must be at least 1")) << name;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Generated meshes concentrate the stress at the notches as published, and as regular meshes do.
#include <meshes/plate_generator.h>
#include <solvers/plate_viscoplastic.h>
#include <tests/small_plates.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace understudy;

namespace
{
/// A plate with semicircular notches of radius @p r whose notches have edges of about r / @p n.
TriangleMesh generated(double r, double n, std::uint64_t seed)
{
  PlateMeshing meshing;
  meshing.h = 0.06;
  meshing.h_variation = 0.;
  meshing.notch_refinement = std::min(8., std::max(1., meshing.h * n / r));
  meshing.seed = seed;
  return make_plate(PlateShape::circle(r), meshing);
}

PlateResult under_unit_tension(const TriangleMesh &mesh)
{
  PlateParameters p = test::elastic_plate();
  p.pressure = -1.;
  return PlateViscoplastic(mesh, p, MPI_COMM_SELF).run();
}

/// Largest sig22 of the nodes with @p side x > 0.
double peak(const TriangleMesh &mesh, const PlateResult &result, double side)
{
  double value = 0.;
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    if (side * mesh.nodes[i][0] > 0.)
      value = std::max(value, result.sig22[i]);
  return value;
}
} // namespace

// Source: Pilkey, Peterson's Stress Concentration Factors, chart 2.3/2.4: opposite semicircular
// notches in a long strip, of the net section, Kt = 3.065 - 3.472 x + 1.009 x^2 + 0.405 x^3,
// x = 2r/D. The plate is as high as it is wide, which is long for small notches only.
TEST(PlateNotches, ConcentrateTheStressAsPublished)
{
  for (const auto &[r, tolerance] :
       {std::pair{0.08, 0.02}, std::pair{0.2, 0.05}, std::pair{0.3, 0.07}, std::pair{0.4, 0.08}})
  {
    const double kt = 3.065 - 3.472 * r + 1.009 * r * r + 0.405 * r * r * r;
    for (const std::uint64_t seed : {1u, 2u})
    {
      const TriangleMesh mesh = generated(r, 10., seed);
      const PlateResult result = under_unit_tension(mesh);
      for (const double side : {-1., 1.})
      {
        const double found = peak(mesh, result, side) * (1. - r);
        EXPECT_NEAR(found / kt, 1., tolerance) << "radius " << r << ", seed " << seed;
      }
    }
  }
}

// Requirement: how a plate is cut into triangles does not matter but for the error of
// discretisation.
TEST(PlateNotches, GeneratedMeshesAgreeWithARegularOne)
{
  const double r = 0.5;
  const TriangleMesh regular = test::notched_plate(64, r);
  const PlateResult truth = under_unit_tension(regular);
  for (const double n : {5., 10.})
    for (const std::uint64_t seed : {3u, 4u})
    {
      const TriangleMesh mesh = generated(r, n, seed);
      const PlateResult result = under_unit_tension(mesh);
      EXPECT_NEAR(result.max_U2_top / truth.max_U2_top, 1., 0.002) << n;
      for (const double side : {-1., 1.})
        EXPECT_NEAR(peak(mesh, result, side) / peak(regular, truth, side), 1., 0.02) << n;
    }
}

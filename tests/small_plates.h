// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>
#include <solvers/plate_viscoplastic.h>

#include <array>
#include <cmath>
#include <functional>
#include <numbers>

namespace understudy::test
{
using Place = std::array<double, 2>;

/// The unit square, cut into 2 nx ny triangles whose diagonals alternate, mapped by @p to, with the
/// edges and corners of a plate. The map must keep the orientation.
inline TriangleMesh mapped_square(unsigned nx, unsigned ny, const std::function<Place(Place)> &to)
{
  TriangleMesh mesh;
  const auto node = [nx](unsigned i, unsigned j) { return j * (nx + 1) + i; };
  for (unsigned j = 0; j <= ny; ++j)
    for (unsigned i = 0; i <= nx; ++i)
      mesh.nodes.push_back(to({double(i) / nx, double(j) / ny}));
  for (unsigned j = 0; j < ny; ++j)
    for (unsigned i = 0; i < nx; ++i)
    {
      const unsigned a = node(i, j), b = node(i + 1, j), c = node(i + 1, j + 1), d = node(i, j + 1);
      if ((i + j) % 2 == 0)
        mesh.triangles.insert(mesh.triangles.end(), {{a, b, c}, {a, c, d}});
      else
        mesh.triangles.insert(mesh.triangles.end(), {{a, b, d}, {b, c, d}});
    }
  for (unsigned i = 0; i < nx; ++i)
  {
    mesh.edges["bottom"].push_back({node(i, 0), node(i + 1, 0)});
    mesh.edges["top"].push_back({node(i + 1, ny), node(i, ny)});
  }
  for (unsigned j = 0; j < ny; ++j)
  {
    mesh.edges["right"].push_back({node(nx, j), node(nx, j + 1)});
    mesh.edges["left"].push_back({node(0, j + 1), node(0, j)});
  }
  mesh.features = {{"bottom_left", node(0, 0)},
                   {"bottom_right", node(nx, 0)},
                   {"top_left", node(0, ny)},
                   {"top_right", node(nx, ny)}};
  return mesh;
}

/// A plate of side 2 with semicircular notches of radius @p r around (-1, 0) and (1, 0), n x n
/// squares of two triangles: the shape of Tensile2d.
inline TriangleMesh notched_plate(unsigned n, double r)
{
  return mapped_square(n, n,
                       [r](Place s)
                       {
                         const double y = 2. * s[1] - 1.;
                         const double half = std::abs(y) < r ? 1. - std::sqrt(r * r - y * y) : 1.;
                         return Place{(2. * s[0] - 1.) * half, y};
                       });
}

/// The rectangle (0, width) x (0, height) without a disc of radius @p r round the origin, from
/// rings of @p n_angles quadrilaterals (even) whose size grows outwards. Edges "bottom" (y = 0),
/// "top", "right", "left" (x = 0) and "arc"; no corners.
inline TriangleMesh quarter_with_arc(double width, double height, double r, unsigned n_rings,
                                     unsigned n_angles)
{
  TriangleMesh mesh = mapped_square(
    n_rings, n_angles,
    [=](Place s)
    {
      const double angle = 0.5 * std::numbers::pi * s[1];
      const Place inner = {r * std::cos(angle), r * std::sin(angle)};
      const Place outer =
        s[1] <= 0.5 ? Place{width, 2. * s[1] * height} : Place{2. * (1. - s[1]) * width, height};
      const double t = s[0] * s[0]; // the thickness of the rings grows in proportion
      return Place{inner[0] + t * (outer[0] - inner[0]), inner[1] + t * (outer[1] - inner[1])};
    });
  auto edges = std::move(mesh.edges);
  const auto &outer = edges.at("right"); // upwards, then to the left
  mesh.edges.clear();
  mesh.features.clear();
  mesh.edges["bottom"] = edges.at("bottom");
  mesh.edges["left"] = edges.at("top");
  mesh.edges["arc"] = edges.at("left");
  mesh.edges["right"].assign(outer.begin(), outer.begin() + n_angles / 2);
  mesh.edges["top"].assign(outer.begin() + n_angles / 2, outer.end());
  return mesh;
}

/// The unit square onto itself, with moved inner points.
inline Place wavy(Place s)
{
  constexpr double pi = std::numbers::pi;
  const double bump = 0.08 * std::sin(pi * s[0]) * std::sin(pi * s[1]);
  return {s[0] + bump * std::sin(7. * s[1]), s[1] + bump * std::cos(5. * s[0])};
}

/// Never flows.
inline PlateParameters elastic_plate(unsigned n_steps = 1)
{
  PlateParameters p;
  p.material.R0 = 1e9;
  p.n_steps = n_steps;
  return p;
}

/// Flows in the ligament of notched_plate(n, 0.75).
inline PlateParameters flowing_plate()
{
  PlateParameters p;
  p.pressure = -50.;
  p.material.R0 = 120.;
  p.material.K = 100.;
  return p;
}
} // namespace understudy::test

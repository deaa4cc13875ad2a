// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace understudy
{
/// The square [-1,1]^2 with equal notches at mid-height of its left and its right side.
///
/// With u = (1-|x|)/depth and v = y/half_height, the material is g(u,v) > 1, where
///   g = sqrt(u^2 + v^2)  for circle and semi_ellipse,
///   g = u + |v|          for v_notch.
/// Circles of radius 0.2 to 0.8 are the family of Tensile2d (Casenave, Staber, Roynard, NeurIPS
/// 2023, arXiv 2305.12871); semi-ellipses and V-notches depart from it as far as is wished.
struct PlateShape
{
  enum class Notch
  {
    circle,
    semi_ellipse,
    v_notch
  };
  Notch notch = Notch::circle;
  double half_height = 0.5; ///< half of the opening in the side, in (0,1)
  double depth = 0.5;       ///< from the side to the tip, in (0,1); half_height for a circle

  static PlateShape circle(double radius) { return {Notch::circle, radius, radius}; }
  static PlateShape semi_ellipse(double half_height, double depth)
  {
    return {Notch::semi_ellipse, half_height, depth};
  }
  static PlateShape v_notch(double half_height, double depth)
  {
    return {Notch::v_notch, half_height, depth};
  }
};

/// How a plate is cut into triangles.
struct PlateMeshing
{
  double h = 0.05;              ///< edge length; the square's side is 2
  double h_variation = 0.15;    ///< h of the mesh is h (1 + h_variation U), U uniform in [-1,1);
                                ///< in [0,0.5]
  double jitter = 0.15;         ///< nodes inside move by up to that share of h along x and y,
                                ///< those of the boundary by half of it; in [0,0.25]
  double notch_refinement = 1.; ///< edges at the notches are shorter by this factor, in [1,8]
  std::uint64_t seed = 0;       ///< equal seeds give equal meshes, bit by bit
};

/// The parts of the plate's boundary, counter-clockwise from the lower left corner. Part i runs
/// from feature i to feature i+1.
inline constexpr std::array<const char *, 8> plate_parts = {
  "bottom", "right_lower", "notch_right", "right_upper",
  "top",    "left_upper",  "notch_left",  "left_lower"};

/// Corners of the plate and ends of the notches, counter-clockwise.
inline constexpr std::array<const char *, 8> plate_features = {
  "bottom_left", "bottom_right", "notch_right_lower", "notch_right_upper",
  "top_right",   "top_left",     "notch_left_upper",  "notch_left_lower"};

/// An unstructured mesh of the plate, another one for each seed: nodes on the boundary by arc
/// length, exactly on the curves, with V-notch tips among them; inside, a hexagonal lattice of
/// random place and angle, jittered, with its gaps filled by random nodes; a constrained Delaunay
/// triangulation with four sweeps of smoothing. The edge length grows away from a refined notch
/// with slope 0.25. Nodes of the boundary come first, counter-clockwise from "bottom_left"; edges
/// carry the names of plate_parts, single nodes those of plate_features.
///
/// All angles are at least 20 degrees, which is checked. The smallest angle of a mesh is mostly 28
/// to 33 degrees, refined 26 to 31; none of some thousand meshes came below 21. About O(n).
///
/// Throws UserError for a shape or meshing out of the ranges above, and when h is too coarse for
/// the shape: with H = h (1 + h_variation) and H_n = H / notch_refinement, a side beside a notch
/// must measure H, the ligament between the notches 3 H, half the height and the depth of a notch
/// 1.5 H_n, and the radius of curvature H_n / 2.
TriangleMesh make_plate(const PlateShape &shape, const PlateMeshing &meshing);

/// The h with which a mesh of this shape and refinement has @p n_nodes nodes, within 10 %, if
/// h_variation is 0. Throws UserError for a shape out of range and for fewer than 50 nodes.
double plate_element_size(const PlateShape &shape, std::size_t n_nodes,
                          double notch_refinement = 1.);

/// Area of the plate between the exact curves: 4 minus pi half_height depth (circle, ellipse) or
/// 2 half_height depth (V).
double plate_area(const PlateShape &shape);

/// The point of the notch on the ray from its centre (1,0) or (-1,0), whichever is nearer, through
/// @p point: the place on the curve for the mid-side node of a notch edge whose middle is @p point.
/// For circles and ellipses it halves the range of the curve's angle, so that isoparametric
/// quadratic triangles keep their order; on the walls of a V it is @p point.
/// Throws UserError for the centre itself.
std::array<double, 2> project_to_notch(const PlateShape &shape, const std::array<double, 2> &point);
} // namespace understudy

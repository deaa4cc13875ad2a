// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>

#include <string>
#include <vector>

namespace understudy
{
struct TutteOptions
{
  enum class Target
  {
    unit_disk,  ///< centre (0, 0), radius 1; the first feature goes to (1, 0)
    unit_square ///< [0, 1]^2; the first feature goes to (0, 0)
  };
  enum class Weights
  {
    uniform,   ///< every interior node is the plain mean of its neighbours (Tutte 1963)
    mean_value ///< w_ij = (tan(a/2) + tan(b/2)) / |x_i - x_j| with the angles a, b at node i of the
               ///< two triangles of edge ij (Floater, CAGD 20, 2003): depends less on how the
               ///< triangles are cut
  };

  Target target = Target::unit_disk;
  Weights weights = Weights::uniform;

  /// Names in TriangleMesh::features, counter-clockwise; between two of them nodes keep their share
  /// of the arc length. None: the walk begins at the node with the smallest x (of several, the
  /// smallest y), which is right only for shapes that are never turned or mirrored.
  std::vector<std::string> features;

  /// Where the features go, as shares of the perimeter of the target: 0 for the first, then
  /// growing, below 1. Empty: all parts are equal. On the square, 1/4, 1/2 and 3/4 must be among
  /// them, so that its corners are nodes.
  std::vector<double> places;
};

struct TutteMap
{
  TriangleMesh image; ///< same topology and names, nodes in the target
  double area = 0.;   ///< of the polygon on which the boundary nodes were placed
};

/// Maps a mesh that is one piece without holes one-to-one onto a convex polygon inscribed in the
/// target (Tutte 1963; for positive weights Floater, CAGD 14, 1997):
///
///   u_i = position on the boundary of the target                  for nodes i on the boundary
///   sum_j w_ij (u_i - u_j) = 0, j the neighbours of i             for all others
///
/// One sparse factor, Cholesky for uniform weights and LU for mean-value ones, serves both
/// coordinates; O(N^1.5). The result passed image_problems(). On the square, a triangle whose nodes
/// all lie on one side becomes flat and is refused; the disk has no such case.
/// Throws UserError for a mesh that require_disk() refuses, for features that are unknown, repeated
/// or not counter-clockwise, for places other than said above, and for an image with problems.
TutteMap tutte_map(const TriangleMesh &mesh, const TutteOptions &options = {});

/// Why an image is not one-to-one onto its polygon, as one sentence each that names the triangle:
/// those of area_problems(), and the sum of all areas if it differs from @p polygon_area by more
/// than 1e-12 of it. The sum follows the boundary nodes alone: it shows what is wrong with their
/// order or number of turns. Empty for a good image.
std::vector<std::string> image_problems(const TriangleMesh &image, double polygon_area);
} // namespace understudy

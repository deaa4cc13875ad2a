// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>

#include <array>
#include <vector>

namespace understudy
{
struct RbfMorphingOptions
{
  /// Beyond this distance a control point has no influence [length]; 0: half the diagonal of the
  /// bounding box of the mesh.
  double radius = 0.;

  /// The displacement is applied in this many equal parts, each with the control points where the
  /// last one has left them. More steps follow large displacements with fewer flipped triangles.
  unsigned steps = 1;
};

/// Wendland's C2 function (1 - r)^4 (4 r + 1) for r < 1, else 0; positive definite up to three
/// dimensions (Wendland, Adv. Comput. Math. 4, 1995).
double wendland_c2(double r);

/// Moves all nodes with the displacements that are known in some points:
///
///   d(x) = sum_k a_k phi(|x - c_k| / R),   d(c_k) = displacements[k],   phi = wendland_c2
///
/// without an affine part, so what lies farther than R from every control point stays. Dense
/// Cholesky: O(n_controls^3 / 3 + n_nodes n_controls) per step.
/// Throws UserError for a mesh that require_disk() refuses, for no control point, lists of
/// different length, numbers that are not finite, a negative radius, no step; when the matrix of
/// phi has a condition number (LAPACK-like estimate in the 1-norm) above 1e12, as for control
/// points that nearly meet; and for the first triangle that is flipped or flat afterwards.
TriangleMesh rbf_morph(const TriangleMesh &mesh,
                       const std::vector<std::array<double, 2>> &control_points,
                       const std::vector<std::array<double, 2>> &displacements,
                       const RbfMorphingOptions &options = {});
} // namespace understudy

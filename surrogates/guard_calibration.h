// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <operators/maps/point_map.h>
#include <surrogates/energy_norm.h>

#include <vector>

namespace understudy
{
/// Relative error of a macroscopic stress, |S - S_exact| / size with |S|^2 = S^T C^{-1} S: C is the
/// exact tangent at zero strain, so that shear counts beside the much larger pressure, and size is
/// the root mean square of |S| over training samples, so that the error of a point near zero strain
/// is not blown up.
class StressError
{
public:
  /// @param tangent C, row-major [N/mm2]   @param S [n][3], training stresses in turn
  StressError(const std::array<double, 9> &tangent, const std::vector<double> &S);

  double operator()(const std::vector<double> &S, const std::vector<double> &exact) const;

private:
  double norm(double xx, double yy, double xy) const;
  Matrix3 factor_; ///< U with U^T U = C^{-1}
  double size_ = 1.;
};

/// Exact answers that no model was trained on: [n][3] in turn.
struct CalibrationData
{
  std::vector<double> E, S;
};

/// Error divided by error estimate of the answers of @p map for the strains inside its box; what a
/// conformal quantile is taken of. Infinite where the map has no answer or no estimate. Collective
/// as the map is.
std::vector<double> conformity_scores(PointMap &map, const CalibrationData &data,
                                      const StressError &error);
} // namespace understudy

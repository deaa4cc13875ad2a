// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <surrogates/guard_calibration.h>

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
StressError::StressError(const std::array<double, 9> &tangent, const std::vector<double> &S)
  : factor_(energy_factor(tangent.data()))
{
  double sum = 0.;
  for (std::size_t i = 0; i + 2 < S.size(); i += 3)
    sum += std::pow(norm(S[i], S[i + 1], S[i + 2]), 2);
  if (sum > 0.)
    size_ = std::sqrt(sum / (static_cast<double>(S.size()) / 3.));
}

double StressError::norm(double xx, double yy, double xy) const
{
  return (factor_ * Eigen::Vector3d(xx, yy, xy)).norm();
}

double StressError::operator()(const std::vector<double> &S, const std::vector<double> &exact) const
{
  return norm(S[0] - exact[0], S[1] - exact[1], S[2] - exact[2]) / size_;
}

std::vector<double> conformity_scores(PointMap &map, const CalibrationData &data,
                                      const StressError &error)
{
  const std::size_t n = data.E.size() / 3;
  PointBatch E(3, n);
  for (std::size_t p = 0; p < n; ++p)
    for (unsigned i = 0; i < 3; ++i)
      E(i, p) = data.E[3 * p + i];
  PointQuery query;
  query.inputs = &E;
  query.want_tangent = false;
  PointAnswer answer;
  map.evaluate(query, answer);
  std::vector<double> scores;
  for (std::size_t p = 0; p < n; ++p)
  {
    if (answer.health[p] == Health::outside_training_range)
      continue;
    const double e = error({answer.outputs(0, p), answer.outputs(1, p), answer.outputs(2, p)},
                           {data.S[3 * p], data.S[3 * p + 1], data.S[3 * p + 2]});
    const double score = e / answer.error_estimate[p];
    scores.push_back(std::isfinite(score) ? score : std::numeric_limits<double>::infinity());
  }
  return scores;
}
} // namespace understudy

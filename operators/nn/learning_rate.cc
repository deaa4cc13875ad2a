// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <operators/nn/learning_rate.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace understudy
{
std::vector<std::string> LearningRate::problems() const
{
  std::vector<std::string> all;
  if (!(start > 0. && std::isfinite(start)))
    all.emplace_back("The learning rate must be positive and finite.");
  if (schedule != "constant" && schedule != "cosine" && schedule != "step")
    all.push_back(
      "The schedule of the learning rate must be 'constant', 'cosine' or 'step', not '" + schedule +
      "'.");
  if (!(period > 0.))
    all.emplace_back("The period of the learning rate must be positive.");
  if (!(factor > 0. && factor <= 1.))
    all.emplace_back("The factor of the learning rate must lie in (0, 1].");
  return all;
}

double LearningRate::at(unsigned epoch) const
{
  const double share = epoch / period;
  if (schedule == "cosine")
    return start * 0.5 * (1. + std::cos(std::numbers::pi * std::min(share, 1.)));
  return schedule == "step" ? start * std::pow(factor, std::floor(share)) : start;
}
} // namespace understudy

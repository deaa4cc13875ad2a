// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <string>
#include <vector>

namespace understudy
{
/// How the learning rate falls from epoch to epoch:
///   constant  start
///   cosine    start (1 + cos(pi min(epoch, period) / period)) / 2
///   step      start factor^floor(epoch / period)
struct LearningRate
{
  double start = 5e-3;
  std::string schedule = "cosine"; ///< or "constant" or "step"
  double period = 30.;             ///< epochs, > 0
  double factor = 0.5;             ///< in (0, 1]

  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong

  /// @param epoch completed ones, 0 at first
  double at(unsigned epoch) const;
};
} // namespace understudy

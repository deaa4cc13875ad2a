// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/model_file.h>

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// f(x), writing its gradient.
using Objective =
  std::function<double(const std::vector<double> &x, std::vector<double> &gradient)>;

/// Called after every accepted step with the new point; false ends the search.
using AcceptedStep = std::function<bool(const std::vector<double> &x, double f)>;

/// Between two line searches: all that decides how the search goes on.
struct LbfgsState
{
  struct Pair
  {
    std::vector<double> s, y; ///< steps of point and gradient
    double rho = 0.;          ///< 1 / s.y
  };
  std::vector<double> x, gradient;
  double f = 0.;
  std::deque<Pair> pairs; ///< oldest first

  /// As tensors prefix + "x", "gradient", "f", "s", "y", "rho" of @p file, and back. UserError when
  /// a value is not finite, or a tensor is missing or does not fit.
  void save(ModelFile &file, const std::string &prefix) const;
  static LbfgsState load(const ModelFile &file, const std::string &prefix);
};

/// Called before every line search.
using LbfgsWatch = std::function<void(const LbfgsState &)>;

/// Minimises f by L-BFGS with a line search for the strong Wolfe conditions (1e-4, 0.9; Nocedal and
/// Wright, algorithms 3.5 and 3.6 with cubic steps), restarted once along the gradient where a
/// search fails. @p x is start and result.
/// @param may_go_on asked before every evaluation; false ends the search
/// @param watch  gets the state before every line search; what it throws ends the search
/// @param from   a state that watch was given: the search goes on from there and makes the same
/// steps, bit for bit, as the one that was left; @p x is then only the result
/// @return true when it ended because no more progress was possible (stall), false when it was told
/// to
bool minimise_lbfgs(const Objective &f, std::vector<double> &x, unsigned history,
                    const std::function<bool()> &may_go_on, const AcceptedStep &accepted,
                    const LbfgsWatch &watch = {}, const LbfgsState *from = nullptr);
} // namespace understudy

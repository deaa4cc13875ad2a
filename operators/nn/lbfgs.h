// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <functional>
#include <vector>

namespace understudy
{
/// f(x), writing its gradient.
using Objective =
  std::function<double(const std::vector<double> &x, std::vector<double> &gradient)>;

/// Called after every accepted step with the new point; false ends the search.
using AcceptedStep = std::function<bool(const std::vector<double> &x, double f)>;

/// Minimises f by L-BFGS with a line search for the strong Wolfe conditions (1e-4, 0.9; Nocedal and
/// Wright, algorithms 3.5 and 3.6 with cubic steps), restarted once along the gradient where a
/// search fails. @p x is start and result.
/// @param may_go_on asked before every evaluation; false ends the search
/// @return true when it ended because no more progress was possible (stall), false when it was told
/// to
bool minimise_lbfgs(const Objective &f, std::vector<double> &x, unsigned history,
                    const std::function<bool()> &may_go_on, const AcceptedStep &accepted);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/load_stepping.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
LoadStepping::LoadStepping(unsigned n_steps, double minimum_fraction)
  : n_steps_(n_steps), minimum_fraction_(minimum_fraction)
{
}

double LoadStepping::target() const
{
  // In units of the regular step; the slack keeps rounding from making a step of length 1e-16.
  const double now = accepted_ * n_steps_;
  const double next_regular = std::floor(now + 1e-9) + 1.;
  const double wanted = now + fraction_;
  return wanted > next_regular - 1e-9 ? next_regular / n_steps_ : wanted / n_steps_;
}

void LoadStepping::accept()
{
  accepted_ = target();
  fraction_ = std::min(1., 2. * fraction_);
}

bool LoadStepping::cut()
{
  // What was tried can be shorter than the wanted fraction, so the half is taken of the former.
  const double half = 0.5 * (target() - accepted_) * n_steps_;
  if (half < minimum_fraction_ * (1. - 1e-9))
    return false;
  fraction_ = half;
  return true;
}
} // namespace understudy

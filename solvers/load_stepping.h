// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

namespace understudy
{
/// The load factor of quasi-static steps from 0 to 1: regular steps 1 / n_steps, halved after a
/// failure and doubled after a success, never beyond the next multiple of 1 / n_steps, so that
/// every regular load factor is met whatever was cut before.
class LoadStepping
{
public:
  /// @param minimum_fraction smallest step as a fraction of the regular one, in (0, 1]
  LoadStepping(unsigned n_steps, double minimum_fraction);

  double accepted() const { return accepted_; } ///< load factor of the last accepted step
  bool finished() const { return accepted_ >= 1.; }
  double target() const; ///< load factor to be tried next

  void accept(); ///< target() has converged

  /// Size of the next step as a fraction of the regular one; with accepted() all that restore()
  /// needs.
  double fraction() const { return fraction_; }
  void restore(double accepted, double fraction)
  {
    accepted_ = accepted;
    fraction_ = fraction;
  }

  /// target() has failed: the next one is half as far. False when that would be below the minimum.
  bool cut();

private:
  unsigned n_steps_;
  double minimum_fraction_;
  double accepted_ = 0.;
  double fraction_ = 1.; ///< of the regular step
};
} // namespace understudy

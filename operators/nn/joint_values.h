// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/head.h>

#include <memory>
#include <vector>

namespace understudy
{
/// Values of several heads at the same points, y = (f(x), g_1(x), ..., g_m(x)): f as f alone gives
/// it, to the bit, and the rough heads g_i to about 1e-6 of their size, in single precision where
/// they are interpolants or perceptrons. Radial functions that all of them share are computed once.
class JointValues
{
public:
  /// @param exact stays with the caller and must live as long as this
  /// @param rough are copied in the form in which they are needed
  JointValues(const Head &exact, const std::vector<const Head *> &rough);
  ~JointValues();
  JointValues(JointValues &&) noexcept;

  std::size_t n_outputs() const;

  /// The radial functions are shared.
  bool shares() const;

  /// @param x [n_inputs][n]
  /// @param y [n_outputs][n], f first
  void evaluate(std::size_t n, const double *x, double *y) const;

private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <algorithm>
#include <array>
#include <vector>

namespace understudy
{
/// A box of macroscopic strains, |Exx|, |Eyy|, |Gxy| <= half [-]. It is centred at zero because the
/// laws are odd: what is known of a strain is known of its opposite.
struct StrainBox
{
  std::array<double, 3> half{};

  StrainBox() = default;
  StrainBox(double limit) : half{limit, limit, limit} {} ///< a cube
  explicit StrainBox(const std::array<double, 3> &sides) : half(sides) {}

  double largest() const { return *std::max_element(half.begin(), half.end()); }
  std::vector<double> lower() const { return {-half[0], -half[1], -half[2]}; }
  std::vector<double> upper() const { return {half.begin(), half.end()}; }

  /// The box grows until @p strain lies in it.
  void include(const std::array<double, 3> &strain)
  {
    for (unsigned i = 0; i < 3; ++i)
      half[i] = std::max({half[i], strain[i], -strain[i]});
  }
};
} // namespace understudy

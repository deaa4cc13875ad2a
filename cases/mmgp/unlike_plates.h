// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mmgp/parameters.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// A plate out of the family.
struct UnlikePlate
{
  std::string what; ///< "ellipse" or "wedge"
  PlateDesign design;
};

/// The first of unlike_plates(), which stand for the two of the paper.
inline constexpr std::size_t n_unlike_of_paper = 2;

/// One semi-ellipse and one V in the middle of all ranges, as those of the paper, and
/// MmgpRunParameters::n_unlike others that depart as clearly: ellipses of axis ratio 1.3 to 1.6
/// either way, V-notches as deep.
std::vector<UnlikePlate> unlike_plates(const MmgpCaseParameters &p);
} // namespace understudy

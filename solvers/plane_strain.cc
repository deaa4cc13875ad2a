// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/plane_strain.h>

#include <limits>

namespace understudy
{
PointMapInfo plane_strain_info(const std::string &name)
{
  constexpr double infinity = std::numeric_limits<double>::infinity();
  PointMapInfo info;
  info.name = name;
  info.inputs = {{"Exx", "1"}, {"Eyy", "1"}, {"Gxy", "1"}};
  info.outputs = {{"Sxx", "N/mm2"}, {"Syy", "N/mm2"}, {"Sxy", "N/mm2"}};
  info.lower.assign(3, -infinity);
  info.upper.assign(3, infinity);
  return info;
}
} // namespace understudy

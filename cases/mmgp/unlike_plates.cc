// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/unlike_plates.h>
#include <data/sampling/latin_hypercube.h>

namespace understudy
{
namespace
{
std::vector<double> middle_of_ranges(const std::string &variant)
{
  std::vector<double> middle;
  for (const PlateRange &range : plate_ranges(variant))
    middle.push_back((range.lower + range.upper) / 2.);
  return middle;
}
} // namespace

std::vector<UnlikePlate> unlike_plates(const MmgpCaseParameters &p)
{
  const auto middle = middle_of_ranges(p.plates.variant);
  std::uint64_t seed = 1000 * p.plates.seed + 500000;
  std::vector<UnlikePlate> all = {{"ellipse", {PlateShape::semi_ellipse(0.5, 0.7), seed, middle}},
                                  {"wedge", {PlateShape::v_notch(0.5, 0.7), seed + 1, middle}}};
  const PointBatch design =
    latin_hypercube(p.run.n_unlike, {0.3, 1.3, 0.}, {0.5, 1.6, 1.}, p.plates.seed + 7);
  for (std::size_t i = 0; i < design.n_points(); ++i)
  {
    const double half_height = design(0, i), ratio = design(1, i);
    const bool is_wedge = i % 2 == 1, is_deep = design(2, i) < 0.5;
    const double depth = is_deep || is_wedge ? half_height * ratio : half_height / ratio;
    all.push_back({is_wedge ? "wedge" : "ellipse",
                   {is_wedge ? PlateShape::v_notch(half_height, depth)
                             : PlateShape::semi_ellipse(half_height, depth),
                    seed + 2 + i, middle}});
  }
  return all;
}
} // namespace understudy

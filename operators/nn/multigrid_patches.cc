// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <operators/nn/multigrid_patches.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
constexpr unsigned most_levels = 8; ///< 65 536 patches

/// Half of the windows of every level are of whole points only for multiples of this.
std::size_t unit_of(unsigned levels)
{
  return std::size_t(2) << (2 * levels);
}

std::string nearest_sizes(std::size_t n, std::size_t unit)
{
  const std::size_t below = n / unit * unit;
  return below == 0 ? std::to_string(unit)
                    : std::to_string(below) + " and " + std::to_string(below + unit);
}

void check(const PatchingParameters &p, std::size_t n0, std::size_t n1)
{
  if (p.levels > most_levels)
    throw UserError("Patches of " + std::to_string(p.levels) + " levels are more than the " +
                    std::to_string(most_levels) + " that are possible.");
  if (!(p.padding >= 0. && p.padding <= 0.5))
    throw UserError(
      "The padding of patches is a share of the side of the grid from 0 to 0.5, not " +
      number_text(p.padding) + ".");
  const std::size_t unit = unit_of(p.levels);
  for (const std::size_t n : {n0, n1})
    if (n == 0 || n % unit != 0)
      throw UserError(
        "Patches of " + std::to_string(p.levels) + (p.levels == 1 ? " level" : " levels") +
        " need a grid whose sides are multiples of " + std::to_string(unit) + ", but one has " +
        std::to_string(n) + " points; the nearest sizes are " + nearest_sizes(n, unit) + ".");
}
} // namespace

MultigridPatches::MultigridPatches(const PatchingParameters &parameters, std::size_t n0,
                                   std::size_t n1)
  : parameters_(parameters), size_{n0, n1}
{
  check(parameters, n0, n1);
  per_side_ = std::size_t(1) << parameters.levels;
  for (const unsigned d : {0u, 1u})
  {
    patch_[d] = size_[d] / per_side_;
    halo_[d] =
      static_cast<std::size_t>(std::lround(parameters.padding * static_cast<double>(size_[d])));
    for (unsigned level = 0; level <= parameters.levels; ++level)
      for (std::size_t place = 0; place < per_side_; ++place)
        lines_[d].push_back(make_line(d, level, place));
  }
}

MultigridPatches::Line MultigridPatches::make_line(unsigned direction, unsigned level,
                                                   std::size_t place) const
{
  const auto n = static_cast<std::ptrdiff_t>(size_[direction] >> level);
  const auto patch = static_cast<std::ptrdiff_t>(patch_[direction]), stride = patch >> level;
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(place) * stride - (patch - stride) / 2 -
                               static_cast<std::ptrdiff_t>(halo_[direction]);
  Line made;
  for (std::size_t r = 0; r < window_size(direction); ++r)
  {
    const std::ptrdiff_t k = start + static_cast<std::ptrdiff_t>(r);
    const std::ptrdiff_t there =
      parameters_.periodic ? ((k % n) + n) % n : std::clamp<std::ptrdiff_t>(k, 0, n - 1);
    made.from.push_back(static_cast<std::size_t>(there) << level);
    made.is_inside.push_back(k >= 0 && k < n ? 1 : 0);
  }
  return made;
}

template <class Real>
void MultigridPatches::cut(std::size_t n_channels, const Real *field, std::size_t first,
                           std::size_t n, Real *patches) const
{
  const std::size_t w0 = window_size(0), w1 = window_size(1);
  Real *to = patches;
  for (std::size_t patch = first; patch < first + n; ++patch)
  {
    const std::size_t i = patch / per_side_, j = patch % per_side_;
    for (unsigned level = 0; level <= parameters_.levels; ++level)
    {
      const Line &rows = line(0, level, i), &columns = line(1, level, j);
      for (std::size_t c = 0; c < n_channels; ++c)
        for (std::size_t r = 0; r < w0; ++r)
        {
          const Real *row = field + (c * size_[0] + rows.from[r]) * size_[1];
          for (std::size_t s = 0; s < w1; ++s)
            *to++ = row[columns.from[s]];
        }
    }
    for (unsigned level = 0; !parameters_.periodic && level <= parameters_.levels; ++level)
      for (std::size_t r = 0; r < w0; ++r)
        for (std::size_t s = 0; s < w1; ++s)
          *to++ = line(0, level, i).is_inside[r] && line(1, level, j).is_inside[s] ? 1 : 0;
  }
}

template <class Real>
void MultigridPatches::put_together(std::size_t n_channels, const Real *answers, std::size_t first,
                                    std::size_t n, Real *field) const
{
  const std::size_t w0 = window_size(0), w1 = window_size(1);
  for (std::size_t patch = first; patch < first + n; ++patch)
  {
    const std::size_t i = patch / per_side_, j = patch % per_side_;
    for (std::size_t c = 0; c < n_channels; ++c)
      for (std::size_t r = 0; r < patch_[0]; ++r)
      {
        const Real *from =
          answers + (((patch - first) * n_channels + c) * w0 + halo_[0] + r) * w1 + halo_[1];
        std::copy_n(from, patch_[1],
                    field + (c * size_[0] + i * patch_[0] + r) * size_[1] + j * patch_[1]);
      }
  }
}

template void MultigridPatches::cut(std::size_t, const float *, std::size_t, std::size_t,
                                    float *) const;
template void MultigridPatches::cut(std::size_t, const double *, std::size_t, std::size_t,
                                    double *) const;
template void MultigridPatches::put_together(std::size_t, const float *, std::size_t, std::size_t,
                                             float *) const;
template void MultigridPatches::put_together(std::size_t, const double *, std::size_t, std::size_t,
                                             double *) const;

double seam_jump(const MultigridPatches &patches, std::size_t n0, std::size_t n1,
                 const double *field)
{
  double at_seams = 0., n_at_seams = 0., everywhere = 0., n_everywhere = 0.;
  const auto add = [&](double difference, bool is_seam)
  {
    everywhere += std::abs(difference);
    n_everywhere += 1.;
    at_seams += is_seam ? std::abs(difference) : 0.;
    n_at_seams += is_seam ? 1. : 0.;
  };
  for (std::size_t i = 0; i < n0; ++i)
    for (std::size_t j = 0; j < n1; ++j)
    {
      const double here = field[i * n1 + j];
      if (i + 1 < n0)
        add(field[(i + 1) * n1 + j] - here, (i + 1) % patches.patch_size(0) == 0);
      if (j + 1 < n1)
        add(field[i * n1 + j + 1] - here, (j + 1) % patches.patch_size(1) == 0);
    }
  return (at_seams / n_at_seams) / (everywhere / n_everywhere) - 1.;
}
} // namespace understudy

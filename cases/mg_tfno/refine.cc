// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/refine.h>
#include <meshes/grid_interpolation.h>
#include <surrogates/mg_tfno_field_map.h>

#include <algorithm>

namespace understudy
{
GridBatch refined(const MgTfnoProblem &problem, const GridBatch &y, std::size_t m)
{
  if (y.n1 == m)
    return y;
  if (problem.is_periodic())
    return SpectralInterpolation(y.n1, y.n2, m, m).apply(y);
  const GridView coarse = MgTfnoFieldMap::grid_for(problem, static_cast<unsigned>(y.n1)),
                 fine = MgTfnoFieldMap::grid_for(problem, static_cast<unsigned>(m));
  const GridInterpolation interpolation(coarse, fine, GridStencil::cubic, GridEnds::open);
  GridBatch finer(y.n_samples, y.n_channels, m, m);
  std::vector<float> from(coarse.size()), to(fine.size());
  for (std::size_t s = 0; s < y.n_samples; ++s)
    for (std::size_t c = 0; c < y.n_channels; ++c)
    {
      // the last row and column, and here also the first ones, are the boundary
      std::ranges::fill(from, 0.f);
      for (std::size_t i = 1; i < y.n1; ++i)
        for (std::size_t j = 1; j < y.n2; ++j)
          from[i * (y.n2 + 1) + j] = y.field(s, c)[i * y.n2 + j];
      interpolation.apply(std::span<const float>(from), std::span<float>(to));
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j)
          finer.field(s, c)[i * m + j] = to[i * (m + 1) + j];
    }
  return finer;
}
} // namespace understudy

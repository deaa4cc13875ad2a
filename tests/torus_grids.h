// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/torus_vorticity.h>
#include <tests/random_numbers.h>

#include <cstddef>
#include <vector>

namespace understudy::test
{
/// Random values at n x n points between -scale and scale, less their mean.
inline std::vector<double> noise(std::size_t n, unsigned seed, double scale = 1.)
{
  auto grid = random_numbers(n * n, seed, scale);
  double mean = 0.;
  for (const double g : grid)
    mean += g / double(grid.size());
  for (double &g : grid)
    g -= mean;
  return grid;
}

/// The vorticity of a flow at its points.
inline std::vector<double> vorticity(const TorusVorticity &flow)
{
  std::vector<double> grid(flow.n() * flow.n());
  flow.vorticity(grid);
  return grid;
}
} // namespace understudy::test

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/mesh_view.h>

#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <vector>

namespace understudy::test
{
using SquareFunction = std::function<double(double, double)>;

inline std::vector<double> sampled(const GridView &grid, const SquareFunction &function)
{
  std::vector<double> values;
  for (unsigned i = 0; i < grid.n_nodes[0]; ++i)
    for (unsigned j = 0; j < grid.n_nodes[1]; ++j)
      values.push_back(
        function(grid.origin[0] + i * grid.spacing[0], grid.origin[1] + j * grid.spacing[1]));
  return values;
}

/// 12 or 3 in each point, by chance.
inline std::vector<double> random_phases(const GridView &grid, unsigned seed = 5)
{
  std::mt19937 generator(seed);
  return sampled(grid, [&](double, double) { return generator() % 2 == 0 ? 12. : 3.; });
}

/// A solution with the source that belongs to it.
struct DarcyExample
{
  SquareFunction a, f, u, u_x, u_y;
};

/// u = sin(pi x) sin(2 pi y), a = 2 + x y + cos 3x.
inline DarcyExample smooth_darcy()
{
  using std::cos, std::sin;
  constexpr double p = std::numbers::pi;
  DarcyExample e;
  e.a = [](double x, double y) { return 2. + x * y + cos(3. * x); };
  e.u = [](double x, double y) { return sin(p * x) * sin(2. * p * y); };
  e.u_x = [](double x, double y) { return p * cos(p * x) * sin(2. * p * y); };
  e.u_y = [](double x, double y) { return 2. * p * sin(p * x) * cos(2. * p * y); };
  e.f = [e](double x, double y)
  {
    return 5. * p * p * e.a(x, y) * e.u(x, y) - (y - 3. * sin(3. * x)) * e.u_x(x, y) -
           x * e.u_y(x, y);
  };
  return e;
}

/// Layers a = 12 for x < 1/2, a = 3 beyond: u = X(x) sin(pi y) with the continuous flux
/// a X' = c - x, so that f = (1 + pi^2 a X) sin(pi y).
inline DarcyExample layered_darcy()
{
  using std::cos, std::sin;
  constexpr double p = std::numbers::pi, left = 12., right = 3.;
  constexpr double c = (0.125 / left + 0.375 / right) / (0.5 / left + 0.5 / right);
  const auto X = [](double x)
  {
    return x < 0.5 ? (c * x - 0.5 * x * x) / left
                   : (c * 0.5 - 0.125) / left + (c * (x - 0.5) - 0.5 * (x * x - 0.25)) / right;
  };
  DarcyExample e;
  e.a = [](double x, double) { return x < 0.5 ? left : right; };
  e.u = [X](double x, double y) { return X(x) * sin(p * y); };
  e.u_x = [a = e.a](double x, double y) { return (c - x) / a(x, y) * sin(p * y); };
  e.u_y = [X](double x, double y) { return p * X(x) * cos(p * y); };
  e.f = [X, a = e.a](double x, double y) { return (1. + p * p * a(x, y) * X(x)) * sin(p * y); };
  return e;
}

struct DarcyErrors
{
  double l2 = 0., h1 = 0.; ///< h1: of the gradient
};

/// Of the bilinear function with the given values at the (n + 1)^2 nodes, by 3 x 3 Gauss points.
inline DarcyErrors darcy_errors(unsigned n, const std::vector<double> &u, const DarcyExample &exact)
{
  const double h = 1. / n, r = std::sqrt(0.6);
  const std::array<double, 3> points = {0.5 * (1. - r), 0.5, 0.5 * (1. + r)},
                              weights = {5. / 18., 8. / 18., 5. / 18.};
  DarcyErrors e;
  for (unsigned i = 0; i < n; ++i)
    for (unsigned j = 0; j < n; ++j)
      for (unsigned q = 0; q < 9; ++q)
      {
        const double s = points[q / 3], t = points[q % 3];
        const double x = h * (i + s), y = h * (j + t);
        const double weight = weights[q / 3] * weights[q % 3] * h * h;
        const double *v = u.data() + i * (n + 1) + j;
        const double u00 = v[0], u01 = v[1], u10 = v[n + 1], u11 = v[n + 2];
        const double value =
          (1. - s) * ((1. - t) * u00 + t * u01) + s * ((1. - t) * u10 + t * u11) - exact.u(x, y);
        const double d_x = ((1. - t) * (u10 - u00) + t * (u11 - u01)) / h - exact.u_x(x, y);
        const double d_y = ((1. - s) * (u01 - u00) + s * (u11 - u10)) / h - exact.u_y(x, y);
        e.l2 += weight * value * value;
        e.h1 += weight * (d_x * d_x + d_y * d_y);
      }
  return {std::sqrt(e.l2), std::sqrt(e.h1)};
}

/// |a - b| / |b|.
inline double relative_difference(const std::vector<double> &a, const std::vector<double> &b)
{
  double difference = 0., norm = 0.;
  for (std::size_t i = 0; i < b.size(); ++i)
  {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(difference / norm);
}
} // namespace understudy::test

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <meshes/block_mesh.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
using Point = BlockMesh::Point;

constexpr double pi = 3.14159265358979323846;

Point between(const Point &a, const Point &b, double t)
{
  return {(1 - t) * a[0] + t * b[0], (1 - t) * a[1] + t * b[1]};
}

/// Size of the core against the inclusion, and how much of the arc's bulge its sides keep. Chosen
/// for well-shaped corners, where three cells meet.
constexpr double core_size = 0.55;
constexpr double core_bulge = 0.45;
} // namespace

unsigned BlockMesh::node_at(Point p)
{
  for (double &x : p) // periodic partners must match, and sides be straight, to the last digit
    if (std::abs(std::abs(x) - 0.5) < 1e-12)
      x = std::copysign(0.5, x);
  // Nodes are further apart than a few 1e-8 and equal ones differ by rounding only: looking into
  // the neighbouring places of the raster finds the latter and never joins the former.
  constexpr double raster = 1e9;
  const long i = std::lround(p[0] * raster), j = std::lround(p[1] * raster);
  for (long di = -1; di <= 1; ++di)
    for (long dj = -1; dj <= 1; ++dj)
      if (const auto it = nodes_by_place_.find({i + di, j + dj}); it != nodes_by_place_.end())
        return it->second;
  const auto index = static_cast<unsigned>(mesh_.nodes.size());
  mesh_.nodes.push_back(p);
  nodes_by_place_[{i, j}] = index;
  return index;
}

void BlockMesh::add_block(const Map &map, unsigned nu, unsigned nv, Phase phase)
{
  static constexpr unsigned du[] = {0, 2, 2, 0, 1, 2, 1, 0}, dv[] = {0, 0, 2, 2, 0, 1, 2, 1};
  for (unsigned j = 0; j < nv; ++j)
    for (unsigned i = 0; i < nu; ++i)
    {
      std::array<Point, 8> p;
      Point centre{};
      for (unsigned k = 0; k < 8; ++k)
      {
        p[k] = map((2 * i + du[k]) / (2. * nu), (2 * j + dv[k]) / (2. * nv));
        for (unsigned d = 0; d < 2; ++d)
          centre[d] += p[k][d] / 8;
      }
      auto &cell = mesh_.cells.emplace_back();
      mesh_.phase.push_back(phase);
      for (unsigned k = 0; k < 8; ++k)
        cell[k] = node_at({p[k][0] - std::round(centre[0]), p[k][1] - std::round(centre[1])});
    }
}

Point InclusionTile::outer_point(double s) const
{
  const double place = 2 * s;
  const double first = std::floor(place);
  const auto k = static_cast<unsigned>(first);
  return between(outer[k % 8], outer[(k + 1) % 8], place - first);
}

Point InclusionTile::image(double x, double y) const
{
  return {centre[0] + A[0][0] * x + A[0][1] * y, centre[1] + A[1][0] * x + A[1][1] * y};
}

double InclusionTile::angle(double s) const
{
  const double even = (s - 0.5) * pi / 2;
  const Point p = outer_point(s);
  const double x = p[0] - centre[0], y = p[1] - centre[1];
  const double seen = std::atan2(A[0][0] * y - A[1][0] * x, A[1][1] * x - A[0][1] * y);
  return even + turn * std::remainder(seen - even, 2 * pi);
}

Point InclusionTile::interface_point(double s) const
{
  const double t = angle(s);
  return image(std::cos(t), std::sin(t));
}

Point InclusionTile::core_point(double s) const
{
  const double begin = std::min(std::floor(s), 3.);
  const Point chord = between(interface_point(begin), interface_point(begin + 1), s - begin);
  return between(centre, between(chord, interface_point(s), core_bulge), core_size);
}

void InclusionTile::add_to(BlockMesh &blocks) const
{
  // Transfinite interpolation of the core's four sides: right, top, left, bottom.
  const auto core = [this](double u, double v)
  {
    const Point right = core_point(v), left = core_point(3 - v);
    const Point top = core_point(2 - u), bottom = core_point(3 + u);
    const Point corners = between(between(core_point(3), core_point(0), u),
                                  between(core_point(2), core_point(1), u), v);
    const Point across = between(left, right, u), along = between(bottom, top, v);
    return Point{across[0] + along[0] - corners[0], across[1] + along[1] - corners[1]};
  };
  blocks.add_block(core, n, n, Phase::fibre);
  blocks.add_block([this](double u, double v)
                   { return between(core_point(4 * v), interface_point(4 * v), u); },
                   fibre_layers, 4 * n, Phase::fibre);
  blocks.add_block([this](double u, double v)
                   { return between(interface_point(4 * v), outer_point(4 * v), u); },
                   matrix_layers, 4 * n, Phase::matrix);
}
} // namespace understudy

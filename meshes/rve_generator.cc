// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <meshes/block_mesh.h>
#include <meshes/rve_generator.h>

#include <cmath>
#include <map>

namespace understudy
{
namespace
{
using Point = BlockMesh::Point;

/// Corners of [x0,x1] x [y0,y1] from the lower right one, with the sides' midpoints in between.
std::array<Point, 8> rectangle(double x0, double x1, double y0, double y1)
{
  const double xm = (x0 + x1) / 2, ym = (y0 + y1) / 2;
  return {{{x1, y0}, {x1, ym}, {x1, y1}, {xm, y1}, {x0, y1}, {x0, ym}, {x0, y0}, {xm, y0}}};
}

void add_rectangle(BlockMesh &blocks, const Point &low, const Point &high, unsigned nx, unsigned ny,
                   Phase phase)
{
  blocks.add_block(
    [&](double u, double v) {
      return Point{(1 - u) * low[0] + u * high[0], (1 - v) * low[1] + v * high[1]};
    },
    nx, ny, phase);
}

InclusionTile circle(const Point &centre, double radius)
{
  InclusionTile tile;
  tile.centre = centre;
  tile.A = {{{radius, 0.}, {0., radius}}};
  return tile;
}

/// Two equal tiles, diamonds with their vertices half a side from the centre: one at 0, one at
/// the corner (1/2,1/2), whose quarters come back in at the other corners.
void add_rve1(BlockMesh &blocks, unsigned r)
{
  for (const double c : {0., 0.5})
  {
    auto tile = circle({c, c}, 0.29587);
    const double h = 0.5, q = 0.25; // the diamond's sides meet the core's corners at their middle
    tile.outer = {{{q, -q}, {h, 0}, {q, q}, {0, h}, {-q, q}, {-h, 0}, {-q, -q}, {0, -h}}};
    for (auto &p : tile.outer)
      p = {p[0] + c, p[1] + c};
    tile.turn = 0.;
    tile.n = 24 * r;
    tile.fibre_layers = 6 * r;
    tile.matrix_layers = 6 * r;
    tile.add_to(blocks);
  }
}

void add_rve2(BlockMesh &blocks, unsigned r)
{
  const double c = std::sqrt(3.) / 2, s = 0.5; // of 30 degrees
  InclusionTile tile;
  tile.A = {{{0.35 * c, -0.175 * s}, {0.35 * s, 0.175 * c}}};
  tile.outer = rectangle(-0.5, 0.5, -0.5, 0.5);
  tile.turn = 0.35;
  tile.n = 24 * r;
  tile.fibre_layers = 6 * r;
  tile.matrix_layers = 10 * r;
  tile.add_to(blocks);
}

/// Two tiles side by side above, one below between two plain blocks. The lower side of the upper
/// tiles runs halfway between the fibres that nearly touch it from both sides.
void add_rve3(BlockMesh &blocks, unsigned r)
{
  const double level = -0.075;
  const unsigned n = 12 * r;
  const auto add = [&](InclusionTile tile, double x0, double x1, double y0, double y1)
  {
    tile.outer = rectangle(x0, x1, y0, y1);
    tile.turn = 0.5;
    tile.n = n;
    tile.fibre_layers = 3 * r;
    tile.matrix_layers = 6 * r;
    tile.add_to(blocks);
  };
  add(circle({-0.25, 0.25}, 0.1), -0.5, 0., level, 0.5);
  add(circle({0.25, 0.15}, 0.15), 0., 0.5, level, 0.5);
  add(circle({0., -0.25}, 0.1), -0.25, 0.25, -0.5, level);
  add_rectangle(blocks, {-0.5, -0.5}, {-0.25, level}, n / 2, n, Phase::matrix);
  add_rectangle(blocks, {0.25, -0.5}, {0.5, level}, n / 2, n, Phase::matrix);
}

void add_laminate(BlockMesh &blocks, unsigned r)
{
  add_rectangle(blocks, {-0.5, -0.5}, {0.5, 0.}, 8 * r, 4 * r, Phase::fibre);
  add_rectangle(blocks, {-0.5, 0.}, {0.5, 0.5}, 8 * r, 4 * r, Phase::matrix);
}

void add_homogeneous(BlockMesh &blocks, unsigned r)
{
  add_rectangle(blocks, {-0.5, -0.5}, {0.5, 0.5}, 4 * r, 4 * r, Phase::matrix);
}

const std::map<std::string, void (*)(BlockMesh &, unsigned)> makers = {
  {"homogeneous", add_homogeneous},
  {"laminate", add_laminate},
  {"rve1", add_rve1},
  {"rve2", add_rve2},
  {"rve3", add_rve3}};
} // namespace

std::vector<std::string> rve_geometries()
{
  std::vector<std::string> names;
  for (const auto &[name, maker] : makers)
    names.push_back(name);
  return names;
}

RveMesh make_rve(const std::string &geometry, unsigned refinement)
{
  const auto maker = makers.find(geometry);
  if (maker == makers.end())
    throw UserError("There is no RVE geometry '" + geometry + "'" +
                    suggestion(geometry, rve_geometries()) + ".");
  if (refinement == 0)
    throw UserError("The refinement of RVE '" + geometry + "' is 0; it must be at least 1.");
  BlockMesh blocks(geometry + " refinement " + std::to_string(refinement));
  maker->second(blocks, refinement);
  check_rve_mesh(blocks.mesh());
  return blocks.mesh();
}
} // namespace understudy

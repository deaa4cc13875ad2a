// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <meshes/macro_meshes.h>

#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/manifold_lib.h>

#include <array>
#include <cmath>
#include <functional>
#include <map>

namespace understudy
{
namespace
{
using Point = dealii::Point<2>;
using Triangulation = dealii::Triangulation<2>;
using Map = std::function<Point(double, double)>;
using BoundaryId = dealii::types::boundary_id;

constexpr double pi = 3.14159265358979323846;

/// The mesh under construction: blocks of cells, and the vertices that they share.
class Blocks
{
public:
  /// Adds nu x nv cells, the images of a uniform grid of [0,1]^2.
  void add(const Map &map, unsigned nu, unsigned nv)
  {
    for (unsigned j = 0; j < nv; ++j)
      for (unsigned i = 0; i < nu; ++i)
      {
        dealii::CellData<2> cell; // vertices in deal.II's lexicographic order
        for (unsigned k = 0; k < 4; ++k)
          cell.vertices[k] = vertex_at(map(double(i + k % 2) / nu, double(j + k / 2) / nv));
        cells_.push_back(cell);
      }
  }

  /// Creates the triangulation; every boundary face gets the id of its centre.
  void create(Triangulation &tria, const std::function<BoundaryId(const Point &)> &id) const
  {
    tria.create_triangulation(vertices_, cells_, {});
    for (const auto &cell : tria.active_cell_iterators())
      for (const auto &face : cell->face_iterators())
        if (face->at_boundary())
          face->set_all_boundary_ids(id(face->center()));
  }

private:
  unsigned vertex_at(const Point &p)
  {
    for (unsigned i = 0; i < vertices_.size(); ++i)
      if (vertices_[i].distance(p) < 1e-9)
        return i;
    vertices_.push_back(p);
    return static_cast<unsigned>(vertices_.size() - 1);
  }

  std::vector<Point> vertices_;
  std::vector<dealii::CellData<2>> cells_;
};

bool equal(double a, double b)
{
  return std::abs(a - b) < 1e-9;
}

void require_cells(unsigned n)
{
  if (n == 0)
    throw UserError("The number of cells per side of a macro mesh is 0; it must be at least 1.");
}
} // namespace

void make_cook(Triangulation &tria, unsigned nx, unsigned ny)
{
  require_cells(nx);
  require_cells(ny);
  Blocks blocks;
  blocks.add(
    [](double u, double v)
    {
      const double low = 44 * u, high = 44 + 16 * u;
      return Point(48 * u, (1 - v) * low + v * high);
    },
    nx, ny);
  blocks.create(tria,
                [](const Point &p)
                {
                  return equal(p[0], 0)
                           ? MacroBoundary::clamped
                           : (equal(p[0], 48) ? MacroBoundary::loaded : MacroBoundary::free);
                });
}

void make_l_profile(Triangulation &tria, unsigned n)
{
  require_cells(n);
  Blocks blocks;
  for (const auto &[x, y] : {std::array{0., 0.}, std::array{0., 50.}, std::array{50., 50.}})
    blocks.add([x = x, y = y](double u, double v) { return Point(x + 50 * u, y + 50 * v); }, n, n);
  blocks.create(tria,
                [](const Point &p)
                {
                  return equal(p[1], 0)
                           ? MacroBoundary::clamped
                           : (equal(p[0], 100) ? MacroBoundary::loaded : MacroBoundary::free);
                });
}

void make_quarter_plate(Triangulation &tria, unsigned n)
{
  require_cells(n);
  constexpr double radius = 10, side = 50;
  // From the hole (u = 0) to the outer side (u = 1), on the straight line between a point of the
  // circle and the point of the side that it faces; layers grow as the square of u, blended with u.
  const auto block = [](double first_angle, const Point &first, const Point &last)
  {
    return [=](double u, double v)
    {
      const double angle = first_angle + v * pi / 4;
      const Point inner(radius * std::cos(angle), radius * std::sin(angle));
      const Point outer = first + v * (last - first);
      const double distance = 0.5 * u + 0.5 * u * u;
      return Point(inner + distance * (outer - inner));
    };
  };
  Blocks blocks;
  blocks.add(block(0., {side, 0.}, {side, side}), n, n);
  blocks.add(block(pi / 4, {side, side}, {0., side}), n, n);
  blocks.create(tria,
                [](const Point &p)
                {
                  if (equal(p[0], side))
                    return MacroBoundary::loaded;
                  if (equal(p[0], 0))
                    return MacroBoundary::symmetry_x;
                  return equal(p[1], 0) ? MacroBoundary::symmetry_y : MacroBoundary::free;
                });

  constexpr dealii::types::manifold_id hole = 1, inside = 2;
  for (const auto &cell : tria.active_cell_iterators())
  {
    cell->set_all_manifold_ids(inside);
    for (const auto &face : cell->face_iterators())
    {
      // Lines of the blending manifold's own id are straight, so only the hole bends.
      const bool on_hole = face->at_boundary() && face->vertex(0).norm() < radius + 1e-9 &&
                           face->vertex(1).norm() < radius + 1e-9;
      face->set_manifold_id(on_hole ? hole : inside);
    }
  }
  tria.set_manifold(hole, dealii::SphericalManifold<2>(Point()));
  dealii::TransfiniteInterpolationManifold<2> blend;
  blend.initialize(tria);
  tria.set_manifold(inside, blend);
}

void make_square(Triangulation &tria, unsigned n)
{
  require_cells(n);
  Blocks blocks;
  blocks.add([](double u, double v) { return Point(u, v); }, n, n);
  blocks.create(tria,
                [](const Point &p)
                {
                  return equal(p[0], 0)
                           ? MacroBoundary::clamped
                           : (equal(p[0], 1) ? MacroBoundary::loaded : MacroBoundary::free);
                });
}

namespace
{
const std::map<std::string, std::function<void(Triangulation &, unsigned)>> makers = {
  {"cook", [](Triangulation &tria, unsigned n) { make_cook(tria, n, n); }},
  {"l_profile", make_l_profile},
  {"plate_with_hole", make_quarter_plate},
  {"square", make_square}};
} // namespace

std::vector<std::string> macro_meshes()
{
  std::vector<std::string> names;
  for (const auto &[name, maker] : makers)
    names.push_back(name);
  return names;
}

void make_macro_mesh(const std::string &name, unsigned n, Triangulation &tria)
{
  const auto maker = makers.find(name);
  if (maker == makers.end())
    throw UserError("There is no macro mesh '" + name + "'" + suggestion(name, macro_meshes()) +
                    ".");
  maker->second(tria, n);
}
} // namespace understudy

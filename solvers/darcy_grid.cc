// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <solvers/darcy_grid.h>

#include <cmath>
#include <string>

namespace understudy
{
namespace
{
GridView square_grid(unsigned n, double origin, double spacing)
{
  return {2, {n, n, 1}, {origin, origin, 0.}, {spacing, spacing, 1.}};
}

std::string name_of(DarcyField field)
{
  return std::string("The ") + (field == DarcyField::coefficient ? "coefficient" : "source") +
         " of the Darcy problem";
}

std::string extents(const GridView &grid)
{
  return std::to_string(grid.n_nodes[0]) + " x " + std::to_string(grid.n_nodes[1]);
}
} // namespace

GridView darcy_nodes(unsigned n_cells)
{
  return square_grid(n_cells + 1, 0., 1. / n_cells);
}

GridView darcy_cells(unsigned n_cells)
{
  return square_grid(n_cells, 0.5 / n_cells, 1. / n_cells);
}

bool same_points(const GridView &a, const GridView &b)
{
  bool same = a.dimension == b.dimension && a.n_nodes == b.n_nodes;
  for (unsigned d = 0; same && d < a.dimension; ++d)
  {
    const double n = a.n_nodes[d] - 1., tolerance = 1e-6 * std::abs(a.spacing[d]);
    same = std::abs(a.origin[d] - b.origin[d]) <= tolerance &&
           std::abs(a.origin[d] + n * a.spacing[d] - b.origin[d] - n * b.spacing[d]) <= tolerance;
  }
  return same;
}

void check_darcy_field(DarcyField field, const GridView &grid, std::span<const double> values)
{
  if (values.size() != grid.size())
    throw UserError(name_of(field) + " has " + std::to_string(values.size()) +
                    " values where its grid has " + extents(grid) + " points.");
  const bool positive = field == DarcyField::coefficient;
  for (std::size_t p = 0; p < values.size(); ++p)
    if (!std::isfinite(values[p]) || (positive && !(values[p] > 0.)))
      throw UserError(name_of(field) + " is " + number_text(values[p]) + " at the point (" +
                      std::to_string(p / grid.n_nodes[1]) + ", " +
                      std::to_string(p % grid.n_nodes[1]) + ") of its grid; it must be finite" +
                      (positive ? " and > 0." : "."));
}

std::vector<double> darcy_cell_values(DarcyField field, unsigned n_cells, const GridView &grid,
                                      std::span<const double> values)
{
  const bool at_nodes = same_points(grid, darcy_nodes(n_cells));
  if (!at_nodes && !same_points(grid, darcy_cells(n_cells)))
    throw UserError(name_of(field) + " was given on another grid of " + extents(grid) +
                    " points; it must stand at the nodes or in the middles of the " +
                    extents(darcy_cells(n_cells)) + " cells of the unit square.");
  check_darcy_field(field, grid, values);
  std::vector<double> in_cells(values.begin(), values.end());
  if (!at_nodes)
    return in_cells;
  in_cells.resize(std::size_t(n_cells) * n_cells);
  const std::size_t pitch = n_cells + 1;
  for (std::size_t i = 0; i < n_cells; ++i)
    for (std::size_t j = 0; j < n_cells; ++j)
    {
      const double *corner = values.data() + i * pitch + j;
      in_cells[i * n_cells + j] =
        0.25 * (corner[0] + corner[1] + corner[pitch] + corner[pitch + 1]);
    }
  return in_cells;
}
} // namespace understudy

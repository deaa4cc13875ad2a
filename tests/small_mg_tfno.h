// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/mg_tfno_field_map.h>

#include <cstddef>
#include <vector>

namespace understudy::test
{
/// f [1], g [mm] -> u [mm], v [1] on the square of side 2, with coordinates and random weights;
/// with patches on a torus, or not @p periodic, or whole (levels 0): with a zero boundary.
/// Inputs in (-1, 1) are trusted on n_points to 4 n_points points; the range of g is another than
/// that of f.
inline MgTfno small_mg_tfno(unsigned levels = 1, std::size_t n_points = 8, bool periodic = true)
{
  MgTfno::State s;
  s.problem = {"toy",
               {{"f", "1"}, {"g", "mm"}},
               {{"u", "mm"}, {"v", "1"}},
               2.,
               levels > 0 && periodic ? MgTfnoProblem::Boundary::periodic
                                      : MgTfnoProblem::Boundary::zero};
  s.coordinates = true;
  s.patching = {levels, 0.1, periodic};
  s.input_scale = {{0.1, 0.5}, {-0.2, 0.7}};
  s.output_scale = {{3., 2.}, {-1., 0.25}};
  MgTfno::Features lower, upper;
  lower.fill(-1.);
  upper.fill(1.);
  upper.back() = 1e3;
  s.ranges = {{lower, upper}, {lower, upper}};
  s.ranges[1].lower.front() = -1.25;
  s.ranges[1].upper[1] = 1.5;
  s.ranges[1].upper.back() = 900.;
  s.n_points = n_points;
  s.expected_error = 0.0125;
  FnoConfig c;
  c.n_in = n_network_inputs(2, true, s.patching);
  c.n_out = 2;
  c.width = 6;
  c.modes1 = c.modes2 = 4;
  c.layers = 2;
  c.factorisation = Factorisation::tucker;
  c.rank = 0.5;
  c.grid = false;
  s.weights = FnoWeights::random(c, 5);
  return MgTfno(std::move(s));
}

/// What a map of small_mg_tfno() answers at nodes @p first, @p first + @p stride, ... of a grid.
inline FieldAnswer answer_to(FieldMap &map, const GridView &grid, const std::vector<double> &f,
                             const std::vector<double> &g, std::size_t first = 0,
                             std::size_t stride = 1)
{
  std::vector<unsigned> nodes;
  std::vector<double> f_here, g_here;
  for (std::size_t i = first; i < grid.size(); i += stride)
  {
    nodes.push_back(static_cast<unsigned>(i));
    f_here.push_back(f[i]);
    g_here.push_back(g[i]);
  }
  FieldQuery query;
  query.grid = &grid;
  query.nodes = nodes;
  query.fields = {{{"f", "1"}, f_here}, {{"g", "mm"}, g_here}};
  FieldAnswer answer;
  map.evaluate(query, answer);
  return answer;
}
} // namespace understudy::test

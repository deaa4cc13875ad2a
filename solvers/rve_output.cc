// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/output/mesh_vtu.h>
#include <solvers/rve_output.h>

#include <array>
#include <stdexcept>

namespace understudy
{
namespace
{
constexpr std::array<const char *, 3> component_names = {"xx", "yy", "xy"};

void check_sizes(const RveMesh &mesh, const RveDiscretisation &d,
                 const std::vector<MicroState> &states)
{
  if (mesh.nodes.size() != d.n_nodes() || mesh.cells.size() != d.n_cells())
    throw std::logic_error("The mesh '" + mesh.name + "' is not the one of the RVE to write.");
  for (const MicroState &state : states)
    if (state.displacement.size() != 2 * d.n_nodes() || state.stress.size() != 3 * d.n_points())
      throw std::logic_error("The micro fields '" + state.prefix +
                             "...' to write do not fit the mesh '" + mesh.name + "'.");
}

/// sum_q w_q s_q / sum_q w_q over the points of each cell, in the order of the mesh.
std::array<std::vector<double>, 3> cell_means(const RveDiscretisation &d,
                                              const std::vector<double> &stress)
{
  constexpr unsigned n = RveDiscretisation::points_per_cell;
  std::array<std::vector<double>, 3> means;
  for (unsigned i = 0; i < 3; ++i)
  {
    means[i].resize(d.n_cells());
    for (std::size_t c = 0; c < d.n_cells(); ++c)
    {
      double sum = 0., area = 0.;
      for (std::size_t q = n * c; q < n * (c + 1); ++q)
      {
        sum += d.weights()[q] * stress[3 * q + i];
        area += d.weights()[q];
      }
      means[i][d.cell_order()[c]] = sum / area;
    }
  }
  return means;
}

std::vector<double> difference(const std::vector<double> &a, const std::vector<double> &b)
{
  std::vector<double> d(a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    d[i] = a[i] - b[i];
  return d;
}

void add_state(const RveDiscretisation &d, const MicroState &state, MeshFields &fields)
{
  fields.point_fields.push_back({state.prefix + "displacement", 2, state.displacement});
  auto means = cell_means(d, state.stress);
  for (unsigned i = 0; i < 3; ++i)
    fields.cell_fields.push_back(
      {state.prefix + "stress_" + component_names[i], 1, std::move(means[i])});
}

void add_errors(const RveDiscretisation &d, const MicroState &state, const MicroState &exact,
                MeshFields &fields)
{
  fields.point_fields.push_back(
    {"displacement_error", 2, difference(state.displacement, exact.displacement)});
  const auto means = cell_means(d, difference(state.stress, exact.stress));
  for (unsigned i = 0; i < 3; ++i)
    fields.cell_fields.push_back({std::string("stress_error_") + component_names[i], 1, means[i]});
}
} // namespace

void write_micro_fields(const std::string &path, const RveMesh &mesh, const Rve &rve,
                        const std::vector<MicroState> &states)
{
  const RveDiscretisation &d = rve.discretisation();
  check_sizes(mesh, d, states);

  MeshFields fields;
  fields.points = mesh.nodes;
  fields.cells = mesh.cells;
  MeshFields::Field phase{"phase", 1, {}};
  for (const Phase p : mesh.phase)
    phase.values.push_back(static_cast<double>(p));
  fields.cell_fields.push_back(std::move(phase));

  const MicroState *approximate = nullptr, *exact = nullptr;
  for (const MicroState &state : states)
  {
    add_state(d, state, fields);
    if (state.prefix.empty())
      approximate = &state;
    else if (state.prefix == "exact_")
      exact = &state;
  }
  if (approximate && exact)
    add_errors(d, *approximate, *exact, fields);
  write_mesh_vtu(path, fields);
}
} // namespace understudy

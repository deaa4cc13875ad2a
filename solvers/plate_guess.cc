// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/plate_guess.h>

#include <algorithm>
#include <utility>

namespace understudy
{
PlateGuesser::PlateGuesser(const TriangleMesh &mesh, const PlateDiscretisation &discretisation,
                           PlateGuess guess)
  : discretisation_(discretisation),
    guess_(std::move(guess.map), {{"U1", "mm"}, {"U2", "mm"}}),
    scalars_(std::move(guess.scalars))
{
  const QuadraticTriangles &triangles = discretisation.triangles();
  view_.nodes_per_cell = guess_.map().info().nodes_per_cell == 6 ? 6 : 3;
  n_asked_ = view_.nodes_per_cell == 6 ? triangles.nodes().size() : triangles.n_vertices();
  std::vector<char> owned(n_asked_, 0);
  for (const unsigned node : discretisation.own_nodes())
    if (node < n_asked_)
    {
      owned[node] = 1;
      nodes_.push_back(node);
      points_.insert(points_.end(), triangles.nodes()[node].begin(), triangles.nodes()[node].end());
    }
  for (const unsigned c : discretisation.own_cells())
    cells_.insert(cells_.end(), triangles.cells()[c].begin(),
                  triangles.cells()[c].begin() + view_.nodes_per_cell);
  for (const auto &[name, edges] : mesh.edges)
  {
    auto &mine = edges_[name];
    for (const auto &edge : edges)
      if (owned[edge[0]])
        mine.insert(mine.end(), edge.begin(), edge.end());
  }
  for (const auto &[name, node] : mesh.features)
    if (owned[node])
      view_.features[name] = node;
  view_.points = points_;
  view_.cells = cells_;
  view_.cell_numbers = discretisation.own_cells();
  for (const auto &[name, edges] : edges_)
    view_.facets[name] = edges;
}

/// Own unknowns from the fields at own nodes. The middles of the sides need the gradients of all
/// triangles around a node, so every rank completes them from all values.
void PlateGuesser::fill(const FieldAnswer &answer, Vec u) const
{
  std::vector<double> values(2 * n_asked_, 0.);
  const auto &u1 = answer.field("U1").mean, &u2 = answer.field("U2").mean;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
  {
    values[2 * nodes_[i]] = u1[i];
    values[2 * nodes_[i] + 1] = u2[i];
  }
  MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE, MPI_SUM,
                discretisation_.comm());
  if (view_.nodes_per_cell == 3)
    values = complete_sides(discretisation_.triangles(), values);
  discretisation_.scatter(values, u);
}

GuessOutcome PlateGuesser::improve(const std::function<double(Vec)> &distance, Vec u, Vec work)
{
  FieldQuery query;
  query.mesh = &view_;
  query.nodes = nodes_;
  query.scalars = scalars_;
  return guess_.improve(query,
                        {[this](const FieldAnswer &answer, Vec v) { fill(answer, v); },
                         [this](Vec v) { discretisation_.hold(1., v); }, distance},
                        u, work);
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/number_text.h>
#include <data/core/rank_share.h>
#include <surrogates/field_probe.h>
#include <surrogates/mg_tfno_field_map.h>

#include <cmath>
#include <numeric>
#include <utility>

namespace understudy
{
MgTfnoFieldMap::MgTfnoFieldMap(MgTfno model, MPI_Comm comm)
  : GatheredFieldMap(comm, model.n_patches() > 1 ? Sharing::work : Sharing::questions),
    model_(std::move(model))
{
  const MgTfnoProblem &problem = model_.state().problem;
  info_.name = "mg-tfno";
  info_.domain = FieldMapInfo::Domain::grid;
  info_.input_fields = problem.inputs;
  info_.output_fields = problem.outputs;
}

GridView MgTfnoFieldMap::grid_for(const MgTfnoProblem &problem, unsigned n)
{
  GridView grid;
  const unsigned nodes = problem.is_periodic() ? n : n + 1;
  grid.n_nodes = {nodes, nodes, 1};
  grid.spacing = {problem.side / n, problem.side / n, 1.};
  return grid;
}

std::string MgTfnoFieldMap::unfit(const GridView &grid) const
{
  const MgTfnoProblem &problem = model_.state().problem;
  const unsigned edge = problem.is_periodic() ? 0 : 1;
  if (grid.n_nodes[0] != grid.n_nodes[1] || grid.n_nodes[0] <= edge)
    return "The operator takes square grids, but was given " + std::to_string(grid.n_nodes[0]) +
           " x " + std::to_string(grid.n_nodes[1]) + " nodes.";
  const unsigned n = grid.n_nodes[0] - edge;
  const GridView wanted = grid_for(problem, n);
  for (unsigned d = 0; d < 2; ++d)
    if (std::abs(grid.spacing[d] - wanted.spacing[d]) > 1e-6 * wanted.spacing[d] ||
        std::abs(grid.origin[d]) > 1e-6 * wanted.spacing[d])
      return "The operator takes the square [0, " + number_text(problem.side) + "]^2, of which " +
             std::to_string(grid.n_nodes[0]) + " nodes have the spacing " +
             number_text(wanted.spacing[d]) + " from 0 on, not " + number_text(grid.spacing[d]) +
             " from " + number_text(grid.origin[d]) + " on.";
  return model_.unfit(n);
}

void MgTfnoFieldMap::predict(const WholeQuestion &question, FieldAnswer &answer) const
{
  const MgTfnoProblem &problem = model_.state().problem;
  if (answer.reason = unfit(*question.grid); !answer.reason.empty())
  {
    answer.health = Health::not_converged;
    return;
  }
  const std::size_t nodes = question.grid->n_nodes[0], n = nodes - (problem.is_periodic() ? 0 : 1);
  GridBatch x(1, problem.inputs.size(), n, n);
  for (std::size_t c = 0; c < x.n_channels; ++c)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        x.field(0, c)[i * n + j] = static_cast<float>(question.fields[c][i * nodes + j]);
  const GridBatch y = model_.n_patches() > 1 ? share_patches(x) : model_.predict(x);
  if (answer.reason = model_.untrusted(n, x.sample(0)); !answer.reason.empty())
    answer.health = Health::outside_training_range;
  for (std::size_t c = 0; c < y.n_channels; ++c)
  {
    auto &mean = answer.fields[c].mean;
    mean.assign(nodes * nodes, 0.);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        mean[i * nodes + j] = y.field(0, c)[i * n + j];
  }
}

/// Each rank answers some patches; where another one does the field is zero, so that the sum is a
/// copy to the bit.
GridBatch MgTfnoFieldMap::share_patches(const GridBatch &x) const
{
  const RankShare mine = share_of_rank(comm(), model_.n_patches());
  GridBatch y(1, model_.state().problem.outputs.size(), x.n1, x.n2);
  on_all_ranks(comm(),
               [&]
               {
                 if (mine.size() > 0)
                   model_.predict_patches(x, 0, mine.first, mine.size(), y.sample(0));
               });
  MPI_Allreduce(MPI_IN_PLACE, y.values.data(), static_cast<int>(y.values.size()), MPI_FLOAT,
                MPI_SUM, comm());
  model_.impose_boundary(y);
  return y;
}

void add_mg_tfno_probe(ModelFile &file, const MgTfno &model, std::size_t n,
                       std::span<const float> x)
{
  MgTfnoFieldMap map(model, MPI_COMM_SELF);
  const MgTfnoProblem &problem = model.state().problem;
  const GridView grid = MgTfnoFieldMap::grid_for(problem, static_cast<unsigned>(n));
  std::vector<unsigned> nodes(grid.size());
  std::iota(nodes.begin(), nodes.end(), 0u);
  // a field that is not periodic goes on as it ends at the last row and column
  std::vector<std::vector<double>> fields(problem.inputs.size(), std::vector<double>(grid.size()));
  const std::size_t m = grid.n_nodes[0];
  for (std::size_t c = 0; c < fields.size(); ++c)
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < m; ++j)
        fields[c][i * m + j] = x[(c * n + std::min(i, n - 1)) * n + std::min(j, n - 1)];
  FieldQuery query;
  query.grid = &grid;
  query.nodes = nodes;
  for (std::size_t c = 0; c < fields.size(); ++c)
    query.fields.push_back({problem.inputs[c], fields[c]});
  add_field_probe(file, map, query);
}
} // namespace understudy

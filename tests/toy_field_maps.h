// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/gathered_field_map.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <utility>

namespace understudy::testing_maps
{
/// On plane triangles: v = s a + mean of a over the area, with the deviation |a|; scalar "total",
/// the integral of a.
class ToyMeshMap final : public GatheredFieldMap
{
public:
  explicit ToyMeshMap(MPI_Comm comm) : GatheredFieldMap(comm)
  {
    info_.name = "toy-mesh";
    info_.input_fields = {{"a", "1"}, {"b", "mm"}};
    info_.input_scalars = {{"s", "MPa"}, {"t", "s"}};
    info_.output_fields = {{"v", "1"}};
    info_.output_scalars = {{"total", "mm2"}};
    info_.lower.assign(2, -std::numeric_limits<double>::infinity());
    info_.upper.assign(2, std::numeric_limits<double>::infinity());
    info_.has_deviation = true;
  }
  const FieldMapInfo &info() const override { return info_; }

protected:
  void predict(const WholeQuestion &question, FieldAnswer &answer) const override
  {
    const MeshView &mesh = *question.mesh;
    const auto &a = question.fields[0];
    double total = 0., area = 0.;
    for (std::size_t c = 0; c < mesh.cells.size(); c += 3)
    {
      const unsigned i = mesh.cells[c], j = mesh.cells[c + 1], k = mesh.cells[c + 2];
      const double *x = mesh.points.data();
      const double of_cell = 0.5 * ((x[2 * j] - x[2 * i]) * (x[2 * k + 1] - x[2 * i + 1]) -
                                    (x[2 * j + 1] - x[2 * i + 1]) * (x[2 * k] - x[2 * i]));
      area += of_cell;
      total += of_cell * (a[i] + a[j] + a[k]) / 3.;
    }
    for (std::size_t i = 0; i < question.n_nodes; ++i)
    {
      answer.fields[0].mean.push_back(question.scalars[0] * a[i] + question.fields[1][i] +
                                      total / area);
      answer.fields[0].deviation.push_back(std::abs(a[i]));
    }
    answer.scalars[0].mean = total;
    answer.scalars[0].deviation = 0.1;
  }

private:
  FieldMapInfo info_;
};

/// On a plane grid, without deviations: the mean of a over a node and its neighbours.
class ToyGridMap final : public GatheredFieldMap
{
public:
  explicit ToyGridMap(MPI_Comm comm) : GatheredFieldMap(comm)
  {
    info_.name = "toy-grid";
    info_.domain = FieldMapInfo::Domain::grid;
    info_.input_fields = {{"a", "1"}};
    info_.output_fields = {{"u", "1"}};
  }
  const FieldMapInfo &info() const override { return info_; }

protected:
  void predict(const WholeQuestion &question, FieldAnswer &answer) const override
  {
    const auto n = question.grid->n_nodes;
    const auto &a = question.fields[0];
    for (unsigned i = 0; i < n[0]; ++i)
      for (unsigned j = 0; j < n[1]; ++j)
      {
        double sum = 0., count = 0.;
        for (unsigned k = i > 0 ? i - 1 : 0; k <= std::min(i + 1, n[0] - 1); ++k)
          for (unsigned l = j > 0 ? j - 1 : 0; l <= std::min(j + 1, n[1] - 1); ++l)
          {
            sum += a[k * n[1] + l];
            count += 1.;
          }
        answer.fields[0].mean.push_back(sum / count);
      }
  }

private:
  FieldMapInfo info_;
};

/// Gives what it is told at each node, by the node's number and the component, without looking at
/// anything.
class GivenFields final : public GatheredFieldMap
{
public:
  using Values = std::function<double(std::size_t node, std::size_t component)>;

  GivenFields(MPI_Comm comm, FieldMapInfo info, Values values, Health health = Health::ok)
    : GatheredFieldMap(comm), info_(std::move(info)), values_(std::move(values)), health_(health)
  {
  }
  const FieldMapInfo &info() const override { return info_; }

protected:
  void predict(const WholeQuestion &question, FieldAnswer &answer) const override
  {
    answer.health = health_;
    answer.reason = health_ == Health::ok ? "" : "It was told not to answer.";
    for (std::size_t c = 0; c < answer.fields.size(); ++c)
      for (std::size_t i = 0; i < question.n_nodes; ++i)
        answer.fields[c].mean.push_back(values_(i, c));
  }

private:
  FieldMapInfo info_;
  Values values_;
  Health health_;
};

/// The displacement of a plate: values [2 * n_nodes], u1 and u2 in turn, at triangles of
/// @p nodes_per_cell nodes.
inline std::shared_ptr<FieldMap> given_displacement(MPI_Comm comm, unsigned nodes_per_cell,
                                                    std::vector<double> values,
                                                    Health health = Health::ok)
{
  FieldMapInfo info;
  info.name = "given";
  info.nodes_per_cell = nodes_per_cell;
  info.output_fields = {{"U1", "mm"}, {"U2", "mm"}};
  return std::make_shared<GivenFields>(
    comm, info, [values](std::size_t i, std::size_t c) { return values.at(2 * i + c); }, health);
}
} // namespace understudy::testing_maps

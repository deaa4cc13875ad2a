// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <surrogates/field_probe.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace understudy
{
namespace
{
using Json = nlohmann::json;
const std::string prefix = "field_probe/";

template <class T>
void add(ModelFile &file, const std::string &name, std::span<const T> values)
{
  file.add(prefix + name, {values.size()}, {values.begin(), values.end()});
}

[[noreturn]] void refuse(const ModelFile &file, const std::string &what)
{
  throw UserError("The model '" + file.path() + "' " + what +
                  "; run the stage 'train' again with --force.");
}

std::vector<double> list(const ModelFile &file, const std::string &name)
{
  return file.tensor(prefix + name, file.shape(prefix + name));
}

/// Numbers of nodes, each below @p n_nodes.
std::vector<unsigned> node_list(const ModelFile &file, const std::string &name, std::size_t n_nodes)
{
  std::vector<unsigned> all;
  for (const double node : list(file, name))
  {
    if (!(node >= 0. && node < static_cast<double>(n_nodes)))
      refuse(file, "has a probe that names a node that is not there");
    all.push_back(static_cast<unsigned>(node));
  }
  return all;
}

/// All numbers of an answer by the name of their tensor.
std::map<std::string, std::vector<double>> outputs_of(const FieldAnswer &answer)
{
  std::map<std::string, std::vector<double>> all;
  for (const auto &field : answer.fields)
  {
    all["answer/fields/" + field.quantity.name] = field.mean;
    all["deviation/fields/" + field.quantity.name] = field.deviation;
  }
  for (const auto &scalar : answer.scalars)
  {
    all["answer/scalars/" + scalar.quantity.name] = {scalar.mean};
    if (std::isfinite(scalar.deviation))
      all["deviation/scalars/" + scalar.quantity.name] = {scalar.deviation};
  }
  return all;
}

/// The question of a probe with what it refers to.
struct StoredQuestion
{
  std::vector<double> points;
  std::vector<unsigned> nodes, cells;
  std::map<std::string, std::vector<unsigned>> facets;
  std::vector<std::vector<double>> fields;
  MeshView mesh;
  GridView grid;
  FieldQuery query;

  StoredQuestion(const ModelFile &file, const FieldMapInfo &info)
  {
    const Json &meta = file.meta().at("field_probe");
    for (const Quantity &wanted : info.input_scalars)
      query.scalars.push_back({wanted, file.tensor(prefix + "scalars/" + wanted.name, {1})[0]});
    for (const Quantity &wanted : info.input_fields)
      fields.push_back(list(file, "fields/" + wanted.name));
    for (std::size_t f = 0; f < fields.size(); ++f)
      query.fields.push_back({info.input_fields[f], fields[f]});
    const auto n_nodes = meta.at("n_nodes").get<std::size_t>();
    if (info.domain == FieldMapInfo::Domain::mesh)
      read_mesh(file, info, meta);
    else
      read_grid(info, meta);
    if (n_nodes != (query.mesh ? points.size() / info.dimension : grid.size()))
      refuse(file, "has a probe with another number of nodes than its mesh or grid");
    nodes.resize(n_nodes);
    std::iota(nodes.begin(), nodes.end(), 0u);
    query.nodes = nodes;
  }
  StoredQuestion(const StoredQuestion &) = delete;
  StoredQuestion &operator=(const StoredQuestion &) = delete;

private:
  void read_mesh(const ModelFile &file, const FieldMapInfo &info, const Json &meta)
  {
    points = list(file, "points");
    const std::size_t n_nodes = points.size() / info.dimension;
    cells = node_list(file, "cells", n_nodes);
    for (const auto &name : meta.at("facets"))
      facets[name.get<std::string>()] =
        node_list(file, "facets/" + name.get<std::string>(), n_nodes);
    for (const auto &[name, nodes_of_part] : facets)
      mesh.facets[name] = nodes_of_part;
    mesh.features = meta.at("features").get<std::map<std::string, unsigned>>();
    mesh.dimension = info.dimension;
    mesh.nodes_per_cell = info.nodes_per_cell;
    mesh.nodes_per_facet = info.nodes_per_facet;
    mesh.points = points;
    mesh.cells = cells;
    query.mesh = &mesh;
  }
  void read_grid(const FieldMapInfo &info, const Json &meta)
  {
    const Json &of_grid = meta.at("grid");
    grid.dimension = info.dimension;
    of_grid.at("n_nodes").get_to(grid.n_nodes);
    of_grid.at("origin").get_to(grid.origin);
    of_grid.at("spacing").get_to(grid.spacing);
    query.grid = &grid;
  }
};

/// The part of rank 0 is all; the others have nothing.
void leave_nothing(StoredQuestion &question)
{
  question.query.nodes = {};
  for (auto &field : question.query.fields)
    field.values = {};
  question.mesh.points = {};
  question.mesh.cells = {};
  question.mesh.facets.clear();
  question.mesh.features.clear();
}

void compare(const ModelFile &file, const FieldAnswer &answer)
{
  if (!answer.has_values())
    refuse(file, "does not answer its probe (" + answer.reason + ")");
  for (const auto &[name, values] : outputs_of(answer))
  {
    if (!file.has(prefix + name))
      refuse(file, "has a probe without '" + name + "'");
    const auto &stored = file.tensor(prefix + name, {values.size()});
    double largest = 0.;
    for (const double value : stored)
      largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!(std::abs(values[i] - stored[i]) <= 1e-6 * largest)) // a NaN differs
        refuse(file, "does not give the answers stored in its probe");
  }
}
} // namespace

void add_field_probe(ModelFile &file, FieldMap &map, const FieldQuery &query)
{
  FieldAnswer answer;
  map.evaluate(query, answer);
  if (!answer.has_values())
    throw UserError("'" + map.info().name + "' does not answer its probe: " + answer.reason);
  Json meta = {{"n_nodes", query.nodes.size()}};
  for (const ScalarInput &scalar : query.scalars)
    add(file, "scalars/" + scalar.quantity.name, std::span<const double>(&scalar.value, 1));
  for (const FieldInput &field : query.fields)
    add(file, "fields/" + field.quantity.name, field.values);
  if (query.mesh != nullptr)
  {
    add(file, "points", query.mesh->points);
    add(file, "cells", query.mesh->cells);
    meta["facets"] = Json::array();
    for (const auto &[name, facets] : query.mesh->facets)
    {
      meta["facets"].push_back(name);
      add(file, "facets/" + name, facets);
    }
    meta["features"] = query.mesh->features;
  }
  else
    meta["grid"] = {{"n_nodes", query.grid->n_nodes},
                    {"origin", query.grid->origin},
                    {"spacing", query.grid->spacing}};
  for (const auto &[name, values] : outputs_of(answer))
    add(file, name, std::span<const double>(values));
  file.meta()["field_probe"] = meta;
}

void check_field_probe(const ModelFile &file, FieldMap &map, MPI_Comm comm)
{
  std::unique_ptr<StoredQuestion> question;
  on_all_ranks(comm,
               [&]
               {
                 try
                 {
                   question = std::make_unique<StoredQuestion>(file, map.info());
                 }
                 catch (const Json::exception &)
                 {
                   refuse(file, "has no probe");
                 }
               });
  if (rank_in(comm) > 0)
    leave_nothing(*question);
  FieldAnswer answer;
  map.evaluate(question->query, answer);
  on_rank_0(comm,
            [&]
            {
              compare(file, answer);
              return std::string();
            });
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/message.h>
#include <operators/maps/whole_question.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

namespace understudy
{
namespace
{
using Facets = std::map<std::string, std::vector<unsigned>>;
using Features = std::map<std::string, unsigned>;

/// NaN equals NaN here.
bool same_bits(const std::vector<double> &a, const std::vector<double> &b)
{
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

/// Sorts a list of facets and drops those that are there already.
void sort_and_drop_copies(std::vector<unsigned> &flat, std::size_t width)
{
  std::vector<std::vector<unsigned>> facets;
  for (std::size_t i = 0; i + width <= flat.size(); i += width)
    facets.emplace_back(flat.begin() + static_cast<std::ptrdiff_t>(i),
                        flat.begin() + static_cast<std::ptrdiff_t>(i + width));
  std::ranges::sort(facets);
  facets.erase(std::ranges::unique(facets).begin(), facets.end());
  flat.clear();
  for (const auto &facet : facets)
    flat.insert(flat.end(), facet.begin(), facet.end());
}
} // namespace

/// What a rank sent.
struct QuestionAssembly::Part
{
  std::vector<unsigned> nodes;
  std::vector<double> scalars;
  std::vector<std::vector<double>> fields;
  GridView grid;
  std::vector<double> points;
  std::vector<unsigned> cells, cell_numbers;
  Facets facets;
  Features features;

  Part(const FieldMapInfo &info, const std::string &message)
  {
    MessageReader reader(message);
    nodes = reader.get_list<unsigned>();
    scalars = reader.get_list<double>();
    for (std::size_t f = 0; f < info.input_fields.size(); ++f)
      fields.push_back(reader.get_list<double>());
    if (info.domain == FieldMapInfo::Domain::grid)
    {
      grid = reader.get<GridView>();
      return;
    }
    points = reader.get_list<double>();
    cells = reader.get_list<unsigned>();
    cell_numbers = reader.get_list<unsigned>();
    for (auto n = reader.get<std::size_t>(); n > 0; --n)
    {
      const std::string name = reader.get_text();
      facets[name] = reader.get_list<unsigned>();
    }
    for (auto n = reader.get<std::size_t>(); n > 0; --n)
    {
      const std::string name = reader.get_text();
      features[name] = reader.get<unsigned>();
    }
  }
};

std::string pack_question(const FieldMapInfo &info, const FieldQuery &query)
{
  MessageWriter writer;
  writer.put_list(query.nodes);
  std::vector<double> scalars;
  for (const Quantity &wanted : info.input_scalars)
    scalars.push_back(scalar_of(query, wanted.name));
  writer.put_list(scalars);
  for (const Quantity &wanted : info.input_fields)
    writer.put_list(field_of(query, wanted.name).values);
  if (query.grid != nullptr)
  {
    writer.put(*query.grid);
    return writer.bytes();
  }
  const MeshView &mesh = *query.mesh;
  writer.put_list(mesh.points);
  writer.put_list(mesh.cells);
  writer.put_list(mesh.cell_numbers);
  writer.put(mesh.facets.size());
  for (const auto &[name, facets] : mesh.facets)
  {
    writer.put_text(name);
    writer.put_list(facets);
  }
  writer.put(mesh.features.size());
  for (const auto &[name, node] : mesh.features)
  {
    writer.put_text(name);
    writer.put(node);
  }
  return writer.bytes();
}

QuestionAssembly::QuestionAssembly(const FieldMapInfo &info,
                                   const std::vector<std::string> &messages)
  : info_(info)
{
  std::vector<Part> parts;
  for (const auto &message : messages)
    parts.emplace_back(info, message);
  require_agreement(parts);
  number_nodes(parts);
  question_.n_nodes = numbers_.size();
  question_.scalars = parts.front().scalars;
  question_.fields.assign(info.input_fields.size(), std::vector<double>(numbers_.size()));
  for (std::size_t r = 0; r < parts.size(); ++r)
    for (std::size_t f = 0; f < question_.fields.size(); ++f)
      for (std::size_t i = 0; i < places_[r].size(); ++i)
        question_.fields[f][places_[r][i]] = parts[r].fields[f][i];
  if (info.domain == FieldMapInfo::Domain::grid)
  {
    grid_ = parts.front().grid;
    question_.grid = &grid_;
    if (numbers_.size() != grid_.size())
      refuse("was given " + std::to_string(numbers_.size()) + " of the " +
             std::to_string(grid_.size()) + " nodes of a grid");
    return;
  }
  points_.resize(numbers_.size() * info.dimension);
  for (std::size_t r = 0; r < parts.size(); ++r)
    for (std::size_t i = 0; i < places_[r].size(); ++i)
      std::copy_n(parts[r].points.begin() + static_cast<std::ptrdiff_t>(i * info.dimension),
                  info.dimension, &points_[places_[r][i] * std::size_t(info.dimension)]);
  collect_cells(parts);
  collect_names(parts);
  question_.mesh = &mesh_;
}

void QuestionAssembly::refuse(const std::string &what) const
{
  throw UserError("'" + info_.name + "' " + what + ".");
}

void QuestionAssembly::require_agreement(const std::vector<Part> &parts) const
{
  for (const Part &part : parts)
  {
    if (!same_bits(part.scalars, parts.front().scalars))
      refuse("was asked with other scalars on one rank than on another");
    const GridView &grid = part.grid, &first = parts.front().grid;
    if (grid.dimension != first.dimension || grid.n_nodes != first.n_nodes ||
        !same_bits({grid.origin.begin(), grid.origin.end()},
                   {first.origin.begin(), first.origin.end()}) ||
        !same_bits({grid.spacing.begin(), grid.spacing.end()},
                   {first.spacing.begin(), first.spacing.end()}))
      refuse("was asked with another grid on one rank than on another");
  }
}

/// The place of the node that the caller calls @p number.
unsigned QuestionAssembly::place_of(unsigned number, const char *what) const
{
  const auto it = std::ranges::lower_bound(numbers_, number);
  if (it == numbers_.end() || *it != number)
    refuse(std::string("was given a ") + what + " with node " + std::to_string(number) +
           ", which no rank owns");
  return static_cast<unsigned>(it - numbers_.begin());
}

void QuestionAssembly::number_nodes(const std::vector<Part> &parts)
{
  for (const Part &part : parts)
    numbers_.insert(numbers_.end(), part.nodes.begin(), part.nodes.end());
  std::ranges::sort(numbers_);
  const auto twice = std::ranges::adjacent_find(numbers_);
  if (twice != numbers_.end())
    refuse("was given node " + std::to_string(*twice) + " more than once");
  for (const Part &part : parts)
  {
    auto &mine = places_.emplace_back();
    mine.reserve(part.nodes.size());
    for (const unsigned node : part.nodes)
      mine.push_back(place_of(node, "field"));
  }
}

void QuestionAssembly::collect_cells(const std::vector<Part> &parts)
{
  const std::size_t width = info_.nodes_per_cell;
  std::vector<std::pair<unsigned, const unsigned *>> order; // number and first node of every cell
  std::size_t n_numbers = 0;
  for (const Part &part : parts)
  {
    n_numbers += part.cell_numbers.size();
    for (std::size_t c = 0; c < part.cells.size() / width; ++c)
      order.emplace_back(part.cell_numbers.empty() ? 0u : part.cell_numbers[c],
                         &part.cells[c * width]);
  }
  if (n_numbers != 0 && n_numbers != order.size())
    refuse("was given numbers of cells on one rank and none on another");
  if (n_numbers != 0)
  {
    const auto number = [](const auto &cell) { return cell.first; };
    std::ranges::sort(order, {}, number);
    const auto twice = std::ranges::adjacent_find(order, {}, number);
    if (twice != order.end())
      refuse("was given cell " + std::to_string(twice->first) + " more than once");
  }
  cells_.reserve(order.size() * width);
  for (const auto &[cell_number, nodes] : order)
    for (std::size_t k = 0; k < width; ++k)
      cells_.push_back(place_of(nodes[k], "cell"));
  mesh_.dimension = info_.dimension;
  mesh_.nodes_per_cell = info_.nodes_per_cell;
  mesh_.nodes_per_facet = info_.nodes_per_facet;
  mesh_.points = points_;
  mesh_.cells = cells_;
}

void QuestionAssembly::collect_names(const std::vector<Part> &parts)
{
  for (const Part &part : parts)
  {
    for (const auto &[name, facets] : part.facets)
      for (const unsigned node : facets)
        facets_[name].push_back(place_of(node, "facet"));
    for (const auto &[name, node] : part.features)
      if (const unsigned place = place_of(node, "feature");
          mesh_.features.try_emplace(name, place).first->second != place)
        refuse("was given another feature '" + name + "' on one rank than on another");
  }
  for (auto &[name, facets] : facets_)
  {
    sort_and_drop_copies(facets, info_.nodes_per_facet);
    mesh_.facets[name] = facets;
  }
}

std::string QuestionAssembly::not_finite() const
{
  const auto bad = [](const auto &values)
  {
    return static_cast<std::size_t>(
      std::ranges::find_if(values, [](double v) { return !std::isfinite(v); }) - values.begin());
  };
  if (const std::size_t s = bad(question_.scalars); s < question_.scalars.size())
    return "The scalar '" + info_.input_scalars[s].name + "' is not finite.";
  if (const std::size_t i = bad(points_); i < points_.size())
    return "Node " + std::to_string(numbers_[i / info_.dimension]) +
           " has a coordinate that is not finite.";
  for (std::size_t f = 0; f < question_.fields.size(); ++f)
    if (const std::size_t i = bad(question_.fields[f]); i < numbers_.size())
      return "The field '" + info_.input_fields[f].name + "' is not finite at node " +
             std::to_string(numbers_[i]) + ".";
  if (question_.grid != nullptr && (bad(grid_.origin) < 3 || bad(grid_.spacing) < 3))
    return "The grid has an origin or spacing that is not finite.";
  return {};
}
} // namespace understudy

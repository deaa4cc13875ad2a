// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/store/grid_samples.h>

#include <algorithm>

namespace understudy
{
namespace
{
/// Between the points of an m x m field that an n x n grid has.
std::size_t stride_of(const DataSet &data, const std::string &field, std::size_t m, std::size_t n)
{
  const std::size_t s = n > 0 ? m / n : 0;
  if (s > 0 && m - n * s <= 1)
    return s;
  std::size_t below = std::min(n, m), above = n + 1;
  const auto fits = [m](std::size_t k) { return k > 0 && k <= m && m - k * (m / k) <= 1; };
  while (below > 1 && !fits(below))
    --below;
  while (above < m && !fits(above))
    ++above;
  throw UserError("The field '" + field + "' of the data set '" + data.folder() + "' has " +
                  std::to_string(m) + " x " + std::to_string(m) + " points, of which a grid of " +
                  std::to_string(n) + " x " + std::to_string(n) +
                  " is no part; the nearest that are have " + std::to_string(below) +
                  (above <= m ? " and " + std::to_string(above) : "") + " points per direction.");
}

/// The shape of one field on a square grid, without times.
std::size_t side_of(const DataSet &data, const std::string &field, std::size_t n_dimensions)
{
  const auto &shape = data.field(field).shape;
  if (shape.size() != n_dimensions || shape.back() != shape[shape.size() - 2])
    throw UserError("The field '" + field + "' of the data set '" + data.folder() +
                    "' is not given on a square grid" +
                    (n_dimensions == 3 ? " at several times." : "."));
  return shape.back();
}

void pick(const double *from, std::size_t m, std::size_t s, std::size_t n, std::span<float> to)
{
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      to[i * n + j] = static_cast<float>(from[i * s * m + j * s]);
}
} // namespace

GridBatch read_grid_samples(const DataSet &data, const std::vector<std::size_t> &ids,
                            const std::vector<std::string> &fields, std::size_t n)
{
  GridBatch batch(ids.size(), fields.size(), n, n);
  for (std::size_t c = 0; c < fields.size(); ++c)
  {
    const std::size_t m = side_of(data, fields[c], 2), s = stride_of(data, fields[c], m, n);
    for (std::size_t i = 0; i < ids.size(); ++i)
      pick(data.read(ids[i], fields[c]).data(), m, s, n, batch.field(i, c));
  }
  return batch;
}

void read_grid_pairs(const DataSet &data, const std::vector<std::size_t> &ids,
                     const std::string &field, std::size_t n, GridBatch &before, GridBatch &after)
{
  const std::size_t m = side_of(data, field, 3), s = stride_of(data, field, m, n),
                    n_pairs = data.field(field).shape[0] - 1;
  before = GridBatch(ids.size() * n_pairs, 1, n, n);
  after = before;
  for (std::size_t i = 0; i < ids.size(); ++i)
  {
    const auto states = data.read(ids[i], field);
    for (std::size_t t = 0; t < n_pairs; ++t)
    {
      pick(states.data() + t * m * m, m, s, n, before.field(i * n_pairs + t, 0));
      pick(states.data() + (t + 1) * m * m, m, s, n, after.field(i * n_pairs + t, 0));
    }
  }
}
} // namespace understudy

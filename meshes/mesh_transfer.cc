// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/processor_clones.h>
#include <meshes/mesh_transfer.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
/// Fields beyond this size [bytes] do not stay in a core's own cache.
constexpr std::size_t cached = 2 << 20;

/// n fields at a time: the compiler unrolls over them, and the matrix is read once for all.
/// @tparam prefetch rows ahead of which values are fetched: the hardware foresees neither the steps
/// from one line of triangles to the next nor so many fields at once. 0: not at all.
template <std::size_t n, std::size_t prefetch>
void apply_to_fields(std::size_t n_rows, std::size_t n_columns, const unsigned *__restrict column,
                     const double *__restrict weight, const double *__restrict from,
                     double *__restrict to)
{
  for (std::size_t i = 0; i < n_rows; ++i, column += 3, weight += 3)
  {
    const unsigned *next = i + prefetch < n_rows ? column + 3 * prefetch : column;
    for (std::size_t f = 0; f < n; ++f)
    {
      const double *x = from + f * n_columns;
      if constexpr (prefetch > 0)
      { // two corners touch nearly all lines of memory that three do
        __builtin_prefetch(x + next[0]);
        __builtin_prefetch(x + next[2]);
      }
      to[f * n_rows + i] =
        weight[0] * x[column[0]] + weight[1] * x[column[1]] + weight[2] * x[column[2]];
    }
  }
}

/// Eight fields at a time and then the rest, row by row.
UNDERSTUDY_CLONES void apply_to_rows(std::size_t n_rows, std::size_t n_fields,
                                     const unsigned *__restrict column,
                                     const double *__restrict weight, const double *__restrict from,
                                     double *__restrict to)
{
  constexpr std::size_t together = 8;
  for (std::size_t i = 0; i < n_rows; ++i, column += 3, weight += 3, to += n_fields)
  {
    const double *a = from + column[0] * n_fields, *b = from + column[1] * n_fields,
                 *c = from + column[2] * n_fields;
    const double w0 = weight[0], w1 = weight[1], w2 = weight[2];
    std::size_t f = 0;
    for (; f + together <= n_fields; f += together)
      for (std::size_t k = f; k < f + together; ++k)
        to[k] = w0 * a[k] + w1 * b[k] + w2 * c[k];
    for (; f < n_fields; ++f)
      to[f] = w0 * a[f] + w1 * b[f] + w2 * c[f];
  }
}
} // namespace

std::size_t MeshTransfer::n_clamped() const
{
  return static_cast<std::size_t>(
    std::count_if(clamp_distance.begin(), clamp_distance.end(), [](double d) { return d > 0.; }));
}

void MeshTransfer::apply(std::size_t n_fields, const double *from, double *to) const
{
  const std::size_t rows = n_rows(), columns = matrix.n_columns;
  const bool in_cache = 8 * n_fields * (rows + columns) <= cached;
  const auto run = [&](auto kernel, std::size_t f)
  {
    kernel(rows, columns, matrix.column.data(), matrix.value.data(), from + f * columns,
           to + f * rows);
  };
  std::size_t f = 0;
  for (; f + 4 <= n_fields; f += 4)
    run(in_cache ? apply_to_fields<4, 0> : apply_to_fields<4, 128>, f);
  for (; f < n_fields; ++f)
    run(apply_to_fields<1, 0>, f);
}

void MeshTransfer::apply_rows(std::size_t first, std::size_t n, std::size_t n_fields,
                              const double *from, double *to) const
{
  apply_to_rows(n, n_fields, matrix.column.data() + 3 * first, matrix.value.data() + 3 * first,
                from, to);
}

MeshTransfer make_transfer(const TriangleLocator &from,
                           const std::vector<std::array<double, 2>> &points)
{
  MeshTransfer result;
  CsrMatrix &P = result.matrix;
  P.n_columns = from.n_nodes();
  P.row_start.reserve(points.size() + 1);
  P.column.reserve(3 * points.size());
  P.value.reserve(3 * points.size());
  result.triangle.reserve(points.size());
  result.clamp_distance.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i)
  {
    const auto &p = points[i];
    if (!std::isfinite(p[0]) || !std::isfinite(p[1]))
      throw UserError("Point " + std::to_string(i) +
                      " of the transfer between meshes is not finite.");
    const auto hit = from.nearest(p);
    const double h = from.longest_edge(hit.triangle);
    if (hit.distance > h)
      throw UserError("Point " + std::to_string(i) + " of the transfer between meshes, (" +
                      number_text(p[0]) + ", " + number_text(p[1]) + "), lies " +
                      number_text(hit.distance) +
                      " outside of the mesh, more than the longest edge " + number_text(h) +
                      " of its nearest triangle " + std::to_string(hit.triangle) + ".");
    const auto &nodes = from.triangles()[hit.triangle];
    P.column.insert(P.column.end(), nodes.begin(), nodes.end());
    P.value.insert(P.value.end(), hit.weights.begin(), hit.weights.end());
    P.row_start.push_back(P.column.size());
    result.triangle.push_back(hit.triangle);
    result.clamp_distance.push_back(hit.distance > 1e-12 * h ? hit.distance : 0.);
  }
  return result;
}
} // namespace understudy

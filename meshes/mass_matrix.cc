// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <meshes/mass_matrix.h>
#include <meshes/triangle_checks.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace understudy
{
CsrMatrix mass_matrix(const TriangleMesh &mesh)
{
  // The triangles around every node.
  std::vector<std::size_t> first(mesh.n_nodes() + 1, 0);
  for (const auto &triangle : mesh.triangles)
    for (const unsigned node : triangle)
      ++first[node + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());
  std::vector<unsigned> around(first.back());
  std::vector<std::size_t> end(first.begin(), first.end() - 1);
  for (unsigned t = 0; t < mesh.n_triangles(); ++t)
    for (const unsigned node : mesh.triangles[t])
      around[end[node]++] = t;

  CsrMatrix M;
  M.n_columns = mesh.n_nodes();
  M.row_start.reserve(mesh.n_nodes() + 1);
  std::vector<double> row(mesh.n_nodes(), 0.);
  std::vector<unsigned> columns;
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
  {
    columns.clear();
    for (std::size_t k = first[i]; k < first[i + 1]; ++k)
    {
      const double area = signed_area(mesh, around[k]);
      for (const unsigned j : mesh.triangles[around[k]])
      {
        row[j] += area / (j == i ? 6. : 12.);
        columns.push_back(j);
      }
    }
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    for (const unsigned j : columns)
    {
      M.column.push_back(j);
      M.value.push_back(std::exchange(row[j], 0.));
    }
    M.row_start.push_back(M.column.size());
  }
  return M;
}
} // namespace understudy

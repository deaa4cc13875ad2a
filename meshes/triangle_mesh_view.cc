// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/triangle_mesh_view.h>

#include <vector>

namespace understudy
{
namespace
{
/// The numbers of a list of arrays, one after the other.
template <class T, std::size_t n>
std::span<const T> flat(const std::vector<std::array<T, n>> &list)
{
  static_assert(sizeof(std::array<T, n>) == n * sizeof(T));
  return {list.empty() ? nullptr : list.front().data(), n * list.size()};
}

template <class T, std::size_t n>
std::vector<std::array<T, n>> arrays(std::span<const T> numbers)
{
  std::vector<std::array<T, n>> list(numbers.size() / n);
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::size_t k = 0; k < n; ++k)
      list[i][k] = numbers[n * i + k];
  return list;
}
} // namespace

MeshView view_of(const TriangleMesh &mesh)
{
  MeshView view;
  view.points = flat(mesh.nodes);
  view.cells = flat(mesh.triangles);
  for (const auto &[name, edges] : mesh.edges)
    view.facets[name] = flat(edges);
  view.features = mesh.features;
  return view;
}

TriangleMesh triangle_mesh_of(const MeshView &view)
{
  if (view.dimension != 2 || view.nodes_per_cell != 3 || view.nodes_per_facet != 2)
    throw UserError("A mesh of plane triangles is wanted, but this one has cells of " +
                    std::to_string(view.nodes_per_cell) + " nodes in " +
                    std::to_string(view.dimension) + " dimensions.");
  TriangleMesh mesh;
  mesh.nodes = arrays<double, 2>(view.points);
  mesh.triangles = arrays<unsigned, 3>(view.cells);
  for (const auto &[name, facets] : view.facets)
    mesh.edges[name] = arrays<unsigned, 2>(facets);
  mesh.features = view.features;
  return mesh;
}
} // namespace understudy

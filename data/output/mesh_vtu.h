// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <array>
#include <string>
#include <vector>

namespace understudy
{
/// A plane mesh of eight-node quadrilaterals and triangles with fields on its points and cells.
struct MeshFields
{
  /// Values of one field: entity i has values[n_components * i + c], in the units of the caller.
  /// One component is a scalar; two are a vector in the plane, written with a zero as the third.
  struct Field
  {
    std::string name;
    unsigned n_components = 1;
    std::vector<double> values;
  };

  std::vector<std::array<double, 2>> points;

  /// Four corners counter-clockwise, then the mid-side points of the sides 1-2, 2-3, 3-4, 4-1:
  /// the order of RveMesh and of VTK_QUADRATIC_QUAD alike.
  std::vector<std::array<unsigned, 8>> cells;

  std::vector<std::array<unsigned, 3>> triangles; ///< counter-clockwise

  std::vector<Field> point_fields; ///< n_components * points.size() values each
  std::vector<Field> cell_fields; ///< n_components values for each of the cells, then the triangles
};

/// Writes @p mesh as one ParaView file (.vtu, compressed, double precision), atomically and on the
/// calling rank only. Throws WriteError when the file cannot be written, and std::logic_error
/// naming the field when the mesh is wrong: a number of components other than 1 or 2, a wrong
/// number of values, a name used twice, a value that is not finite, or a cell with a point that is
/// not there.
void write_mesh_vtu(const std::string &path, const MeshFields &mesh);
} // namespace understudy

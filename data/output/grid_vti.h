// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/mesh_view.h>

#include <span>
#include <string>
#include <vector>

namespace understudy
{
/// A scalar field at the nodes of a grid, in the order of GridView.
struct GridImageField
{
  std::string name;
  std::span<const float> values; ///< e.g. GridBatch::field()
};

/// Writes scalar fields on @p grid as one ParaView image file (.vti, compressed, single precision),
/// atomically and on the calling rank only; ParaviewCollection makes a series of such files one
/// animation. Directions 0, 1, 2 of the grid are x, y, z. Throws WriteError when the file cannot be
/// written, and std::logic_error when the grid has no nodes, a spacing that is not positive or an
/// origin that is not finite, or, naming the field, for a wrong number of values, a value that is
/// not finite, or a name used twice.
void write_grid_vti(const std::string &path, const GridView &grid,
                    std::span<const GridImageField> fields);
} // namespace understudy

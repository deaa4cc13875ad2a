// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/grid_batch.h>
#include <data/store/dataset.h>

#include <string>
#include <vector>

namespace understudy
{
/// Fields of a data set on square grids, as networks take them: of all samples of @p split, or the
/// first @p most ones, the points (i, j) s, i, j = 0 .. n - 1, of fields of m x m values, s =
/// floor(m / n). m must be n s or, with a last row and column on the boundary, n s + 1. Throws
/// UserError for a field that is none, naming the nearest possible n where that is the reason, and
/// as DataSet::read() does.
GridBatch read_grid_samples(const DataSet &data, const std::string &split,
                            const std::vector<std::string> &fields, std::size_t n,
                            std::size_t most = static_cast<std::size_t>(-1));

/// Pairs of consecutive states of trajectories, fields of [n_times][m][m] values: the first of each
/// pair in @p before, the second in @p after, trajectory by trajectory. Otherwise the same.
void read_grid_pairs(const DataSet &data, const std::string &split, const std::string &field,
                     std::size_t n, GridBatch &before, GridBatch &after);
} // namespace understudy

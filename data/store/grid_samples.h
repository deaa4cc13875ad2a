// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/grid_batch.h>
#include <data/store/dataset.h>

#include <string>
#include <vector>

namespace understudy
{
/// Fields of samples @p ids on square grids, as networks take them: of fields of m x m values the
/// points (i, j) s, i, j = 0 .. n - 1, s = floor(m / n). m must be n s or, with a last row and
/// column on the boundary, n s + 1. Throws UserError for a field that is none, naming the nearest
/// possible n where that is the reason, and as DataSet::read() does.
GridBatch read_grid_samples(const DataSet &data, const std::vector<std::size_t> &ids,
                            const std::vector<std::string> &fields, std::size_t n);

/// Pairs of consecutive states of trajectories, fields of [n_times][m][m] values: the first of each
/// pair in @p before, the second in @p after, trajectory by trajectory. Otherwise the same.
void read_grid_pairs(const DataSet &data, const std::vector<std::size_t> &ids,
                     const std::string &field, std::size_t n, GridBatch &before, GridBatch &after);
} // namespace understudy

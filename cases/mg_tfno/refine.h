// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/grid_batch.h>
#include <surrogates/mg_tfno.h>

namespace understudy
{
/// Outputs of a problem on m x m points from those on n x n, m >= n: trigonometric interpolation on
/// the torus; cubic where they vanish on the boundary, which then counts as known.
GridBatch refined(const MgTfnoProblem &problem, const GridBatch &y, std::size_t m);
} // namespace understudy

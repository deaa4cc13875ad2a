// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <solvers/quadratic_triangles.h>

#include <mpi.h>

#include <vector>

namespace understudy
{
/// The continuous piecewise linear (P1) field f_h with sum_q w_q (f_h - f) N_i = 0 for every vertex
/// i: the L2 projection of values at the quadrature points of QuadraticTriangles, exact for linear
/// ones. Near steep fronts it over- and undershoots, so that what is positive at the points can be
/// slightly negative at a vertex. By conjugate gradients with the diagonal, to 1e-14; cost: about
/// 30 sweeps over the triangles per component, on every rank.
/// @param own_cells triangles of this rank   @param values at their points, per component [3 * own]
/// @return [components][n_vertices], equal on all ranks. Collective.
PointBatch project_to_vertices(const QuadraticTriangles &triangles,
                               const std::vector<unsigned> &own_cells,
                               const std::vector<const double *> &values, MPI_Comm comm);
} // namespace understudy

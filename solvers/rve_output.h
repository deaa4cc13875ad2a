// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/rve_mesh.h>
#include <solvers/rve.h>

#include <string>
#include <vector>

namespace understudy
{
/// The micro fields of one RVE under one macroscopic strain, as FieldReconstructor gives them.
struct MicroState
{
  std::string prefix;               ///< of the names in the file: "" or "exact_"
  std::vector<double> displacement; ///< [2 * n_nodes], total, ux and uy of each node in turn
  std::vector<double> stress;       ///< [3 * n_points] Sxx, Syy, Sxy of each point in turn [N/mm2]
};

/// Writes @p states on @p mesh, the one that @p rve was made of, as one ParaView file:
///
///   point data   <prefix>displacement, a vector in the unit of the mesh
///   cell data    phase (1 matrix, 2 fibre) and <prefix>stress_xx, _yy, _xy: the means
///                sum_q w_q s_q / sum_q w_q over the points of the cell [N/mm2]
///
/// When the prefixes "" and "exact_" are both there, also displacement_error and stress_error_xx,
/// _yy, _xy: the first minus the exact one. Throws WriteError when the file cannot be written, and
/// std::logic_error when a size does not fit the RVE or a value is not finite.
void write_micro_fields(const std::string &path, const RveMesh &mesh, const Rve &rve,
                        const std::vector<MicroState> &states);
} // namespace understudy

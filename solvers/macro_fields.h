// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>

#include <mpi.h>

#include <array>
#include <string>
#include <vector>

namespace understudy
{
/// What is known at one macro quadrature point.
struct MacroPoint
{
  std::array<double, 2> position{};     ///< [mm]
  double weight = 0;                    ///< quadrature weight * Jacobian [mm2]
  std::array<double, 2> displacement{}; ///< [mm]
  std::array<double, 3> strain{};       ///< Exx, Eyy, Gxy [1]; Gxy = 2 exy
  std::array<double, 3> stress{};       ///< Sxx, Syy, Sxy [N/mm2]
  double error_estimate = 0;            ///< of the map; NaN where it has none
  std::uint8_t answered_by = 0;         ///< index into MacroFields::answerers
  std::uint8_t refusals = 0;            ///< see refusal_of()
  Health health = Health::ok;
};

/// One cell of the macro mesh with its Q2 nodal values and its 3 x 3 quadrature points.
struct MacroCell
{
  static constexpr unsigned n_nodes = 9, n_points = 9;
  std::string id; ///< deal.II CellId: the same on any number of ranks
  std::array<std::array<double, 2>, n_nodes> node_position{};     ///< [mm], deal.II's order
  std::array<std::array<double, 2>, n_nodes> node_displacement{}; ///< [mm]
  std::array<MacroPoint, n_points> points{};
};

/// The macro fields of one accepted load step. As a solver gives them, every rank holds its locally
/// owned cells, sorted by id.
struct MacroFields
{
  double load_factor = 0;
  std::vector<std::string> answerers;
  std::vector<MacroCell> cells;
};

/// The cell of that id, or null. The cells are sorted.
const MacroCell *find_cell(const MacroFields &fields, const std::string &id);

/// All cells on rank 0, sorted by id; no cells on the others. Collective.
MacroFields gather(const MacroFields &fields, MPI_Comm comm);

/// The opposite of gather(): gives every rank the cells that @p owned has there, taken from
/// @p on_root of rank 0. Collective; throws UserError on all ranks when a cell is missing or the
/// number of cells differs.
MacroFields distribute(const MacroFields &on_root, const MacroFields &owned, MPI_Comm comm);

/// Bytes of a field (native byte order, with format word and length) and back. unpack() throws
/// UserError naming @p source when the bytes are not a complete field of this format.
std::vector<char> pack(const MacroFields &fields);
MacroFields unpack(const std::vector<char> &bytes, const std::string &source);

/// Relative differences of two fields on the same mesh, ||a - b|| / ||b|| in the L2 norm over the
/// body, by the 3 x 3 Gauss points: ||v||^2 = sum_q w_q |v_q|^2.
struct MacroDifference
{
  double displacement = 0;
  double strain = 0;                    ///< Euclidean norm of (Exx, Eyy, Gxy)
  double stress = 0;                    ///< Euclidean norm of (Sxx, Syy, Sxy)
  std::array<double, 3> stress_parts{}; ///< each component against its own norm
};

/// Collective over @p comm; both fields are distributed in the same way. Throws UserError on all
/// ranks when the cells differ.
MacroDifference compare(const MacroFields &fields, const MacroFields &reference, MPI_Comm comm);
} // namespace understudy

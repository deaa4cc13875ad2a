// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <deal.II/base/point.h>
#include <deal.II/base/tensor.h>
#include <deal.II/base/types.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// A vector as a function of position at load factor 1; an empty function is zero.
using MacroVectorField = std::function<dealii::Tensor<1, 2>(const dealii::Point<2> &)>;

/// Displacement components prescribed on a boundary: u_c = load factor * value_c(x) [mm].
struct PrescribedDisplacement
{
  dealii::types::boundary_id boundary = 0;
  std::array<bool, 2> components{{true, true}}; ///< which of ux, uy are prescribed
  MacroVectorField value;                       ///< [mm] at load factor 1
};

/// Traction on a boundary: load factor * value(x) [N/mm2].
struct MacroTraction
{
  dealii::types::boundary_id boundary = 0;
  MacroVectorField value; ///< [N/mm2] at load factor 1
};

/// All that holds and loads a macro structure. A new macro is one mesh and one entry of the table
/// in macro_conditions.cc.
struct MacroConditions
{
  std::vector<PrescribedDisplacement> displacements; ///< the first entry wins where two meet
  std::vector<MacroTraction> tractions;
  MacroVectorField body_force;           ///< [N/mm3] at load factor 1
  dealii::types::boundary_id loaded = 2; ///< where the reaction or the mean displacement is taken
  unsigned direction = 1;                ///< its component: 0 = x, 1 = y
};

enum class MacroLoadType
{
  displacement, ///< prescribed on the loaded boundary, the other component free
  traction      ///< dead load on the loaded boundary
};

/// Conditions of a named macro mesh ("cook": left clamped, right edge moved in y; "l_profile":
/// bottom clamped, right end moved in y; "plate_with_hole": symmetry lines, right edge moved in x;
/// "square": left clamped, right edge moved in x).
/// @param magnitude displacement [mm] or traction [N/mm2] at load factor 1, in the load direction
/// Throws UserError for an unknown name, naming the nearest.
MacroConditions macro_conditions(const std::string &mesh, MacroLoadType type, double magnitude);
} // namespace understudy

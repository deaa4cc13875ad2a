// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/output/paraview_collection.h>
#include <solvers/macro_discretisation.h>

#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
/// Writes macro fields for ParaView: quadratic cells, one .vtu per rank and one .pvtu per step, and
/// the .pvd that lists them. Nodes carry displacement [mm]; cells carry the averages over their
/// points of strain_xx, strain_yy, strain_gxy [1] (gxy = 2 exy) and stress_xx, stress_yy, stress_xy
/// [N/mm2], the worst of their points' indicator, health and answered_by, and the rank. With a
/// reference also displacement_error (nodes) [mm] and stress_error_xx, _yy, _xy (cells) [N/mm2].
class MacroOutput
{
public:
  MacroOutput(const MacroDiscretisation &discretisation, std::filesystem::path folder,
              std::string name);

  /// Steps that an earlier run wrote in this folder under this name; to be called first.
  void go_on_after(const std::vector<double> &load_factors);

  /// Both fields hold the locally owned cells. Collective; throws WriteError on all ranks.
  /// @param reference may be null
  void write_step(const MacroFields &fields, const MacroFields *reference);

  const std::filesystem::path &collection() const { return collection_.file(); }

private:
  const MacroDiscretisation &discretisation_;
  std::filesystem::path folder_;
  std::string name_;
  ParaviewCollection collection_;
  unsigned counter_ = 0;
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mg_tfno/stages.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
/// All that the report tells.
struct MgTfnoFindings
{
  std::vector<std::string> predictors; ///< the operator, other networks, rivals
  std::vector<unsigned> resolutions;
  /// Per pair of fields: "sample", "gate" (why it is not trusted; empty: it is), "errors"
  /// [predictor][resolution] of relative L2 and H1, "bands" and "bands_coarse" [band] on the grid
  /// of the training, "seconds" [resolution] of the operator, "seconds_coarse", perhaps "seam_jump"
  /// and "seam_jump_exact".
  nlohmann::json pairs;
  std::vector<double> first_wave_numbers; ///< of the bands
  nlohmann::json generate;                ///< per task
  nlohmann::json train, run;              ///< what the stages left
  double seconds_exact = 0.;              ///< of a sample, median, on one rank
  std::size_t pairs_per_sample = 1;
  std::size_t n_for_rivals = 0; ///< pairs that rivals learned from
};

/// Writes report.md and results.json into @p folder. Local.
void write_mg_tfno_report(const MgTfnoCaseParameters &parameters, const MgTfnoFindings &findings,
                          const std::filesystem::path &folder);

/// Writes a table with one row per pair: sample, gate, errors of the operator at each resolution,
/// seconds. Throws WriteError. Local.
void write_mg_tfno_statistics(const MgTfnoFindings &findings, const std::filesystem::path &file);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
struct StageResult
{
  std::string name;
  Products products;
  bool skipped = false; ///< was up to date
  double seconds = 0.;
};

/// Runs the requested stages (empty: all) in the order of @p stages. A stage is up to date when its
/// record <output>/stages/<name>.json holds the SHA-256 of what it depends on now and all files it
/// makes exist and are whole; it is then skipped, unless the context forces it. The record is
/// removed before a stage starts and written after it ended. Ends with an Error of code `stopped`
/// when a signal or the wall time asked for it. Throws UserError for an unknown stage, before any
/// stage runs. Collective.
std::vector<StageResult> run_stages(const std::vector<Stage> &stages,
                                    const std::vector<std::string> &requested, RunContext &context);

/// Warns of stages that were not requested and whose files in the output folder belong to other
/// parameters by now.
void warn_of_outdated(const std::vector<Stage> &stages, const std::vector<std::string> &requested,
                      RunContext &context);

/// UserError with the nearest name when one of @p requested is no stage.
void check_stage_names(const std::vector<Stage> &stages, const std::vector<std::string> &requested);

/// The record of a stage that was completed in this output folder, or null. Local.
nlohmann::json stage_record(const std::filesystem::path &output, const std::string &stage);
} // namespace understudy

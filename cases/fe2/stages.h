// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/fe2/workshop.h>

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// The stages of an FE2 case. Each is collective; what it leaves for later stages stands in files.

/// Solves the exact micro model at the sampled strains: data/, generate.json (times).
void generate_stage(Fe2Workshop &workshop);

/// Modes and all micro models of the case: models/*.safetensors, train.json (times, losses). The
/// models are shared out over the ranks. Checkpoints in models/checkpoint/ keep the state of each
/// training, now and then and when a signal or the wall time ends it, and what is finished.
/// @param depends_on everything the stage depends on; called on rank 0
void train_stage(Fe2Workshop &workshop, const std::function<nlohmann::json()> &depends_on);

/// Removes models/checkpoint/, of no use once the stage has its record. Local.
void remove_training_checkpoints(Fe2Workshop &workshop);

/// The macro structure with the closure and with the reference: run/<name>/.
void run_stage(Fe2Workshop &workshop);

/// Whether the hand-overs that the record in run/<closure>/ speaks of are still there. Local.
bool handovers_are_there(const Fe2Workshop &workshop, const std::string &closure);

/// Errors and times of all micro models, on test strains and coupled: report.md, results.json,
/// statistics.csv, macro.pvd with error fields, micro_*.vtu.
void compare_stage(Fe2Workshop &workshop);

/// What the macro run of a closure depends on, beside the program itself.
nlohmann::json run_dependencies(Fe2Workshop &workshop, const std::string &closure);

/// A finished macro run as it stands in run/<name>/: numbers and the fields of all steps.
struct StoredRun
{
  nlohmann::json record;
  std::vector<MacroFields> fields; ///< per step; all cells on rank 0
};

/// Reads run/<name>/. Collective.
StoredRun read_run(Fe2Workshop &workshop, const std::string &closure);

/// The material-point driver: answers the rows of a table of strains.
void evaluate_points(Fe2Workshop &workshop, const std::string &closure,
                     const std::filesystem::path &input, const std::filesystem::path &output);
} // namespace understudy

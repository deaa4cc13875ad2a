// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/fe2/comparison.h>
#include <cases/fe2/parameters.h>
#include <data/output/report.h>

#include <nlohmann/json.hpp>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace understudy
{
/// One round of a guarded case.
struct RoundFindings
{
  nlohmann::json run, train; ///< record of the macro run, and what the training left
  StrainBox box;             ///< of the training
  std::optional<CoupledScore> coupled;
};

/// All that the comparison of a case found.
struct Fe2Findings
{
  nlohmann::json run, reference;  ///< records of the macro runs; reference null without one
  nlohmann::json generate, train; ///< what those stages left
  std::optional<CoupledScore> coupled;
  std::vector<MicroScore> micro;
  std::array<double, 2> exact_seconds{}; ///< per point: from the first guess, and cold
  std::vector<RoundFindings> rounds;     ///< of a guarded case
  std::optional<GateScore> gate;
};

/// "equino-rbf" as part of a key.
std::string key_of(std::string name);

/// The chapter on the guard: who answered and why, calibration, audit, gate, rounds.
void add_guard(Report &report, const Fe2Parameters &parameters, const Fe2Findings &findings);

/// Writes report.md, results.json and statistics.csv (one row per load step). Local.
void write_fe2_report(const Fe2Parameters &parameters, const Fe2Findings &findings,
                      const std::filesystem::path &folder);
} // namespace understudy

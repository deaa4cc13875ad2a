// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/fe2/comparison.h>
#include <cases/fe2/parameters.h>

#include <nlohmann/json.hpp>

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

namespace understudy
{
/// All that the comparison of a case found.
struct Fe2Findings
{
  nlohmann::json run, reference;  ///< records of the macro runs; reference null without one
  nlohmann::json generate, train; ///< what those stages left
  std::optional<CoupledScore> coupled;
  std::vector<MicroScore> micro;
  std::array<double, 2> exact_seconds{}; ///< per point: from the first guess, and cold
};

/// Writes report.md, results.json and statistics.csv (one row per load step). Local.
void write_fe2_report(const Fe2Parameters &parameters, const Fe2Findings &findings,
                      const std::filesystem::path &folder);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mmgp/parameters.h>
#include <cases/mmgp/scores.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <vector>

namespace understudy
{
/// How well one of MMGP and its rivals, in the order of MmgpRivals::names(), does on the test
/// plates.
struct PredictorScore
{
  std::vector<OutputScore> fields, scalars;
};

/// All that the report tells.
struct MmgpFindings
{
  std::vector<PredictorScore> predictors; ///< MMGP, then the rivals
  double seconds_morph = 0.;              ///< mean over the test plates
  double seconds_predict = 0.;            ///< after morphing
  double seconds_exact = 0.;              ///< of the data set's solutions
  nlohmann::json generate, train, run;    ///< what the stages left
};

/// Writes report.md and results.json into @p folder. Local.
void write_mmgp_report(const MmgpCaseParameters &parameters, const MmgpFindings &findings,
                       const std::filesystem::path &folder);
} // namespace understudy

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
  std::size_t n_train = 0;                ///< plates learned from, hand-overs included
  std::size_t n_handovers_learned = 0;    ///< those among them
  std::vector<PredictorScore> predictors; ///< MMGP, then the rivals
  std::vector<OutputScore> derived;       ///< scalars by Monte Carlo from the fields; may be empty
  nlohmann::json test;                    ///< per test plate, see write_mmgp_statistics()
  nlohmann::json generate, train, run;    ///< what the stages left
};

/// Writes report.md and results.json into @p folder. Local.
void write_mmgp_report(const MmgpCaseParameters &parameters, const MmgpFindings &findings,
                       const std::filesystem::path &folder);

/// Writes a table with one row per test plate: number, nodes, gate and who answered, times; of each
/// field the relative error, the root mean square of the deviation and the share of nodes in the
/// band; of each scalar truth, prediction, deviation, bounds, and what draws of the fields give.
/// Throws WriteError. Local.
/// @param test per plate: id, n_nodes, gate, largest_deviation, seconds_morph, seconds_predict,
/// seconds_exact, fields [n_fields][3], scalars [n_scalars][5] and perhaps derived [n_scalars][3]
void write_mmgp_statistics(const MmgpProblem &problem, const nlohmann::json &test,
                           const std::filesystem::path &file);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/fe2/workshop.h>
#include <data/store/checkpoint.h>
#include <solvers/two_scale.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
/// A macro run on disk, in a folder of its own: the fields of every accepted step, a checkpoint
/// from which the run goes on when it was broken off, and at the end its record. All calls are
/// collective.
class RunKeeper
{
public:
  /// @param depends what the run depends on, on rank 0
  RunKeeper(Fe2Workshop &workshop, const std::string &closure, std::filesystem::path folder,
            nlohmann::json depends);

  /// Refuses early what find() would: refuse_other_checkpoints().
  void check();

  /// Whether there is a checkpoint to go on from, which is read then. UserError as
  /// find_checkpoint().
  /// @param hint_size of the closure: the first guess changes it, if not the results
  bool find(std::size_t hint_size);
  /// The state that find() found, for TwoScaleSolver::resume().
  TwoScaleState state();

  /// One more number to be added up over the pieces of the run: the largest of all ranks.
  void also_total(const std::string &what, std::function<double()> value);

  /// For the solver: keeps a state whenever the 'Checkpoint interval' of the case has passed.
  TwoScaleKeeper keeper();

  /// Writes the fields of the last steps. The caller then writes the record from all_steps() and
  /// total(), and at last calls clear().
  void finish(const TwoScaleResult &result);

  /// All steps of the run, broken off or not: their records, and on rank 0 their fields.
  const nlohmann::json &all_steps() const { return steps_; }
  std::vector<MacroFields> all_fields() const;
  /// A number of the result, added up over the pieces of the run.
  double total(const std::string &what) const { return totals_.at(what).get<double>(); }

  void clear(); ///< removes the checkpoints

  static std::filesystem::path fields_file(const std::filesystem::path &folder, std::size_t step);

private:
  std::string trouble_with(const Checkpoint &found) const;
  bool due();
  void keep(const TwoScaleState &state, const TwoScaleResult &so_far);
  void store_steps(const TwoScaleResult &so_far);

  Fe2Workshop &workshop_;
  std::string closure_;
  std::filesystem::path folder_;
  nlohmann::json depends_;
  CheckpointStore store_;
  std::optional<Checkpoint> found_;                                  ///< on rank 0
  nlohmann::json steps_ = nlohmann::json::array(), hashes_ = steps_; ///< of all stored steps
  nlohmann::json earlier_ = nlohmann::json::object(), totals_ = earlier_;
  std::vector<std::pair<std::string, std::function<double()>>> more_totals_;
  std::size_t n_stored_ = 0; ///< steps of this piece whose fields are on disk
  double last_ = 0., cost_ = 0.;
};

/// Fields as a RunKeeper wrote them.
MacroFields read_fields(const std::filesystem::path &file);

/// The record of a load step as JSON.
nlohmann::json record_of(const LoadStepRecord &step);
} // namespace understudy

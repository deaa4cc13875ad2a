// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/resume.h>
#include <data/core/log.h>
#include <data/core/timing.h>

#include <deal.II/base/parameter_handler.h>
#include <mpi.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// Where a stage says its result lies; empty paths for what it does not make.
struct Products
{
  std::filesystem::path report, paraview;
};

/// One step of a case, e.g. "train". See run_stages().
struct Stage
{
  std::string name;
  std::string sentence; ///< what it does, for people

  /// Everything its result depends on: parameters, hashes of the files of earlier stages. Called on
  /// rank 0 only, just before the stage would run, after the earlier stages.
  std::function<nlohmann::json()> depends_on;

  std::vector<std::filesystem::path> makes; ///< files that exist once it is done
  std::function<void()> run;                ///< on all ranks
  Products products = {};                   ///< what people look at afterwards
  /// Removes what only a stage that was broken off needs; may be empty. Called on rank 0 when the
  /// record of the stage stands.
  std::function<void()> tidy = {};
  /// Whether what it leaves beside the files of @p makes is still there; empty: it leaves nothing
  /// else. Called on rank 0 when all those files exist.
  std::function<bool()> is_whole = {};
};

/// What the program gives to a family of cases.
struct RunContext
{
  MPI_Comm comm;
  std::filesystem::path case_file;
  std::filesystem::path output; ///< folder of the run, exists
  Log &log;
  Timing &timing;
  bool force = false;                 ///< requested stages run even when up to date
  std::vector<std::string> arguments; ///< command line, for provenance
  double memory_at_start = 0; ///< resident memory of this rank when the banner was printed [MB]
  ResumeMode resume = ResumeMode::automatic; ///< what stages do with checkpoints
};

/// A name of the case language with its sentence, for `understudy list`.
struct NamedSentence
{
  std::string name, sentence;
};

/// A family of cases: it owns the parameters of its .prm files and turns them into stages.
class Family
{
public:
  virtual ~Family() = default;

  /// Declares all entries with defaults, bounds, and documentation that ends in "[unit]"; values
  /// are bound to members (add_parameter). Must be cheap: `describe` calls it without MPI.
  virtual void declare(dealii::ParameterHandler &prm) = 0;

  /// After the case was read: what is wrong between values, each a full sentence that names the
  /// entries; also missing files that can be seen without work. Equal on all ranks.
  virtual std::vector<std::string> problems() const = 0;

  /// The stages in their order. The context outlives them.
  virtual std::vector<Stage> stages(RunContext &context) = 0;

  virtual std::vector<NamedSentence> closures() const = 0;
  virtual std::vector<NamedSentence> solvers() const = 0;

  /// Material-point driver: answers the rows of a .csv file by a closure of this case. Throws
  /// UserError for an unknown closure and, naming the stage to run, for one that is not trained
  /// yet.
  virtual void evaluate(RunContext &context, const std::string &closure,
                        const std::filesystem::path &input,
                        const std::filesystem::path &output) = 0;
};
} // namespace understudy

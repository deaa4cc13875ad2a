// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mg_tfno/learning_task.h>
#include <data/output/report.h>

#include <deal.II/base/parameter_handler.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace understudy
{
class MgTfnoWorkshop;

/// What a case of this family is about: data, exact solver, and how an operator plugs back into it.
class GridProblem
{
public:
  virtual ~GridProblem() = default;

  /// The sections that belong to it alone.
  virtual void declare(dealii::ParameterHandler &prm) = 0;
  virtual std::vector<std::string> sections() const = 0;
  virtual std::vector<std::string> problems() const = 0;
  /// The sections from which the networks of a task are trained.
  virtual std::vector<std::string> recipe(std::size_t /*task*/) const { return {"Training"}; }

  /// The first one is that of the operator, others those of further networks.
  virtual std::vector<LearningTask> tasks() const = 0;
  /// Points per direction of the exact solver and the data set.
  virtual unsigned n_points() const = 0;

  /// Of the exact solver as a rival of an operator that was trained on @p n points.
  virtual unsigned coarse_points(unsigned n) const = 0;
  /// What the exact solver says on a grid of @p coarse points for the pairs that task 0 reads of
  /// sample @p id, at these points. Local.
  /// @param seconds that the solver took for all of them
  virtual GridBatch solve_coarsely(const DataSet &data, std::size_t id, unsigned coarse,
                                   double &seconds) const = 0;
  /// Whether the input of the operator is a first answer itself: "persistence".
  virtual bool has_persistence() const { return false; }

  /// Lets the operator take its place beside the exact solver; the record of what happened.
  /// Collective.
  virtual nlohmann::json run(MgTfnoWorkshop &workshop) const = 0;
  /// Files for people that run() leaves, below the folder of the run.
  virtual std::vector<std::string> products() const { return {}; }
  /// Tells the record of run(), by headings, numbers and tables. Local.
  virtual void report(const nlohmann::json &record, Report &report) const = 0;
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mg_tfno/grid_problem.h>
#include <solvers/guarded_stepper.h>
#include <solvers/vorticity_dataset.h>

namespace understudy
{
/// A flow on the torus, vorticity w(t) -> w(t + D): the operator is the time stepper of a running
/// flow, which hands over to the exact solver and comes back.
class StepperProblem final : public GridProblem
{
public:
  FlowDataParameters data;
  GuardedStepperParameters stepper; ///< its interval is that of the data
  StepGateMargin margin;
  unsigned n_rollouts = 10; ///< test trajectories that are run
  double overload = 2.;     ///< factor of initial vorticities that the gate must recognise

  GuardedStepperParameters stepper_parameters() const;

  void declare(dealii::ParameterHandler &prm) override;
  std::vector<std::string> sections() const override { return {"Flow"}; }
  std::vector<std::string> problems() const override;

  std::vector<LearningTask> tasks() const override;
  unsigned n_points() const override { return static_cast<unsigned>(data.flow.n); }
  unsigned coarse_points(unsigned n) const override { return n / 4; }
  GridBatch solve_coarsely(const DataSet &set, std::size_t id, unsigned coarse,
                           double &seconds) const override;
  bool has_persistence() const override { return true; }

  nlohmann::json run(MgTfnoWorkshop &workshop) const override;
  std::vector<std::string> products() const override { return {"flow.pvd"}; }
  void report(const nlohmann::json &record, Report &report) const override;
};
} // namespace understudy

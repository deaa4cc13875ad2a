// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mg_tfno/grid_problem.h>
#include <solvers/darcy_dataset.h>
#include <solvers/darcy_residuals.h>
#include <surrogates/mg_tfno_training.h>

#include <map>
#include <memory>

namespace understudy
{
/// Flow through porous media: permeability a -> pressure u. The operator is a first guess for
/// conjugate gradients; a second network may learn to answer their residuals, as a preconditioner.
class DarcyProblem final : public GridProblem
{
public:
  DarcyDataParameters data;
  unsigned n_guessed = 20; ///< test media that are solved with first guesses

  bool with_correction = true;
  DarcyResidualParameters residuals;
  MgTfnoParameters correction;
  SurrogateParameters preconditioner;

  void declare(dealii::ParameterHandler &prm) override;
  std::vector<std::string> sections() const override { return {"Darcy", "Correction"}; }
  std::vector<std::string> problems() const override;

  std::vector<LearningTask> tasks() const override;
  unsigned n_points() const override { return data.solver.n_cells; }
  unsigned coarse_points(unsigned n) const override { return n / 2; }
  GridBatch solve_coarsely(const DataSet &set, std::size_t id, unsigned coarse) const override;

  nlohmann::json run(MgTfnoWorkshop &workshop) const override;
  void report(const nlohmann::json &record, Report &report) const override;

private:
  mutable std::map<unsigned, std::unique_ptr<DarcySolver>> coarse_solvers_;
};
} // namespace understudy

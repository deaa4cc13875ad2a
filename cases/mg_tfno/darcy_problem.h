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
  std::vector<std::string> recipe(std::size_t task) const override
  {
    if (task == 0)
      return {"Training"};
    return {"Correction/Network", "Correction/Patches", "Correction/Optimiser"};
  }
  std::vector<std::string> problems() const override;

  std::vector<LearningTask> tasks() const override;
  unsigned n_points() const override { return data.solver.n_cells; }
  /// Half as many, or fewer where that is no part of the grid.
  unsigned coarse_points(unsigned n) const override;
  GridBatch solve_coarsely(const DataSet &set, std::size_t id, unsigned coarse,
                           double &seconds) const override;

  nlohmann::json run(MgTfnoWorkshop &workshop) const override;
  void report(const nlohmann::json &record, Report &report) const override;

  /// Of a value at each of (n_cells + 1)^2 nodes those of (coarse + 1)^2, which divides n_cells.
  static std::vector<double> every_node(const std::vector<double> &fine, unsigned n_cells,
                                        unsigned coarse);

private:
  mutable std::map<unsigned, std::unique_ptr<DarcySolver>> coarse_solvers_;
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mg_tfno/grid_problem.h>
#include <solvers/vorticity_dataset.h>

namespace understudy
{
/// Flow on the torus that starts at rest: forcing f -> vorticity w after a while. The operator
/// answers where its gate lets it, the exact solver elsewhere.
class ForcingProblem final : public GridProblem
{
public:
  ForcingDataParameters data;
  unsigned n_asked = 20; ///< test forcings that the operator is asked for on all ranks
  double overload = 2.;  ///< factor of forcings that its gate must recognise

  void declare(dealii::ParameterHandler &prm) override;
  std::vector<std::string> sections() const override { return {"Forcing"}; }
  std::vector<std::string> problems() const override;

  std::vector<LearningTask> tasks() const override;
  unsigned n_points() const override { return static_cast<unsigned>(data.flow.n); }
  unsigned coarse_points(unsigned n) const override { return n / 4; }
  GridBatch solve_coarsely(const DataSet &set, std::size_t id, unsigned coarse,
                           double &seconds) const override;

  nlohmann::json run(MgTfnoWorkshop &workshop) const override;
  void report(const nlohmann::json &record, Report &report) const override;
};
} // namespace understudy

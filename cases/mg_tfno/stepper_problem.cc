// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/coarse_flow.h>
#include <cases/mg_tfno/stepper_problem.h>
#include <data/core/parameters.h>
#include <data/core/timing.h>
#include <data/store/grid_samples.h>

#include <deal.II/base/patterns.h>

namespace understudy
{
using namespace dealii::Patterns;

void StepperProblem::declare(dealii::ParameterHandler &prm)
{
  prm.enter_subsection("Flow");
  data.declare(prm);
  prm.add_parameter("Rollouts", n_rollouts,
                    "Test trajectories that are run with the operator as stepper [1]",
                    Integer(0, 100000));
  add_number(prm, "Overload", overload,
             "Factor of their initial vorticities in runs that must be handed over [1]",
             Double(1., 1000.));
  prm.enter_subsection("Stepper");
  stepper.declare(prm);
  prm.leave_subsection();
  prm.enter_subsection("Gate");
  margin.declare(prm);
  prm.leave_subsection();
  prm.leave_subsection();
}

std::vector<std::string> StepperProblem::problems() const
{
  std::vector<std::string> all = data.problems();
  for (const auto &list : {stepper_parameters().problems(), margin.problems()})
    all.insert(all.end(), list.begin(), list.end());
  if (n_rollouts > data.sampling.n_test)
    all.push_back("'Rollouts' = " + std::to_string(n_rollouts) +
                  " in section 'Flow' exceeds the test samples.");
  return all;
}

GuardedStepperParameters StepperProblem::stepper_parameters() const
{
  GuardedStepperParameters p = stepper;
  p.interval = data.interval;
  return p;
}

std::vector<LearningTask> StepperProblem::tasks() const
{
  const MgTfnoProblem fields = {
    "stepper", {{"w", "1"}}, {{"w_next", "1"}}, data.flow.side, MgTfnoProblem::Boundary::periodic};
  return {{"data", fields, describe_flow_dataset(data), data.sampling.n_samples(),
           [p = data](MPI_Comm comm, const std::string &folder, Log &log, bool afresh)
           { return generate_flow_dataset(comm, folder, p, log, afresh); },
           flow_grid_info(data),
           [](const DataSet &set, const std::vector<std::size_t> &ids, std::size_t n, GridBatch &x,
              GridBatch &y) { read_grid_pairs(set, ids, "w", n, x, y); }}};
}

GridBatch StepperProblem::solve_coarsely(const DataSet &set, std::size_t id, unsigned coarse,
                                         double &seconds) const
{
  CoarseFlow flow(data.flow, coarse);
  flow.set_forcing(set.static_array("f").values);
  const std::vector<double> states = set.read(id, "w");
  const auto size = static_cast<std::ptrdiff_t>(data.flow.n * data.flow.n);
  GridBatch answer(data.n_intervals, 1, coarse, coarse);
  seconds = 0.;
  for (unsigned t = 0; t < data.n_intervals; ++t)
  {
    flow.set_vorticity({states.begin() + t * size, states.begin() + (t + 1) * size});
    const double start = seconds_now();
    flow.advance(data.steps_per_interval());
    seconds += seconds_now() - start;
    flow.write(answer.field(t, 0));
  }
  return answer;
}
} // namespace understudy

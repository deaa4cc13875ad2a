// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: learned steps on several ranks are those on one, and all ranks have the same flow.
#include <solvers/guarded_stepper.h>
#include <tests/torus_steps.h>

#include <gtest/gtest.h>

using namespace understudy;
using test::SolverStep;

namespace
{
struct Course
{
  std::vector<double> state;
  std::string makers, reasons;
  std::size_t samples = 0;
};

/// Fails by a bad answer, then by its own word.
Course run_on(MPI_Comm comm, const StepGate &gate)
{
  TorusVorticity flow = test::driven_flow(30);
  SolverStep map(comm,
                 [](std::size_t question, std::vector<double> &w, FieldAnswer &answer)
                 {
                   if (question == 2)
                     w[1000] = 1e4; // on the last rank
                   if (question == 4)
                   {
                     answer.health = Health::outside_training_range;
                     answer.reason = "Too far away.";
                   }
                 });
  GuardedStepper stepper(flow, map, gate,
                         {.interval = test::step_interval, .recovery = 1, .re_anchor = 3}, comm);
  Course run;
  stepper.set_sink([&](std::span<const double>, std::span<const double>) { ++run.samples; });
  for (int i = 0; i < 12; ++i)
  {
    const StepOutcome outcome = stepper.advance_interval();
    run.makers += std::string(to_string(outcome.maker)) + " ";
    run.reasons += outcome.reason;
  }
  run.state = flow.state().vorticity;
  return run;
}
} // namespace

TEST(GuardedStepper, RanksAgree)
{
  const StepGate gate = test::small_gate();
  const Course alone = run_on(MPI_COMM_SELF, gate), together = run_on(MPI_COMM_WORLD, gate);
  EXPECT_EQ(together.makers, alone.makers);
  EXPECT_EQ(together.makers,
            "learned learned refused recovering learned refused recovering learned "
            "learned learned anchoring learned ");
  EXPECT_EQ(together.reasons, alone.reasons);
  EXPECT_EQ(together.samples, 2u);
  EXPECT_EQ(together.state, alone.state);
  std::vector<double> of_first = together.state;
  MPI_Bcast(of_first.data(), static_cast<int>(of_first.size()), MPI_DOUBLE, 0, MPI_COMM_WORLD);
  EXPECT_EQ(of_first, together.state);
}

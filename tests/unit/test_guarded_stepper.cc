// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a learned step stands in the place of the solver as long as nothing speaks against
// it; the solver takes over where something does, as if it had never been away, and hands back.
#include <data/core/errors.h>
#include <solvers/guarded_stepper.h>
#include <tests/temporary_folder.h>
#include <tests/torus_steps.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace understudy;
using test::SolverStep;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_tools::sentence_of;

namespace
{
constexpr std::size_t steps = 10; ///< of the solver in an interval

const StepGate &gate()
{
  static const StepGate gate = test::small_gate();
  return gate;
}

GuardedStepperParameters parameters(unsigned recovery = 1, unsigned re_anchor = 0)
{
  return {.interval = test::step_interval, .recovery = recovery, .re_anchor = re_anchor};
}

/// L for learned intervals, R for refused, c for recovering, a for anchoring ones.
std::string letters(GuardedStepper &stepper, std::size_t n)
{
  std::string all;
  for (std::size_t i = 0; i < n; ++i)
    all += "LRca"[static_cast<int>(stepper.advance_interval().maker)];
  return all;
}

double relative_difference(const std::vector<double> &a, const std::vector<double> &b)
{
  double difference = 0., size = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(difference / size);
}

/// Of a run of learned steps that a solver answers, from the exact flow. Both have this time step.
double restart_error(double time_step)
{
  TorusVorticity flow = test::driven_flow(20, time_step), exact = test::driven_flow(20, time_step);
  SolverStep map(MPI_COMM_SELF, {}, time_step);
  GuardedStepper stepper(flow, map, gate(), parameters(), MPI_COMM_SELF);
  EXPECT_EQ(letters(stepper, 10), "LLLLLLLLLL");
  exact.advance(static_cast<std::size_t>(std::lround(1. / time_step)));
  EXPECT_NEAR(flow.time(), 1., 1e-12);
  return relative_difference(test::vorticity(flow), test::vorticity(exact));
}
} // namespace

// Requirement: with a solver as map the flow is the exact one but for the first steps after each
// restart, which are of order 2 with local errors of order 3.
TEST(GuardedStepper, LearnedStepsOfASolverAreThoseOfTheFlow)
{
  const double coarse = restart_error(0.01), fine = restart_error(0.005);
  EXPECT_LT(coarse, 1e-4);
  EXPECT_GT(coarse, 1e-9);
  EXPECT_GT(coarse / fine, 6.);
  EXPECT_LT(coarse / fine, 10.);
}

// Requirement: refused steps leave the solver as it was, bit for bit, whatever the map says.
TEST(GuardedStepper, RefusedStepsLeaveNoTrace)
{
  const double nan = std::nan("");
  using Spoil = SolverStep::Spoil;
  const std::vector<std::pair<Spoil, std::string>> cases = {
    {[](std::size_t, std::vector<double> &w, FieldAnswer &) { w = test::noise(32, 3, 2.); },
     "the exact steps allow"},
    {[nan](std::size_t, std::vector<double> &w, FieldAnswer &) { w[100] = nan; },
     "'solver-step' gave values of 'w_next' that are not finite."},
    {[](std::size_t, std::vector<double> &, FieldAnswer &answer)
     {
       answer.health = Health::outside_training_range;
       answer.reason = "Never seen such a flow.";
     },
     "Never seen such a flow."},
    {[](std::size_t, std::vector<double> &, FieldAnswer &answer)
     { answer.health = Health::not_converged; },
     "'solver-step' says of its own step: "},
    {[](std::size_t, std::vector<double> &w, FieldAnswer &)
     {
       for (double &value : w)
         value *= 5.;
     },
     "The energy after the learned step is "},
    {[](std::size_t, std::vector<double> &w, FieldAnswer &)
     {
       for (std::size_t i = 0; i < w.size(); ++i) // k = (9, 9)
         w[i] += 0.5 * std::cos(2. * std::numbers::pi / 32. * 9. * double(i / 32 + i % 32));
     },
     "The enstrophy at wave numbers from 8 to 16 "},
    {[](std::size_t, std::vector<double> &w, FieldAnswer &)
     {
       for (double &value : w)
         value += 0.5;
     },
     "The mean vorticity after the learned step is "}};
  for (const auto &[spoil, sentence] : cases)
  {
    TorusVorticity flow = test::driven_flow(21), exact = test::driven_flow(21);
    flow.advance(steps); // so that there are old right-hand sides
    exact.advance(steps);
    SolverStep map(MPI_COMM_SELF, spoil);
    GuardedStepper stepper(flow, map, gate(), parameters(0), MPI_COMM_SELF);
    for (int i = 0; i < 3; ++i)
    {
      const StepOutcome outcome = stepper.advance_interval();
      EXPECT_EQ(outcome.maker, StepMaker::refused);
      EXPECT_THAT(outcome.reason, HasSubstr(sentence));
      exact.advance(steps);
      EXPECT_EQ(flow.state().vorticity, exact.state().vorticity) << sentence;
      EXPECT_EQ(flow.state().old_2, exact.state().old_2);
    }
    EXPECT_EQ(flow.time(), exact.time());
    EXPECT_EQ(flow.n_steps(), 4 * steps);
    EXPECT_EQ(map.asked(), 3u);
    EXPECT_EQ(stepper.counts().asked, 3u);
    EXPECT_EQ(stepper.counts().refused, 3u);
  }
}

// Requirement: hand-over in the interval where the map fails, exact from there, and return after
// the recovery.
TEST(GuardedStepper, HandsOverAndReturns)
{
  TorusVorticity flow = test::driven_flow(22);
  std::vector<double> at_failure, after;
  SolverStep map(MPI_COMM_SELF,
                 [](std::size_t question, std::vector<double> &w, FieldAnswer &)
                 {
                   if (question == 3)
                     w = test::noise(32, 3, 50.);
                 });
  GuardedStepper stepper(flow, map, gate(), parameters(2), MPI_COMM_SELF);
  EXPECT_EQ(letters(stepper, 3), "LLL");
  TorusVorticity exact = test::driven_flow(23);
  exact.restore(flow.state());
  unsigned offered = 0;
  const auto before = test::vorticity(flow);
  stepper.set_sink(
    [&](std::span<const double> from, std::span<const double> to)
    {
      ++offered;
      at_failure.assign(from.begin(), from.end());
      after.assign(to.begin(), to.end());
    });
  EXPECT_EQ(letters(stepper, 1), "R");
  exact.advance(steps);
  EXPECT_EQ(at_failure, before);
  EXPECT_EQ(after, test::vorticity(exact));
  EXPECT_EQ(letters(stepper, 2), "cc");
  exact.advance(2 * steps);
  EXPECT_EQ(flow.state().vorticity, exact.state().vorticity);
  EXPECT_EQ(flow.state().old_1, exact.state().old_1);
  EXPECT_EQ(letters(stepper, 2), "LL");
  EXPECT_EQ(offered, 1u);
  EXPECT_EQ(map.asked(), 6u);
  EXPECT_NEAR(flow.time(), 8 * test::step_interval, 1e-12);
  EXPECT_EQ(stepper.counts().intervals(), 8u);
  EXPECT_EQ(stepper.counts().learned, 5u);
  EXPECT_EQ(stepper.counts().refused, 1u);
  EXPECT_EQ(stepper.counts().recovering, 2u);
  EXPECT_EQ(stepper.counts().asked, 6u);
}

TEST(GuardedStepper, ReAnchors)
{
  TorusVorticity flow = test::driven_flow(22);
  SolverStep map(MPI_COMM_SELF,
                 [](std::size_t question, std::vector<double> &w, FieldAnswer &)
                 {
                   if (question == 7)
                     w[5] = std::nan("");
                 });
  GuardedStepper stepper(flow, map, gate(), parameters(1, 3), MPI_COMM_SELF);
  EXPECT_EQ(letters(stepper, 15), "LLLaLLLaLRcLLLa");
  EXPECT_EQ(stepper.counts().anchoring, 3u);
  // Nor does the count of a run that goes on begin anew.
  TorusVorticity other = test::driven_flow(1);
  SolverStep sound(MPI_COMM_SELF);
  GuardedStepper next(other, sound, gate(), parameters(1, 3), MPI_COMM_SELF);
  EXPECT_EQ(letters(stepper, 2), "LL");
  next.restore(stepper.state());
  other.restore(flow.state());
  EXPECT_EQ(letters(next, 3), "LaL");
  EXPECT_EQ(next.counts().intervals(), 20u);
}

// Requirement: the map isn't asked about a flow that the gate doesn't know, as one at rest.
TEST(GuardedStepper, StrangeFlowsAreNotAskedAbout)
{
  TorusVorticity flow = test::driven_flow(22);
  auto w = test::waves(32, 22);
  for (double &value : w)
    value *= 8.;
  flow.set_vorticity(w);
  SolverStep map(MPI_COMM_SELF);
  GuardedStepper stepper(flow, map, gate(), parameters(0), MPI_COMM_SELF);
  const StepOutcome outcome = stepper.advance_interval();
  EXPECT_EQ(outcome.maker, StepMaker::refused);
  EXPECT_THAT(outcome.reason, HasSubstr("The energy before the step is "));
  flow.set_vorticity(std::vector<double>(1024, 0.));
  EXPECT_THAT(stepper.advance_interval().reason, HasSubstr("The energy before the step is 0;"));
  EXPECT_EQ(map.asked(), 0u);
  EXPECT_EQ(stepper.counts().asked, 0u);
}

// Requirement: small means and modes beyond the cutoff of a learned step do no harm.
TEST(GuardedStepper, MeanAndHighModesAreDropped)
{
  TorusVorticity flow = test::driven_flow(22), plain = test::driven_flow(22);
  SolverStep map(MPI_COMM_SELF,
                 [](std::size_t, std::vector<double> &w, FieldAnswer &)
                 {
                   for (std::size_t i = 0; i < w.size(); ++i) // k = (12, 0)
                     w[i] +=
                       1e-3 + 0.1 * std::cos(2. * std::numbers::pi / 32. * 12. * double(i / 32));
                 });
  SolverStep clean(MPI_COMM_SELF);
  GuardedStepper stepper(flow, map, gate(), parameters(), MPI_COMM_SELF);
  GuardedStepper other(plain, clean, gate(), parameters(), MPI_COMM_SELF);
  EXPECT_EQ(letters(stepper, 3), "LLL");
  EXPECT_EQ(letters(other, 3), "LLL");
  EXPECT_LT(relative_difference(test::vorticity(flow), test::vorticity(plain)), 1e-12);
}

TEST(GuardedStepper, RefusesWhatDoesNotFit)
{
  TorusVorticity flow = test::driven_flow(22);
  SolverStep map(MPI_COMM_SELF);
  const auto refuse = [&](FieldMapInfo info, GuardedStepperParameters p = parameters())
  {
    struct Named final : FieldMap
    {
      FieldMapInfo mine;
      const FieldMapInfo &info() const override { return mine; }
      void evaluate(const FieldQuery &, FieldAnswer &) override {}
    } named;
    named.mine = std::move(info);
    return sentence_of<UserError>(
      [&] { GuardedStepper stepper(flow, named, gate(), p, MPI_COMM_SELF); });
  };
  EXPECT_THAT(refuse(map.info()), IsEmpty());
  FieldMapInfo info = map.info();
  info.output_fields[0].name = "u";
  EXPECT_THAT(refuse(info),
              AllOf(HasSubstr("'solver-step' cannot make steps"), HasSubstr("w_next")));
  info = map.info();
  info.input_scalars = {{"Re", "1"}};
  EXPECT_THAT(refuse(info), HasSubstr("without scalars"));
  info = map.info();
  info.output_fields[0].unit = "1";
  EXPECT_THAT(refuse(info), HasSubstr("takes 'w' in 1/s but gives 'w_next' in 1"));
  EXPECT_THAT(refuse(map.info(), {.interval = 0.2}), HasSubstr("calibrated for the interval 0.1"));
  EXPECT_THAT(refuse(map.info(), {.interval = -1.}), HasSubstr("it must be finite and > 0"));
  flow.set_time_step(0.03);
  EXPECT_THAT(refuse(map.info()),
              HasSubstr("must be a multiple of the time step of the solver, 0.03"));

  dealii::ParameterHandler prm;
  GuardedStepperParameters p;
  p.declare(prm);
  prm.set("Re-anchor", "12");
  prm.set("Recovery", "4");
  EXPECT_EQ(p.re_anchor, 12u);
  EXPECT_EQ(p.recovery, 4u);
}

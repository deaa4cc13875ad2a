// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the gate of learned steps lets exact ones pass and names what is wrong with others,
// by limits from exact steps alone; it survives being stored, and refuses what makes no sense.
#include <data/core/errors.h>
#include <solvers/step_gate.h>
#include <tests/temporary_folder.h>
#include <tests/torus_steps.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

using namespace understudy;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_tools::sentence_of;
using Json = nlohmann::json;

namespace
{
VorticityStatistics of_grid(const TorusVorticity &flow, std::span<const double> grid)
{
  std::vector<TorusVorticity::Complex> modes(flow.n_modes());
  flow.to_modes(grid, modes);
  return statistics_of(flow, modes);
}

/// A step of a trajectory that the gate has not seen, and what it says when @p spoil has had the
/// modes of its end.
std::string verdict(const std::function<void(const TorusVorticity &, VorticityStatistics &,
                                             std::vector<TorusVorticity::Complex> &)> &spoil)
{
  static const StepGate gate = test::small_gate();
  TorusVorticity flow = test::driven_flow(77);
  flow.advance(50);
  VorticityStatistics before = statistics_of(flow, flow.modes());
  flow.advance(10);
  std::vector<TorusVorticity::Complex> modes(flow.modes().begin(), flow.modes().end());
  spoil(flow, before, modes);
  const std::string first = gate.reason(before);
  return first.empty() ? gate.reason(before, statistics_of(flow, modes)) : first;
}
} // namespace

TEST(StepGate, StatisticsOfKnownFields)
{
  // n = 32 keeps |k1|, |k2| <= 10: octaves 1, 2, 4, 8 to 14.1.
  const std::size_t n = 32;
  TorusVorticity flow({.n = n, .side = 3.});
  std::vector<double> w(n * n);
  const double k = 2. * std::numbers::pi / 3., h = 2. * std::numbers::pi / double(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      w[i * n + j] = 0.25 + 2. * std::sin(h * double(i)) +
                     3. * std::cos(h * double(3 * i + 4 * j)) + std::cos(h * double(10 * j)) -
                     4. * std::sin(h * (10. * double(i) - 10. * double(j)));
  const VorticityStatistics s = of_grid(flow, w);
  EXPECT_NEAR(s.mean, 0.25, 1e-14);
  EXPECT_NEAR(s.enstrophy, (4. + 9. + 1. + 16.) / 4., 1e-13);
  EXPECT_NEAR(s.energy, (4. + 9. / 25. + 1. / 100. + 16. / 200.) / 4. / (k * k), 1e-13);
  ASSERT_EQ(s.bands.size(), 4u);
  EXPECT_NEAR(s.bands[0], 1., 1e-13);
  EXPECT_NEAR(s.bands[1], 0., 1e-13);
  EXPECT_NEAR(s.bands[2], 9. / 4., 1e-13); // |k| = 5
  EXPECT_NEAR(s.bands[3], 17. / 4., 1e-13);
  const auto smooth = test::noise(n, 1, 3.);
  flow.set_vorticity(smooth);
  EXPECT_NEAR(of_grid(flow, smooth).energy, flow.energy(), 1e-13 * flow.energy());
  EXPECT_NEAR(of_grid(flow, smooth).enstrophy, flow.enstrophy(), 1e-13 * flow.enstrophy());
}

TEST(StepGate, ExactStepsPass)
{
  const StepGate gate = test::small_gate();
  EXPECT_EQ(gate.n_steps(), 120u);
  TorusVorticity flow = test::driven_flow(1);
  for (const unsigned seed : {1u, 5u, 50u, 51u, 52u})
  {
    const auto w = test::trajectory(seed, 20);
    const auto state = [&](std::size_t t) { return of_grid(flow, {w.data() + 1024 * t, 1024}); };
    for (std::size_t t = 0; t < 20; ++t)
    {
      ASSERT_THAT(gate.reason(state(t)), IsEmpty());
      ASSERT_THAT(gate.reason(state(t), state(t + 1)), IsEmpty()) << seed << ", " << t;
    }
  }
}

TEST(StepGate, NamesWhatIsWrong)
{
  using Modes = std::vector<TorusVorticity::Complex>;
  const auto scaled = [](double by)
  {
    return verdict(
      [by](const TorusVorticity &, VorticityStatistics &, Modes &modes)
      {
        for (auto &mode : modes)
          mode *= by;
      });
  };
  EXPECT_THAT(scaled(1.), IsEmpty());
  EXPECT_THAT(scaled(10.), HasSubstr("The energy after the learned step is "));
  EXPECT_THAT(scaled(0.), HasSubstr("The energy after the learned step is 0; the exact steps"));
  EXPECT_THAT(scaled(std::nan("")), HasSubstr("nan"));
  // Within the range of all states, but not of what changes in an interval.
  EXPECT_THAT(scaled(0.75), AllOf(HasSubstr("The energy changes by a factor of 0."),
                                  HasSubstr("; the exact steps allow ")));
  // 3 % of the enstrophy at the highest wave numbers.
  EXPECT_THAT(verdict([](const TorusVorticity &flow, VorticityStatistics &before, Modes &modes)
                      { modes[flow.index(9, 9)] = std::sqrt(0.03 * before.enstrophy); }),
              HasSubstr("The enstrophy at wave numbers from 8 to 16 "));
  EXPECT_THAT(verdict([](const TorusVorticity &, VorticityStatistics &before, Modes &modes)
                      { modes[0] = -0.3 * std::sqrt(2. * before.enstrophy); }),
              AllOf(HasSubstr("The mean vorticity after the learned step is 0.3"),
                    HasSubstr("at most 0.01 is allowed")));
  EXPECT_THAT(verdict([](const TorusVorticity &, VorticityStatistics &before, Modes &)
                      { before.energy *= 100.; }),
              HasSubstr("The energy before the step is "));
}

// Requirement: limits are those of the calibration and the margin, in logarithms.
TEST(StepGate, LimitsFollowTheMargin)
{
  const auto w = test::trajectory(3, 4);
  TorusVorticity flow = test::driven_flow(1);
  const std::vector<std::vector<double>> one = {w};
  const auto limits = [&](double share, double least, double most = 100.)
  {
    return StepGate::calibrate(flow, 0.1, one,
                               {.share = share, .least = least, .most = most, .mean = 0.02})
      .to_json();
  };
  std::vector<double> energy;
  for (std::size_t t = 0; t < 5; ++t)
    energy.push_back(std::log(of_grid(flow, {w.data() + 1024 * t, 1024}).energy));
  const auto [low, high] = std::minmax_element(energy.begin(), energy.end());
  const Json tight = limits(0., 0.), wide = limits(2., 0.), least = limits(0., 30.);
  EXPECT_NEAR(tight["levels"][0][0], *low, 1e-12);
  EXPECT_NEAR(tight["levels"][0][1], *high, 1e-12);
  EXPECT_NEAR(wide["levels"][0][0], *low - 2. * (*high - *low), 1e-12);
  EXPECT_NEAR(wide["levels"][0][1], *high + 2. * (*high - *low), 1e-12);
  EXPECT_NEAR(least["levels"][0][0], *low - 30., 1e-12);
  EXPECT_NEAR(limits(2., 30., 0.01)["levels"][0][1], *high + 0.01, 1e-12);
  double growth = -1e9;
  for (std::size_t t = 0; t < 4; ++t)
    growth = std::max(growth, energy[t + 1] - energy[t]);
  EXPECT_NEAR(tight["changes"][0][1], growth, 1e-12);
  EXPECT_NEAR(tight["mean"], 0.02, 1e-12);
}

TEST(StepGate, RefusesWrongCalibrations)
{
  const TorusVorticity flow = test::driven_flow(1);
  const auto refuse = [&](const std::vector<double> &w, const StepGateMargin &margin = {})
  {
    const std::vector<std::vector<double>> one = {w};
    return sentence_of<UserError>([&] { StepGate::calibrate(flow, 0.1, one, margin); });
  };
  auto w = test::trajectory(1, 2);
  EXPECT_THAT(refuse({w.begin(), w.begin() + 1024}), HasSubstr("Trajectory 0 for the gate of"));
  EXPECT_THAT(refuse(w, {.share = -1.}), HasSubstr("share in the margin"));
  EXPECT_EQ(sentence_of<UserError>([&] { StepGate::calibrate(flow, 0.1, {}); }),
            "The gate of learned steps needs a trajectory to be calibrated on.");
  const std::vector<std::vector<double>> one = {w};
  EXPECT_THAT(sentence_of<UserError>([&] { StepGate::calibrate(flow, 0., one); }),
              HasSubstr("The interval is 0"));
  w[1024 + 5] = std::nan("");
  EXPECT_THAT(refuse(w), HasSubstr("is at rest or not finite in its state 1"));
  std::fill(w.begin() + 2048, w.end(), 1.);
  w[1024 + 5] = 0.;
  EXPECT_THAT(refuse(w), HasSubstr("in its state 2"));
}

TEST(StepGate, IsStoredExactly)
{
  const StepGate gate = test::small_gate();
  const std::string text = gate.to_json().dump();
  const StepGate back = StepGate::from_json(Json::parse(text), "model");
  EXPECT_EQ(back.to_json().dump(), text);
  EXPECT_EQ(back.n_steps(), 120u);
  back.require(test::driven_flow(1), test::step_interval);
}

TEST(StepGate, RequiresTheFlowItWasCalibratedFor)
{
  const StepGate gate = test::small_gate();
  const auto refuse = [&](TorusVorticityParameters p, double interval = test::step_interval)
  { return sentence_of<UserError>([&] { gate.require(TorusVorticity(p), interval); }); };
  TorusVorticityParameters p = test::small_flow();
  EXPECT_THAT(refuse(p), IsEmpty());
  EXPECT_EQ(refuse(p, 0.2), "The gate of learned steps was calibrated for the interval 0.1, but "
                            "that of the flow is 0.2.");
  p.time_step = 0.001; // which is the solver's business
  EXPECT_THAT(refuse(p), IsEmpty());
  p.viscosity = 0.01;
  EXPECT_THAT(refuse(p), HasSubstr("viscosity 0.02, but that of the flow is 0.01"));
  p = test::small_flow();
  p.n = 64;
  EXPECT_THAT(refuse(p), HasSubstr("number of grid points"));
}

TEST(StepGate, RefusesHostileJson)
{
  const Json good = test::small_gate().to_json();
  const auto refuse = [&](const std::function<void(Json &)> &change)
  {
    Json json = good;
    change(json);
    return sentence_of<UserError>([&] { StepGate::from_json(json, "m.safetensors"); });
  };
  const std::string begin = "The gate of learned steps in 'm.safetensors' is refused: ";
  EXPECT_EQ(refuse([](Json &j) { j.erase("mean"); }), begin + "it has no 'mean'.");
  EXPECT_EQ(refuse([](Json &j) { j["more"] = 1; }), begin + "it has an unknown entry 'more'.");
  EXPECT_EQ(refuse([](Json &j) { j["side"] = "2"; }), begin + "'side' is no number.");
  EXPECT_EQ(refuse([](Json &j) { j["steps"] = -1; }),
            begin + "'steps' is no whole number up to 1e12.");
  EXPECT_EQ(refuse([](Json &j) { j["steps"] = 0; }), begin + "It was calibrated on no step.");
  EXPECT_THAT(refuse([](Json &j) { j["levels"].erase(0); }),
              HasSubstr("A cutoff of 10 asks for 6 ranges, not 5."));
  EXPECT_THAT(refuse(
                [](Json &j) {
                  j["changes"][2] = {1., -1.};
                }),
              HasSubstr("A range goes from 1 to -1."));
  EXPECT_THAT(refuse(
                [](Json &j) {
                  j["changes"][2] = {1., 2., 3.};
                }),
              HasSubstr("something else than pairs"));
  EXPECT_THAT(refuse([](Json &j) { j["levels"] = Json::array(); }), HasSubstr("not 0."));
  EXPECT_THAT(refuse([](Json &j) { j["levels"][1] = {"a", 1.}; }), HasSubstr("is no number"));
  EXPECT_THAT(refuse(
                [](Json &j) {
                  j["levels"][1] = {std::nan(""), 1.};
                }),
              HasSubstr("A range goes from nan"));
  EXPECT_THAT(refuse([](Json &j) { j["levels"] = 3; }), HasSubstr("is no list"));
  EXPECT_THAT(refuse([](Json &j) { j["cutoff"] = 0; }), HasSubstr("cutoff is 0"));
  EXPECT_THAT(refuse([](Json &j) { j["cutoff"] = 1000000; }), HasSubstr("cutoff"));
  EXPECT_THAT(refuse([](Json &j) { j["n"] = 33; }), HasSubstr("must be even"));
  EXPECT_THAT(refuse([](Json &j) { j["viscosity"] = -1.; }), HasSubstr("viscosity"));
  EXPECT_THAT(refuse([](Json &j) { j["interval"] = 0; }), HasSubstr("interval"));
  EXPECT_THAT(refuse([](Json &j) { j["mean"] = -1; }), HasSubstr("limit of the mean"));
  EXPECT_EQ(refuse([](Json &j) { j = Json::array(); }), begin + "it is no JSON object.");
}

TEST(StepGate, MarginsAreDeclared)
{
  dealii::ParameterHandler prm;
  StepGateMargin margin;
  margin.declare(prm);
  prm.set("Share", "0.25");
  prm.set("Least widening", "0.02");
  EXPECT_EQ(margin.share, 0.25);
  EXPECT_EQ(margin.least, 0.02);
  EXPECT_EQ(margin.mean, 0.01);
}

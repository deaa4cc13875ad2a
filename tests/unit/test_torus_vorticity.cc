// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <solvers/torus_vorticity.h>
#include <tests/count_allocations.h>
#include <tests/temporary_folder.h>
#include <tests/torus_grids.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace understudy;
using test::noise;
using test::vorticity;
using testing::HasSubstr;
using testing_tools::sentence_of;
using Parameters = TorusVorticityParameters;

namespace
{

/// Of the state: so that a run that goes on must take up the closure too.
struct Smagorinsky : SubgridClosure
{
  void eddy_viscosity(const TorusVorticity &flow, std::span<double> nu) override
  {
    std::fill(nu.begin(), nu.end(), 0.01 * std::sqrt(flow.enstrophy()));
  }
};
} // namespace

// Requirement: the layout of grid and modes is the one that is documented.
TEST(TorusVorticity, LayoutOfGridAndModes)
{
  const std::size_t n = 16;
  TorusVorticity flow({.n = n, .side = 3.});
  EXPECT_EQ(flow.cutoff(), 5u);
  EXPECT_EQ(flow.n_modes(), 11u * 6u);
  std::vector<double> grid(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      grid[i * n + j] =
        4. * std::cos(2. * std::numbers::pi / double(n) * (-3. * double(i) + 2. * double(j))) +
        std::sin(2. * std::numbers::pi * double(i) / double(n));
  flow.set_vorticity(grid, 7.);
  EXPECT_EQ(flow.time(), 7.);
  const auto mode = [&](int k1, int k2) { return flow.modes()[flow.index(k1, k2)]; };
  EXPECT_LT(std::abs(mode(-3, 2) - 2.), 1e-15);
  EXPECT_LT(std::abs(mode(1, 0) - std::complex<double>(0., -0.5)), 1e-15);
  EXPECT_EQ(mode(-1, 0), std::conj(mode(1, 0)));
  EXPECT_LT(std::abs(mode(3, 2)), 1e-15);
  double defect = 0., mean_square = 0.;
  const auto back = vorticity(flow);
  for (std::size_t i = 0; i < n * n; ++i)
  {
    defect = std::max(defect, std::abs(back[i] - grid[i]));
    mean_square += grid[i] * grid[i] / double(n * n);
  }
  EXPECT_LT(defect, 1e-14);
  EXPECT_NEAR(flow.enstrophy(), mean_square / 2., 1e-14);

  std::vector<double> u(n * n), v(n * n);
  flow.velocity(u, v);
  double energy = 0., largest = 0.;
  for (std::size_t i = 0; i < n * n; ++i)
  {
    energy += 0.5 * (u[i] * u[i] + v[i] * v[i]) / double(n * n);
    largest = std::max(largest, std::hypot(u[i], v[i]));
  }
  EXPECT_NEAR(flow.energy(), energy, 1e-14);
  EXPECT_NEAR(flow.courant_number(),
              largest * std::sqrt(2.) * 5. * 2. * std::numbers::pi / 3. * 1e-3, 1e-15);
  // w = sin(2 pi x / L) alone has v = -(L / 2 pi) cos(2 pi x / L), u = 0.
  for (std::size_t i = 0; i < n * n; ++i)
    grid[i] = std::sin(2. * std::numbers::pi * double(i / n) / double(n));
  flow.set_vorticity(grid);
  flow.velocity(u, v);
  EXPECT_NEAR(v[0], -3. / (2. * std::numbers::pi), 1e-15);
  EXPECT_NEAR(u[5], 0., 1e-15);
  EXPECT_THROW(flow.index(6, 0), std::out_of_range);
  EXPECT_THROW(flow.index(0, -1), std::out_of_range);
}

// Requirement: a flow that goes on from a kept state is, bit for bit, the one that was not
// interrupted, whatever the restored object had computed before.
TEST(TorusVorticity, GoesOnFromAStateBitForBit)
{
  for (const unsigned order : {2u, 3u})
    for (const std::size_t before : {std::size_t(1), std::size_t(5)})
    {
      const Parameters p{.n = 24, .viscosity = 0.01, .beta = 1., .time_step = 0.01, .order = order};
      const auto f = noise(24, 3, 3.);
      Smagorinsky closure;
      TorusVorticity whole(p), first(p), second(p);
      for (TorusVorticity *flow : {&whole, &first, &second})
      {
        flow->set_vorticity(noise(24, flow == &second ? 9 : 1, 3.));
        flow->set_forcing(f);
        flow->set_closure(&closure);
      }
      whole.advance(before + 7);
      first.advance(before);
      second.advance(4);
      second.restore(first.state());
      EXPECT_EQ(second.time(), first.time());
      EXPECT_EQ(second.n_steps(), before);
      second.advance(7);
      EXPECT_EQ(vorticity(second), vorticity(whole)) << "order " << order << ", " << before;
      EXPECT_EQ(second.state().old_1, whole.state().old_1);
    }
}

// Requirement: the state stays that of a real field with mean 0; rounding doesn't drive apart the
// two modes of k2 = 0 that are each other's conjugate.
TEST(TorusVorticity, StaysReal)
{
  TorusVorticity flow({.n = 54, .viscosity = 1e-4, .time_step = 2e-3});
  flow.set_vorticity(noise(54, 1, 3.));
  flow.advance(100);
  EXPECT_EQ(flow.modes()[0], 0.);
  for (int k1 = 1; k1 <= 17; ++k1)
    EXPECT_EQ(flow.modes()[flow.index(-k1, 0)], std::conj(flow.modes()[flow.index(k1, 0)]));
}

// Requirement: a state of another size or order is refused.
TEST(TorusVorticity, RefusesStatesOfOthers)
{
  TorusVorticity flow({.n = 16, .order = 2}), other({.n = 24}), same({.n = 16, .order = 3});
  EXPECT_THAT(sentence_of<UserError>([&] { flow.restore(other.state()); }),
              HasSubstr("has 240 numbers; a cutoff of 5 asks for 132"));
  same.set_vorticity(noise(16, 1, 3.));
  same.advance(3);
  EXPECT_THAT(sentence_of<UserError>([&] { flow.restore(same.state()); }),
              HasSubstr("holds 2 old right-hand sides; order 2"));
}

// Requirement: wrong parameters and fields are refused with a sentence that names value and limit.
TEST(TorusVorticity, RefusesWrongParametersAndFields)
{
  const auto refusal = [](const Parameters &p)
  { return sentence_of<UserError>([&] { TorusVorticity flow(p); }); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal({.n = 15}),
              HasSubstr("direction of the flow on the torus is 15; it must be even"));
  EXPECT_THAT(refusal({.n = 6}), HasSubstr("from 8 to 32768"));
  EXPECT_THAT(refusal({.n = 16, .cutoff = 8}), HasSubstr("cutoff of the flow on the torus is 8"));
  EXPECT_THAT(refusal({.side = 0.}), HasSubstr("side"));
  EXPECT_THAT(refusal({.viscosity = -1.}), HasSubstr("viscosity of the flow on the torus is -1"));
  EXPECT_THAT(refusal({.drag = nan}), HasSubstr("drag of the flow on the torus is nan"));
  EXPECT_THAT(refusal({.beta = nan}), HasSubstr("beta"));
  EXPECT_THAT(refusal({.time_step = 0.}), HasSubstr("time step"));
  EXPECT_THAT(refusal({.order = 4}), HasSubstr("it must be 2 or 3"));
  EXPECT_EQ(Parameters({.n = 0, .side = 0., .viscosity = -1., .order = 1}).problems().size(), 4u);

  TorusVorticity flow({.n = 16});
  auto w = noise(16, 1, 3.);
  w[35] = nan;
  EXPECT_THAT(sentence_of<UserError>([&] { flow.set_vorticity(w); }),
              HasSubstr("vorticity on the torus is not finite at grid point (2, 3)"));
  EXPECT_THAT(sentence_of<UserError>([&] { flow.set_forcing(std::vector<double>(256, 0.5)); }),
              HasSubstr("forcing on the torus has the mean 0.5"));
  EXPECT_THAT(sentence_of<UserError>([&] { flow.set_time_step(nan); }), HasSubstr("time step"));
  EXPECT_THROW(flow.set_vorticity(std::vector<double>(255, 0.)), std::invalid_argument);
}

// Requirement: a flow that blows up stops with step and time, and can be started anew.
TEST(TorusVorticity, BlowUpIsASolverError)
{
  TorusVorticity flow({.n = 16, .viscosity = 0., .time_step = 5.});
  flow.set_vorticity(noise(16, 1, 3.));
  std::string sentence;
  try
  {
    flow.advance(1000);
  }
  catch (const SolverError &error)
  {
    sentence = error.what();
  }
  EXPECT_THAT(sentence, HasSubstr("not finite after step " + std::to_string(flow.n_steps()) +
                                  " at time " + std::to_string(5 * flow.n_steps())));
  for (int i = 0; i < 3; ++i) // until nothing finite is left
    EXPECT_THROW(flow.step(), SolverError);
  flow.set_time_step(0.01);
  flow.set_vorticity(noise(16, 1, 3.));
  flow.advance(20);
  TorusVorticity fresh({.n = 16, .viscosity = 0., .time_step = 0.01});
  fresh.set_vorticity(noise(16, 1, 3.));
  fresh.advance(20);
  EXPECT_EQ(vorticity(flow), vorticity(fresh));
}

// Requirement: right-hand sides from before a change are not used after it.
TEST(TorusVorticity, ChangesStartAnew)
{
  TorusVorticity flow({.n = 16});
  Smagorinsky closure;
  const auto starts_anew = [&](const auto &change)
  {
    flow.advance(3);
    EXPECT_EQ(flow.state().n_old, 2u);
    change();
    return flow.state().n_old == 0;
  };
  EXPECT_TRUE(starts_anew([&] { flow.set_vorticity(noise(16, 1, 3.)); }));
  EXPECT_TRUE(starts_anew([&] { flow.set_forcing(noise(16, 2, 3.)); }));
  EXPECT_TRUE(starts_anew([&] { flow.set_closure(&closure); }));
  EXPECT_TRUE(starts_anew([&] { flow.set_time_step(2e-3); }));
}

// Requirement: steps allocate nothing.
TEST(TorusVorticity, StepsAllocateNothing)
{
  TorusVorticity flow({.n = 32});
  Smagorinsky closure;
  flow.set_closure(&closure);
  flow.set_vorticity(noise(32, 1, 3.));
  const std::size_t before = n_allocations;
  flow.advance(10);
  EXPECT_EQ(n_allocations, before);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/gathered_field_map.h>
#include <solvers/step_gate.h>
#include <tests/torus_grids.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <utility>
#include <vector>

namespace understudy::test
{
/// A forced flow that turns over in about a unit of time.
inline TorusVorticityParameters small_flow(double time_step = 0.01)
{
  return {.n = 32, .viscosity = 0.02, .time_step = time_step};
}

/// A few smooth waves, the same function on any grid, and others for each seed.
inline std::vector<double> waves(std::size_t n, unsigned seed)
{
  const auto random = random_numbers(12, seed, 1.);
  std::vector<double> w(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      for (int k = 0; k < 6; ++k)
        w[i * n + j] +=
          (0.7 + 0.3 * random[2 * k]) * std::cos(2. * std::numbers::pi / double(n) *
                                                   double((k % 3) * int(i) + (1 + k / 2) * int(j)) +
                                                 6. * random[2 * k + 1]);
  return w;
}

/// At waves(n, seed), driven by other waves.
inline TorusVorticity driven_flow(unsigned seed, double time_step = 0.01)
{
  TorusVorticity flow(small_flow(time_step));
  auto force = waves(flow.n(), 1000);
  for (double &f : force)
    f *= 0.3;
  flow.set_forcing(force);
  flow.set_vorticity(waves(flow.n(), seed));
  return flow;
}

constexpr double step_interval = 0.1;

/// States at equal intervals.
inline std::vector<double> trajectory(unsigned seed, std::size_t n_intervals)
{
  TorusVorticity flow = driven_flow(seed);
  std::vector<double> all = vorticity(flow);
  for (std::size_t i = 0; i < n_intervals; ++i)
  {
    flow.advance(10);
    const auto w = vorticity(flow);
    all.insert(all.end(), w.begin(), w.end());
  }
  return all;
}

inline StepGate small_gate()
{
  std::vector<std::vector<double>> trajectories;
  for (unsigned seed = 1; seed <= 6; ++seed)
    trajectories.push_back(trajectory(seed, 20));
  return StepGate::calibrate(driven_flow(1), step_interval, trajectories);
}

/// Answers by a solver of its own, then lets @p spoil at what it says; counts its questions.
class SolverStep final : public GatheredFieldMap
{
public:
  using Spoil = std::function<void(std::size_t question, std::vector<double> &w, FieldAnswer &)>;

  explicit SolverStep(MPI_Comm comm, Spoil spoil = {}, double time_step = 0.01)
    : GatheredFieldMap(comm),
      flow_(driven_flow(1, time_step)),
      steps_(static_cast<std::size_t>(std::lround(step_interval / time_step))),
      spoil_(std::move(spoil))
  {
    info_.name = "solver-step";
    info_.domain = FieldMapInfo::Domain::grid;
    info_.input_fields = {{"w", "1/s"}};
    info_.output_fields = {{"w_next", "1/s"}};
  }
  const FieldMapInfo &info() const override { return info_; }
  std::size_t asked() const { return asked_; } ///< on rank 0

protected:
  void predict(const WholeQuestion &question, FieldAnswer &answer) const override
  {
    flow_.set_vorticity(question.fields[0]);
    flow_.advance(steps_);
    auto w = vorticity(flow_);
    if (spoil_)
      spoil_(asked_, w, answer);
    ++asked_;
    answer.fields[0].mean = std::move(w);
  }

private:
  FieldMapInfo info_;
  mutable TorusVorticity flow_;
  std::size_t steps_;
  Spoil spoil_;
  mutable std::size_t asked_ = 0;
};
} // namespace understudy::test

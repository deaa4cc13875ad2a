// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/parameters.h>
#include <data/core/timing.h>
#include <solvers/generate_samples.h>
#include <solvers/vorticity_dataset.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

template <class Parameters>
const Parameters &checked(const Parameters &parameters)
{
  if (const auto found = parameters.problems(); !found.empty())
    throw UserError(found.front());
  return parameters;
}

std::size_t steps_in(double duration, double dt)
{
  return static_cast<std::size_t>(std::llround(duration / dt));
}

/// Adds a sentence unless @p duration is a multiple of the time step, to rounding.
void require_multiple(const char *name, double duration, double dt, std::vector<std::string> &found)
{
  const double steps = duration / dt;
  if (!(steps > 0.5 && steps < 1e9 && std::abs(steps - std::round(steps)) <= 1e-9 * steps))
    found.push_back("The " + std::string(name) + " of the flows on the torus is " +
                    number_text(duration) + "; it must be a multiple of the time step, " +
                    number_text(dt) + ".");
}

GaussianRandomField random_field(const TorusVorticityParameters &flow,
                                 const VorticitySampling &sampling)
{
  const std::size_t kept = (flow.cutoff > 0 ? flow.cutoff : flow.dealiased_cutoff()) + 1;
  return {GaussianRandomField::Boundary::periodic, flow.n,
          GaussianCovariance{sampling.alpha, sampling.tau, flow.side, 1.},
          sampling.n_modes > 0 ? std::min(sampling.n_modes, kept) : kept};
}

/// (sin + cos)(2 pi (x + y) / L) times the amplitude.
std::vector<double> diagonal_waves(const TorusVorticityParameters &flow, double amplitude)
{
  const std::size_t n = flow.n;
  std::vector<double> values(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
    {
      const double angle =
        2. * std::numbers::pi * static_cast<double>((i + j) % n) / static_cast<double>(n);
      values[i * n + j] = amplitude * (std::sin(angle) + std::cos(angle));
    }
  return values;
}

/// @p solve fills the values; where the flow blows up the sample has crashed.
Sample solve_sample(std::size_t id, const VorticitySampling &sampling,
                    const std::function<void(std::vector<std::vector<double>> &)> &solve)
{
  Sample sample;
  sample.id = id;
  sample.split = sampling.splits().split(id);
  try
  {
    const double begin = seconds_now();
    solve(sample.values);
    sample.values.push_back({seconds_now() - begin});
  }
  catch (const SolverError &failure)
  {
    sample.crashed = true;
    sample.note = failure.what();
    sample.values.clear();
  }
  return sample;
}

/// All of flow and sampling that decides the contents.
Json defining(const TorusVorticityParameters &flow, const VorticitySampling &sampling)
{
  return {{"n", flow.n},
          {"cutoff", flow.cutoff > 0 ? flow.cutoff : flow.dealiased_cutoff()},
          {"side", flow.side},
          {"viscosity", flow.viscosity},
          {"drag", flow.drag},
          {"beta", flow.beta},
          {"time_step", flow.time_step},
          {"order", flow.order},
          {"alpha", sampling.alpha},
          {"tau", sampling.tau},
          {"n_modes", sampling.n_modes},
          {"splits", sampling.splits().to_json()},
          {"seed", sampling.seed}};
}

GridDataSetInfo grid_info(const std::string &name, const TorusVorticityParameters &flow,
                          const VorticitySampling &sampling)
{
  GridDataSetInfo info;
  info.name = name;
  info.grid = flow.grid();
  info.boundary = {"periodic", "periodic", "wall"};
  info.parameters = {{"viscosity", flow.viscosity}, {"drag", flow.drag},
                     {"beta", flow.beta},           {"time_step", flow.time_step},
                     {"alpha", sampling.alpha},     {"tau", sampling.tau}};
  info.scalars = {"seconds"};
  return info;
}
} // namespace

void VorticitySampling::declare(dealii::ParameterHandler &prm, const std::string &field)
{
  using namespace dealii::Patterns;
  const auto count = [&](const char *name, unsigned &value, unsigned least, const char *text)
  { prm.add_parameter(name, value, text, Integer(static_cast<int>(least), 10000000)); };
  count("Training samples", n_train, 1, "Number of flows that models are fitted to [1]");
  count("Validation samples", n_valid, 0, "Number of flows that decide when training ends [1]");
  count("Test samples", n_test, 0, "Number of flows that models are judged by [1]");
  count("Samples per shard", samples_per_shard, 1,
        "Number of flows of a rank that are stored in one file and acknowledged together [1]");
  add_number(prm, "Alpha", alpha,
             "Exponent of the covariance 2 tau^(2 alpha - 2) (-Laplacian + tau^2)^-alpha of the " +
               field + "; larger: smoother [1]",
             Double(1.000001, 10.));
  add_number(prm, "Tau", tau,
             "Inverse of the length over which the " + field + " is alike [1 / unit of length]",
             Double(1e-3, 1e3));
  prm.add_parameter("Modes", n_modes,
                    "Wave numbers of the " + field +
                      " are smaller per direction, so that all grids carry the same flows; 0: "
                      "all that the solver keeps [1]",
                    Integer(0, 32768));
  prm.add_parameter("Seed", seed, "Of the " + field + " [1]", Integer(0));
}

std::vector<std::string> VorticitySampling::problems(double side) const
{
  std::vector<std::string> found = GaussianCovariance{alpha, tau, side, 1.}.problems();
  if (n_train == 0 || samples_per_shard == 0)
    found.emplace_back("The data set of flows on the torus needs a training sample at least, and "
                       "one sample per shard.");
  if (n_modes == 1)
    found.emplace_back("With one mode per direction, the mean that is left out, the random fields "
                       "of the data set of flows on the torus would vanish.");
  return found;
}

std::size_t ForcingDataParameters::n_steps() const
{
  return steps_in(final_time, flow.time_step);
}

void ForcingDataParameters::declare(dealii::ParameterHandler &prm)
{
  prm.enter_subsection("Flow");
  flow.declare(prm);
  prm.leave_subsection();
  sampling.declare(prm, "forcing");
  add_number(prm, "Final time", final_time,
             "Of the flows, which start at rest; a multiple of the time step [unit of time]",
             dealii::Patterns::Double(1e-12));
}

std::vector<std::string> ForcingDataParameters::problems() const
{
  std::vector<std::string> found = flow.problems();
  for (std::string &problem : sampling.problems(flow.side))
    found.push_back(std::move(problem));
  require_multiple("final time", final_time, flow.time_step, found);
  return found;
}

std::size_t FlowDataParameters::steps_per_interval() const
{
  return steps_in(interval, flow.time_step);
}

std::vector<double> FlowDataParameters::times() const
{
  std::vector<double> all;
  for (unsigned i = 0; i <= n_intervals; ++i)
    all.push_back((n_burn_in + i) * interval);
  return all;
}

void FlowDataParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.enter_subsection("Flow");
  flow.declare(prm);
  prm.leave_subsection();
  sampling.declare(prm, "initial vorticity");
  add_number(prm, "Forcing amplitude", forcing_amplitude,
             "Of (sin + cos)(2 pi (x + y) / side) [1 / unit of time^2]", Double(-1e6, 1e6));
  add_number(prm, "Interval", interval,
             "Between states that are stored, a multiple of the time step [unit of time]",
             Double(1e-12));
  prm.add_parameter("Intervals", n_intervals, "Stored of each flow [1]", Integer(1, 100000));
  prm.add_parameter("Burn-in intervals", n_burn_in,
                    "Of each flow, before the first state that is stored [1]", Integer(0, 100000));
}

std::vector<std::string> FlowDataParameters::problems() const
{
  std::vector<std::string> found = flow.problems();
  for (std::string &problem : sampling.problems(flow.side))
    found.push_back(std::move(problem));
  require_multiple("interval", interval, flow.time_step, found);
  if (!std::isfinite(forcing_amplitude))
    found.push_back("The forcing amplitude of the flows on the torus is " +
                    number_text(forcing_amplitude) + "; it must be finite.");
  if (n_intervals == 0)
    found.emplace_back("The flows on the torus have 0 intervals; there must be 1 at least.");
  return found;
}

ForcingSamples::ForcingSamples(const ForcingDataParameters &parameters)
  : parameters_(checked(parameters)),
    flow_(parameters.flow),
    field_(random_field(parameters.flow, parameters.sampling))
{
}

void ForcingSamples::draw(std::size_t id, std::span<double> f)
{
  field_.draw(parameters_.sampling.seed, parameters_.sampling.splits().number(id), f);
}

Sample ForcingSamples::solve(std::size_t id)
{
  return solve_sample(id, parameters_.sampling,
                      [&](std::vector<std::vector<double>> &values)
                      {
                        std::vector<double> f(flow_.n() * flow_.n()), w(f.size(), 0.);
                        draw(id, f);
                        flow_.set_vorticity(w);
                        flow_.set_forcing(f);
                        flow_.advance(parameters_.n_steps());
                        flow_.vorticity(w);
                        values = {std::move(f), std::move(w)};
                      });
}

FlowSamples::FlowSamples(const FlowDataParameters &parameters)
  : parameters_(checked(parameters)),
    flow_(parameters.flow),
    field_(random_field(parameters.flow, parameters.sampling)),
    forcing_(diagonal_waves(parameters.flow, parameters.forcing_amplitude))
{
  flow_.set_forcing(forcing_);
}

void FlowSamples::draw(std::size_t id, std::span<double> w)
{
  field_.draw(parameters_.sampling.seed, parameters_.sampling.splits().number(id), w);
}

Sample FlowSamples::solve(std::size_t id)
{
  const auto run = [&](std::vector<std::vector<double>> &values)
  {
    const std::size_t size = flow_.n() * flow_.n(), steps = parameters_.steps_per_interval();
    std::vector<double> w(size * (parameters_.n_intervals + 1));
    draw(id, {w.data(), size});
    flow_.set_vorticity({w.data(), size});
    for (unsigned i = 0; i < parameters_.n_burn_in; ++i)
      flow_.advance(steps);
    for (unsigned i = 0; i <= parameters_.n_intervals; ++i)
    {
      if (i > 0)
        flow_.advance(steps);
      flow_.vorticity({w.data() + i * size, size});
    }
    values = {std::move(w)};
  };
  return solve_sample(id, parameters_.sampling, run);
}

DataSetInfo describe_forcing_dataset(const ForcingDataParameters &parameters)
{
  const std::size_t n = parameters.flow.n;
  DataSetInfo info;
  info.kind = "torus-forcing";
  info.fields = {{"f", {n, n}, "1"}, {"w", {n, n}, "1"}, {"seconds", {}, "s"}};
  info.defining = defining(parameters.flow, parameters.sampling);
  info.defining["final_time"] = parameters.final_time;
  info.attributes = {{"title", "Forcing to vorticity of flows on the torus that start at rest"},
                     {"point_order", "[i][j] at x = i side / n, y = j side / n"}};
  return info;
}

DataSetInfo describe_flow_dataset(const FlowDataParameters &parameters)
{
  const std::size_t n = parameters.flow.n;
  DataSetInfo info;
  info.kind = "torus-flow";
  info.fields = {{"w", {parameters.n_intervals + std::size_t(1), n, n}, "1"}, {"seconds", {}, "s"}};
  info.defining = defining(parameters.flow, parameters.sampling);
  info.defining.update({{"forcing_amplitude", parameters.forcing_amplitude},
                        {"interval", parameters.interval},
                        {"n_intervals", parameters.n_intervals},
                        {"n_burn_in", parameters.n_burn_in}});
  info.attributes = {{"title", "Vorticity of forced flows on the torus in equal intervals"},
                     {"times", parameters.times()},
                     {"point_order", "[time][i][j] at x = i side / n, y = j side / n"}};
  info.statics["f"] = {
    {n, n}, "1", diagonal_waves(parameters.flow, parameters.forcing_amplitude), false};
  return info;
}

std::size_t generate_forcing_dataset(MPI_Comm comm, const std::string &folder,
                                     const ForcingDataParameters &parameters, Log &log,
                                     bool start_afresh)
{
  ForcingSamples samples(parameters);
  return generate_samples(
    comm, folder, describe_forcing_dataset(parameters), parameters.sampling.n_samples(),
    parameters.sampling.samples_per_shard, [&](std::size_t id) { return samples.solve(id); },
    "generate", log, start_afresh);
}

std::size_t generate_flow_dataset(MPI_Comm comm, const std::string &folder,
                                  const FlowDataParameters &parameters, Log &log, bool start_afresh)
{
  FlowSamples samples(parameters);
  return generate_samples(
    comm, folder, describe_flow_dataset(parameters), parameters.sampling.n_samples(),
    parameters.sampling.samples_per_shard, [&](std::size_t id) { return samples.solve(id); },
    "generate", log, start_afresh);
}

GridDataSetInfo forcing_grid_info(const ForcingDataParameters &parameters)
{
  GridDataSetInfo info = grid_info("torus_forcing", parameters.flow, parameters.sampling);
  info.times = {0., parameters.final_time};
  info.fields = {{"f", 0, GridField::Time::none, "1"}, {"w", 0, GridField::Time::last, "1"}};
  return info;
}

GridDataSetInfo flow_grid_info(const FlowDataParameters &parameters)
{
  GridDataSetInfo info = grid_info("torus_flow", parameters.flow, parameters.sampling);
  info.times = parameters.times();
  info.parameters["forcing_amplitude"] = parameters.forcing_amplitude;
  info.fields = {{"w", 0, GridField::Time::every, "1"}};
  return info;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/parameters.h>
#include <solvers/step_gate.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <type_traits>

namespace understudy
{
namespace
{
constexpr double least_band = 1e-8; ///< of the enstrophy

/// b with 2^b <= sqrt(k_squared) < 2^(b+1).
std::size_t band_of(std::size_t k_squared)
{
  return (static_cast<std::size_t>(std::bit_width(k_squared)) - 1) / 2;
}

std::size_t n_bands(std::size_t cutoff)
{
  return band_of(2 * cutoff * cutoff) + 1;
}

/// Logarithms of energy, enstrophy and bands.
std::vector<double> logarithms(const VorticityStatistics &state)
{
  std::vector<double> all = {std::log(state.energy), std::log(state.enstrophy)};
  for (const double band : state.bands)
    all.push_back(std::log(std::max(band, least_band * state.enstrophy)));
  return all;
}

double relative_mean(const VorticityStatistics &state)
{
  return std::abs(state.mean) / std::sqrt(2. * state.enstrophy);
}

std::string between(double lower, double upper)
{
  return number_text(std::exp(lower), 3) + " to " + number_text(std::exp(upper), 3);
}

bool near(double a, double b)
{
  return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}
} // namespace

VorticityStatistics statistics_of(const TorusVorticity &flow,
                                  std::span<const TorusVorticity::Complex> modes)
{
  if (modes.size() != flow.n_modes())
    throw std::invalid_argument("statistics_of: " + std::to_string(modes.size()) +
                                " modes where there must be " + std::to_string(flow.n_modes()));
  const std::size_t K = flow.cutoff(), width = 2 * K + 1;
  const double scale = 2. * std::numbers::pi / flow.parameters().side;
  VorticityStatistics state;
  state.mean = modes[0].real();
  state.bands.assign(n_bands(K), 0.);
  for (std::size_t i = 1; i < modes.size(); ++i)
  {
    const std::size_t k1 = std::min(i % width, width - i % width), k2 = i / width;
    const std::size_t k_squared = k1 * k1 + k2 * k2;
    // Lines with k2 > 0 stand for their conjugates, too.
    const double part = (k2 == 0 ? 0.5 : 1.) * std::norm(modes[i]);
    state.bands[band_of(k_squared)] += part;
    state.energy += part / (scale * scale * static_cast<double>(k_squared));
  }
  for (const double band : state.bands)
    state.enstrophy += band;
  return state;
}

void StepGateMargin::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  add_number(prm, "Share", share,
             "Widening of a range of energy, enstrophy or an octave, or of its change over an "
             "interval, on each side as a share of its width [1]",
             Double(0., 1000.));
  add_number(prm, "Least widening", least,
             "Of the logarithm of such a quantity; 0.1 is about 10 % [1]", Double(0., 100.));
  add_number(prm, "Largest widening", most,
             "Of the logarithm of such a quantity; 0.7 is a factor of two [1]", Double(0., 100.));
  add_number(prm, "Mean", mean,
             "Mean of the vorticity that a learned step may have beyond that of the exact ones, "
             "relative to its standard deviation [1]",
             Double(0., 1.));
}

std::vector<std::string> StepGateMargin::problems() const
{
  std::vector<std::string> found;
  for (const auto &[name, value] : {std::pair("share", share), std::pair("least widening", least),
                                    std::pair("largest widening", most), std::pair("mean", mean)})
    if (!(std::isfinite(value) && value >= 0.))
      found.push_back("The " + std::string(name) +
                      " in the margin of the gate of learned steps is " + number_text(value) +
                      "; it must be finite and >= 0.");
  return found;
}

StepGate::Setting StepGate::setting_of(const TorusVorticity &flow)
{
  const TorusVorticityParameters &p = flow.parameters();
  return {p.n, p.cutoff, p.side, p.viscosity, p.drag, p.beta};
}

StepGate StepGate::calibrate(const TorusVorticity &flow, double interval,
                             std::span<const std::vector<double>> trajectories,
                             const StepGateMargin &margin)
{
  if (const auto found = margin.problems(); !found.empty())
    throw UserError(found.front());
  const std::size_t size = flow.n() * flow.n();
  const double infinity = std::numeric_limits<double>::infinity();
  StepGate gate;
  gate.setting_ = setting_of(flow);
  gate.interval_ = interval;
  gate.levels_.assign(2 + n_bands(flow.cutoff()), {infinity, -infinity});
  gate.changes_ = gate.levels_;
  const auto widen = [](Range &range, double x) {
    range = {std::min(range.lower, x), std::max(range.upper, x)};
  };

  std::vector<TorusVorticity::Complex> modes(flow.n_modes());
  for (std::size_t t = 0; t < trajectories.size(); ++t)
  {
    const std::vector<double> &w = trajectories[t];
    const std::string of = "Trajectory " + std::to_string(t) + " for the gate of learned steps ";
    if (w.size() < 2 * size || w.size() % size != 0)
      throw UserError(of + "has " + std::to_string(w.size()) + " values; there must be " +
                      std::to_string(size) + " for each of two states or more.");
    std::vector<double> last, now;
    for (std::size_t s = 0; s < w.size() / size; ++s, last = now)
    {
      flow.to_modes({w.data() + s * size, size}, modes);
      const VorticityStatistics state = statistics_of(flow, modes);
      if (!std::isfinite(state.enstrophy) || !(state.enstrophy > 0.))
        throw UserError(of + "is at rest or not finite in its state " + std::to_string(s) + ".");
      now = logarithms(state);
      gate.largest_mean_ = std::max(gate.largest_mean_, relative_mean(state));
      for (std::size_t i = 0; i < now.size(); ++i)
      {
        widen(gate.levels_[i], now[i]);
        if (s > 0)
          widen(gate.changes_[i], now[i] - last[i]);
      }
      gate.n_steps_ += s > 0;
    }
  }
  if (gate.n_steps_ == 0)
    throw UserError("The gate of learned steps needs a trajectory to be calibrated on.");
  gate.largest_mean_ += margin.mean;
  for (auto *ranges : {&gate.levels_, &gate.changes_})
    for (Range &range : *ranges)
    {
      const double by = margin.widening(range.upper - range.lower);
      range = {range.lower - by, range.upper + by};
    }
  if (const std::string problem = gate.problem(); !problem.empty())
    throw UserError("The gate of learned steps makes no sense: " + problem);
  return gate;
}

std::string StepGate::quantity(std::size_t i) const
{
  return i == 0   ? "energy"
         : i == 1 ? "enstrophy"
                  : "enstrophy at wave numbers from " + std::to_string(1u << (i - 2)) + " to " +
                      std::to_string(1u << (i - 1));
}

std::string StepGate::level_reason(const char *subject, const VorticityStatistics &state) const
{
  const std::vector<double> now = logarithms(state);
  for (std::size_t i = 0; i < now.size(); ++i)
    if (!levels_[i].contains(now[i]))
      return "The " + quantity(i) + " " + subject + " is " + number_text(std::exp(now[i]), 3) +
             "; the exact steps allow " + between(levels_[i].lower, levels_[i].upper) + ".";
  return {};
}

std::string StepGate::reason(const VorticityStatistics &before) const
{
  return level_reason("before the step", before);
}

std::string StepGate::reason(const VorticityStatistics &before,
                             const VorticityStatistics &after) const
{
  if (std::string level = level_reason("after the learned step", after); !level.empty())
    return level;
  if (!(relative_mean(after) <= largest_mean_))
    return "The mean vorticity after the learned step is " + number_text(relative_mean(after), 3) +
           " of its standard deviation; at most " + number_text(largest_mean_, 3) + " is allowed.";
  const std::vector<double> last = logarithms(before), now = logarithms(after);
  for (std::size_t i = 0; i < now.size(); ++i)
    if (!changes_[i].contains(now[i] - last[i]))
      return "The " + quantity(i) + " changes by a factor of " +
             number_text(std::exp(now[i] - last[i]), 3) +
             " in the learned step; the exact steps allow " +
             between(changes_[i].lower, changes_[i].upper) + ".";
  return {};
}

void StepGate::require(const TorusVorticity &flow, double interval) const
{
  const Setting other = setting_of(flow);
  const auto compare = [](const char *name, double mine, double theirs)
  {
    if (!near(mine, theirs))
      throw UserError("The gate of learned steps was calibrated for the " + std::string(name) +
                      " " + number_text(mine) + ", but that of the flow is " + number_text(theirs) +
                      ".");
  };
  compare("number of grid points per direction", static_cast<double>(setting_.n),
          static_cast<double>(other.n));
  compare("cutoff", static_cast<double>(setting_.cutoff), static_cast<double>(other.cutoff));
  compare("side", setting_.side, other.side);
  compare("viscosity", setting_.viscosity, other.viscosity);
  compare("drag", setting_.drag, other.drag);
  compare("beta", setting_.beta, other.beta);
  compare("interval", interval_, interval);
}

/// Visits every entry of the stored form with its name.
template <class Gate, class Visitor>
void StepGate::visit(Gate &gate, Visitor &&entry)
{
  entry("n", gate.setting_.n);
  entry("cutoff", gate.setting_.cutoff);
  entry("side", gate.setting_.side);
  entry("viscosity", gate.setting_.viscosity);
  entry("drag", gate.setting_.drag);
  entry("beta", gate.setting_.beta);
  entry("interval", gate.interval_);
  entry("steps", gate.n_steps_);
  entry("mean", gate.largest_mean_);
  entry("levels", gate.levels_);
  entry("changes", gate.changes_);
}

nlohmann::json StepGate::to_json() const
{
  nlohmann::json json = nlohmann::json::object();
  visit(*this,
        [&json](const char *name, const auto &value)
        {
          if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
            json[name] = value;
          else
            for (const Range &range : value)
              json[name].push_back({range.lower, range.upper});
        });
  return json;
}

StepGate StepGate::from_json(const nlohmann::json &json, const std::string &source)
{
  const auto refuse = [&source](const std::string &why)
  { throw UserError("The gate of learned steps in '" + source + "' is refused: " + why); };
  const auto number = [&refuse](const char *name, const nlohmann::json &value)
  {
    if (!value.is_number())
      refuse(std::string("'") + name + "' is no number.");
    return value.get<double>();
  };
  if (!json.is_object())
    refuse("it is no JSON object.");
  StepGate gate;
  std::size_t n_known = 0;
  const auto read = [&](const char *name, auto &value)
  {
    using Value = std::decay_t<decltype(value)>;
    if (!json.contains(name))
      refuse(std::string("it has no '") + name + "'.");
    ++n_known;
    const nlohmann::json &entry = json[name];
    if constexpr (std::is_same_v<Value, double>)
      value = number(name, entry);
    else if constexpr (std::is_same_v<Value, std::size_t>)
    {
      if (!entry.is_number_integer() || entry < 0 || entry > 1000000000000)
        refuse(std::string("'") + name + "' is no whole number up to 1e12.");
      value = entry.template get<std::size_t>();
    }
    else
    {
      if (!entry.is_array() || entry.size() > 64)
        refuse(std::string("'") + name + "' is no list of up to 64 ranges.");
      for (const nlohmann::json &pair : entry)
      {
        if (!pair.is_array() || pair.size() != 2)
          refuse(std::string("'") + name + "' holds something else than pairs of limits.");
        value.push_back({number(name, pair[0]), number(name, pair[1])});
      }
    }
  };
  visit(gate, read);
  if (json.size() != n_known)
    for (const auto &[name, value] : json.items())
      if (!gate.to_json().contains(name))
        refuse("it has an unknown entry '" + name + "'.");
  if (const std::string problem = gate.problem(); !problem.empty())
    refuse(problem);
  return gate;
}

/// What makes no sense in the numbers; empty when nothing.
std::string StepGate::problem() const
{
  const TorusVorticityParameters flow = {.n = setting_.n,
                                         .cutoff = setting_.cutoff,
                                         .side = setting_.side,
                                         .viscosity = setting_.viscosity,
                                         .drag = setting_.drag,
                                         .beta = setting_.beta};
  if (const auto found = flow.problems(); !found.empty())
    return found.front();
  if (setting_.cutoff == 0)
    return "The cutoff is 0; it must be 1 at least.";
  if (!(std::isfinite(interval_) && interval_ > 0.))
    return "The interval is " + number_text(interval_) + "; it must be finite and > 0.";
  if (n_steps_ == 0)
    return "It was calibrated on no step.";
  if (!(std::isfinite(largest_mean_) && largest_mean_ >= 0.))
    return "The limit of the mean is " + number_text(largest_mean_) + "; it must be >= 0.";
  for (const auto *ranges : {&levels_, &changes_})
  {
    if (ranges->size() != 2 + n_bands(setting_.cutoff))
      return "A cutoff of " + std::to_string(setting_.cutoff) + " asks for " +
             std::to_string(2 + n_bands(setting_.cutoff)) + " ranges, not " +
             std::to_string(ranges->size()) + ".";
    for (const Range &range : *ranges)
      if (!(std::isfinite(range.lower) && std::isfinite(range.upper) && range.lower <= range.upper))
        return "A range goes from " + number_text(range.lower) + " to " + number_text(range.upper) +
               ".";
  }
  return {};
}
} // namespace understudy

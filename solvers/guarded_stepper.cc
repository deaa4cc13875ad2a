// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/timing.h>
#include <solvers/guarded_stepper.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace understudy
{
namespace
{
/// Throws UserError unless the map makes w_next of w on plane grids.
void check_map(const FieldMapInfo &info)
{
  const bool fits = info.domain == FieldMapInfo::Domain::grid && info.dimension == 2 &&
                    info.input_fields.size() == 1 && info.input_fields[0].name == "w" &&
                    info.input_scalars.empty() && info.output_fields.size() == 1 &&
                    info.output_fields[0].name == "w_next";
  if (!fits)
    throw UserError("'" + info.name +
                    "' cannot make steps of a flow on the torus: it must map the field 'w' on a "
                    "plane grid, without scalars, to 'w_next'.");
  if (info.input_fields[0].unit != info.output_fields[0].unit)
    throw UserError("'" + info.name + "' takes 'w' in " + info.input_fields[0].unit +
                    " but gives 'w_next' in " + info.output_fields[0].unit +
                    "; a step must keep the unit.");
}

std::size_t steps_per_interval(double interval, double dt)
{
  const double steps = interval / dt;
  if (!(steps > 0.5 && steps < 1e9 && std::abs(steps - std::round(steps)) <= 1e-9 * steps))
    throw UserError("The interval of the learned steps is " + number_text(interval) +
                    "; it must be a multiple of the time step of the solver, " + number_text(dt) +
                    ".");
  return static_cast<std::size_t>(std::llround(steps));
}
} // namespace

void GuardedStepperParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.add_parameter("Recovery", recovery,
                    "Intervals that are solved exactly after one that was refused, before the map "
                    "is asked again [1]",
                    Integer(0, 1000000));
  prm.add_parameter("Re-anchor", re_anchor,
                    "One interval is solved exactly after so many learned ones in a row; 0: never "
                    "[1]",
                    Integer(0, 1000000));
}

std::vector<std::string> GuardedStepperParameters::problems() const
{
  if (std::isfinite(interval) && interval > 0.)
    return {};
  return {"The interval of the learned steps is " + number_text(interval) +
          "; it must be finite and > 0."};
}

const char *to_string(StepMaker maker)
{
  switch (maker)
  {
  case StepMaker::learned:
    return "learned";
  case StepMaker::refused:
    return "refused";
  case StepMaker::recovering:
    return "recovering";
  case StepMaker::anchoring:
    return "anchoring";
  }
  return "unknown";
}

GuardedStepper::GuardedStepper(TorusVorticity &exact, FieldMap &map, StepGate gate,
                               const GuardedStepperParameters &parameters, MPI_Comm comm)
  : exact_(exact),
    map_(map),
    gate_(std::move(gate)),
    parameters_(parameters),
    comm_(comm),
    grid_(exact.parameters().grid())
{
  if (const auto found = parameters.problems(); !found.empty())
    throw UserError(found.front());
  check_map(map.info());
  gate_.require(exact, parameters.interval);
  steps_ = steps_per_interval(parameters.interval, exact.parameters().time_step);

  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  const auto size = static_cast<long long>(grid_.size());
  for (long long r = 0; r < n_ranks; ++r)
  {
    block_begins_.push_back(static_cast<int>(size * r / n_ranks));
    block_sizes_.push_back(static_cast<int>(size * (r + 1) / n_ranks) - block_begins_.back());
  }
  const int rank = rank_in(comm);
  nodes_.resize(block_sizes_[rank]);
  std::iota(nodes_.begin(), nodes_.end(), static_cast<unsigned>(block_begins_[rank]));
  before_.resize(grid_.size());
  next_.resize(grid_.size());
  modes_.resize(exact.n_modes());
}

void GuardedStepper::restore(const State &state)
{
  recovering_ = state.recovering;
  learned_in_row_ = state.learned_in_row;
  counts_ = state.counts;
}

StepOutcome GuardedStepper::advance_interval()
{
  const double begin = seconds_now();
  StepOutcome outcome = make_step();
  outcome.seconds = seconds_now() - begin;
  return outcome;
}

StepOutcome GuardedStepper::make_step()
{
  if (recovering_ > 0)
  {
    --recovering_;
    return solve(StepMaker::recovering, "The solver takes over for a while after a refused step.");
  }
  if (parameters_.re_anchor > 0 && learned_in_row_ >= parameters_.re_anchor)
    return solve(StepMaker::anchoring, "The solver takes over after " +
                                         std::to_string(learned_in_row_) +
                                         " learned steps in a row.");
  exact_.vorticity(before_);
  if (const std::string reason = ask(); !reason.empty())
  {
    recovering_ = parameters_.recovery;
    const StepOutcome outcome = solve(StepMaker::refused, reason);
    if (sink_)
    {
      exact_.vorticity(next_);
      sink_(before_, next_);
    }
    return outcome;
  }
  accept();
  ++counts_.learned;
  ++learned_in_row_;
  return {};
}

StepOutcome GuardedStepper::solve(StepMaker maker, const std::string &reason)
{
  exact_.advance(steps_);
  learned_in_row_ = 0;
  ++(maker == StepMaker::refused      ? counts_.refused
     : maker == StepMaker::recovering ? counts_.recovering
                                      : counts_.anchoring);
  return {maker, reason, 0.};
}

/// Puts the learned step from before_ into next_ and its modes into modes_.
/// @return what there is against it; empty when nothing
std::string GuardedStepper::ask()
{
  const VorticityStatistics before = statistics_of(exact_, exact_.modes());
  if (std::string reason = on_rank_0(comm_, [&] { return gate_.reason(before); }); !reason.empty())
    return reason;
  ++counts_.asked;
  FieldQuery query;
  query.grid = &grid_;
  query.nodes = nodes_;
  query.fields = {
    {map_.info().input_fields[0], {before_.data() + block_begins_[rank_in(comm_)], nodes_.size()}}};
  FieldAnswer answer;
  map_.evaluate(query, answer);
  if (answer.health != Health::ok)
    return answer.reason.empty()
             ? "'" + map_.info().name + "' says of its own step: " + to_string(answer.health) + "."
             : answer.reason;
  gather(answer);
  return on_rank_0(comm_, [&] { return judge(before); });
}

/// The values of all ranks to all ranks, in next_.
void GuardedStepper::gather(const FieldAnswer &answer)
{
  const std::vector<double> *mine = nullptr;
  on_all_ranks(comm_,
               [&]
               {
                 mine = &answer.field("w_next").mean;
                 if (mine->size() != nodes_.size())
                   throw std::logic_error("'" + map_.info().name + "' gave " +
                                          std::to_string(mine->size()) + " values at " +
                                          std::to_string(nodes_.size()) + " nodes.");
               });
  MPI_Allgatherv(mine->data(), static_cast<int>(mine->size()), MPI_DOUBLE, next_.data(),
                 block_sizes_.data(), block_begins_.data(), MPI_DOUBLE, comm_);
}

/// What finiteness and gate have against next_. Local.
std::string GuardedStepper::judge(const VorticityStatistics &before)
{
  if (!std::ranges::all_of(next_, [](double w) { return std::isfinite(w); }))
    return "'" + map_.info().name + "' gave a step with values that are not finite.";
  exact_.to_modes(next_, modes_);
  return gate_.reason(before, statistics_of(exact_, modes_));
}

void GuardedStepper::accept()
{
  double mean = 0.;
  for (const double w : next_)
    mean += w / static_cast<double>(next_.size());
  for (double &w : next_)
    w -= mean;
  exact_.set_vorticity(next_, exact_.time() + parameters_.interval);
}
} // namespace understudy

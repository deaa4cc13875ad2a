// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/timing.h>
#include <operators/maps/guarded_map.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
namespace
{
constexpr unsigned free_iterations = 3; ///< evaluations of a step in which a point may move back
constexpr std::size_t own_hints = 3;    ///< choice, refusals, estimate / limit
constexpr double near_limit = 0.5;      ///< of the limit: an estimate above it may soon exceed it

// Memory: [0] the last audited step + 1, then for each map but the last: audited, violations, the
// raised quantile or 0, and the largest error / estimate found.
constexpr std::size_t tally_begin(std::size_t level)
{
  return 1 + 4 * level;
}

bool usable(Health health)
{
  return health == Health::ok || health == Health::outside_training_range;
}

/// A number in [0, 1) that depends on all arguments (splitmix64).
double draw(std::uint64_t seed, std::uint64_t step, std::uint64_t id)
{
  std::uint64_t x = seed;
  for (const std::uint64_t more : {step, id})
  {
    x += 0x9e3779b97f4a7c15u + more * 0xd1342543de82ef95u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
  }
  return static_cast<double>(x >> 11) * 0x1p-53;
}

std::vector<double> outputs_of(const PointBatch &outputs, std::size_t point)
{
  std::vector<double> y(outputs.n_components());
  for (std::size_t c = 0; c < y.size(); ++c)
    y[c] = outputs(c, point);
  return y;
}
} // namespace

GuardedMap::GuardedMap(const std::string &name, std::vector<GuardLevel> levels, AuditPlan plan,
                       MPI_Comm comm)
  : levels_(std::move(levels)), plan_(std::move(plan)), comm_(comm)
{
  if (levels_.empty())
    throw UserError("A guarded chain needs at least one model.");
  info_ = levels_.front().map->info();
  info_.name = name;
  info_.lower.assign(info_.inputs.size(), -std::numeric_limits<double>::infinity());
  info_.upper.assign(info_.inputs.size(), std::numeric_limits<double>::infinity());
  info_.hint_size = own_hints;
  info_.memory_size = tally_begin(levels_.size() - 1);
  for (const GuardLevel &level : levels_)
  {
    hint_begin_.push_back(info_.hint_size);
    info_.hint_size += level.map->info().hint_size;
    info_.symmetric_tangent = info_.symmetric_tangent && level.map->info().symmetric_tangent;
  }
}

std::vector<std::string> GuardedMap::answerers() const
{
  std::vector<std::string> names;
  for (const GuardLevel &level : levels_)
    names.push_back(level.map->info().name);
  return names;
}

GuardedMap::AuditTally GuardedMap::tally(std::size_t level, const std::vector<double> &memory) const
{
  AuditTally tally{0, 0, levels_.at(level).quantile};
  if (last(level) || memory.empty())
    return tally;
  const double *stored = &memory.at(tally_begin(level));
  tally.audited = static_cast<std::size_t>(stored[0]);
  tally.violations = static_cast<std::size_t>(stored[1]);
  tally.quantile = std::max(tally.quantile, stored[2]);
  return tally;
}

double GuardedMap::limit(std::size_t level, const std::vector<double> &memory) const
{
  const double quantile = last(level) ? 0. : tally(level, memory).quantile;
  return quantile > 0. ? plan_.tolerance / quantile : std::numeric_limits<double>::infinity();
}

void GuardedMap::set_limits(const PointQuery &query)
{
  static const std::vector<double> beginning;
  const std::vector<double> &memory = query.memory ? *query.memory : beginning;
  limits_.resize(levels_.size());
  for (std::size_t l = 0; l < levels_.size(); ++l)
    limits_[l] = limit(l, memory);
}

bool GuardedMap::inside_box(std::size_t level, const PointQuery &query, std::size_t point) const
{
  const PointMapInfo &box = levels_[level].map->info();
  for (std::size_t c = 0; c < box.inputs.size(); ++c)
  {
    const double x = (*query.inputs)(c, point);
    const double slack = 1e-12 * std::max(std::abs(box.lower[c]), std::abs(box.upper[c]));
    if (x < box.lower[c] - slack || x > box.upper[c] + slack)
      return false;
  }
  return true;
}

/// The point moves on to the next map.
void GuardedMap::refuse(Call &call, std::size_t point, Refusal why) const
{
  const unsigned level = call.level[point]++;
  if (level < 4)
    call.answer.refusals[point] |=
      static_cast<std::uint8_t>(static_cast<unsigned>(why) << 2 * level);
}

/// Lets a map answer some points. @param only_estimate leaves all but the error estimate alone
void GuardedMap::ask(Call &call, std::size_t level, const Points &points, bool estimate,
                     bool only_estimate)
{
  PointMap &map = *levels_[level].map;
  const std::size_t n = points.size(), n_hints = map.info().hint_size, begin = hint_begin_[level];
  inputs_.reshape(info_.inputs.size(), n);
  hints_.reshape(n_hints, n);
  for (std::size_t c = 0; c < info_.inputs.size(); ++c)
    for (std::size_t i = 0; i < n; ++i)
      inputs_(c, i) = (*call.query.inputs)(c, points[i]);
  for (std::size_t k = 0; k < n_hints; ++k)
    for (std::size_t i = 0; i < n; ++i)
      hints_(k, i) = call.query.hints ? (*call.query.hints)(begin + k, points[i]) : 0.;
  PointQuery query = call.query;
  query.inputs = &inputs_;
  query.hints = n_hints > 0 ? &hints_ : nullptr;
  query.want_tangent = call.query.want_tangent && !only_estimate;
  query.want_estimate = estimate;
  query.want_outputs = !only_estimate;
  query.memory = nullptr;
  query.ids = nullptr;
  // A model that throws on one rank must not leave the others in the collective call of the next.
  on_all_ranks(comm_, [&] { map.evaluate(query, part_); });
  counters_.evaluations += n;

  PointAnswer &answer = call.answer;
  for (std::size_t i = 0; i < n; ++i)
    answer.error_estimate[points[i]] = part_.error_estimate[i];
  if (only_estimate)
    return;
  for (std::size_t c = 0; c < answer.outputs.n_components(); ++c)
    for (std::size_t i = 0; i < n; ++i)
      answer.outputs(c, points[i]) = part_.outputs(c, i);
  for (std::size_t c = 0; c < answer.tangent.n_components(); ++c)
    for (std::size_t i = 0; i < n; ++i)
      answer.tangent(c, points[i]) = part_.tangent(c, i);
  for (std::size_t i = 0; i < n; ++i)
  {
    answer.health[points[i]] = part_.health[i];
    answer.answered_by[points[i]] = static_cast<std::uint8_t>(level);
  }
  for (std::size_t k = 0; call.query.hints && k < n_hints; ++k)
    for (std::size_t i = 0; i < n; ++i)
      (*call.query.hints)(begin + k, points[i]) = hints_(k, i);
}

/// Answers the pending points, which begin at their level in the call.
void GuardedMap::answer_points(Call &call)
{
  for (std::size_t l = 0; l < levels_.size(); ++l)
  {
    // The first map is only asked for the estimates of points in doubt; the others cost more
    // anyway.
    trusted_.clear();
    checked_.clear();
    for (std::size_t p = 0; p < pending_.size(); ++p)
      if (pending_[p] && call.level[p] == l)
      {
        if (!last(l) && !inside_box(l, call.query, p))
          refuse(call, p, Refusal::outside_box);
        else
          (l == 0 && !last(l) && !doubtful_[p] ? trusted_ : checked_).push_back(p);
      }
    for (const bool estimate : {false, true})
    {
      const Points &points = estimate ? checked_ : trusted_;
      if (!estimate && l > 0)
        continue;
      ask(call, l, points, estimate, false);
      for (const std::size_t p : points)
        if (last(l))
          continue;
        else if (!usable(call.answer.health[p]))
          refuse(call, p, Refusal::no_answer);
        else if (estimate && levels_[l].quantile > 0. &&
                 !(call.answer.error_estimate[p] <= call.limits[l]))
          refuse(call, p, Refusal::indicator);
    }
  }
}

void GuardedMap::store_choices(const Call &call) const
{
  for (std::size_t p = 0; call.query.hints && p < call.level.size(); ++p)
  {
    (*call.query.hints)(0, p) = call.level[p];
    (*call.query.hints)(1, p) = call.answer.refusals[p];
    const double ratio = call.answer.error_estimate[p] / call.limits[call.level[p]];
    if (!last(call.level[p]) && std::isfinite(ratio))
      (*call.query.hints)(2, p) = ratio;
  }
}

void GuardedMap::evaluate(const PointQuery &query, PointAnswer &answer)
{
  prepare_answer(info_, query, answer);
  screen_inputs(info_, query, answer);
  const std::size_t n = query.inputs->n_points();
  const bool locked = query.iteration >= free_iterations;
  set_limits(query);
  level_.assign(n, 0);
  pending_.assign(n, 0);
  doubtful_.assign(n, 1);
  Call call{query, answer, limits_, level_};
  for (std::size_t p = 0; p < n; ++p)
  {
    pending_[p] = answer.health[p] != Health::not_finite;
    if (!query.hints) // a caller without memory will not confirm either
      continue;
    const double stored = (*query.hints)(0, p);
    const auto choice = static_cast<std::uint8_t>(
      stored >= 0. ? std::min(stored, static_cast<double>(levels_.size() - 1)) : 0.);
    doubtful_[p] = choice > 0 || (*query.hints)(2, p) > near_limit;
    if (locked && choice > 0)
    {
      call.level[p] = choice;
      answer.refusals[p] = static_cast<std::uint8_t>(std::clamp((*query.hints)(1, p), 0., 255.));
    }
  }
  answer_points(call);
  store_choices(call);
  blank_unusable(answer);
}

/// Estimates of the points that were trusted without. @return whether one was refused, here
bool GuardedMap::check_estimates(Call &call)
{
  const std::size_t n = call.level.size();
  pending_.assign(n, 0); // those that are refused here
  doubtful_.assign(n, 1);
  bool any = false;
  for (std::size_t l = 0; !last(l); ++l)
  {
    checked_.clear();
    for (std::size_t p = 0; levels_[l].quantile > 0. && p < n; ++p)
      if (call.level[p] == l && !pending_[p] && usable(call.answer.health[p]) &&
          std::isnan(call.answer.error_estimate[p]))
        checked_.push_back(p);
    ask(call, l, checked_, true, true);
    for (std::size_t p = 0; levels_[l].quantile > 0. && p < n; ++p)
      if (call.level[p] == l && !pending_[p] && usable(call.answer.health[p]) &&
          !(call.answer.error_estimate[p] <= call.limits[l]))
      {
        refuse(call, p, Refusal::indicator);
        pending_[p] = any = true;
      }
  }
  answer_points(call);
  return any;
}

/// @return whether the limits were tightened, which is equal on all ranks
bool GuardedMap::audit(Call &call)
{
  const std::size_t n_watched = levels_.size() - 1;
  std::vector<double> &memory = *call.query.memory;
  memory[0] = call.query.step + 1.;
  Points drawn;
  for (std::size_t p = 0; p < call.level.size(); ++p)
    if (!last(call.level[p]) && usable(call.answer.health[p]) &&
        levels_[call.level[p]].quantile > 0. &&
        draw(plan_.seed, call.query.step, (*call.query.ids)[p]) < plan_.share)
      drawn.push_back(p);
  PointAnswer exact;
  PointQuery query = call.query;
  query.want_tangent = false;
  query.hints = nullptr;
  exact.outputs.reshape(info_.outputs.size(), call.level.size());
  exact.health.assign(call.level.size(), Health::ok);
  exact.error_estimate.resize(call.level.size());
  exact.answered_by.resize(call.level.size());
  std::vector<std::uint8_t> level = call.level;
  const std::vector<double> none;
  Call aside{query, exact, none, level};
  ask(aside, n_watched, drawn, false, false);

  std::vector<double> counts(2 * n_watched, 0.), largest(n_watched, 0.);
  for (const std::size_t p : drawn)
  {
    if (!usable(exact.health[p]))
      continue;
    const std::size_t l = call.level[p];
    const double error =
      plan_.error(outputs_of(call.answer.outputs, p), outputs_of(exact.outputs, p));
    const double ratio = error / std::max(call.answer.error_estimate[p], 1e-300);
    ++counts[2 * l];
    counts[2 * l + 1] += ratio > tally(l, memory).quantile ? 1. : 0.;
    largest[l] = std::max(largest[l], ratio);
  }
  MPI_Allreduce(MPI_IN_PLACE, counts.data(), static_cast<int>(counts.size()), MPI_DOUBLE, MPI_SUM,
                comm_);
  MPI_Allreduce(MPI_IN_PLACE, largest.data(), static_cast<int>(largest.size()), MPI_DOUBLE, MPI_MAX,
                comm_);
  bool tightened = false;
  for (std::size_t l = 0; l < n_watched; ++l)
  {
    double *stored = &memory[tally_begin(l)];
    stored[0] += counts[2 * l];
    stored[1] += counts[2 * l + 1];
    stored[3] = std::max(stored[3], largest[l]);
    if (counts[2 * l + 1] > 0. && stored[1] > plan_.nominal * stored[0])
    {
      stored[2] = stored[3];
      tightened = true;
    }
  }
  return tightened;
}

bool GuardedMap::confirm(const PointQuery &query, PointAnswer &answer)
{
  set_limits(query);
  level_.assign(answer.answered_by.begin(), answer.answered_by.end());
  Call call{query, answer, limits_, level_};
  const auto on_any_rank = [this](bool here)
  {
    int any = here ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, comm_);
    return any == 1;
  };
  const auto settle = [&]
  {
    const double begin = seconds_now();
    const bool changed = check_estimates(call);
    store_choices(call);
    blank_unusable(answer);
    counters_.checking += seconds_now() - begin;
    return on_any_rank(changed);
  };
  if (settle())
    return true;
  if (!(plan_.share > 0.) || !query.memory || !query.ids || levels_.size() < 2 ||
      (*query.memory)[0] == query.step + 1.)
    return false;
  const double begin = seconds_now();
  const bool tightened = audit(call);
  counters_.audit += seconds_now() - begin;
  if (!tightened)
    return false;
  set_limits(query);
  return settle();
}
} // namespace understudy

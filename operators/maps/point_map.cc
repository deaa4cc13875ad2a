// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <operators/maps/point_map.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
const char *to_string(Health health)
{
  switch (health)
  {
  case Health::ok:
    return "ok";
  case Health::outside_training_range:
    return "outside_training_range";
  case Health::not_converged:
    return "not_converged";
  case Health::not_finite:
    return "not_finite";
  }
  return "unknown";
}

const char *to_string(Refusal refusal)
{
  switch (refusal)
  {
  case Refusal::none:
    return "none";
  case Refusal::outside_box:
    return "outside_box";
  case Refusal::indicator:
    return "indicator";
  case Refusal::no_answer:
    return "no_answer";
  }
  return "unknown";
}

void prepare_answer(const PointMapInfo &info, const PointQuery &query, PointAnswer &answer)
{
  const std::size_t n = query.inputs->n_points();
  if (query.inputs->n_components() != info.inputs.size())
    throw UserError("'" + info.name + "' has " + std::to_string(info.inputs.size()) +
                    " inputs, but was asked with " + std::to_string(query.inputs->n_components()) +
                    ".");
  if (query.hints &&
      (query.hints->n_components() != info.hint_size || query.hints->n_points() != n))
    throw UserError("'" + info.name + "' keeps " + std::to_string(info.hint_size) +
                    " numbers for each of the " + std::to_string(n) + " points, but was given " +
                    std::to_string(query.hints->n_components()) + " for " +
                    std::to_string(query.hints->n_points()) + ".");
  answer.outputs.reshape(info.outputs.size(), n);
  std::fill_n(answer.outputs.data(), info.outputs.size() * n, 0.);
  const std::size_t n_tangent = query.want_tangent ? info.outputs.size() * info.inputs.size() : 0;
  answer.tangent.reshape(n_tangent, n);
  std::fill_n(answer.tangent.data(), n_tangent * n, 0.);
  answer.health.assign(n, Health::ok);
  answer.error_estimate.assign(n, std::numeric_limits<double>::quiet_NaN());
  answer.answered_by.assign(n, 0);
  answer.refusals.assign(n, 0);
}

std::size_t screen_inputs(const PointMapInfo &info, const PointQuery &query, PointAnswer &answer)
{
  const std::size_t n = query.inputs->n_points();
  for (std::size_t c = 0; c < info.inputs.size(); ++c)
  {
    const double slack = 1e-12 * std::max(std::abs(info.lower[c]), std::abs(info.upper[c]));
    const auto x = query.inputs->component(c);
    for (std::size_t p = 0; p < n; ++p)
      if (!std::isfinite(x[p]))
        answer.health[p] = Health::not_finite;
      else if ((x[p] < info.lower[c] - slack || x[p] > info.upper[c] + slack) &&
               answer.health[p] == Health::ok)
        answer.health[p] = Health::outside_training_range;
  }
  return n - std::count(answer.health.begin(), answer.health.end(), Health::not_finite);
}

void blank_unusable(PointAnswer &answer)
{
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t p = 0; p < answer.health.size(); ++p)
    if (answer.health[p] == Health::not_converged || answer.health[p] == Health::not_finite)
    {
      for (std::size_t c = 0; c < answer.outputs.n_components(); ++c)
        answer.outputs(c, p) = nan;
      for (std::size_t c = 0; c < answer.tangent.n_components(); ++c)
        answer.tangent(c, p) = nan;
      if (answer.health[p] == Health::not_finite)
        answer.error_estimate[p] = nan;
    }
}
} // namespace understudy

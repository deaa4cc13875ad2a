// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/lbfgs.h>

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <utility>

namespace understudy
{
namespace
{
using Vector = std::vector<double>;

double dot(const Vector &a, const Vector &b)
{
  return cblas_ddot(static_cast<int>(a.size()), a.data(), 1, b.data(), 1);
}
void add(double factor, const Vector &a, Vector &b)
{
  cblas_daxpy(static_cast<int>(a.size()), factor, a.data(), 1, b.data(), 1);
}

using Pair = LbfgsState::Pair;

// - H g by the two-loop recursion
Vector direction(const std::deque<Pair> &pairs, const Vector &g)
{
  Vector d = g;
  std::vector<double> alpha(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;)
  {
    alpha[i] = pairs[i].rho * dot(pairs[i].s, d);
    add(-alpha[i], pairs[i].y, d);
  }
  if (!pairs.empty())
  {
    const double gamma = 1. / (pairs.back().rho * dot(pairs.back().y, pairs.back().y));
    for (double &v : d)
      v *= gamma;
  }
  for (std::size_t i = 0; i < pairs.size(); ++i)
    add(alpha[i] - pairs[i].rho * dot(pairs[i].y, d), pairs[i].s, d);
  for (double &v : d)
    v = -v;
  return d;
}

struct Trial
{
  double t = 0., f = 0., slope = 0.;
  Vector x, g;
};

// Minimum of the cubic through values and slopes of both ends, kept inside by a tenth of the
// interval
double cubic_step(const Trial &a, const Trial &b)
{
  const double d1 = a.slope + b.slope - 3. * (a.f - b.f) / (a.t - b.t);
  const double square = d1 * d1 - a.slope * b.slope;
  const double low = std::min(a.t, b.t), high = std::max(a.t, b.t), margin = 0.1 * (high - low);
  double t = 0.5 * (low + high);
  if (square >= 0.)
  {
    const double d2 = std::copysign(std::sqrt(square), b.t - a.t);
    const double cubic = b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2. * d2);
    if (std::isfinite(cubic))
      t = cubic;
  }
  return std::clamp(t, low + margin, high - margin);
}

enum class Search
{
  found,
  failed,
  told_to_stop
};

// Strong Wolfe search from @p start, where the slope is @p slope, along d; the best point is in
// @p best.
Search line_search(const Objective &f, const LbfgsState &start, double slope, const Vector &d,
                   double first_step, const std::function<bool()> &may_go_on, Trial &best)
{
  constexpr double c1 = 1e-4, c2 = 0.9;
  constexpr unsigned max_trials = 25;
  const auto probe = [&](double t)
  {
    Trial trial;
    trial.t = t;
    trial.x = start.x;
    add(t, d, trial.x);
    trial.g.resize(trial.x.size());
    trial.f = f(trial.x, trial.g);
    trial.slope = dot(trial.g, d);
    return trial;
  };
  const auto too_high = [&](const Trial &a)
  { return !std::isfinite(a.f) || a.f > start.f + c1 * a.t * slope; };

  Trial low{0., start.f, slope, start.x, start.gradient}, high;
  bool bracketed = false;
  double t = first_step;
  for (unsigned i = 0; i < max_trials; ++i)
  {
    if (!may_go_on())
    {
      best = std::move(low);
      return Search::told_to_stop;
    }
    Trial now = probe(t);
    if (too_high(now) || (now.f >= low.f && low.t > 0.))
    {
      high = std::move(now);
      bracketed = true;
    }
    else
    {
      if (std::abs(now.slope) <= -c2 * slope)
      {
        best = std::move(now);
        return Search::found;
      }
      if (!bracketed && now.slope >= 0.)
      {
        high = std::exchange(low, std::move(now));
        bracketed = true;
      }
      else if (!bracketed)
      {
        t = std::min(10. * now.t, std::max(2. * now.t, cubic_step(low, now)));
        low = std::move(now);
        continue;
      }
      else if (now.slope * (high.t - low.t) >= 0.)
        high = std::exchange(low, std::move(now));
      else
        low = std::move(now);
    }
    if (std::abs(high.t - low.t) <= 1e-14 * std::max(1., low.t))
      break;
    t = std::isfinite(high.f) ? cubic_step(low, high) : 0.5 * (low.t + high.t);
  }
  best = std::move(low);
  return best.t > 0. ? Search::found : Search::failed;
}
/// Appends the step from @p before to @p after unless its curvature is too small to be trusted.
void remember(std::deque<Pair> &pairs, const LbfgsState &before, const Trial &after,
              unsigned history)
{
  Pair pair{after.x, after.g, 0.};
  add(-1., before.x, pair.s);
  add(-1., before.gradient, pair.y);
  const double sy = dot(pair.s, pair.y);
  if (!(sy > 1e-16 * dot(pair.y, pair.y)))
    return;
  pair.rho = 1. / sy;
  pairs.push_back(std::move(pair));
  if (pairs.size() > history)
    pairs.pop_front();
}
} // namespace

void LbfgsState::save(ModelFile &file, const std::string &prefix) const
{
  Vector all_s, all_y, all_rho;
  for (const Pair &pair : pairs)
  {
    all_s.insert(all_s.end(), pair.s.begin(), pair.s.end());
    all_y.insert(all_y.end(), pair.y.begin(), pair.y.end());
    all_rho.push_back(pair.rho);
  }
  file.add(prefix + "x", {x.size()}, x);
  file.add(prefix + "gradient", {x.size()}, gradient);
  file.add(prefix + "f", {}, {f});
  file.add(prefix + "s", {pairs.size(), x.size()}, std::move(all_s));
  file.add(prefix + "y", {pairs.size(), x.size()}, std::move(all_y));
  file.add(prefix + "rho", {pairs.size()}, std::move(all_rho));
}

LbfgsState LbfgsState::load(const ModelFile &file, const std::string &prefix)
{
  LbfgsState state;
  const auto shape = file.shape(prefix + "x");
  state.x = file.tensor(prefix + "x", shape);
  const std::size_t n = state.x.size();
  state.gradient = file.tensor(prefix + "gradient", {n});
  state.f = file.tensor(prefix + "f", {})[0];
  const auto n_pairs = file.shape(prefix + "rho");
  const Vector &all_rho = file.tensor(prefix + "rho", n_pairs);
  const Vector &all_s = file.tensor(prefix + "s", {all_rho.size(), n});
  const Vector &all_y = file.tensor(prefix + "y", {all_rho.size(), n});
  for (std::size_t i = 0; i < all_rho.size(); ++i)
  {
    const auto first = static_cast<std::ptrdiff_t>(i * n),
               last = static_cast<std::ptrdiff_t>((i + 1) * n);
    state.pairs.push_back({{all_s.begin() + first, all_s.begin() + last},
                           {all_y.begin() + first, all_y.begin() + last},
                           all_rho[i]});
  }
  return state;
}

bool minimise_lbfgs(const Objective &f, std::vector<double> &x, unsigned history,
                    const std::function<bool()> &may_go_on, const AcceptedStep &accepted,
                    const LbfgsWatch &watch, const LbfgsState *from)
{
  LbfgsState now;
  if (from)
    now = *from;
  else
  {
    if (!may_go_on())
      return false;
    now.x = x;
    now.gradient.resize(x.size());
    now.f = f(now.x, now.gradient);
  }
  x = now.x;
  for (;;)
  {
    const Vector d = direction(now.pairs, now.gradient);
    const double slope = dot(now.gradient, d);
    if (slope >= 0. && !now.pairs.empty())
    {
      now.pairs.clear();
      continue;
    }
    const double norm = std::sqrt(dot(now.gradient, now.gradient));
    if (norm == 0. || !std::isfinite(norm))
      return true;
    if (watch)
      watch(now);
    Trial next;
    const double first_step = now.pairs.empty() ? std::min(1., 1. / norm) : 1.;
    const Search search = line_search(f, now, slope, d, first_step, may_go_on, next);
    if (next.t > 0.)
    {
      x = next.x;
      if (!accepted(x, next.f))
        return false;
    }
    if (search == Search::told_to_stop)
      return false;
    if (search == Search::failed)
    {
      if (now.pairs.empty())
        return true;
      now.pairs.clear();
      continue;
    }
    remember(now.pairs, now, next, history);
    now.x = std::move(next.x);
    now.gradient = std::move(next.g);
    now.f = next.f;
  }
}
} // namespace understudy

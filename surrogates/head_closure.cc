// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/plane_strain.h>
#include <surrogates/head_closure.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
namespace
{
/// C <- (C + C^T) / 2 at every point.
void symmetrise(PointBatch &tangent)
{
  for (unsigned i = 0; i < 3; ++i)
    for (unsigned j = i + 1; j < 3; ++j)
    {
      const auto upper = tangent.component(3 * i + j), lower = tangent.component(3 * j + i);
      for (std::size_t p = 0; p < upper.size(); ++p)
        upper[p] = lower[p] = 0.5 * (upper[p] + lower[p]);
    }
}

/// Marks the points where an entry is not finite.
void screen_outputs(const PointBatch &outputs, std::vector<Health> &health)
{
  for (std::size_t c = 0; c < outputs.n_components(); ++c)
  {
    const auto y = outputs.component(c);
    for (std::size_t p = 0; p < y.size(); ++p)
      if (!std::isfinite(y[p]))
        health[p] = std::max(health[p], Health::not_converged);
  }
}
} // namespace

HeadClosure::HeadClosure(const std::string &name, std::unique_ptr<const Head> head,
                         const StrainBox &box, bool symmetric_tangent)
  : head_(std::move(head)), info_(plane_strain_info(name))
{
  if (head_->n_inputs() != 3 || head_->n_outputs() != 3)
    throw UserError("The closure '" + name + "' needs a head with 3 inputs and 3 outputs, not " +
                    std::to_string(head_->n_inputs()) + " and " +
                    std::to_string(head_->n_outputs()) + ".");
  info_.lower = box.lower();
  info_.upper = box.upper();
  info_.symmetric_tangent = symmetric_tangent;
}

const PointBatch &HeadClosure::finite_inputs(const PointQuery &query, const PointAnswer &answer)
{
  const std::size_t n = query.inputs->n_points();
  screened_.reshape(3, n);
  for (unsigned c = 0; c < 3; ++c)
    for (std::size_t p = 0; p < n; ++p)
      screened_(c, p) = answer.health[p] == Health::not_finite ? 0. : (*query.inputs)(c, p);
  return screened_;
}

void HeadClosure::evaluate(const PointQuery &query, PointAnswer &answer)
{
  prepare_answer(info_, query, answer);
  const std::size_t n = query.inputs->n_points();
  if (n == 0)
    return;
  const bool all_finite = screen_inputs(info_, query, answer) == n;
  const PointBatch &E = all_finite ? *query.inputs : finite_inputs(query, answer);
  head_->evaluate(n, E.data(), answer.outputs.data(),
                  query.want_tangent ? answer.tangent.data() : nullptr);
  if (query.want_tangent && info_.symmetric_tangent)
    symmetrise(answer.tangent);
  screen_outputs(answer.outputs, answer.health);
  screen_outputs(answer.tangent, answer.health);
  blank_unusable(answer);
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/rve_closure.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace understudy
{
RveClosure::RveClosure(std::shared_ptr<Rve> rve, std::shared_ptr<const RveGuess> guess)
  : rve_(std::move(rve)), guess_(std::move(guess)), info_(plane_strain_info("rve"))
{
  info_.hint_size = guess_ ? 0 : rve_->discretisation().n_dofs();
  info_.symmetric_tangent = rve_->has_potential();
}

RveAnswer RveClosure::solve(const std::array<double, 3> &E, std::vector<double> &w,
                            bool want_tangent)
{
  // Zeros are a cold start; a fluctuation that is exactly zero is a cold start in effect, too.
  const bool cold = std::all_of(w.begin(), w.end(), [](double v) { return v == 0.; });
  bool from_start = false;
  if (!(guess_ && guess_->guess(E, w)) && cold)
  {
    rve_->elastic_guess(E, w);
    from_start = true;
  }
  RveAnswer answer = rve_->solve(E, w, want_tangent);
  if (!answer.converged && !from_start)
  {
    ++counters_.retries;
    rve_->elastic_guess(E, w);
    answer = rve_->solve(E, w, want_tangent);
  }
  ++counters_.solves;
  counters_.iterations += answer.iterations;
  counters_.factorizations += answer.factorizations;
  return answer;
}

void RveClosure::evaluate(const PointQuery &query, PointAnswer &answer)
{
  prepare_answer(info_, query, answer);
  screen_inputs(info_, query, answer);
  const std::size_t n = query.inputs->n_points();
  std::vector<double> w(rve_->discretisation().n_dofs());
  const bool remembers = query.hints && info_.hint_size > 0;
  for (std::size_t p = 0; p < n; ++p)
  {
    if (answer.health[p] == Health::not_finite)
      continue;
    const std::array<double, 3> E = {(*query.inputs)(0, p), (*query.inputs)(1, p),
                                     (*query.inputs)(2, p)};
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] = remembers ? (*query.hints)(i, p) : 0.;
    const RveAnswer point = solve(E, w, query.want_tangent);
    answer.error_estimate[p] = point.residual;
    if (!point.converged)
    {
      answer.health[p] = Health::not_converged;
      continue;
    }
    for (unsigned i = 0; i < 3; ++i)
      answer.outputs(i, p) = point.stress[i];
    for (unsigned i = 0; i < answer.tangent.n_components(); ++i)
      answer.tangent(i, p) = point.tangent[i];
    if (remembers)
      for (std::size_t i = 0; i < w.size(); ++i)
        (*query.hints)(i, p) = w[i];
  }
  blank_unusable(answer);
}

void RveClosure::reconstruct(const std::vector<double> &x, std::vector<double> &displacement,
                             std::vector<double> &stress)
{
  const std::array<double, 3> E = {x[0], x[1], x[2]};
  std::vector<double> w(rve_->discretisation().n_dofs(), 0.);
  const RveAnswer answer = solve(E, w, false);
  rve_->discretisation().nodal_displacement(E, w.data(), displacement);
  const PointBatch &s = rve_->stress();
  stress.resize(3 * s.n_points());
  for (std::size_t q = 0; q < s.n_points(); ++q)
    for (unsigned i = 0; i < 3; ++i)
      stress[3 * q + i] = answer.converged ? s(i, q) : std::numeric_limits<double>::quiet_NaN();
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/plane_strain.h>
#include <surrogates/equino.h>
#include <surrogates/equino_indicator.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace understudy
{
Equino::Equino(const CardedModel &model, const ClosureOptions &options)
  : info_(plane_strain_info(model.card.kind)),
    matrix_law_(material_laws().create(model.card.matrix.law, model.card.matrix)),
    fibre_law_(material_laws().create(model.card.fibre.law, model.card.fibre)),
    symmetrise_(options.symmetric_tangent),
    a_(load_head(model.file, "a/")),
    b_(load_head(model.file, "b/"))
{
  const ModelFile &file = model.file;
  if (a_->n_inputs() != 3 || b_->n_inputs() != 3)
    throw UserError("The model '" + file.path() + "' has a branch that does not have 3 inputs.");
  info_.symmetric_tangent = symmetrise_;
  const std::size_t r = b_->n_outputs();
  stress_ = b_->folded(file.tensor("H", {3, r}).data(), 3);
  info_.lower = model.card.box.lower();
  info_.upper = model.card.box.upper();
  if (options.indicator)
    indicator_ = std::make_unique<EquinoIndicator>(file, *a_, *b_, *matrix_law_, *fibre_law_);
}

Equino::~Equino() = default;

std::vector<double> Equino::displacement_coefficients(const std::array<double, 3> &E) const
{
  std::vector<double> a(a_->n_outputs());
  a_->evaluate(1, E.data(), a.data(), nullptr);
  return a;
}

std::vector<double> Equino::stress_coefficients(const std::array<double, 3> &E) const
{
  std::vector<double> b(b_->n_outputs());
  b_->evaluate(1, E.data(), b.data(), nullptr);
  return b;
}

void Equino::evaluate(const PointQuery &query, PointAnswer &answer)
{
  prepare_answer(info_, query, answer);
  const std::size_t n = query.inputs->n_points();
  const double *x = query.inputs->data();
  if (screen_inputs(info_, query, answer) < n)
  {
    // The heads are only defined for numbers: a point without them is computed at zero and blanked.
    scratch_.assign(x, x + 3 * n);
    for (std::size_t p = 0; p < n; ++p)
      if (answer.health[p] == Health::not_finite)
        for (unsigned i = 0; i < 3; ++i)
          scratch_[i * n + p] = 0.;
    x = scratch_.data();
  }
  if (query.want_tangent || query.want_outputs)
    stress_->evaluate(n, x, answer.outputs.data(),
                      query.want_tangent ? answer.tangent.data() : nullptr);
  if (indicator_ && query.want_estimate)
    indicator_->evaluate(n, x, answer.error_estimate.data());
  if (query.want_tangent && symmetrise_)
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < i; ++j)
      {
        const auto lower = answer.tangent.component(3 * i + j);
        const auto upper = answer.tangent.component(3 * j + i);
        for (std::size_t p = 0; p < n; ++p)
          lower[p] = upper[p] = (lower[p] + upper[p]) / 2;
      }
  const auto spoils = [&answer](std::span<const double> values)
  {
    for (std::size_t p = 0; p < values.size(); ++p)
      if (!std::isfinite(values[p]) && answer.health[p] != Health::not_finite)
        answer.health[p] = Health::not_converged;
  };
  for (std::size_t c = 0; c < answer.outputs.n_components(); ++c)
    spoils(std::as_const(answer.outputs).component(c));
  for (std::size_t c = 0; c < answer.tangent.n_components(); ++c)
    spoils(std::as_const(answer.tangent).component(c));
  blank_unusable(answer);
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <solvers/rve_closure.h>
#include <surrogates/equino.h>
#include <surrogates/equino_indicator.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace understudy
{
Equino::Equino(const std::string &name, const ModelFile &file, const ClosureRequest &request)
  : info_(plane_strain_info(name)),
    rve_(request.rve),
    symmetrise_(request.symmetric_tangent),
    a_(load_head(file, "a/")),
    b_(load_head(file, "b/"))
{
  info_.symmetric_tangent = symmetrise_;
  const std::size_t r = b_->n_outputs();
  stress_ = b_->folded(file.tensor("H", {3, r}).data(), 3);
  info_.upper = file.tensor("box", {3});
  for (unsigned i = 0; i < 3; ++i)
    info_.lower[i] = -info_.upper[i];
  if (request.indicator)
    indicator_ = std::make_unique<EquinoIndicator>(file, *stress_, *a_, *b_, rve_->matrix_law(),
                                                   rve_->fibre_law());
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
  const bool estimate = indicator_ && query.want_estimate;
  if (query.want_tangent || !estimate)
    stress_->evaluate(n, x, answer.outputs.data(),
                      query.want_tangent ? answer.tangent.data() : nullptr);
  if (estimate)
    indicator_->evaluate(n, x, query.want_tangent ? nullptr : answer.outputs.data(),
                         answer.error_estimate.data());
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

std::unique_ptr<Equino> make_equino(const std::string &name, const ClosureRequest &request)
{
  std::unique_ptr<Equino> equino;
  on_all_ranks(request.comm,
               [&]
               {
                 MicroModelCard card;
                 const ModelFile file = read_model(request.models / (name + ".safetensors"), name,
                                                   request.micro, request.norm, card);
                 equino = std::make_unique<Equino>(name, file, request);
                 check_probe(file, *equino);
               });
  return equino;
}

EquinoFields::EquinoFields(std::shared_ptr<const Equino> equino,
                           std::shared_ptr<const MicroBasis> basis, std::shared_ptr<const Rve> rve)
  : equino_(std::move(equino)), basis_(std::move(basis)), rve_(std::move(rve))
{
}

void EquinoFields::reconstruct(const std::vector<double> &x, std::vector<double> &displacement,
                               std::vector<double> &stress)
{
  const std::array<double, 3> E = {x[0], x[1], x[2]};
  const auto a = equino_->displacement_coefficients(E), b = equino_->stress_coefficients(E);
  std::vector<double> w(basis_->n_dofs, 0.);
  for (std::size_t k = 0; k < basis_->n_modes; ++k)
    for (std::size_t i = 0; i < basis_->n_dofs; ++i)
      w[i] += a[k] * basis_->phi_w[k * basis_->n_dofs + i];
  rve_->discretisation().nodal_displacement(E, w.data(), displacement);
  const std::size_t n = basis_->n_points;
  stress.assign(3 * n, 0.);
  for (std::size_t k = 0; k < basis_->n_modes; ++k)
    for (unsigned i = 0; i < 3; ++i)
      for (std::size_t q = 0; q < n; ++q)
        stress[3 * q + i] += b[k] * basis_->phi_s[(3 * k + i) * n + q];
}
} // namespace understudy

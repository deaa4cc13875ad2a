// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <surrogates/equino_training.h>

#include <utility>

namespace understudy
{
std::unique_ptr<Equino> make_equino(const std::string &name, const ClosureRequest &request)
{
  std::unique_ptr<Equino> equino;
  on_all_ranks(request.comm,
               [&]
               {
                 const CardedModel model = read_model(name, request);
                 equino = std::make_unique<Equino>(model, request);
                 check_probe(model.file, *equino);
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

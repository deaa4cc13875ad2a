// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <surrogates/galerkin_training.h>

#include <Eigen/Dense>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace understudy
{
namespace
{
using Eigen::Index;
using Eigen::MatrixXd;

void require_fit(const MicroBasis &basis, const Rve &rve)
{
  const RveDiscretisation &d = rve.discretisation();
  if (basis.n_points != d.n_points() || basis.n_matrix_points != d.n_matrix_points() ||
      basis.n_dofs != d.n_dofs())
    throw UserError("The basis has " + std::to_string(basis.n_points) + " quadrature points and " +
                    std::to_string(basis.n_dofs) + " unknowns, but the RVE has " +
                    std::to_string(d.n_points()) + " and " + std::to_string(d.n_dofs()) + ".");
  if (basis.n_modes > GalerkinRom::max_modes)
    throw UserError("A Galerkin ROM has at most " + std::to_string(GalerkinRom::max_modes) +
                    " modes, but the basis has " + std::to_string(basis.n_modes) + ".");
}

/// Stress fields that span the training snapshots, [3 n_points][n]: compressed in the energy norm,
/// so that equilibrium in the matrix counts as much as in the stiffer fibre.
MatrixXd stress_fields(const MicroBasis &basis, const DataSets &data, double tolerance)
{
  const Index n = static_cast<Index>(basis.n_points);
  const std::vector<double> s = data.read_all("train", "stress");
  MatrixXd S = Eigen::Map<const MatrixXd>(s.data(), 3 * n, static_cast<Index>(s.size()) / (3 * n));
  Eigen::VectorXd scale(3 * n);
  for (Index q = 0; q < n; ++q)
    for (Index i = 0; i < 3; ++i)
      scale[i * n + q] = std::sqrt(basis.weights[q] / basis.C0(q)[4 * i]);
  S = scale.asDiagonal() * S;
  S = compress_columns(S, tolerance);
  return scale.cwiseInverse().asDiagonal() * S;
}

/// phi_e,k^T s_j for all modes k, and the components of s_j divided by the square root of the mean
/// stiffness, which brings both to the size of the energy norm: [n_points][(n_modes + 3) * n].
MatrixXd integrands(const MicroBasis &basis, const MatrixXd &fields)
{
  const Index n = static_cast<Index>(basis.n_points), r = static_cast<Index>(basis.n_modes);
  std::array<double, 3> stiffness{};
  for (Index q = 0; q < n; ++q)
    for (unsigned i = 0; i < 3; ++i)
      stiffness[i] += basis.weights[q] * basis.C0(q)[4 * i];
  const Eigen::Map<const MatrixXd> phi(basis.phi_e.data(), 3 * n, r);
  MatrixXd X(n, fields.cols() * (r + 3));
  Index column = 0;
  for (Index j = 0; j < fields.cols(); ++j)
  {
    const auto s = [&](Index i) { return fields.col(j).segment(i * n, n); };
    for (Index k = 0; k < r; ++k)
    {
      const auto e = [&](Index i) { return phi.col(k).segment(i * n, n); };
      X.col(column++) = e(0).cwiseProduct(s(0)) + e(1).cwiseProduct(s(1)) + e(2).cwiseProduct(s(2));
    }
    for (Index i = 0; i < 3; ++i)
      X.col(column++) = s(i) / std::sqrt(stiffness[i]);
  }
  return X;
}
} // namespace

GalerkinRom reduce_galerkin(const MicroBasis &basis, const DataSets &data, const Rve &rve,
                            const GalerkinParameters &parameters)
{
  require_fit(basis, rve);
  Cubature cubature;
  if (parameters.hyper_reduction)
    cubature = empirical_cubature(
      integrands(basis, stress_fields(basis, data, parameters.cubature.truncation)), basis.weights,
      parameters.cubature);
  else
  {
    cubature.points.resize(basis.n_points);
    std::iota(cubature.points.begin(), cubature.points.end(), 0);
    cubature.weights = basis.weights;
    cubature.residual = 0.;
  }
  GalerkinRom rom;
  rom.n_modes = basis.n_modes;
  rom.n_points = cubature.points.size();
  rom.n_rve_points = basis.n_points;
  rom.n_rve_matrix_points = basis.n_matrix_points;
  rom.n_matrix_points = static_cast<std::size_t>(
    std::lower_bound(cubature.points.begin(), cubature.points.end(), basis.n_matrix_points) -
    cubature.points.begin());
  rom.points.assign(cubature.points.begin(), cubature.points.end());
  rom.weights = cubature.weights;
  rom.phi_e = basis.at_points(basis.phi_e, cubature.points);
  rom.phi_s = basis.at_points(basis.phi_s, cubature.points);
  rom.matrix = rve.parameters().matrix;
  rom.fibre = rve.parameters().fibre;
  rom.cubature_residual = cubature.residual;
  rom.n_functions = cubature.n_functions;
  return rom;
}

GalerkinFields::GalerkinFields(const GalerkinRom &rom, std::shared_ptr<const MicroBasis> basis,
                               std::shared_ptr<const Rve> rve)
  : solver_(rom), basis_(std::move(basis)), rve_(std::move(rve))
{
  require_fit(*basis_, *rve_);
  if (basis_->n_modes != rom.n_modes)
    throw UserError("The Galerkin ROM has " + std::to_string(rom.n_modes) +
                    " modes, but the basis has " + std::to_string(basis_->n_modes) +
                    "; run the stage 'train' again.");
}

bool GalerkinFields::guess(const std::array<double, 3> &E, std::vector<double> &w) const
{
  Eigen::VectorXd a = Eigen::VectorXd::Zero(static_cast<Index>(basis_->n_modes));
  if (!solver_.solve(E, a.data(), false, false).converged)
    return false;
  w.resize(basis_->n_dofs);
  Eigen::Map<Eigen::VectorXd>(w.data(), static_cast<Index>(w.size())) =
    Eigen::Map<const MatrixXd>(basis_->phi_w.data(), static_cast<Index>(basis_->n_dofs),
                               static_cast<Index>(basis_->n_modes)) *
    a;
  return true;
}

void GalerkinFields::reconstruct(const std::vector<double> &x, std::vector<double> &displacement,
                                 std::vector<double> &stress)
{
  const std::array<double, 3> E = {x[0], x[1], x[2]};
  const RveDiscretisation &d = rve_->discretisation();
  std::vector<double> w;
  if (!guess(E, w))
  {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    displacement.assign(2 * d.n_nodes(), nan);
    stress.assign(3 * d.n_points(), nan);
    return;
  }
  d.nodal_displacement(E, w.data(), displacement);
  PointBatch e, s;
  d.strains(E, w.data(), e);
  rve_->apply_laws(e, s, nullptr);
  stress.resize(3 * d.n_points());
  for (std::size_t q = 0; q < d.n_points(); ++q)
    for (unsigned i = 0; i < 3; ++i)
      stress[3 * q + i] = s(i, q);
}

GalerkinRom train_galerkin_rom(const GalerkinParameters &parameters, const MicroBasis &basis,
                               const DataSets &data, const Rve &rve, MicroModelCard card,
                               const std::filesystem::path &path)
{
  GalerkinRom rom = reduce_galerkin(basis, data, rve, parameters);
  ModelFile file;
  rom.save(file);
  GalerkinRomClosure closure(rom, card.box);
  const PointBatch E = probe_strains(card.box);
  PointQuery query;
  query.inputs = &E;
  query.want_tangent = false;
  PointAnswer answer;
  closure.evaluate(query, answer);
  if (std::any_of(answer.health.begin(), answer.health.end(),
                  [](Health h) { return h != Health::ok; }))
    throw SolverError("The Galerkin ROM with " + std::to_string(rom.n_modes) + " modes and " +
                      std::to_string(rom.n_points) +
                      " points finds no solution for a strain of its training range.");
  card.kind = "pod-galerkin";
  card.matrix = rom.matrix;
  card.fibre = rom.fibre;
  write_model_card(file, card, E, answer.outputs);
  file.write(path.string());
  return rom;
}
} // namespace understudy

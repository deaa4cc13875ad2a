// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <solvers/rve_closure.h>
#include <surrogates/equino.h>

#include <Eigen/Dense>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace understudy
{
/// Few points at which the law is compared with the stress branch. Values of all points of a batch
/// are made by one matrix product each: [3 n_points] x [n_modes] times coefficients.
struct Equino::IndicatorPoints
{
  using Matrix = Eigen::MatrixXd;
  std::size_t n = 0, n_matrix = 0;
  Matrix phi_e, phi_s;      ///< [3 n][n_modes], three rows of each point in turn
  Matrix U_matrix, U_fibre; ///< C0^{-1} = U^T U
  double scale = 1.; ///< energy norm of the training stress at these points, root mean square
  std::vector<double> a, b;
  Matrix strain, stress;       ///< [3 n][block]
  PointBatch e_block, s_block; ///< law inputs and outputs, all points of all samples of a block

  /// Samples handled at once: their fields stay in the second-level cache.
  static constexpr std::size_t block = 32;
};

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
  if (!request.indicator)
    return;

  indicator_ = std::make_unique<IndicatorPoints>();
  IndicatorPoints &points = *indicator_;
  points.n = file.shape("indicator/phi_e").front() / 3;
  points.n_matrix = static_cast<std::size_t>(file.tensor("indicator/n_matrix", {}).front());
  if (points.n_matrix > points.n)
    throw UserError("The model '" + file.path() +
                    "' has more matrix points than indicator points.");
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto matrix = [&file](const std::string &tensor, std::size_t rows, std::size_t columns)
  {
    return IndicatorPoints::Matrix(
      Eigen::Map<const RowMajor>(file.tensor(tensor, {rows, columns}).data(), rows, columns));
  };
  points.phi_e = matrix("indicator/phi_e", 3 * points.n, a_->n_outputs());
  points.phi_s = matrix("indicator/phi_s", 3 * points.n, r);
  points.U_matrix = matrix("indicator/U_matrix", 3, 3);
  points.U_fibre = matrix("indicator/U_fibre", 3, 3);
  points.scale = file.tensor("indicator/scale", {}).front();
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
  stress_->evaluate(n, x, answer.outputs.data(),
                    query.want_tangent ? answer.tangent.data() : nullptr);
  if (query.want_tangent && symmetrise_)
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < i; ++j)
      {
        const auto lower = answer.tangent.component(3 * i + j);
        const auto upper = answer.tangent.component(3 * j + i);
        for (std::size_t p = 0; p < n; ++p)
          lower[p] = upper[p] = (lower[p] + upper[p]) / 2;
      }
  if (indicator_ && query.want_estimate)
  {
    PointBatch inputs(3, n);
    std::copy_n(x, 3 * n, inputs.data());
    indicate(inputs, answer);
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

void Equino::indicate(const PointBatch &inputs, PointAnswer &answer)
{
  IndicatorPoints &points = *indicator_;
  const std::size_t n = inputs.n_points(), rows = 3 * points.n, r = b_->n_outputs();
  points.a.resize(r * n);
  points.b.resize(r * n);
  a_->evaluate(n, inputs.data(), points.a.data(), nullptr);
  b_->evaluate(n, inputs.data(), points.b.data(), nullptr);
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> a(points.a.data(), r, n), b(points.b.data(), r, n),
    E(inputs.data(), 3, n);

  for (std::size_t first = 0; first < n; first += IndicatorPoints::block)
  {
    const std::size_t m = std::min(IndicatorPoints::block, n - first);
    points.strain.noalias() = points.phi_e * a.middleCols(first, m);
    points.stress.noalias() = points.phi_s * b.middleCols(first, m);
    points.e_block.reshape(3, points.n * m);
    points.s_block.reshape(3, points.n * m);
    // All matrix points of all samples first, so that each law is one call.
    const std::size_t n_matrix = points.n_matrix * m, n_fibre = points.n * m - n_matrix;
    const auto place = [&](std::size_t point, std::size_t sample)
    {
      return point < points.n_matrix ? point * m + sample
                                     : n_matrix + (point - points.n_matrix) * m + sample;
    };
    for (std::size_t q = 0; q < points.n; ++q)
      for (unsigned i = 0; i < 3; ++i)
        for (std::size_t p = 0; p < m; ++p)
          points.e_block(i, place(q, p)) = E(i, first + p) + points.strain(3 * q + i, p);
    const auto part = [](PointBatch &f, std::size_t k)
    {
      return Components{f.component(0).data() + k, f.component(1).data() + k,
                        f.component(2).data() + k};
    };
    const auto strain_part = [&](std::size_t k)
    {
      const Components c = part(points.e_block, k);
      return ConstComponents{c[0], c[1], c[2]};
    };
    rve_->matrix_law().evaluate(n_matrix, strain_part(0), part(points.s_block, 0), {});
    rve_->fibre_law().evaluate(n_fibre, strain_part(n_matrix), part(points.s_block, n_matrix), {});
    for (std::size_t p = 0; p < m; ++p)
    {
      double sum = 0.;
      for (std::size_t q = 0; q < rows / 3; ++q)
      {
        const Eigen::Matrix3d &U = q < points.n_matrix
                                     ? Eigen::Map<const Eigen::Matrix3d>(points.U_matrix.data())
                                     : Eigen::Map<const Eigen::Matrix3d>(points.U_fibre.data());
        Eigen::Vector3d d;
        for (unsigned i = 0; i < 3; ++i)
          d[i] = points.stress(3 * q + i, p) - points.s_block(i, place(q, p));
        sum += (U * d).squaredNorm();
      }
      answer.error_estimate[first + p] =
        std::sqrt(sum / static_cast<double>(points.n)) / points.scale;
    }
  }
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

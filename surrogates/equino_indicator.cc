// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/processor_clones.h>
#include <data/store/model_file.h>
#include <operators/nn/head_meta.h>
#include <operators/nn/mlp.h>
#include <operators/nn/odd_rbf.h>
#include <surrogates/equino_indicator.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace understudy
{
namespace
{
/// Samples handled at once, as many as the heads take in one go, and points: their fields stay in
/// the second-level cache.
constexpr std::size_t block = 64, group_size = 16;

/// sum[p] += sum_q |t_q,p - U s_q,p|^2.  @param t, s [3][n_points][n]
UNDERSTUDY_CLONES void add_squares(std::size_t n_points, std::size_t n, const double *U,
                                   const double *t, const double *s, double *__restrict sum)
{
  for (std::size_t q = 0; q < n_points; ++q)
  {
    const double *t0 = t + q * n, *t1 = t0 + n_points * n, *t2 = t1 + n_points * n;
    const double *s0 = s + q * n, *s1 = s0 + n_points * n, *s2 = s1 + n_points * n;
    for (std::size_t p = 0; p < n; ++p)
    {
      const double d0 = t0[p] - (U[0] * s0[p] + U[1] * s1[p] + U[2] * s2[p]);
      const double d1 = t1[p] - (U[3] * s0[p] + U[4] * s1[p] + U[5] * s2[p]);
      const double d2 = t2[p] - (U[6] * s0[p] + U[7] * s1[p] + U[8] * s2[p]);
      sum[p] += d0 * d0 + d1 * d1 + d2 * d2;
    }
  }
}

/// (I, phi) of points [first, first + n).  @param phi [3 n_all][r], three rows of each point in
/// turn
PackedMatrix<float> strain_rows(const std::vector<double> &phi, std::size_t r, std::size_t first,
                                std::size_t n)
{
  std::vector<double> rows(3 * n * (3 + r), 0.);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t q = 0; q < n; ++q)
    {
      double *row = &rows[(i * n + q) * (3 + r)];
      row[i] = 1.;
      std::copy_n(&phi[(3 * (first + q) + i) * r], r, row + 3);
    }
  return PackedMatrix<float>::pack(3 * n, 3 + r, rows.data());
}

/// U phi of the same points.
PackedMatrix<float> stress_rows(const std::vector<double> &phi, const std::array<double, 9> &U,
                                std::size_t r, std::size_t first, std::size_t n)
{
  std::vector<double> rows(3 * n * r, 0.);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t q = 0; q < n; ++q)
      for (std::size_t j = 0; j < 3; ++j)
        for (std::size_t k = 0; k < r; ++k)
          rows[(i * n + q) * r + k] += U[3 * i + j] * phi[(3 * (first + q) + j) * r + k];
  return PackedMatrix<float>::pack(3 * n, r, rows.data());
}

/// (f, g) as one interpolant in single precision, whose radial functions are computed once; null
/// where the two are no interpolants with equal centres.
std::unique_ptr<Head> rough_pair(const Head &f, const Head &g)
{
  const auto *first = dynamic_cast<const OddRbf *>(&f);
  const auto *second = dynamic_cast<const OddRbf *>(&g);
  if (first == nullptr || second == nullptr)
    return nullptr;
  OddRbf::Coefficients c = first->coefficients();
  const OddRbf::Coefficients &d = second->coefficients();
  if (c.hermite != d.hermite || c.scale != d.scale || c.centres != d.centres)
    return nullptr;
  c.linear.insert(c.linear.end(), d.linear.begin(), d.linear.end());
  c.radial.insert(c.radial.end(), d.radial.begin(), d.radial.end());
  return std::make_unique<OddRbf>(std::move(c), Precision::single);
}

/// A copy in single precision; of what has no such form, the product with the identity.
std::unique_ptr<Head> rough_copy(const Head &head)
{
  if (const auto *mlp = dynamic_cast<const Mlp *>(&head))
    return std::make_unique<Mlp>(mlp->weights(), Precision::single);
  if (const auto *rbf = dynamic_cast<const OddRbf *>(&head))
    return std::make_unique<OddRbf>(rbf->coefficients(), Precision::single);
  const std::size_t n = head.n_outputs();
  std::vector<double> identity(n * n, 0.);
  for (std::size_t i = 0; i < n; ++i)
    identity[i * n + i] = 1.;
  return head.folded(identity.data(), n);
}
} // namespace

EquinoIndicator::EquinoIndicator(const ModelFile &file, const Head &a, const Head &b,
                                 const MaterialLaw &matrix, const MaterialLaw &fibre)
  : n_a_(a.n_outputs()), n_b_(b.n_outputs())
{
  if (auto pair = rough_pair(b, a))
    branches_.push_back(std::move(pair));
  else
    for (const Head *branch : {&b, &a})
      branches_.push_back(rough_copy(*branch));
  n_points_ = matrix_shape(file, "indicator/phi_e")[0] / 3;
  const double stated = file.tensor("indicator/n_matrix", {}).front();
  if (!(stated >= 0. && stated <= static_cast<double>(n_points_)))
    throw UserError("The model '" + file.path() + "' has not 0 to " + std::to_string(n_points_) +
                    " matrix points among its indicator points.");
  const auto n_matrix = static_cast<std::size_t>(stated);
  const auto phi_e = file.tensor("indicator/phi_e", {3 * n_points_, n_a_});
  const auto phi_s = file.tensor("indicator/phi_s", {3 * n_points_, n_b_});
  scale_ = file.tensor("indicator/scale", {}).front();
  const auto add_groups =
    [&](const MaterialLaw &law, const char *factor, std::size_t first, std::size_t end)
  {
    const auto U_tensor = file.tensor(factor, {3, 3});
    std::array<double, 9> U;
    std::copy(U_tensor.begin(), U_tensor.end(), U.begin());
    for (std::size_t q = first; q < end; q += group_size)
    {
      const std::size_t n = std::min(group_size, end - q);
      groups_.push_back(
        {&law, n, strain_rows(phi_e, n_a_, q, n), stress_rows(phi_s, U, n_b_, q, n), U});
    }
  };
  add_groups(matrix, "indicator/U_matrix", 0, n_matrix);
  add_groups(fibre, "indicator/U_fibre", n_matrix, n_points_);
  E_and_a_.resize((3 + n_a_) * block);
  b_and_a_.resize((n_b_ + n_a_) * block);
  sum_.resize(block);
  for (auto *field : {&strain_, &law_stress_, &nn_stress_})
    field->resize(3 * group_size * block);
}

void EquinoIndicator::evaluate(std::size_t n, const double *E, double *estimate)
{
  for (std::size_t first = 0; first < n; first += block)
  {
    const std::size_t m = std::min(block, n - first);
    for (std::size_t i = 0; i < 3; ++i)
      std::copy_n(E + i * n + first, m, &E_and_a_[i * m]);
    double *values = b_and_a_.data();
    for (const auto &branch : branches_)
    {
      branch->evaluate(m, E_and_a_.data(), values, nullptr);
      values += branch->n_outputs() * m;
    }
    std::copy_n(&b_and_a_[n_b_ * m], n_a_ * m, &E_and_a_[3 * m]);
    std::fill_n(sum_.begin(), m, 0.);
    for (const Group &group : groups_)
      add_misfit(group, m, b_and_a_.data());
    for (std::size_t p = 0; p < m; ++p)
    {
      const double misfit = std::sqrt(sum_[p] / static_cast<double>(n_points_)) / scale_;
      estimate[first + p] =
        std::isfinite(misfit) ? misfit : std::numeric_limits<double>::infinity();
    }
  }
}

void EquinoIndicator::add_misfit(const Group &group, std::size_t n, const double *b)
{
  simd_kernels().product(group.strain, n, E_and_a_.data(), strain_.data());
  simd_kernels().product(group.stress, n, b, nn_stress_.data());
  const std::size_t size = group.n_points * n;
  const double *e = strain_.data();
  double *s = law_stress_.data();
  group.law->evaluate(size, {e, e + size, e + 2 * size}, {s, s + size, s + 2 * size}, {});
  add_squares(group.n_points, n, group.U.data(), nn_stress_.data(), law_stress_.data(),
              sum_.data());
}
} // namespace understudy

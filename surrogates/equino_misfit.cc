// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/sampling/random_numbers.h>
#include <surrogates/energy_norm.h>
#include <surrogates/equino_misfit.h>

#include <Eigen/Dense>
#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace understudy
{
namespace
{
// Strains that go through the law together: their fields stay in L2.
constexpr std::size_t strains_per_chunk = 16;

std::array<double, 9> norm_matrix(const std::vector<double> &C0, const std::string &norm)
{
  std::array<double, 9> M{};
  Eigen::Map<Matrix3> map(M.data());
  map.setIdentity();
  if (norm == "energy")
    map = stress_metric(C0.data());
  return M;
}

std::vector<double> root_mean_squares(const std::vector<double> &singular_values,
                                      std::size_t n_modes)
{
  std::vector<double> rms;
  for (std::size_t k = 0; k < n_modes; ++k)
  {
    rms.push_back(singular_values[k] / std::sqrt(static_cast<double>(singular_values.size())));
    if (!(rms.back() > 0.))
      throw UserError("The singular value of mode " + std::to_string(k) +
                      " of the basis is not positive; fewer 'Modes' are needed.");
  }
  return rms;
}

/// Y = alpha A X, or alpha A^T X, where A [n_columns][n_rows], X [n][.] and Y [n][.] hold one
/// column after the other.
void multiply(bool transposed, std::size_t n_rows, std::size_t n_columns, std::size_t n,
              double alpha, const double *A, const double *X, double *Y)
{
  const int rows = static_cast<int>(n_rows), columns = static_cast<int>(n_columns);
  cblas_dgemm(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans,
              transposed ? columns : rows, static_cast<int>(n), transposed ? rows : columns, alpha,
              A, rows, X, transposed ? rows : columns, 0., Y, transposed ? columns : rows);
}

/// |t|_M^2 summed over points; t becomes M t.
double weigh(const std::array<double, 9> &M, std::size_t n, double *t0, double *t1, double *t2)
{
  double sum = 0.;
  for (std::size_t p = 0; p < n; ++p)
  {
    const double x = t0[p], y = t1[p], z = t2[p];
    t0[p] = M[0] * x + M[1] * y + M[2] * z;
    t1[p] = M[3] * x + M[4] * y + M[5] * z;
    t2[p] = M[6] * x + M[7] * y + M[8] * z;
    sum += x * t0[p] + y * t1[p] + z * t2[p];
  }
  return sum;
}
} // namespace

std::vector<std::size_t> sample_quadrature_points(const std::vector<double> &weights, std::size_t n,
                                                  std::uint64_t seed)
{
  std::mt19937_64 generator(seed);
  const double offset = uniform_01(generator);
  std::vector<std::size_t> chosen;
  double sum = 0.;
  for (std::size_t q = 0; q < weights.size(); ++q)
  {
    sum += weights[q] * static_cast<double>(n);
    while (chosen.size() < n && static_cast<double>(chosen.size()) + offset < sum)
      chosen.push_back(q);
  }
  chosen.resize(n, weights.empty() ? 0 : weights.size() - 1); // weights that sum to 1 - rounding
  return chosen;
}

struct EquinoMisfit::Scratch
{
  std::vector<double> strain, stress; ///< [strains][3][n]; later the derivatives by both
  std::vector<double> law;            ///< [3][n]
  std::vector<double> tangent;        ///< [9][n]
};

EquinoMisfit::EquinoMisfit(const MicroBasis &basis, const Rve &rve, std::size_t n_points,
                           std::uint64_t seed, const std::string &norm)
  : matrix_law_(rve.matrix_law()),
    fibre_law_(rve.fibre_law()),
    n_modes_(basis.n_modes),
    n_(n_points)
{
  if (norm != "energy" && norm != "stress")
    throw UserError("The norm '" + norm + "' of EquiNO's loss is neither 'energy' nor 'stress'.");
  if (n_points == 0)
    throw UserError("EquiNO's loss needs at least one quadrature point.");
  const auto points = sample_quadrature_points(basis.weights, n_points, seed);
  n_matrix_ = static_cast<std::size_t>(
    std::lower_bound(points.begin(), points.end(), basis.n_matrix_points) - points.begin());
  phi_e_ = basis.at_points(basis.phi_e, points);
  phi_s_ = basis.at_points(basis.phi_s, points);
  norm_ = {norm_matrix(basis.C0_matrix, norm), norm_matrix(basis.C0_fibre, norm)};
  rms_a_ = root_mean_squares(basis.singular_w, n_modes_);
  rms_b_ = root_mean_squares(basis.singular_s, n_modes_);

  // The coefficients of the snapshots are uncorrelated, so the squares of the modes just add up.
  for (std::size_t k = 0; k < n_modes_; ++k)
  {
    std::vector<double> mode(phi_s_.begin() + k * 3 * n_, phi_s_.begin() + (k + 1) * 3 * n_);
    double *s = mode.data();
    reference_ +=
      rms_b_[k] * rms_b_[k] *
      (weigh(norm_[0], n_matrix_, s, s + n_, s + 2 * n_) +
       weigh(norm_[1], n_ - n_matrix_, s + n_matrix_, s + n_ + n_matrix_, s + 2 * n_ + n_matrix_));
  }
}

// Sum over the points of |s_law - s_nn|_M^2. On entry strain and s_nn, on exit (half of) the
// derivatives of the sum by the strain and, with opposite sign, by s_nn.
double EquinoMisfit::one_strain(const double *E, double *strain, double *stress, Scratch &scratch,
                                bool want_gradient) const
{
  for (unsigned i = 0; i < 3; ++i)
    for (std::size_t p = 0; p < n_; ++p)
      strain[i * n_ + p] += E[i];
  double sum = 0.;
  for (const bool fibre : {false, true})
  {
    const std::size_t first = fibre ? n_matrix_ : 0, n = (fibre ? n_ : n_matrix_) - first;
    double *const e = strain + first, *const r = stress + first;
    double *const law = scratch.law.data() + first, *const C = scratch.tangent.data() + first;
    TangentComponents tangent{};
    for (unsigned i = 0; i < 9 && want_gradient; ++i)
      tangent[i] = C + i * n_;
    (fibre ? fibre_law_ : matrix_law_)
      .evaluate(n, {e, e + n_, e + 2 * n_}, {law, law + n_, law + 2 * n_}, tangent);
    for (unsigned i = 0; i < 3; ++i)
      for (std::size_t p = 0; p < n; ++p)
        r[i * n_ + p] = law[i * n_ + p] - r[i * n_ + p];
    sum += weigh(norm_[fibre ? 1 : 0], n, r, r + n_, r + 2 * n_);
    for (unsigned j = 0; j < 3 && want_gradient; ++j)
    {
      const double *const C0 = C + j * n_, *const C1 = C0 + 3 * n_, *const C2 = C0 + 6 * n_;
      for (std::size_t p = 0; p < n; ++p)
        e[j * n_ + p] = C0[p] * r[p] + C1[p] * r[n_ + p] + C2[p] * r[2 * n_ + p];
    }
  }
  return sum;
}

double EquinoMisfit::evaluate(std::size_t n, const double *E, const double *a, const double *b,
                              double *grad_a, double *grad_b) const
{
  const std::size_t rows = 3 * n_, r = n_modes_;
  const std::size_t largest = std::min(n, strains_per_chunk);
  Scratch scratch{std::vector<double>(rows * largest), std::vector<double>(rows * largest),
                  std::vector<double>(rows), std::vector<double>(3 * rows)};
  double *const strain = scratch.strain.data(), *const stress = scratch.stress.data();
  const double factor = 1. / (reference_ * static_cast<double>(n));
  double sum = 0.;
  for (std::size_t start = 0; start < n; start += strains_per_chunk)
  {
    const std::size_t m = std::min(strains_per_chunk, n - start);
    multiply(false, rows, r, m, 1., phi_e_.data(), a + start * r, strain);
    multiply(false, rows, r, m, 1., phi_s_.data(), b + start * r, stress);
    for (std::size_t j = 0; j < m; ++j)
      sum += one_strain(E + 3 * (start + j), strain + j * rows, stress + j * rows, scratch,
                        grad_a != nullptr);
    if (grad_a != nullptr)
    {
      multiply(true, rows, r, m, 2. * factor, phi_e_.data(), strain, grad_a + start * r);
      multiply(true, rows, r, m, -2. * factor, phi_s_.data(), stress, grad_b + start * r);
    }
  }
  return sum * factor;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/odd_rbf.h>

#include <algorithm>
#include <cmath>
#include <vector>

extern "C" void dsysv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda,
                       int *ipiv, double *b, const int *ldb, double *work, const int *lwork,
                       int *info);

namespace understudy
{
namespace
{
// Functionals of a label set on the kernel k(s, t) = |s - t|^3 - |s + t|^3: the value (index 0) or
// the derivative in one direction (index 1 + a). Derivatives of k:
//   d/ds_a = 3 |d| d_a - 3 |e| e_a,   d/dt_b = -3 |d| d_b - 3 |e| e_b,   d = s - t, e = s + t,
//   d2/(ds_a dt_b) = -3 (|d| delta_ab + d_a d_b / |d|) - 3 (|e| delta_ab + e_a e_b / |e|).
double kernel(std::size_t dim, const double *s, std::size_t a, const double *t, std::size_t b)
{
  double r = 0., q = 0.;
  for (std::size_t i = 0; i < dim; ++i)
  {
    r += (s[i] - t[i]) * (s[i] - t[i]);
    q += (s[i] + t[i]) * (s[i] + t[i]);
  }
  r = std::sqrt(r);
  q = std::sqrt(q);
  const auto d = [&](std::size_t i) { return s[i - 1] - t[i - 1]; };
  const auto e = [&](std::size_t i) { return s[i - 1] + t[i - 1]; };
  if (a == 0 && b == 0)
    return r * r * r - q * q * q;
  if (b == 0)
    return 3. * (r * d(a) - q * e(a));
  if (a == 0)
    return -3. * (r * d(b) + q * e(b));
  const double delta = a == b ? 1. : 0.;
  return -3. * (r * delta + (r > 0. ? d(a) * d(b) / r : 0.)) -
         3. * (q * delta + (q > 0. ? e(a) * e(b) / q : 0.));
}

void check_labels(const PointBatch &x, const PointBatch &y, const PointBatch *dy,
                  const std::vector<double> &scale)
{
  const std::size_t n = x.n_points(), d = x.n_components();
  if (n == 0 || d == 0 || scale.size() != d || y.n_points() != n || y.n_components() == 0 ||
      (dy && (dy->n_points() != n || dy->n_components() != y.n_components() * d)))
    throw UserError(
      "Points, labels and scales of a radial basis fit do not fit together: " + std::to_string(n) +
      " points of " + std::to_string(d) + " inputs, " + std::to_string(y.n_points()) + " labels, " +
      std::to_string(scale.size()) + " scales.");
}

// Solves the symmetric saddle system [K + ridge, P; P^T, 0] for all outputs at once. Functionals
// are counted per centre; with the scaled variable s = x ./ scale a derivative label becomes dy *
// scale.
OddRbf interpolate(const PointBatch &x, const PointBatch &y, const PointBatch *dy,
                   const std::vector<double> &scale, double ridge)
{
  check_labels(x, y, dy, scale);
  const std::size_t n = x.n_points(), d = x.n_components(), m = dy ? 1 + d : 1;
  const std::size_t n_outputs = y.n_components(), n_radial = n * m, size = n_radial + d;
  OddRbf::Coefficients c;
  c.scale = scale;
  c.hermite = dy != nullptr;
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t i = 0; i < d; ++i)
      c.centres.push_back(x(i, p) / scale[i]);

  std::vector<double> K(size * size, 0.), b(size * n_outputs, 0.);
  double largest = 0.;
  for (std::size_t j = 0; j < n_radial; ++j)
    for (std::size_t i = j; i < n_radial; ++i)
    {
      K[j * size + i] = kernel(d, &c.centres[i / m * d], i % m, &c.centres[j / m * d], j % m);
      largest = std::max(largest, std::abs(K[j * size + i]));
    }
  for (std::size_t j = 0; j < n_radial; ++j)
  {
    // |d|^3 is conditionally positive definite, hence a positive ridge
    K[j * size + j] += ridge * largest;
    for (std::size_t i = 0; i < d; ++i)
      K[j * size + n_radial + i] =
        j % m == 0 ? c.centres[j / m * d + i] : (j % m == i + 1 ? 1. : 0.);
    for (std::size_t k = 0; k < n_outputs; ++k)
      b[k * size + j] =
        j % m == 0 ? y(k, j / m) : (*dy)(k * d + j % m - 1, j / m) * scale[j % m - 1];
  }
  const int N = static_cast<int>(size), n_rhs = static_cast<int>(n_outputs), query = -1;
  int info = 0;
  double best_work = 0.;
  std::vector<int> pivots(size);
  dsysv_("L", &N, &n_rhs, K.data(), &N, pivots.data(), b.data(), &N, &best_work, &query, &info);
  const int n_work = static_cast<int>(best_work);
  std::vector<double> work(static_cast<std::size_t>(n_work));
  dsysv_("L", &N, &n_rhs, K.data(), &N, pivots.data(), b.data(), &N, work.data(), &n_work, &info);
  if (info != 0 || !std::all_of(b.begin(), b.end(), [](double v) { return std::isfinite(v); }))
    throw UserError(
      "The radial basis fit is singular: a training point is the origin or stands twice "
      "(mirrored points count as the same), or a label is not finite.");

  // A derivative functional in t of the kernel is -3 (|d| d_b + |e| e_b): the factor goes into G.
  for (std::size_t k = 0; k < n_outputs; ++k)
  {
    for (std::size_t j = 0; j < n_radial; ++j)
      c.radial.push_back(b[k * size + j] * (j % m == 0 ? 1. : -3.));
    for (std::size_t i = 0; i < d; ++i)
      c.linear.push_back(b[k * size + n_radial + i]);
  }
  return OddRbf(std::move(c));
}
} // namespace

OddRbf OddRbf::fit(const PointBatch &x, const PointBatch &y, const std::vector<double> &scale,
                   double ridge)
{
  return interpolate(x, y, nullptr, scale, ridge);
}

OddRbf OddRbf::fit_hermite(const PointBatch &x, const PointBatch &y, const PointBatch &dy,
                           const std::vector<double> &scale, double ridge)
{
  return interpolate(x, y, &dy, scale, ridge);
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/head_meta.h>
#include <operators/nn/pod.h>
#include <operators/nn/weighted_pod.h>

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
namespace
{
/// Blocks of M times a vector of whole blocks.
void multiply_blocks(const CsrMatrix &M, std::size_t n_rows, const double *x, double *Mx)
{
  for (std::size_t begin = 0; begin < n_rows; begin += M.n_rows())
    M.multiply(1, x + begin, Mx + begin);
}

double inner_product(const std::vector<double> &a, const std::vector<double> &b)
{
  return cblas_ddot(static_cast<int>(a.size()), a.data(), 1, b.data(), 1);
}

/// x^T M y = y^T M x for two vectors without structure shows an asymmetry anywhere in M.
void check_metric(const WeightedPod::Metric &metric)
{
  if (!metric || !metric->is_consistent() || metric->n_rows() == 0 ||
      metric->n_rows() != metric->n_columns)
    throw UserError("The inner product of a proper orthogonal decomposition needs a square sparse "
                    "matrix with at least one row.");
  const std::size_t n = metric->n_rows();
  std::vector<double> x(n), y(n), Mx(n), My(n);
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = std::sin(1. + 12.9898 * static_cast<double>(i));
    y[i] = std::cos(2. + 78.233 * static_cast<double>(i));
  }
  metric->multiply(1, x.data(), Mx.data());
  metric->multiply(1, y.data(), My.data());
  const double size = std::sqrt(inner_product(Mx, Mx) * inner_product(y, y));
  if (!(std::abs(inner_product(Mx, y) - inner_product(My, x)) <= 1e-10 * size))
    throw UserError("The matrix of the inner product of a proper orthogonal decomposition is not "
                    "symmetric, or holds a number that is not finite.");
}
} // namespace

WeightedPod WeightedPod::fit(const double *snapshots, std::size_t n_snapshots,
                             std::size_t n_components, std::size_t n_modes, Metric metric)
{
  check_metric(metric);
  if (n_snapshots < 2 || n_components == 0 || n_modes == 0)
    throw UserError("A proper orthogonal decomposition about the mean needs at least 2 snapshots, "
                    "one component and one mode.");
  WeightedPod pod;
  pod.metric_ = std::move(metric);
  const std::size_t n = n_components * pod.metric_->n_rows();
  const double weight = 1. / static_cast<double>(n_snapshots);
  pod.mean_.assign(n, 0.);
  for (std::size_t s = 0; s < n_snapshots; ++s)
    cblas_daxpy(static_cast<int>(n), weight, snapshots + s * n, 1, pod.mean_.data(), 1);

  std::vector<double> centred(snapshots, snapshots + n_snapshots * n), Mx(n);
  double energy = 0.;
  for (std::size_t s = 0; s < n_snapshots; ++s)
  {
    double *f = &centred[s * n];
    for (std::size_t i = 0; i < n; ++i)
      f[i] -= pod.mean_[i];
    pod.apply_metric(f, Mx.data());
    const double square = cblas_ddot(static_cast<int>(n), f, 1, Mx.data(), 1);
    if (!std::isfinite(square))
      throw UserError("Snapshot " + std::to_string(s) +
                      " of a proper orthogonal decomposition holds a number that is not finite.");
    if (square < 0.)
      throw UserError("The matrix of the inner product of a proper orthogonal decomposition is not "
                      "positive: snapshot " +
                      std::to_string(s) + " has a negative norm.");
    energy += square;
  }
  pod.apply_metric(pod.mean_.data(), Mx.data());
  // Differences of equal snapshots are rounding of the mean, which has no modes.
  if (!(energy > 1e-28 * static_cast<double>(n_snapshots) * inner_product(pod.mean_, Mx)))
    throw UserError("A proper orthogonal decomposition about the mean needs snapshots that differ; "
                    "all " +
                    std::to_string(n_snapshots) + " are equal.");

  Pod found = proper_orthogonal_decomposition(
    centred.data(), n, n_snapshots, std::min({n_modes, n_snapshots, n}),
    [&](const double *x, double *y) { pod.apply_metric(x, y); }, PodModes::at_most);
  pod.modes_ = std::move(found.modes);
  pod.singular_values_ = std::move(found.singular_values);
  pod.make_dual_modes();
  return pod;
}

double WeightedPod::energy_of(std::size_t first) const
{
  double sum = 0.;
  for (std::size_t k = first; k < singular_values_.size(); ++k)
    sum += singular_values_[k] * singular_values_[k];
  return sum;
}

void WeightedPod::apply_metric(const double *x, double *Mx) const
{
  multiply_blocks(*metric_, n_rows(), x, Mx);
}

void WeightedPod::make_dual_modes()
{
  dual_modes_.resize(modes_.size());
  for (std::size_t k = 0; k < n_modes(); ++k)
    apply_metric(&modes_[k * n_rows()], &dual_modes_[k * n_rows()]);
}

PointBatch WeightedPod::project(std::size_t n_fields, const double *fields) const
{
  const std::size_t n = n_rows(), r = n_modes();
  PointBatch coefficients(r, n_fields);
  // The mean is subtracted before the product: afterwards its digits would be lost.
  constexpr std::size_t block = 32;
  std::vector<double> centred(std::min(block, n_fields) * n);
  for (std::size_t begin = 0; begin < n_fields; begin += block)
  {
    const std::size_t count = std::min(block, n_fields - begin);
    for (std::size_t s = 0; s < count; ++s)
      for (std::size_t i = 0; i < n; ++i)
        centred[s * n + i] = fields[(begin + s) * n + i] - mean_[i];
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(r),
                static_cast<int>(count), static_cast<int>(n), 1., dual_modes_.data(),
                static_cast<int>(n), centred.data(), static_cast<int>(n), 0.,
                coefficients.data() + begin, static_cast<int>(n_fields));
  }
  return coefficients;
}

void WeightedPod::expand(const PointBatch &coefficients, double *fields) const
{
  const std::size_t n = n_rows(), r = n_modes(), n_fields = coefficients.n_points();
  if (coefficients.n_components() != r)
    throw UserError("A proper orthogonal decomposition of " + std::to_string(r) +
                    " modes cannot expand " + std::to_string(coefficients.n_components()) +
                    " coefficients.");
  if (n_fields == 0)
    return;
  for (std::size_t s = 0; s < n_fields; ++s)
    std::copy(mean_.begin(), mean_.end(), fields + s * n);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, static_cast<int>(n_fields),
              static_cast<int>(n), static_cast<int>(r), 1., coefficients.data(),
              static_cast<int>(n_fields), modes_.data(), static_cast<int>(n), 1., fields,
              static_cast<int>(n));
}

std::vector<double> WeightedPod::squared_residuals(std::size_t n_fields, const double *fields) const
{
  const std::size_t n = n_rows();
  std::vector<double> squares(n_fields), difference(n), Mx(n);
  for (std::size_t s = 0; s < n_fields; ++s)
  {
    const double *f = fields + s * n;
    expand(project(1, f), difference.data());
    for (std::size_t i = 0; i < n; ++i)
      difference[i] -= f[i];
    apply_metric(difference.data(), Mx.data());
    squares[s] = inner_product(difference, Mx);
  }
  return squares;
}

void WeightedPod::save(ModelFile &file, const std::string &prefix) const
{
  file.add(prefix + "mean", {n_rows()}, mean_);
  file.add(prefix + "modes", {n_modes(), n_rows()}, modes_);
  file.add(prefix + "singular_values", {singular_values_.size()}, singular_values_);
}

WeightedPod WeightedPod::load(const ModelFile &file, const std::string &prefix, Metric metric)
{
  check_metric(metric);
  const std::size_t r = matrix_shape(file, prefix + "modes")[0];
  const std::size_t n = matrix_shape(file, prefix + "modes")[1];
  const std::vector<std::size_t> shape = file.shape(prefix + "singular_values");
  if (n % metric->n_rows() != 0 || shape.size() != 1 || shape[0] < r)
    throw UserError("Modes '" + prefix + "modes' of model '" + file.path() + "' with " +
                    std::to_string(n) + " entries do not fit a mesh of " +
                    std::to_string(metric->n_rows()) + " nodes, or have no singular values.");
  WeightedPod pod;
  pod.metric_ = std::move(metric);
  pod.mean_ = file.tensor(prefix + "mean", {n});
  pod.modes_ = file.tensor(prefix + "modes", {r, n});
  pod.singular_values_ = file.tensor(prefix + "singular_values", shape);
  pod.make_dual_modes();
  std::vector<double> products(r * r);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(r), static_cast<int>(r),
              static_cast<int>(n), 1., pod.modes_.data(), static_cast<int>(n),
              pod.dual_modes_.data(), static_cast<int>(n), 0., products.data(),
              static_cast<int>(r));
  for (std::size_t k = 0; k < r * r; ++k)
    if (!(std::abs(products[k] - (k % (r + 1) == 0 ? 1. : 0.)) <= 1e-8))
      throw UserError("Modes '" + prefix + "modes' of model '" + file.path() +
                      "' are not orthonormal in the inner product of this mesh: they were made on "
                      "another one.");
  return pod;
}
} // namespace understudy

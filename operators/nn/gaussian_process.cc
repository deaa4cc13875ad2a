// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/cholesky.h>
#include <operators/nn/gaussian_process.h>
#include <operators/nn/head_meta.h>
#include <operators/nn/matern_kernel.h>

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

namespace understudy
{
namespace
{
constexpr std::size_t block = 256; ///< points that are predicted at once

bool finite(const double *begin, std::size_t n)
{
  return std::all_of(begin, begin + n, [](double v) { return std::isfinite(v); });
}

bool finite(const PointBatch &batch)
{
  return finite(batch.data(), batch.n_components() * batch.n_points());
}

void check_parameters(const GaussianProcessParameters &p, std::size_t n_inputs)
{
  if (p.length_scales.size() != n_inputs)
    throw UserError("A Gaussian process of " + std::to_string(n_inputs) +
                    " inputs needs as many length scales, not " +
                    std::to_string(p.length_scales.size()) + ".");
  const auto positive = [](double v) { return std::isfinite(v) && v > 0.; };
  if (!std::all_of(p.length_scales.begin(), p.length_scales.end(), positive) ||
      !positive(p.signal_variance) || !positive(p.noise_variance))
    throw UserError("Length scales and variances of a Gaussian process must be finite and greater "
                    "than 0.");
}

/// scaled = x .* factors, component by component, and the transpose of it.
void scale(const PointBatch &x, const std::vector<double> &factors, double *scaled, double *points)
{
  const std::size_t d = x.n_components(), n = x.n_points();
  for (std::size_t c = 0; c < d; ++c)
    for (std::size_t p = 0; p < n; ++p)
      scaled[c * n + p] = points[p * d + c] = x(c, p) * factors[c];
}
} // namespace

std::vector<double> GaussianProcessParameters::logarithms() const
{
  std::vector<double> all;
  for (const double l : length_scales)
    all.push_back(std::log(l));
  all.push_back(std::log(signal_variance));
  all.push_back(std::log(noise_variance));
  return all;
}

GaussianProcessParameters
GaussianProcessParameters::from_logarithms(const std::vector<double> &logarithms)
{
  GaussianProcessParameters p;
  for (std::size_t c = 0; c + 2 < logarithms.size(); ++c)
    p.length_scales.push_back(std::exp(logarithms[c]));
  p.signal_variance = std::exp(logarithms.at(logarithms.size() - 2));
  p.noise_variance = std::exp(logarithms.back());
  return p;
}

GaussianProcessLikelihood::GaussianProcessLikelihood(const PointBatch &x, const PointBatch &y)
  : x_(x), y_(y)
{
  const std::size_t n = x.n_points(), d = x.n_components(), m = y.n_components();
  if (d == 0 || m == 0)
    throw UserError("A Gaussian process needs at least one input and one output.");
  if (n != y.n_points())
    throw UserError("A Gaussian process cannot learn from " + std::to_string(n) +
                    " samples of the inputs and " + std::to_string(y.n_points()) +
                    " of the outputs.");
  if (n < 2)
    throw UserError("A Gaussian process needs at least 2 samples, not " + std::to_string(n) + ".");
  if (!finite(x) || !finite(y))
    throw UserError("A sample of a Gaussian process holds a number that is not finite.");
  scaled_.resize(d * n);
  points_.resize(d * n);
  inverse_.resize(d);
  K_.resize(n * n);
  slopes_.resize(n * n);
  A_.resize(m * n);
}

void GaussianProcessLikelihood::fill(double s2, double noise, bool with_slopes)
{
  const std::size_t n = n_samples(), d = n_inputs();
  for (std::size_t j = 0; j < n; ++j) // column j below its diagonal
  {
    const std::size_t diagonal = j * (n + 1), count = n - j - 1;
    const double *x = &scaled_[j] + 1, *z = &points_[j * d];
    double *k = &K_[diagonal];
    *k = s2 + noise;
    if (with_slopes)
      matern_values_and_slopes(d, count, x, n, z, s2, k + 1, &slopes_[diagonal] + 1);
    else
      matern_values(d, count, x, n, z, s2, k + 1);
  }
}

void GaussianProcessLikelihood::solve_weights()
{
  const int n = static_cast<int>(n_samples()), m = static_cast<int>(n_outputs());
  std::copy(y_.data(), y_.data() + A_.size(), A_.begin());
  for (const auto transposed : {CblasNoTrans, CblasTrans})
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, transposed, CblasNonUnit, n, m, 1., K_.data(),
                n, A_.data(), n);
}

double GaussianProcessLikelihood::evaluate(const double *logarithms, double *gradient)
{
  if (!finite(logarithms, n_parameters()))
    throw UserError("A hyper-parameter of a Gaussian process is not finite.");
  const std::size_t n = n_samples(), d = n_inputs();
  for (std::size_t c = 0; c < d; ++c)
    inverse_[c] = std::exp(-logarithms[c]);
  const double s2 = std::exp(logarithms[d]), noise = std::exp(logarithms[d + 1]);
  scale(x_, inverse_, scaled_.data(), points_.data());
  const auto fill_matrix = [&] { fill(s2, noise, gradient != nullptr); };
  jitter_ = cholesky_with_jitter(n, K_.data(), n, s2 + noise, std::cref(fill_matrix));
  solve_weights();

  double log_determinant = 0.;
  for (std::size_t i = 0; i < n; ++i)
    log_determinant += 2. * std::log(K_[i * (n + 1)]);
  const double m = static_cast<double>(n_outputs());
  const double misfit = cblas_ddot(static_cast<int>(A_.size()), y_.data(), 1, A_.data(), 1);
  if (gradient != nullptr)
    add_gradient(noise, misfit, gradient);
  return -0.5 * (misfit + m * log_determinant +
                 m * static_cast<double>(n) * std::log(2. * std::numbers::pi));
}

void GaussianProcessLikelihood::add_gradient(double noise, double misfit, double *gradient)
{
  const std::size_t n = n_samples(), d = n_inputs();
  const int size = static_cast<int>(n), m = static_cast<int>(n_outputs());
  inverse_from_cholesky(n, K_.data(), n);
  cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, size, m, 1., A_.data(), size,
              -static_cast<double>(m), K_.data(), size);

  double trace = 0.;
  for (std::size_t i = 0; i < n; ++i)
    trace += K_[i * (n + 1)];
  // dK/dlog s2 = K - noise I, a jitter growing with s2, and tr(W K) = tr(A^T Y) - m n
  gradient[d] = 0.5 * (misfit - static_cast<double>(n) * m - noise * trace);
  gradient[d + 1] = 0.5 * noise * trace;

  // The lower triangle counts twice, which the factor 1/2 takes back; the diagonal does not depend
  // on the length scales.
  std::fill(gradient, gradient + d, 0.);
  for (std::size_t j = 0; j + 1 < n; ++j)
  {
    const std::size_t below = j * (n + 1) + 1;
    add_matern_slopes(d, n - j - 1, &scaled_[j + 1], n, &points_[j * d], &K_[below],
                      &slopes_[below], gradient);
  }
}

GaussianProcess GaussianProcess::condition(const GaussianProcessParameters &parameters,
                                           const PointBatch &x, const PointBatch &y)
{
  GaussianProcessLikelihood likelihood(x, y);
  check_parameters(parameters, x.n_components());
  State state{parameters, x, {}, {}, 0., 0.};
  state.log_likelihood = likelihood.evaluate(parameters.logarithms().data(), nullptr);
  state.jitter = likelihood.jitter();
  state.weights = likelihood.weights();
  state.factor = packed_triangle(x.n_points(), likelihood.factor().data(), x.n_points());
  return GaussianProcess(std::move(state));
}

GaussianProcess::GaussianProcess(State state) : state_(std::move(state))
{
  const std::size_t n = state_.x.n_points(), d = state_.x.n_components();
  check_parameters(state_.parameters, d);
  if (n < 2 || d == 0 || state_.weights.empty() || state_.weights.size() % n != 0 ||
      state_.factor.size() != n * (n + 1) / 2)
    throw UserError("A Gaussian process needs inputs, weights and a factor that fit " +
                    std::to_string(n) + " samples, of which there must be at least 2.");
  if (!finite(state_.x) || !finite(state_.weights.data(), state_.weights.size()) ||
      !finite(state_.factor.data(), state_.factor.size()))
    throw UserError("A Gaussian process holds a number that is not finite.");
  for (std::size_t i = 0, diagonal = 0; i < n; diagonal += n - i, ++i)
    if (!(state_.factor[diagonal] > 0.))
      throw UserError("The Cholesky factor of a Gaussian process has a diagonal entry that is not "
                      "greater than 0.");
  for (const double l : state_.parameters.length_scales)
    inverse_.push_back(1. / l);
  scaled_.resize(n * d);
  for (std::size_t c = 0; c < d; ++c)
    for (std::size_t i = 0; i < n; ++i)
      scaled_[c * n + i] = state_.x(c, i) * inverse_[c];
}

void GaussianProcess::predict(const PointBatch &x, PointBatch &mean,
                              std::vector<double> *variance) const
{
  const std::size_t n = n_samples(), d = n_inputs(), m = n_outputs(), all = x.n_points();
  if (x.n_components() != d)
    throw UserError("A Gaussian process of " + std::to_string(d) + " inputs cannot predict from " +
                    std::to_string(x.n_components()) + ".");
  if (!finite(x))
    throw UserError("A point at which a Gaussian process shall predict is not finite.");
  mean.reshape(m, all);
  if (variance != nullptr)
    variance->resize(all);
  const std::size_t width = std::min(block, all);
  std::vector<double> z(d), column(width > 1 ? n : 0), k(n * width), L;
  if (variance != nullptr && width > 1)
    L = unpacked_triangle(n, state_.factor);
  const double s2 = state_.parameters.signal_variance;
  for (std::size_t begin = 0; begin < all; begin += width)
  {
    const std::size_t count = std::min(width, all - begin);
    for (std::size_t p = 0; p < count; ++p) // k(X, x), one point after the other
    {
      for (std::size_t c = 0; c < d; ++c)
        z[c] = x(c, begin + p) * inverse_[c];
      matern_values(d, n, scaled_.data(), n, z.data(), s2, width > 1 ? column.data() : k.data());
      for (std::size_t i = 0; i < column.size(); ++i)
        k[i * width + p] = column[i];
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(m),
                static_cast<int>(count), static_cast<int>(n), 1., state_.weights.data(),
                static_cast<int>(n), k.data(), static_cast<int>(width), 0., mean.data() + begin,
                static_cast<int>(all));
    if (variance == nullptr)
      continue;
    if (width > 1)
      solve_rows_with_factor(n, L.data(), n, count, k.data(), width);
    else
      solve_with_packed_factor(n, state_.factor, k.data());
    double *v = variance->data() + begin;
    std::fill_n(v, count, s2);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t p = 0; p < count; ++p)
        v[p] -= k[i * width + p] * k[i * width + p];
    for (std::size_t p = 0; p < count; ++p) // rounding, at training points with little noise
      v[p] = std::max(v[p], 0.);
  }
}

void GaussianProcess::save(ModelFile &file, const std::string &prefix) const
{
  const std::size_t n = n_samples(), d = n_inputs();
  file.add(prefix + "inputs", {d, n}, {state_.x.data(), state_.x.data() + d * n});
  file.add(prefix + "length_scales", {d}, state_.parameters.length_scales);
  file.add(prefix + "scalars", {4},
           {state_.parameters.signal_variance, state_.parameters.noise_variance,
            state_.log_likelihood, state_.jitter});
  file.add(prefix + "weights", {n_outputs(), n}, state_.weights);
  file.add(prefix + "factor", {state_.factor.size()}, state_.factor);
}

GaussianProcess GaussianProcess::load(const ModelFile &file, const std::string &prefix)
{
  const std::size_t d = matrix_shape(file, prefix + "inputs")[0];
  const std::size_t n = matrix_shape(file, prefix + "inputs")[1];
  const std::size_t m = matrix_shape(file, prefix + "weights")[0];
  State state;
  state.x = PointBatch(d, n);
  const std::vector<double> &inputs = file.tensor(prefix + "inputs", {d, n});
  std::copy(inputs.begin(), inputs.end(), state.x.data());
  state.parameters.length_scales = file.tensor(prefix + "length_scales", {d});
  const std::vector<double> &scalars = file.tensor(prefix + "scalars", {4});
  state.parameters.signal_variance = scalars[0];
  state.parameters.noise_variance = scalars[1];
  state.log_likelihood = scalars[2];
  state.jitter = scalars[3];
  state.weights = file.tensor(prefix + "weights", {m, n});
  state.factor = file.tensor(prefix + "factor", {n * (n + 1) / 2});
  return GaussianProcess(std::move(state));
}
} // namespace understudy

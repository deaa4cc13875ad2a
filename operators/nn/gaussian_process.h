// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
class ModelFile;

/// Hyper-parameters of a Gaussian process with zero mean, Matern-5/2 covariance with one length
/// scale per input ("automatic relevance determination") and independent noise (Rasmussen and
/// Williams, Gaussian Processes for Machine Learning, 2006, chapters 2, 4.2 and 5.1):
///   k(x, x') = s2 (1 + q + q^2 / 3) exp(-q),  q = sqrt(5) r,  r^2 = sum_c ((x_c - x'_c) / l_c)^2
///   K = k(X, X) + noise I
struct GaussianProcessParameters
{
  std::vector<double> length_scales; ///< l [n_inputs], in units of the inputs, > 0
  double signal_variance = 1.;       ///< s2, in squared units of the outputs, > 0
  double noise_variance = 1e-3;      ///< in squared units of the outputs, > 0

  /// log l_1, ..., log l_d, log s2, log noise
  std::vector<double> logarithms() const;
  static GaussianProcessParameters from_logarithms(const std::vector<double> &logarithms);
};

/// Log marginal likelihood of samples whose m outputs are independent and share hyper-parameters,
///   L = -1/2 tr(Y^T K^-1 Y) - m/2 log|K| - n m/2 log(2 pi),
/// and its gradient in the logarithms of the parameters, with A = K^-1 Y and W = A A^T - m K^-1:
///   dL/dt = 1/2 tr(W dK/dt).
/// It owns the memory of all evaluations, two n x n matrices; evaluate() allocates nothing. Cost
/// for d inputs: n^3 / 3 operations for the factor, twice as many for the inverse that the gradient
/// needs, and O(n^2 (d + m)) for everything else, whatever the number
/// of parameters.
class GaussianProcessLikelihood
{
public:
  /// @param x [n_inputs][n]   @param y [n_outputs][n]. Throws UserError for fewer than 2 samples,
  /// no inputs or outputs, numbers of samples that differ, and numbers that are not finite.
  GaussianProcessLikelihood(const PointBatch &x, const PointBatch &y);

  std::size_t n_samples() const { return x_.n_points(); }
  std::size_t n_inputs() const { return x_.n_components(); }
  std::size_t n_outputs() const { return y_.n_components(); }
  std::size_t n_parameters() const { return n_inputs() + 2; }

  /// L; when @p gradient is not null also dL/dt for all parameters.
  /// @param logarithms [n_parameters], as in GaussianProcessParameters::logarithms()
  /// @param gradient   [n_parameters]
  /// Throws SolverError when K is not positive definite even with a jitter of 1e-6 of its diagonal
  /// (0, 1e-10, 1e-9, ... are tried first), UserError when a parameter is not finite.
  double evaluate(const double *logarithms, double *gradient);

  /// What the last evaluation added to the diagonal of K, 0 but for nearly singular K: a fixed part
  /// of s2 + noise. The gradient takes its growth with s2 into account.
  double jitter() const { return jitter_; }

  /// Lower Cholesky factor, column-major [n][n], the upper triangle 0; valid after an evaluation
  /// without gradient.
  const std::vector<double> &factor() const { return K_; }

  /// K^-1 Y, [n_outputs][n]; valid after any evaluation.
  const std::vector<double> &weights() const { return A_; }

private:
  void fill(double s2, double noise, bool with_slopes);
  void solve_weights();
  void add_gradient(double noise, double misfit, double *gradient);

  PointBatch x_, y_;
  std::vector<double> scaled_;  ///< x / l, [n_inputs][n]
  std::vector<double> points_;  ///< the same as [n][n_inputs]
  std::vector<double> K_;       ///< lower triangle: K, then its factor, then W
  std::vector<double> slopes_;  ///< lower triangle: dk / dlog l_c without (x_c - x'_c)^2 / l_c^2
  std::vector<double> A_;       ///< [n_outputs][n]
  std::vector<double> inverse_; ///< 1 / l
  double jitter_ = 0.;
};

/// A Gaussian process conditioned on samples: mean and variance of the noise-free function,
///   mean = k(x, X) K^-1 Y,  variance = s2 - |L^-1 k(X, x)|^2,  K = L L^T,
/// one variance for all outputs, since they share the hyper-parameters.
class GaussianProcess
{
public:
  /// Numbers of a conditioned process.
  struct State
  {
    GaussianProcessParameters parameters;
    PointBatch x;                ///< training inputs [n_inputs][n]
    std::vector<double> weights; ///< K^-1 Y, [n_outputs][n]
    std::vector<double> factor;  ///< L, packed_triangle() of [n][n]
    double log_likelihood = 0.;  ///< of the samples
    double jitter = 0.;          ///< added to the diagonal of K
  };

  /// Conditions on the samples; one factorisation. Errors as in GaussianProcessLikelihood, and
  /// UserError for parameters that are not positive or do not fit the inputs.
  static GaussianProcess condition(const GaussianProcessParameters &parameters, const PointBatch &x,
                                   const PointBatch &y);

  /// Throws UserError when shapes do not fit or a number is not finite or has the wrong sign.
  explicit GaussianProcess(State state);

  std::size_t n_samples() const { return state_.x.n_points(); }
  std::size_t n_inputs() const { return state_.x.n_components(); }
  std::size_t n_outputs() const { return state_.weights.size() / n_samples(); }
  const GaussianProcessParameters &parameters() const { return state_.parameters; }
  const State &state() const { return state_; }

  /// Mean and variance at the points @p x, [n_inputs][n_points]. Per point n (d + m)
  /// multiplications for the mean and n^2 / 2 for the variance, in blocks of 256 points; memory for
  /// one block is allocated per call, and for several points the whole square of L. Throws
  /// UserError when @p x has other than n_inputs() components or holds a number that is not finite.
  /// @param mean     reshaped to [n_outputs][n_points]
  /// @param variance null, or resized to [n_points]: never negative, without the noise
  void predict(const PointBatch &x, PointBatch &mean,
               std::vector<double> *variance = nullptr) const;

  /// Adds the tensors <prefix>inputs, length_scales, scalars, weights and factor.
  void save(ModelFile &file, const std::string &prefix) const;

  /// Reads what save() wrote, to the bit. Throws UserError when a tensor is missing or wrong.
  static GaussianProcess load(const ModelFile &file, const std::string &prefix);

private:
  State state_;
  std::vector<double> scaled_;  ///< training inputs divided by the length scales, [n_inputs][n]
  std::vector<double> inverse_; ///< 1 / l
};
} // namespace understudy

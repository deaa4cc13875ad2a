// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>
#include <operators/nn/spectral_transform.h>
#include <operators/nn/trained_skip.h>

#include <cstddef>

namespace understudy
{
/// Sizes of a spectral convolution on a grid.
struct SpectralSizes
{
  std::size_t n1 = 0, n2 = 0, n_channels = 0;
  std::size_t m1 = 0, m2 = 0; ///< even
  bool separable = false;

  auto operator<=>(const SpectralSizes &) const = default;
};

/// The spectral convolution of SpectralConvolution with the path around it, y = K x + bias + s(x),
/// for fields with as many outputs as inputs, and its gradient. With F the transform of
/// SpectralTransform, E its inverse, N = n1 n2 and c = 1 for the columns k2 = 0 and n2/2, else 2:
/// the adjoint of E is N c F and that of F is E / (N c), so that
///   dx = E W^H F dy + s^T dy   and   dW_io(k) = N c sum_samples conj(X_i(k)) (F dy)_o(k).
/// Fields are channel last, [n_samples][n1][n2][pitch]. Weights are those of SpectralWeights with
/// complex numbers as pairs. Plans and memory are kept between calls; for several threads one
/// object each.
template <class T>
class SpectralTraining
{
public:
  explicit SpectralTraining(const SpectralSizes &sizes);

  /// Numbers in the spectrum of a batch: [kept][n_samples][2][pitch].
  std::size_t spectrum_size(std::size_t n_samples) const
  {
    return kept_.size() * n_samples * 2 * pitch_;
  }
  /// Whether the grid has all modes of the weight.
  bool keeps_all() const { return kept_.size() == n_weight_modes(); }

  /// @param W    [n_channels][n_channels][m1][m2/2 + 1][2], separable: without the second axis
  /// @param bias [n_channels]
  /// @param X    spectrum of x, written
  void forward(std::size_t n_samples, const T *W, const T *bias, const TrainedSkip<T> &skip,
               const T *x, T *X, T *y);

  /// @param X    what forward() wrote
  /// @param dW   like W; modes that are not kept are left alone
  void backward(std::size_t n_samples, const T *W, TrainedSkip<T> &skip, const T *x, const T *X,
                const T *dy, T *dx, T *dW, T *dbias);

private:
  std::size_t n_weight_modes() const { return sizes_.m1 * (sizes_.m2 / 2 + 1); }
  std::size_t weight_block() const
  {
    return (sizes_.separable ? 1 : sizes_.n_channels) * 2 * pitch_;
  }
  /// Where a kept mode stands among those of the weight.
  std::size_t weight_mode(std::size_t mode) const;
  /// Calls @p action(row, column, mode, place of W_row,column in W) for each kept mode.
  template <class Action>
  void for_each_weight(const Action &action) const;
  void pack(const T *W, bool adjoint);
  void multiply(std::size_t n_samples, const T *X);
  void transform(std::size_t sample, const T *field, T *X, std::size_t n_samples);
  void weight_gradient(std::size_t n_samples, const T *X, T *dW);
  void reserve(std::size_t n_samples);

  SpectralSizes sizes_;
  KeptModes kept_;
  std::size_t pitch_;
  SpectralTransform<T> transform_;
  FftArray<T> packed_; ///< [kept] blocks as in ModeProduct
  FftArray<T> Y_;      ///< [kept][n_samples][2][pitch], a product with the weight
  FftArray<T> G_;      ///< the same, F dy
  FftArray<T> turned_; ///< [n_samples][2][2][pitch], N c (G, -i G) of one mode
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>
#include <operators/nn/spectral_transform.h>
#include <operators/nn/trained_skip.h>

#include <compare>
#include <cstddef>

namespace understudy
{
/// Sizes of the transforms around a spectral convolution.
struct SpectralSizes
{
  std::size_t n1 = 0, n2 = 0, n_channels = 0;
  std::size_t m1 = 0, m2 = 0; ///< even

  auto operator<=>(const SpectralSizes &) const = default;
};

/// The way to the spectra of fields and back, X = F x and y = E Y + bias + s(x), and its gradient.
/// With F and E the transforms of SpectralTransform, N = n1 n2 and c = 1 for the columns k2 = 0 and
/// n2/2, else 2, the adjoint of E is N c F and that of F is E / (N c). Fields are channel last,
/// [n_samples][n1][n2][pitch]; spectra are [kept modes][n_samples][2][pitch], real parts first.
/// Plans and memory are kept between calls; for several threads one object each.
template <class T>
class SpectralTraining
{
public:
  explicit SpectralTraining(const SpectralSizes &sizes);

  const KeptModes &kept() const { return kept_; }

  /// X = F x.
  void spectrum(std::size_t n_samples, const T *x, T *X);
  /// dx = F^T dX.
  void spectrum_backward(std::size_t n_samples, const T *dX, T *dx);

  /// y = E Y + bias + s(x).
  /// @param bias [n_channels]
  void field(std::size_t n_samples, const T *Y, const T *bias, const TrainedSkip<T> &skip,
             const T *x, T *y);
  /// dY = E^T dy, dx = s^T dy, which is left alone without such a path, and the sum over dy.
  void field_backward(std::size_t n_samples, TrainedSkip<T> &skip, const T *x, const T *dy, T *dY,
                      T *dx, T *dbias);

private:
  /// N c of a mode.
  T norm(std::size_t mode) const;
  void transform(std::size_t n_samples, std::size_t sample, const T *field, T *X);

  SpectralSizes sizes_;
  KeptModes kept_;
  std::size_t pitch_;
  SpectralTransform<T> transform_;
  FftArray<T> scaled_; ///< [kept modes][2][pitch], the spectrum of a sample
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/channel_kernels.h>
#include <operators/nn/spectral_transform.h>

#include <cstddef>

namespace understudy
{
/// Sizes of the weight of a spectral convolution that stands mode by mode,
///   [m1][2][m2/2 + 1][n_rows()][pitch of n_out],
/// for each k1 the real parts before the imaginary ones, with zeros behind the last output.
struct ModeSizes
{
  std::size_t n_in = 0, n_out = 0;
  std::size_t m1 = 0, m2 = 0; ///< even; of a Tucker core its ranks, r1 and 2 (r2 - 1)
  bool separable = false;     ///< y_c = w_c x_c in each mode: one row, n_in = n_out

  std::size_t n_rows() const { return separable ? 1 : n_in; }
  std::size_t n_k2() const { return m2 / 2 + 1; }
};

/// How far the imaginary parts of a k1 stand behind the real ones.
template <class T>
std::size_t plane_size(const ModeSizes &s)
{
  return s.n_k2() * s.n_rows() * channel_pitch<T>(s.n_out);
}

/// From the order of SpectralWeights, [n_rows][n_out][m1][m2/2 + 1] pairs of a real and an
/// imaginary part, to that of ModeSizes.
template <class T>
void to_modes(const ModeSizes &sizes, const T *W, T *by_modes);
/// And back.
template <class T>
void from_modes(const ModeSizes &sizes, const T *by_modes, T *W);

/// Y(k) = W(k) X(k) in complex numbers for the modes that a grid keeps, and its gradient
///   dX(k) = W(k)^H dY(k),   dW_io(k) = sum_samples conj(X_i(k)) dY_o(k).
/// Spectra are [kept modes][n_samples][2][pitch] with zeros behind the last channel.
template <class T>
class ModeProducts
{
public:
  ModeProducts(const ModeSizes &sizes, const KeptModes &kept) : sizes_(sizes), kept_(kept) {}

  void forward(std::size_t n_samples, const T *W, const T *X, T *Y) const;

  /// @param dX not written if null
  /// @param dW zeros before, not written if null
  void backward(std::size_t n_samples, const T *W, const T *X, const T *dY, T *dX, T *dW) const;

private:
  /// Where the real part of a kept mode begins; the imaginary one is a plane further.
  std::size_t place(std::size_t mode) const;
  void gradient(std::size_t n_samples, const T *X, const T *dY, T *turned, T *dW) const;

  ModeSizes sizes_;
  KeptModes kept_;
};
} // namespace understudy

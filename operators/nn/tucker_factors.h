// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>
#include <operators/nn/mode_products.h>

#include <cstddef>

namespace understudy
{
/// Where the entries of a complex matrix u, y_o = sum_i u_oi x_i, and of the real matrix of the
/// same map stand, in which u_oi is [[re u_oi, -im u_oi], [im u_oi, re u_oi]].
struct PairMatrix
{
  std::size_t n_out = 0, n_in = 0;
  std::size_t u_out = 0, u_in = 0;   ///< steps in u, counted in pairs
  std::size_t out = 0, out_part = 0; ///< steps in the real matrix from output to output
  std::size_t in = 0, in_part = 0;   ///< and to the imaginary part, from input to input
  /// Writes the entries of the real matrix.
  template <class T>
  void fill(const T *u, T *matrix) const;
  /// du = the adjoint of fill() of a matrix.
  template <class T>
  void gather(const T *matrix, T *du) const;
};

/// Spectra [n_spectra][2][pitch of n_in] times the complex factor U of their channels,
/// y_o = sum_i U_io x_i, and the gradient.
template <class T>
class ChannelFactor
{
public:
  /// @param U [n_in][n_out][2]
  ChannelFactor(std::size_t n_in, std::size_t n_out, const T *U);

  void forward(std::size_t n_spectra, const T *x, T *y) const;
  /// @param dx not written if null
  /// @param dU [n_in][n_out][2], not written if null
  void backward(std::size_t n_spectra, const T *x, const T *dy, T *dx, T *dU) const;

private:
  std::size_t n_in_, n_out_, in_, out_; ///< numbers of channels, of floats in a row
  PairMatrix pairs_;
  FftArray<T> matrix_, transposed_; ///< [in_][out_], [out_][in_]
};

/// The factors of the modes of a Tucker tensor multiplied out,
///   C_io(k1, k2) = sum_ab U1(k1, a) U2(k2, b) core_io(a, b),
/// and the gradient. The core and C stand in the order of ModeSizes, that of the core with r1 and
/// r2 in the place of m1 and m2/2 + 1.
template <class T>
class TuckerModes
{
public:
  /// @param sizes of C
  /// @param U1 [m1][r1][2]
  /// @param U2 [m2/2 + 1][r2][2]
  TuckerModes(const ModeSizes &sizes, std::size_t r1, std::size_t r2, const T *U1, const T *U2);

  /// Numbers in the tensor that stands between both products.
  std::size_t half_size() const { return rows1() * r2_ * block_; }

  /// @param half written, for backward()
  void forward(const T *core, T *half, T *C) const;
  void backward(const T *core, const T *half, const T *dC, T *dcore, T *dU1, T *dU2) const;

private:
  // sizes of the real matrices
  std::size_t rows1() const { return 2 * sizes_.m1; }
  std::size_t rows2() const { return 2 * sizes_.n_k2(); }
  std::size_t columns1() const { return 2 * r1_; }
  std::size_t columns2() const { return 2 * r2_; }

  ModeSizes sizes_;
  std::size_t r1_, r2_, block_; ///< block: numbers of a mode in one plane
  PairMatrix pairs1_, pairs2_;
  FftArray<T> R1_; ///< [m1][2][r1][2], the real matrix of U1
  FftArray<T> R2_; ///< [2][m2/2 + 1][2][r2], that of U2
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>
#include <operators/nn/channel_kernels.h>

#include <algorithm>
#include <cstddef>

namespace understudy
{
/// y = W x + b for the channels of every pixel, and the gradient with respect to x, W and b, which
/// accumulate() gathers piece by piece. Fields are channel last, see channel_pitch(). A pixel costs
/// 2 n_in n_out operations per pass, and there are three.
template <class T>
class TrainedLayer
{
public:
  TrainedLayer() = default;
  /// @param W [n_out][n_in]
  /// @param b [n_out]; null: no bias
  TrainedLayer(std::size_t n_in, std::size_t n_out, const T *W, const T *b)
    : n_in_(n_in),
      n_out_(n_out),
      weight_(n_out * pitch_in()),
      transposed_(n_in * pitch_out()),
      bias_(pitch_out()),
      weight_gradient_(n_out * pitch_in()),
      bias_gradient_(pitch_out())
  {
    for (std::size_t o = 0; o < n_out; ++o)
      for (std::size_t i = 0; i < n_in; ++i)
        weight_[o * pitch_in() + i] = transposed_[i * pitch_out() + o] = W[o * n_in + i];
    if (b)
      std::copy_n(b, n_out, bias_.begin());
  }

  std::size_t pitch_in() const { return channel_pitch<T>(n_in_); }
  std::size_t pitch_out() const { return channel_pitch<T>(n_out_); }

  /// y = W x + b for @p n pixels.
  ChannelProduct<T> product(std::size_t n, const T *x, T *y) const
  {
    ChannelProduct<T> p;
    p.m = n, p.n = pitch_out(), p.k = n_in_;
    p.A = x, p.lda = pitch_in();
    p.B = transposed_.data(), p.ldb = pitch_out();
    p.C = y, p.ldc = pitch_out();
    p.bias = bias_.data();
    return p;
  }

  /// dx = W^T dy.
  ChannelProduct<T> transposed_product(std::size_t n, const T *dy, T *dx) const
  {
    ChannelProduct<T> p;
    p.m = n, p.n = pitch_in(), p.k = n_out_;
    p.A = dy, p.lda = pitch_out();
    p.B = weight_.data(), p.ldb = pitch_in();
    p.C = dx, p.ldc = pitch_in();
    return p;
  }

  /// dW += dy^T x, db += sum dy; behind the last channel of x and dy stand zeros.
  void accumulate(std::size_t n, const T *x, const T *dy)
  {
    ChannelOuter<T> p;
    p.m = n_out_, p.n = pitch_in(), p.k = n;
    p.A = dy, p.lda = pitch_out();
    p.B = x, p.ldb = pitch_in();
    p.C = weight_gradient_.data(), p.ldc = pitch_in();
    channel_kernels<T>().outer(p);
    channel_kernels<T>().sums(n, pitch_out(), dy, nullptr, bias_gradient_.data());
  }

  /// Writes what was gathered.
  /// @param dW [n_out][n_in]
  /// @param db [n_out] or null
  void gradient(T *dW, T *db) const
  {
    for (std::size_t o = 0; o < n_out_; ++o)
      std::copy_n(weight_gradient_.data() + o * pitch_in(), n_in_, dW + o * n_in_);
    if (db)
      std::copy_n(bias_gradient_.data(), n_out_, db);
  }

private:
  std::size_t n_in_ = 0, n_out_ = 0;
  FftArray<T> weight_;          ///< [n_out][pitch_in]
  FftArray<T> transposed_;      ///< [n_in][pitch_out]
  FftArray<T> bias_;            ///< [pitch_out]
  FftArray<T> weight_gradient_; ///< [n_out][pitch_in]
  FftArray<T> bias_gradient_;   ///< [pitch_out]
};
} // namespace understudy

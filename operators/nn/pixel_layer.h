// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>
#include <operators/nn/channel_kernels.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace understudy
{
/// A linear layer that acts on the channels of every pixel, y = W x + b, transposed and padded for
/// ChannelProduct.
template <class T>
struct PixelLayer
{
  std::size_t n_in = 0, n_out = 0;
  FftArray<T> weight; ///< [n_in][channel_pitch(n_out)]
  FftArray<T> bias;   ///< [channel_pitch(n_out)]

  PixelLayer() = default;
  /// @param W [n_out][n_in]
  /// @param b [n_out] or empty
  PixelLayer(std::size_t inputs, std::size_t outputs, const std::vector<double> &W,
             const std::vector<double> &b)
    : n_in(inputs), n_out(outputs), weight(inputs * pitch()), bias(pitch())
  {
    for (std::size_t o = 0; o < n_out; ++o)
      for (std::size_t i = 0; i < n_in; ++i)
        weight[i * pitch() + o] = static_cast<T>(W[o * n_in + i]);
    std::copy(b.begin(), b.end(), bias.begin());
  }

  std::size_t pitch() const { return channel_pitch<T>(n_out); }

  /// The layer for @p n pixels that are @p pitch_in apart; y is [n][pitch()] and is not x.
  ChannelProduct<T> product(std::size_t n, const T *x, std::size_t pitch_in, T *y) const
  {
    ChannelProduct<T> p;
    p.m = n, p.n = pitch(), p.k = n_in;
    p.A = x, p.lda = pitch_in;
    p.B = weight.data(), p.ldb = pitch();
    p.C = y, p.ldc = pitch();
    p.bias = bias.data();
    return p;
  }
};

/// y += gate .* x and an activation for @p n pixels; x may be y.
template <class T>
ChannelProduct<T> gated_sum(std::size_t n, const FftArray<T> &gate, const T *x, T *y)
{
  ChannelProduct<T> p;
  p.m = n, p.n = gate.size();
  p.C = y, p.ldc = gate.size();
  p.add = true;
  p.gate = gate.data(), p.G = x, p.ldg = gate.size();
  return p;
}
} // namespace understudy

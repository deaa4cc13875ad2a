// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno_config.h>
#include <operators/nn/trained_layer.h>

#include <algorithm>
#include <cstddef>

namespace understudy
{
/// The path s around a layer, FnoSkip, and its gradient.
template <class T>
class TrainedSkip
{
public:
  /// @param values linear: [n_channels][n_channels]; soft gate: [n_channels]; else not read
  TrainedSkip(FnoSkip kind, std::size_t n_channels, const T *values)
    : kind_(kind), n_channels_(n_channels)
  {
    if (kind == FnoSkip::linear)
      linear_ = TrainedLayer<T>(n_channels, n_channels, values, nullptr);
    else if (kind != FnoSkip::none)
    {
      gate_ = FftArray<T>(channel_pitch<T>(n_channels));
      gate_gradient_ = FftArray<T>(gate_.size());
      if (kind == FnoSkip::identity)
        std::fill_n(gate_.begin(), n_channels, T(1));
      else
        std::copy_n(values, n_channels, gate_.begin());
    }
  }

  FnoSkip kind() const { return kind_; }

  /// y += s(x) for @p n pixels; an activation of the sum may be asked for. Not for FnoSkip::none.
  ChannelProduct<T> product(std::size_t n, const T *x, T *y) const
  {
    ChannelProduct<T> p = kind_ == FnoSkip::linear ? linear_.product(n, x, y) : gated(n, x, y);
    p.add = true;
    return p;
  }

  /// dx += s^T dy, or dx = s^T dy; the gradient with respect to s is gathered.
  void backward(std::size_t n, const T *x, const T *dy, T *dx, bool add)
  {
    if (kind_ == FnoSkip::linear)
      linear_.accumulate(n, x, dy);
    if (kind_ == FnoSkip::soft_gate)
      channel_kernels<T>().sums(n, gate_.size(), dy, x, gate_gradient_.data());
    if (kind_ == FnoSkip::none)
      return;
    ChannelProduct<T> p =
      kind_ == FnoSkip::linear ? linear_.transposed_product(n, dy, dx) : gated(n, dy, dx);
    p.add = add;
    channel_kernels<T>().product(p);
  }

  /// Writes what was gathered, in the shape of the values.
  void gradient(T *values) const
  {
    if (kind_ == FnoSkip::linear)
      linear_.gradient(values, nullptr);
    if (kind_ == FnoSkip::soft_gate)
      std::copy_n(gate_gradient_.data(), n_channels_, values);
  }

private:
  ChannelProduct<T> gated(std::size_t n, const T *x, T *y) const
  {
    ChannelProduct<T> p;
    p.m = n, p.n = gate_.size();
    p.C = y, p.ldc = gate_.size();
    p.gate = gate_.data(), p.G = x, p.ldg = gate_.size();
    return p;
  }

  FnoSkip kind_;
  std::size_t n_channels_;
  TrainedLayer<T> linear_;
  FftArray<T> gate_, gate_gradient_; ///< [pitch]
};
} // namespace understudy

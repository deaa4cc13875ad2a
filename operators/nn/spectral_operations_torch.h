// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno_config.h>
#include <operators/nn/mode_products.h>

#include <torch/torch.h>

#include <cstddef>

/// The spectral layers of a Fourier neural operator as operations of LibTorch with gradients
/// written by hand: SpectralTraining, ModeProducts and, for Tucker tensors, ChannelFactor and
/// TuckerModes. Fields and what is refused as in fno_operations_torch.h.
namespace understudy::fno
{
/// The weight of a spectral convolution as it is trained, complex numbers being pairs: whole, or
/// the core and the factors of a Tucker tensor. With joint weights W or core has a first axis of
/// layers.
struct SpectralTensors
{
  /// [n_channels][n_channels][m1][m2/2 + 1][2], separable: without the second axis; undefined for a
  /// Tucker tensor
  torch::Tensor W;
  torch::Tensor core;            ///< [r][s][r1][r2][2]
  torch::Tensor inputs, outputs; ///< [n_channels][r][2], [n_channels][s][2]
  torch::Tensor k1, k2;          ///< [m1][r1][2], [m2/2 + 1][r2][2]

  SpectralTensors of_layer(std::size_t l) const;
};

/// The same as spectral_layer() reads it, in real tensors: the channels x of each mode k become
/// ((x U) C(k)) V in complex numbers.
struct SpectralWeight
{
  ModeSizes sizes;
  torch::Tensor C;    ///< in the order of ModeSizes
  torch::Tensor U, V; ///< [n_channels][n_in][2], [n_out][n_channels][2]; undefined: the identity
};

/// Of a Tucker tensor only the factors of the modes are multiplied out.
SpectralWeight spectral_weight(const SpectralTensors &tensors);

/// K x + bias + s(x).
/// @param bias [n_channels]
/// @param skip linear: [n_channels][n_channels], soft gate: [n_channels]
torch::Tensor spectral_layer(const torch::Tensor &x, const SpectralWeight &weight,
                             const torch::Tensor &bias, const torch::Tensor &skip, FnoSkip kind);
} // namespace understudy::fno

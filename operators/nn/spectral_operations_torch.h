// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno_config.h>
#include <operators/nn/mode_products.h>

#include <torch/torch.h>

#include <vector>

/// The spectral layers of a Fourier neural operator as operations of LibTorch with gradients
/// written by hand: SpectralTraining, ModeProducts and, for Tucker tensors, ChannelFactor and
/// TuckerModes. Fields and what is refused as in fno_operations_torch.h.
namespace understudy::fno
{
/// The weight of a spectral convolution, all in real tensors: the channels x of each mode k become
/// ((x U) C(k)) V in complex numbers.
struct SpectralWeight
{
  ModeSizes sizes;
  torch::Tensor C;    ///< in the order of ModeSizes
  torch::Tensor U, V; ///< [n_channels][n_in][2], [n_out][n_channels][2]; undefined: ones
};

/// A weight that is given in full.
/// @param W [n_channels][n_channels][m1][m2/2 + 1][2], separable: without the second axis
SpectralWeight full_weight(const torch::Tensor &W);

/// A Tucker tensor, of which only the factors of the modes are multiplied out.
/// @param parts core [r][s][r1][r2][2] and factors of inputs [n_channels][r][2], outputs
/// [n_channels][s][2], k1 [m1][r1][2] and k2 [m2/2 + 1][r2][2]
SpectralWeight tucker_weight(const std::vector<torch::Tensor> &parts);

/// K x + bias + s(x).
/// @param bias [n_channels]
/// @param skip linear: [n_channels][n_channels], soft gate: [n_channels]
torch::Tensor spectral_layer(const torch::Tensor &x, const SpectralWeight &weight,
                             const torch::Tensor &bias, const torch::Tensor &skip, FnoSkip kind);
} // namespace understudy::fno

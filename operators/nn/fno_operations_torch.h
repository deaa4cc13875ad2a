// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno_config.h>

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>

/// The layers of a Fourier neural operator that act on pixels, as an operation of LibTorch with a
/// gradient written by hand: PixelMlp. Fields are channel last, contiguous tensors
/// [n_samples][n1][n2][channel pitch] with zeros behind the last channel. Float and double, on the
/// processor; a second derivative is refused. Undefined tensors stand for what is not there.
namespace understudy::fno
{
/// A layer of two linear ones, gelu between them; the parts of PixelMlpWeights.
struct MlpTensors
{
  torch::Tensor B, b, A, a; ///< [n_hidden][n_in], [n_hidden], [n_out][n_hidden], [n_out]
  torch::Tensor skip;       ///< linear: [n_out][n_out], soft gate: [n_out]
  FnoSkip kind = FnoSkip::none;
  bool activate_input = false, activate_output = false;
};

std::int64_t pitch(torch::ScalarType type, std::size_t n_channels);

/// act_out(A gelu(B act_in(u) + b) + a + s(x)).
torch::Tensor pixel_mlp(const torch::Tensor &u, const torch::Tensor &x, const MlpTensors &weights);

/// Fields [n_samples][n_channels][n1][n2] put channel last, and back.
torch::Tensor channels_last(const torch::Tensor &x);
torch::Tensor channels_first(const torch::Tensor &x, std::size_t n_channels);
} // namespace understudy::fno

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/sum_over_ranks.h>

#include <torch/torch.h>

namespace understudy::fno
{
/// y = weight (x - m) / sqrt(v + fno_norm_epsilon) + bias with mean m and variance v of each
/// channel over samples and pixels of all ranks. The running ones become 0.9 times what they were
/// plus 0.1 times those of this step, for the variance with n - 1 in the place of n. The backward
/// pass is collective, too, and refuses to be differentiated again.
/// @param x [n_samples][n_channels][n1][n2]; all others [n_channels]
/// @param sum lives until the backward pass has come by
torch::Tensor batch_norm(const torch::Tensor &x, const torch::Tensor &weight,
                         const torch::Tensor &bias, const torch::Tensor &running_mean,
                         const torch::Tensor &running_variance, const SumOverRanks &sum);
} // namespace understudy::fno

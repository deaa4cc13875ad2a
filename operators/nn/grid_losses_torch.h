// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <torch/torch.h>

namespace understudy
{
/// Relative errors of fields p against the truth y, both [n_samples][n_channels][n1][n2], of every
/// sample and channel, summed over the samples and averaged over the channels. Differentiable. They
/// are the losses of the neuraloperator library; data/output/grid_errors.h has the same as numbers.

/// |p - y| / (|y| + 1e-8)
torch::Tensor relative_l2_loss(const torch::Tensor &p, const torch::Tensor &y);

/// sqrt(S(e^2 + e_1^2 + e_2^2)) / (sqrt(S(y^2 + y_1^2 + y_2^2)) + 1e-8), e = p - y, S the sum over
/// points. Derivatives are central differences with the spacings 1 / n1 and 1 / n2; where the field
/// is not periodic the first point has (-11, 18, -9, 2) / (6 h), the last its mirror image.
torch::Tensor relative_h1_loss(const torch::Tensor &p, const torch::Tensor &y, bool periodic);

/// The same with the weight @p a >= 0, as y: sqrt(S(a (e_1^2 + e_2^2))) / (the same of y + 1e-8),
/// the norm of the energy of -div(a grad u).
torch::Tensor relative_energy_loss(const torch::Tensor &p, const torch::Tensor &y,
                                   const torch::Tensor &a, bool periodic);
} // namespace understudy

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

/// sqrt(E(p - y)) / (sqrt(E(y)) + 1e-8) with the energy of -div(a grad e) for fields e that vanish
/// on the boundary, which are given at all nodes (i, j) but those of the far sides, as in MgTfno,
///   E(e) = sum over pairs of neighbours (a_1 + a_2) / 2 (e_1 - e_2)^2,
/// e = 0 wherever i or j is 0 or n, whatever p says there. That is e^T A e with the matrix of the
/// five-point scheme of DarcyFivePoint.
/// @param a [n_samples][1 or n_channels][n1][n2], > 0; at the far sides its last values go on
torch::Tensor relative_energy_loss(const torch::Tensor &p, const torch::Tensor &y,
                                   const torch::Tensor &a);
} // namespace understudy

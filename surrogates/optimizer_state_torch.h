// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/model_file.h>

#include <torch/torch.h>

#include <string>

namespace understudy
{
/// What an optimiser of LibTorch remembers between two calls of step(), as tensors of @p file whose
/// names begin with @p prefix: LibTorch's own format is a pickle. With the same parameters, an
/// optimiser that was made alike and given this state takes the same steps, bit for bit. All
/// tensors are of doubles. Loading throws UserError when a tensor is missing or does not fit.

/// Moments of Adam; nothing before the first step.
void save_optimizer(const torch::optim::Adam &optimizer, ModelFile &file,
                    const std::string &prefix);
void load_optimizer(torch::optim::Adam &optimizer, const ModelFile &file,
                    const std::string &prefix);

/// Direction and pairs of L-BFGS; nothing before the first step.
void save_optimizer(const torch::optim::LBFGS &optimizer, ModelFile &file,
                    const std::string &prefix);
void load_optimizer(torch::optim::LBFGS &optimizer, const ModelFile &file,
                    const std::string &prefix);

/// The values of a tensor of doubles in row-major order.
std::vector<double> values_of(const torch::Tensor &tensor);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
class ModelFile;

/// Constants of AdamW; the defaults are those of the training of neural operators in the
/// neuraloperator library.
struct AdamWParameters
{
  double beta1 = 0.9, beta2 = 0.999; ///< memory of the first and second moment, in [0, 1)
  double epsilon = 1e-6;
  double weight_decay = 1e-4;
};

/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019, arXiv 1711.05101), for all
/// parameters of a model in one array, in single precision. With gradient g and learning rate eta,
/// step t = 1, 2, ... does
///   m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) |g|^2,
///   p <- (1 - eta weight_decay) p - eta m' / (sqrt(v') + epsilon),
/// m' = m / (1 - beta1^t), v' = v / (1 - beta2^t). Numbers of a complex parameter, real and
/// imaginary part in turn, share |g|^2 = Re^2 + Im^2, so that the step does not depend on the phase
/// in which a weight is written (as in neuraloperator; an optimiser of real numbers takes both
/// parts for themselves). Equal calls give equal results, bit for bit.
class AdamW
{
public:
  /// @param complex ranges [first, last) of complex parameters, whose lengths are even
  AdamW(const AdamWParameters &parameters, std::size_t n_parameters,
        std::vector<std::pair<std::size_t, std::size_t>> complex);

  void step(double learning_rate, std::span<const float> gradient, std::span<float> parameters);

  std::size_t n_steps() const { return n_steps_; }

  /// The moments and the number of steps as tensors whose names begin with @p prefix; exact.
  void save(ModelFile &file, const std::string &prefix) const;
  /// Throws UserError when a tensor is missing or does not fit.
  void load(const ModelFile &file, const std::string &prefix);

private:
  AdamWParameters parameters_;
  std::vector<std::pair<std::size_t, std::size_t>> complex_;
  std::size_t n_steps_ = 0;
  std::vector<float> mean_, square_;
};
} // namespace understudy

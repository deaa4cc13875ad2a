// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno_config.h>
#include <operators/nn/sum_over_ranks.h>

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
namespace fno
{
struct MlpTensors;
struct SpectralTensors;
} // namespace fno

/// The network of FnoConfig for training. Complex tensors are kept as real ones with a last axis of
/// two, so that any optimiser can be used; a factorised weight is rebuilt at every call, but for
/// factors of the channels of Tucker tensors where it costs less to multiply those with the
/// spectra. Parameters have the names of fno_tensors(). Spectral convolutions and channel MLPs are
/// operations with gradients written by hand, on fields that are kept channel last; there are no
/// second derivatives. On one thread equal calls give equal bits. Running means and variances of
/// batch normalisation are buffers: calls in training mode, which is the one after construction,
/// use the statistics of the batch and update them; after eval() calls use them unchanged.
class FnoModuleImpl : public torch::nn::Module
{
public:
  /// @param type torch::kFloat32 or torch::kFloat64
  explicit FnoModuleImpl(const FnoWeights &weights, torch::ScalarType type = torch::kFloat32);

  /// @param x [n_samples][n_in][n1][n2]; returns [n_samples][n_out][n1][n2]
  torch::Tensor forward(torch::Tensor x);

  /// Batch normalisation is that of the samples of all ranks.
  void normalise_over_ranks(SumOverRanks sum) { sum_over_ranks_ = std::move(sum); }

  /// What was learned, for Fno and for model files.
  FnoWeights weights() const;

  const FnoConfig &config() const { return config_; }

private:
  /// The tensor of this name; undefined where the network has none.
  torch::Tensor at(const std::string &name) const;
  fno::MlpTensors two_layers(const std::string &name) const;
  torch::Tensor skip_weight(const std::string &name) const;
  torch::Tensor with_skip(const torch::Tensor &u, const std::string &name, FnoSkip kind,
                          const torch::Tensor &x) const;
  torch::Tensor norm(const std::string &name, const torch::Tensor &x,
                     const torch::Tensor &embedding) const;
  torch::Tensor embedding_of(const torch::Tensor &x) const;
  bool keeps_factors(std::int64_t r, std::int64_t s, std::int64_t n_samples) const;
  fno::SpectralTensors spectral_tensors(const std::string &name, std::int64_t n_samples) const;
  torch::Tensor lifted(const torch::Tensor &x) const;
  torch::Tensor block(std::size_t l, torch::Tensor x, const fno::SpectralTensors &joint,
                      const torch::Tensor &embedding) const;

  FnoConfig config_;
  std::map<std::string, torch::Tensor> tensors_;
  SumOverRanks sum_over_ranks_;
};
TORCH_MODULE(FnoModule);

/// The complex tensor of ComplexTensor reconstructed(), differentiable; parts are complex.
torch::Tensor reconstructed(Factorisation kind, const std::vector<torch::Tensor> &parts);
} // namespace understudy

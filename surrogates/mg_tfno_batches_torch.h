// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/mg_tfno_training.h>

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace understudy
{
/// Random numbers of an epoch: a checkpoint needs none of their state.
std::mt19937_64 epoch_generator(std::uint64_t seed, std::size_t epoch);

/// Training samples as a network takes them, and the loss of what it says: fields are scaled,
/// shifted and cut in patches, answers put together and scaled back.
///
/// *Shifts*. With random shifts, what stands at (i, j) of sample s is in epoch e what stands at
/// (i + a, j + b) of the sample, inputs and outputs alike; a and b come from the seed, e and s
/// alone. On a torus the shifted pair is as good as the first; a network on whole fields without
/// coordinates learns nothing new from it, one on patches sees others.
class MgTfnoBatches
{
public:
  /// What is given must outlive this object.
  MgTfnoBatches(const MgTfnoParameters &p, const MgTfnoProblem &problem,
                const MgTfnoSamples &samples, const MgTfno::State &scales);

  void begin_epoch(std::size_t epoch);

  using Network = std::function<torch::Tensor(const torch::Tensor &)>;

  /// The sum of the loss over samples, @p which are their numbers.
  torch::Tensor loss(const Network &network, std::span<const std::size_t> which) const;

private:
  struct Shift
  {
    std::size_t i1 = 0, i2 = 0;
  };

  torch::Tensor loss_of(const torch::Tensor &p, const torch::Tensor &y,
                        std::span<const std::size_t> which) const;
  torch::Tensor loss_of_patches(const torch::Tensor &answer, const torch::Tensor &y,
                                std::span<const std::size_t> which) const;
  torch::Tensor select(const GridBatch &all, std::span<const std::size_t> which) const;
  torch::Tensor cut(const torch::Tensor &fields) const;
  torch::Tensor column(bool offset) const;
  torch::Tensor scale(const torch::Tensor &y) const { return (y - column(true)) / column(false); }
  torch::Tensor unscale(const torch::Tensor &y) const { return y * column(false) + column(true); }

  const MgTfnoParameters &p_;
  bool periodic_;
  const MgTfnoSamples &samples_;
  const std::vector<MgTfno::Scale> &output_scale_;
  GridBatch encoded_;
  std::optional<MultigridPatches> patches_;
  std::vector<Shift> shifts_; ///< per sample
};
} // namespace understudy

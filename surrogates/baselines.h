// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/datasets.h>
#include <operators/nn/train_mlp.h>
#include <surrogates/model_card.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
/// The dull rivals: what a learned micro model has to beat. All learn S(E) from the training split
/// of a data set of kind "fe2-rve" and ignore the fields behind it.
///
/// Each train_ function writes one model file with its card and probe. It is not collective: one
/// rank calls it. Of @p card it uses micro, norm, box and materials; kind and data-set hash are set
/// here. It throws UserError when there are too few samples and WriteError.

/// "training-mean": S = mean of the training stresses, C = 0.
void train_training_mean(const DataSets &data, MicroModelCard card,
                         const std::filesystem::path &path);

/// "linear": S = A E with A = argmin sum |S - A E|^2; no intercept, because both laws are odd.
void train_linear(const DataSets &data, MicroModelCard card, const std::filesystem::path &path);

/// "snapshot-rbf": the odd-mirrored cubic radial basis interpolant of the training stresses.
void train_snapshot_rbf(const DataSets &data, MicroModelCard card,
                        const std::filesystem::path &path);

/// How "snapshot-mlp" is trained.
struct SnapshotMlpParameters
{
  std::vector<std::size_t> hidden = {64, 64, 64}; ///< widths of the hidden layers
  bool odd = true;                                ///< f(-E) = -f(E) by construction
  double sobolev = 1.; ///< weight of the tangent misfit; 0, or no field "C": stresses only
  unsigned max_evaluations = 1500; ///< of loss and gradient
  std::uint64_t seed = 24;
};

/// "snapshot-mlp": a multilayer perceptron fitted to stresses and tangents. Each stress component
/// counts by its own root mean square, so that the pressure does not hide the shear. The weights
/// with the smallest loss on the split "val" are kept, where there is one. Checkpoints are those of
/// train_mlp().
MlpTrainingReport train_snapshot_mlp(const DataSets &data, MicroModelCard card,
                                     const std::filesystem::path &path,
                                     const SnapshotMlpParameters &parameters = {},
                                     const MlpProgressCallback &progress = {},
                                     const TrainingCheckpoint &checkpoint = {});
} // namespace understudy

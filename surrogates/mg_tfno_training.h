// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>
#include <operators/nn/adamw.h>
#include <operators/nn/learning_rate.h>
#include <operators/nn/training_checkpoint.h>
#include <surrogates/mg_tfno.h>

#include <deal.II/base/parameter_handler.h>
#include <mpi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace understudy
{
/// Network and recipe of a neural operator.
struct MgTfnoParameters
{
  /// Of the network its sizes, ranks and padding; inputs and outputs are those of the problem, and
  /// kinds are chosen by the names below.
  FnoConfig network;
  std::string factorisation = "tucker", skip = "linear", mlp_skip = "soft gate", norm = "none";
  bool coordinates = false;
  bool window_coordinates = false; ///< those in what the network sees: equal for all patches
  PatchingParameters patching = {0};
  std::string loss = "h1"; ///< or "l2", or "energy" with the first input as weight
  /// Of scaled outputs; with patches, and of the energy, always of physical ones.
  bool loss_of_scaled = true;
  bool stitched = true;                  ///< loss of the whole field, not of each patch
  std::string input_scaling = "normal";  ///< to mean 0 and deviation 1; "range": to [0, 1]; "none"
  std::string output_scaling = "normal"; ///< likewise
  LearningRate rate;
  AdamWParameters adam;
  unsigned batch = 32, epochs = 30;
  bool random_shifts = false; ///< each sample on the torus by another shift in each epoch
  unsigned patience = 0;      ///< epochs without a better validation error before the end; 0: never
  std::uint64_t seed = 24;

  /// Sections Network, Patches and Optimiser.
  void declare(dealii::ParameterHandler &prm);
  /// One sentence for each value that is wrong; @p n_points of the training grid.
  std::vector<std::string> problems(const MgTfnoProblem &problem, std::size_t n_points) const;
  /// The network as a whole.
  FnoConfig network_for(const MgTfnoProblem &problem) const;
};

/// What is learned from, on one grid of n x n points.
struct MgTfnoSamples
{
  GridBatch x, y;             ///< training
  GridBatch x_valid, y_valid; ///< may have no samples
};

/// How a training went; equal on all ranks.
struct MgTfnoTraining
{
  struct Epoch
  {
    double loss = 0.;             ///< mean over the training samples, as the weights went by
    double validation_error = 0.; ///< mean relative L2; NaN without validation samples
    double learning_rate = 0.;
  };
  std::vector<Epoch> epochs;
  std::size_t best_epoch = 0; ///< whose weights were kept, from 1; the last one without validation
  std::size_t n_steps = 0;
  double seconds = 0.; ///< with those before a checkpoint
  std::size_t n_parameters = 0;
  std::string stopped_by; ///< "epochs" or "patience"
};

/// Fits a neural operator. Every rank holds all samples and takes its share of every batch;
/// gradients of sums over samples are added up in one array over all ranks and divided by the true
/// number of samples of the batch, so that the ranks take the same steps as one would, to rounding.
/// The order of the samples depends on seed and epoch alone. After each epoch the validation error
/// (relative L2 of physical outputs) is found by inference; the weights of the smallest are kept.
///
/// *Losses* are those of operators/nn/grid_losses_torch.h, of scaled or of physical outputs.
///
/// *Checkpoints* may be taken between two steps, on all ranks or none: TrainingCheckpoint::wanted()
/// is asked on all ranks and must say the same to all, save() is called on all ranks with the same
/// state. On equal ranks a training that was broken off ends with the same weights, bit for bit.
///
/// Collective. Throws UserError, on all ranks, for problems(), samples that do not fit or are not
/// finite, and checkpoints of another training; SolverError when the gradient of the loss is no
/// longer finite.
/// @param log where progress is told, or null
MgTfno train_mg_tfno(MPI_Comm comm, const MgTfnoParameters &parameters,
                     const MgTfnoProblem &problem, const MgTfnoSamples &samples,
                     MgTfnoTraining &training, Log *log = nullptr,
                     const TrainingCheckpoint &checkpoint = {});
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>
#include <surrogates/gaussian_process_fit.h>
#include <surrogates/mmgp.h>

#include <deal.II/base/parameter_handler.h>
#include <mpi.h>

#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// How MMGP is trained.
struct MmgpParameters
{
  unsigned shape_modes = 8, field_modes = 8;
  std::string weights = "uniform"; ///< of the Tutte map: "uniform" or "mean-value"
  bool process_per_coefficient = false;
  double shape_factor = 1.5;     ///< the shape gate shuts above this times the 99th percentile
  double distance_share = 1e-3;  ///< of normal samples that the distance gate would shut out
  double deviation_limit = 0.05; ///< of the deviation gate
  GaussianProcessFitParameters fit;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const;
};

/// A computed plate.
struct MmgpSample
{
  TriangleMesh mesh;
  std::vector<double> inputs;              ///< parallel to MmgpProblem::inputs
  std::vector<std::vector<double>> fields; ///< likewise, at the nodes
  std::vector<double> scalars;
};

/// What a training took, and what its searches found; equal on all ranks.
struct MmgpTraining
{
  /// Of the slowest rank; the last is the time of the cross-validation.
  double seconds_morph = 0., seconds_pod = 0., seconds_fit = 0., seconds_validate = 0.;
  struct Process
  {
    std::string output;
    double log_likelihood = 0., noise_variance = 0.;
    unsigned evaluations = 0;
    bool at_bound = false;
    std::size_t mode = 0; ///< from 1; 0: a process for all modes, or for a scalar
  };
  std::vector<Process> processes;
  struct Band
  {
    std::string output;
    double width = 0.; ///< half of it, in deviations; 1.96 would be that of a normal error
  };
  std::vector<Band> bands; ///< of the fields, then of the scalars
};

/// Trains on samples 0 to n_samples - 1. The common mesh is the image of the middle one; modes and
/// processes of the model are those of all samples.
///
/// A cross-validation says how far it may be wrong: every sample belongs to one of five folds, and
/// for each fold the rest is learned alone (with one search for the hyper-parameters of each
/// process, from those of all samples: another start may end at a model that is surer of itself, or
/// less sure, than the one whose errors are to be foretold). What the modes lose of the samples
/// left out gives the gate of the shape and the truncation of the fields. The errors of these
/// models at the samples left out, in deviations that they predict, give the bounds: their half
/// width is the split-conformal quantile of 95 % (conformal_quantile(), for fields
/// grouped_conformal_quantile() over the nodes of each sample), the model of all samples being
/// taken for no worse than those of four fifths. With fewer than 19 samples it is the largest
/// error, 1.96 at least.
///
/// Morphing is shared out over the ranks, and so are the searches for hyper-parameters; the bounds
/// cost a quarter (10 searches for each process) to two thirds (4) more. Collective; the model is
/// equal on all ranks and does not depend on their number.
/// @param sample   gives a sample; each rank asks for its own share
/// @param features of the meshes, counter-clockwise: where their boundary is held in the Tutte map
/// @param log      where the time left is told, or null
/// A request to stop ends it as throw_if_stop_requested() does.
/// Throws UserError for fewer than 10 samples, samples that do not fit the problem or cannot be
/// morphed (naming the sample), and outputs that are equal in all samples.
Mmgp train_mmgp(MPI_Comm comm, const MmgpParameters &parameters, const MmgpProblem &problem,
                const std::vector<std::string> &features, std::size_t n_samples,
                const std::function<MmgpSample(std::size_t)> &sample, MmgpTraining &training,
                Log *log = nullptr);
} // namespace understudy

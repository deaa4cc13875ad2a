// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/gaussian_process.h>

#include <mpi.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// How the hyper-parameters of Gaussian processes are searched. Bounds and starts are those of
/// inputs and outputs that have been standardised to mean 0 and variance 1.
struct GaussianProcessFitParameters
{
  unsigned n_restarts = 10;        ///< searches per process, the first start included
  unsigned max_evaluations = 1000; ///< of the likelihood, per search
  /// A search ends when the projected gradient of L / (n m) is shorter than this,
  double gradient_tolerance = 1e-6;
  /// or when L / (n m) has risen by less than this in five iterations.
  double value_tolerance = 1e-8;
  unsigned seed = 1;
  /// From where the first search of each process starts; empty: l = sqrt(n_inputs), s2 = 1,
  /// noise = 1e-3 for all.
  std::vector<GaussianProcessParameters> first_starts;

  double min_length = 1e-2, max_length = 1e3;
  double min_signal = 1e-4, max_signal = 1e3; ///< signal variance
  double min_noise = 1e-8, max_noise = 1.;    ///< noise variance

  /// Sentences on what does not fit together; empty when all is well.
  std::vector<std::string> problems() const;
};

/// One search for the hyper-parameters of one process.
struct GaussianProcessSearch
{
  GaussianProcessParameters start, found;
  double log_likelihood = 0.; ///< at found
  unsigned evaluations = 0;   ///< of the likelihood with its gradient
  bool converged = false;     ///< false: out of evaluations, or the line search could not go on
  bool at_bound = false;      ///< a parameter of found lies at one of its bounds
};

/// A process with its most likely hyper-parameters, and how they were found.
struct GaussianProcessFit
{
  GaussianProcess process;
  std::vector<GaussianProcessSearch> searches; ///< [n_restarts]
  std::size_t best = 0;                        ///< the search that was taken; ties: the first
};

/// Maximum likelihood for several processes over the same inputs: for each, the log marginal
/// likelihood is maximised over the logarithms of its parameters within their bounds from several
/// starts by a bounded limited-memory quasi-Newton method (TAO's BLMVM; Benson and More, Argonne
/// preprint ANL/MCS-P909-0901, 2001). The first start is that of the parameters. The others
/// are log-uniform within a factor 10 of l and s2 and a factor 1000 of the noise, cut at the
/// bounds: over the whole box most would lie where K is diagonal and nothing changes. They depend
/// on the seed and the number of the restart alone.
///
/// The (process, restart) pairs are dealt to the ranks in turn and each is one serial search, so
/// that the result is the same on every rank and for any number of ranks (to the bit on equal
/// processors). Options of PETSc with the prefix gaussian_process_ are obeyed, e.g.
/// -gaussian_process_tao_monitor. Collective; what one rank throws, all throw, and a request to
/// stop ends it between two searches (throw_if_stop_requested()).
/// @param x       [n_inputs][n]
/// @param outputs per process [n_outputs][n]; outputs of one process share its parameters
/// @param searched null, or called by each rank after each of its searches with the number of those
/// that are done on all ranks by now, if they are equally fast, and that of all
std::vector<GaussianProcessFit>
fit_gaussian_processes(MPI_Comm comm, const PointBatch &x, const std::vector<PointBatch> &outputs,
                       const GaussianProcessFitParameters &parameters = {},
                       const std::function<void(std::size_t, std::size_t)> &searched = {});
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>
#include <data/sampling/split_sizes.h>
#include <data/store/dataset.h>
#include <solvers/darcy.h>
#include <solvers/darcy_samples.h>

#include <mpi.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// A residual of the Darcy system with the error that belongs to it, on all nodes(),
///
///   r = (b - A u_k) / (h^2 s),   e = (u - u_k) / s,   h = 1 / n_cells.
///
/// r is a density: it does not depend on the grid as the entries of b - A u_k do, and e solves
/// -div(a grad e) = r as u does with f. s makes the root mean square of r over the n_cells^2 points
/// that networks see 1 (it is zero on the boundary): s = |b - A u_k| / h with the Euclidean norm.
struct DarcyResidualPair
{
  unsigned iteration = 0;   ///< k
  double residual = 0.;     ///< |b - A u_k| / |b|
  std::vector<double> r, e; ///< [nodes().size()], on all ranks
};

/// Residuals of conjugate gradients with the damped Jacobi method as preconditioner (the damping
/// cancels), which begin at u_0 = 0: what a learned preconditioner must answer, from a rough
/// beginning to residuals that a smoother has worked on. (Training on Krylov residuals: Rudikov et
/// al., 2024, arXiv 2402.05598.) Pair j belongs to the first iteration, one later than that of the
/// pair before at least, with |b - A u_k| <= reduction^(j / (n_pairs - 1)) |b|. Fewer pairs where
/// the residual vanishes before. u comes from solver.solve(): its tolerance should lie far below
/// @p reduction, since errors of u count as errors of e times s.
///
/// Collective. Throws UserError unless n_pairs > 0 and 0 < reduction < 1, and SolverError when
/// u is not found or an iteration number exceeds 100 n_cells.
std::vector<DarcyResidualPair> darcy_residual_pairs(DarcySolver &solver, unsigned n_pairs,
                                                    double reduction);

/// Residuals of many media and sources.
struct DarcyResidualParameters
{
  DarcySamplingParameters media = {.n_modes = 32};
  DarcyParameters solver = {.n_cells = 32, .relative_tolerance = 1e-12};
  unsigned n_train = 400, n_valid = 50, n_test = 50; ///< media
  unsigned n_pairs = 8;                              ///< of each medium
  double reduction = 1e-4;                           ///< of the residual, by the last pair
  /// The source is f = 1 + scale U with a Gaussian random field U of mean 0 (alpha = 2, tau = 3,
  /// standard deviation about 0.3) that is drawn for each medium: with f = 1 alone the first
  /// residuals are all alike. 0: f = 1.
  double source_scale = 3.;
  unsigned samples_per_shard = 200;

  /// Sections 'Media' and 'Solver', numbers of media and pairs.
  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
  SplitSizes splits() const { return {n_train, n_valid, n_test}; } ///< of media
  std::size_t n_samples() const { return splits().n_samples() * n_pairs; }
};

/// Description of the data set, kind "darcy-residuals". Fields of a sample: "a", "r" and "e"
/// [n + 1][n + 1] in 1, see DarcyResidualPair. Sample i is pair i % n_pairs of the medium
/// SplitSizes::number(i / n_pairs), so that the pairs of a medium stand in one split.
DataSetInfo describe_darcy_residuals(const DarcyResidualParameters &parameters);

/// Computes all samples that @p folder does not hold yet, see generate_samples(); a rank keeps the
/// pairs of its last medium. Throws UserError with the problems() of @p parameters. Collective.
std::size_t generate_darcy_residuals(MPI_Comm comm, const std::string &folder,
                                     const DarcyResidualParameters &parameters, Log &log,
                                     bool start_afresh);
} // namespace understudy

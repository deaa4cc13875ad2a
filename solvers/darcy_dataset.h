// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>
#include <data/sampling/split_sizes.h>
#include <data/store/dataset.h>
#include <data/store/grid_dataset.h>
#include <solvers/darcy.h>
#include <solvers/darcy_samples.h>

#include <mpi.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// Data of the map a -> u of the Darcy problem with f = 1 and random media, as those of Li et al.
/// (2021), arXiv 2010.08895: a and u at darcy_nodes(n_cells), boundary included, where u = 0.
///
/// Networks see the n_cells^2 nodes without the last row and column, at (i, j) / n_cells, and every
/// s-th of them on the grid of n_cells / s: all these grids have the origin 0 and the period 1.
struct DarcyDataParameters
{
  /// The modes are limited so that data sets with other n_cells carry the same media, as far as
  /// their grids have so many.
  DarcySamplingParameters media = {.n_modes = 64};
  DarcyParameters solver = {.n_cells = 128};
  unsigned n_train = 1000, n_valid = 100, n_test = 200;
  unsigned samples_per_shard = 25;

  /// Sections 'Media' and 'Solver', and the numbers of samples.
  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
  SplitSizes splits() const { return {n_train, n_valid, n_test}; }
  std::size_t n_samples() const { return splits().n_samples(); }
};

/// All that decides the media, as it defines a data set.
nlohmann::json defining_values(const DarcySamplingParameters &media);

/// Description of the data set, kind "darcy". Fields of a sample: "a" and "u" [n + 1][n + 1] in 1,
/// at the nodes row by row, and "seconds" [s], the time of assembly, set-up and iterations. Sample
/// i has the medium SplitSizes::number(i).
DataSetInfo describe_darcy_dataset(const DarcyDataParameters &parameters);

/// Solves all samples that @p folder does not hold yet, each on one rank, see generate_samples().
/// Throws UserError with the problems() of @p parameters. Collective.
std::size_t generate_darcy_dataset(MPI_Comm comm, const std::string &folder,
                                   const DarcyDataParameters &parameters, Log &log,
                                   bool start_afresh);

/// What write_grid_files() needs to write the data set in the layout of The Well: a is constant, u
/// the answer of a steady problem.
GridDataSetInfo darcy_grid_info(const DarcyDataParameters &parameters);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/grid_batch.h>
#include <data/core/log.h>
#include <data/store/dataset.h>
#include <data/store/grid_dataset.h>
#include <surrogates/mg_tfno.h>

#include <mpi.h>

#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// A data set and what a network reads in it.
struct LearningTask
{
  std::string folder; ///< of the data set, below that of the run
  MgTfnoProblem problem;
  DataSetInfo info;
  std::size_t n_samples = 0;
  /// Computes what the folder does not hold yet; returns how many samples. Collective.
  std::function<std::size_t(MPI_Comm, const std::string &folder, Log &, bool start_afresh)>
    generate;
  GridDataSetInfo grid_info;
  /// Inputs and outputs of samples on n x n points; a sample may give several pairs.
  std::function<void(const DataSet &, const std::vector<std::size_t> &ids, std::size_t n,
                     GridBatch &x, GridBatch &y)>
    read;
};
} // namespace understudy

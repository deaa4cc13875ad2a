// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>
#include <data/store/manifest.h>

#include <mpi.h>

#include <cstddef>
#include <functional>
#include <string>

namespace understudy
{
/// Computes samples 0 to n_samples - 1 that @p folder does not hold yet and stores them in rounds:
/// every rank computes some, then all are acknowledged together (DataSetWriter). Each sample must
/// depend on its number alone, so that a set that was broken off and resumed equals an unbroken one
/// on any number of ranks. Crashed samples are listed, and a warning counts them. Collective.
/// @param solve             the sample of a number, without communication; what it throws on one
///                          rank, all throw
/// @param samples_per_shard of each rank and round
/// @param what              begins the lines of progress, e.g. "generate"
/// @param start_afresh      replaces what stands in the folder
/// Throws Error of code `stopped` after a round when a signal or the wall time asked for it.
/// @return how many were computed now, over all ranks
std::size_t generate_samples(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                             std::size_t n_samples, unsigned samples_per_shard,
                             const std::function<Sample(std::size_t)> &solve,
                             const std::string &what, Log &log, bool start_afresh);
} // namespace understudy

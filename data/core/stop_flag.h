// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <mpi.h>

#include <string>

namespace understudy
{
/// SIGINT, SIGTERM and SIGUSR1 ask the program to stop at the next good moment; a second one ends
/// it at once with exit code 143. To be called after MPI and PETSc were started, which install
/// handlers of their own.
void install_stop_handlers();

/// Asks the program to stop likewise @p seconds from now; 0: never, which takes back an earlier
/// limit. Local; every rank has its own clock.
void set_walltime(double seconds);

/// True on all ranks as soon as any of them was asked to stop. Collective over @p comm.
bool stop_requested(MPI_Comm comm);

/// This rank was asked to stop. Local.
bool stop_requested_here();

/// Throws an Error with exit code 143, "Stopped by a signal; <sentence>", when this rank was asked
/// to stop: between pieces of work of which nothing is kept until all are done. Local; within
/// on_all_ranks() all ranks stop with the first.
void throw_if_stop_requested(const std::string &sentence);

/// The same on all ranks as soon as any of them was asked to stop. Collective over @p comm.
void throw_if_stop_requested(MPI_Comm comm, const std::string &sentence);

/// Completes "stopped ...": "by a signal" or "at the wall time of 60 min". Equal on all ranks after
/// stop_requested(comm) was true. Local.
std::string stop_reason();
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <mpi.h>

namespace understudy
{
/// SIGINT, SIGTERM and SIGUSR1 ask the program to stop at the next good moment; a second one ends
/// it at once with exit code 143. To be called after MPI and PETSc were started, which install
/// handlers of their own.
void install_stop_handlers();

/// True on all ranks as soon as any of them was asked to stop. Collective over @p comm.
bool stop_requested(MPI_Comm comm);

/// This rank was asked to stop. Local.
bool stop_requested_here();
} // namespace understudy

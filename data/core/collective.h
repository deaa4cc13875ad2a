// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <mpi.h>

#include <functional>
#include <string>

namespace understudy
{
/// Runs @p action on rank 0 and gives its text to every rank. Whatever it throws on rank 0 is
/// thrown on all ranks: an Error with the same code and sentence, std::bad_alloc as itself,
/// anything else as std::runtime_error with the same text. When a rank has no memory for the text,
/// all ranks throw std::bad_alloc. Collective over @p comm.
std::string on_rank_0(MPI_Comm comm, const std::function<std::string()> &action);

/// Runs @p action, which must not communicate, on every rank. If it throws anywhere, all ranks
/// throw what the lowest rank that failed threw, as on_rank_0() does. Collective over @p comm.
void on_all_ranks(MPI_Comm comm, const std::function<void()> &action);

/// Rank of this process in @p comm; 0 when MPI has not been started.
int rank_in(MPI_Comm comm);
} // namespace understudy

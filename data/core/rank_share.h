// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <mpi.h>

namespace understudy
{
/// The items first to last - 1, a part of all.
struct RankShare
{
  std::size_t first = 0, last = 0;
  std::size_t size() const { return last - first; }
};

/// Those of @p n items that this rank of @p comm has: from n r / R to n (r + 1) / R - 1, so that
/// the shares of R ranks differ by one at most. Local.
inline RankShare share_of_rank(MPI_Comm comm, std::size_t n)
{
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  const auto r = static_cast<std::size_t>(rank), all = static_cast<std::size_t>(n_ranks);
  return {n * r / all, n * (r + 1) / all};
}
} // namespace understudy

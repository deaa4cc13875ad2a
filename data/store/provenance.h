// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <mpi.h>
#include <nlohmann/json_fwd.hpp>

#include <string>

namespace understudy
{
/// Now in universal time, as "2026-01-31T12:00:00Z".
std::string utc_now();

/// The state of the sources that this program was built from.
struct SourceCommit
{
  std::string id = "unknown"; ///< of git, 12 digits
  bool changed = false;       ///< files differed from that commit
};
/// The program sets it at its start.
SourceCommit &source_commit();

/// Which program on which machine: program, version, git_commit, git_dirty, compiler, build_type,
/// versions of deal.II, PETSc, HDF5 and MPI, host, n_ranks (of @p comm), created_utc. Not
/// collective.
nlohmann::json provenance(MPI_Comm comm = MPI_COMM_WORLD);
} // namespace understudy

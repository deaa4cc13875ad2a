// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/store/provenance.h>

#include <deal.II/base/config.h>

#include <nlohmann/json.hpp>

#include <array>
#include <ctime>
#include <hdf5.h>
#include <petscversion.h>
#include <understudy_version.h>
#include <unistd.h>

namespace understudy
{
SourceCommit &source_commit()
{
  static SourceCommit commit;
  return commit;
}

std::string utc_now()
{
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

nlohmann::json provenance(MPI_Comm comm)
{
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> mpi{};
  int length = 0;
  MPI_Get_library_version(mpi.data(), &length);
  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0)
    host = {'u', 'n', 'k', 'n', 'o', 'w', 'n'};

  const std::string mpi_text(mpi.data()); // Open MPI adds package and date after the first comma
  return {{"program", "understudy"},
          {"version", UNDERSTUDY_VERSION},
          {"git_commit", source_commit().id},
          {"git_dirty", source_commit().changed},
          {"compiler", UNDERSTUDY_COMPILER},
          {"build_type", UNDERSTUDY_BUILD_TYPE},
          {"dealii_version", DEAL_II_PACKAGE_VERSION},
          {"petsc_version", std::to_string(PETSC_VERSION_MAJOR) + "." +
                              std::to_string(PETSC_VERSION_MINOR) + "." +
                              std::to_string(PETSC_VERSION_SUBMINOR)},
          {"hdf5_version",
           std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release)},
          {"mpi_version", mpi_text.substr(0, mpi_text.find(','))},
          {"host", host.data()},
          {"n_ranks", n_ranks},
          {"created_utc", utc_now()}};
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/torch_setup.h>
#include <cases/versions.h>
#include <data/store/provenance.h>

#include <deal.II/base/config.h>

#include <CLI/Version.hpp>
#include <Eigen/Core>
#include <SuiteSparse_config.h>
#include <hdf5.h>
#include <mpi.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <petscversion.h>
#include <slepcversion.h>
#include <spdlog/version.h>
#include <understudy_version.h>

#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace understudy
{
namespace
{
std::string dotted(int major, int minor, int patch)
{
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string mpi_version()
{
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string all(text, static_cast<std::size_t>(length));
  return all.substr(0, all.find(','));
}

std::string hdf5_version()
{
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return dotted(static_cast<int>(major), static_cast<int>(minor), static_cast<int>(release));
}
} // namespace

std::vector<std::pair<std::string, std::string>> library_versions()
{
  const SourceCommit &commit = source_commit();
  return {
    {"understudy", std::string(UNDERSTUDY_VERSION) + " (commit " + commit.id +
                     (commit.changed ? ", changed" : "") + ", " + UNDERSTUDY_BUILD_TYPE + ")"},
    {"compiler", UNDERSTUDY_COMPILER},
    {"deal.II", DEAL_II_PACKAGE_VERSION},
    {"PETSc", dotted(PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR, PETSC_VERSION_SUBMINOR)},
    {"SLEPc", dotted(SLEPC_VERSION_MAJOR, SLEPC_VERSION_MINOR, SLEPC_VERSION_SUBMINOR)},
    {"LibTorch", torch_version()},
    {"HDF5", hdf5_version()},
    {"MPI", mpi_version()},
    {"Eigen", dotted(EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
    {"SuiteSparse",
     dotted(SUITESPARSE_MAIN_VERSION, SUITESPARSE_SUB_VERSION, SUITESPARSE_SUBSUB_VERSION)},
    {"nlohmann-json",
     dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
    {"CLI11", CLI11_VERSION},
    {"spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
    {"VTK", UNDERSTUDY_VTK_VERSION},
    {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
    {"BLAS", blas_in_use()}};
}

std::string blas_in_use()
{
  void *gemm = dlsym(RTLD_DEFAULT, "dgemm_");
  Dl_info info;
  if (gemm == nullptr || dladdr(gemm, &info) == 0 || info.dli_fname == nullptr)
    return "unknown";
  std::error_code error;
  const auto file = std::filesystem::canonical(info.dli_fname, error);
  std::string text = error ? info.dli_fname : file.string();
  if (void *config = dlsym(RTLD_DEFAULT, "openblas_get_config"))
    text += std::string(" (") + reinterpret_cast<const char *(*)()>(config)() + ")";
  return text;
}

double resident_memory()
{
  std::ifstream in("/proc/self/statm");
  double all = 0., resident = 0.;
  in >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}
} // namespace understudy

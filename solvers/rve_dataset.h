// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/progress.h>
#include <data/store/dataset.h>
#include <data/store/manifest.h>
#include <solvers/rve.h>
#include <solvers/strain_box.h>

#include <mpi.h>

#include <cstdint>
#include <string>

namespace understudy
{
/// Which strains are sampled: Latin hypercubes in the box |E_i| <= limit, one per split. A share of
/// the training strains is drawn towards zero, where most points of a structure are and where the
/// law turns from elastic to softening: they are multiplied by 10^(-2 t), t uniform in [0,1).
struct RveSamplingParameters
{
  unsigned n_train = 100, n_validation = 25, n_test = 100;
  double limit = 0.04;       ///< [-]
  double graded_share = 0.5; ///< of the training strains
  std::uint64_t seed = 24;
  unsigned samples_per_shard = 16;
};

/// @p n strains in the box, [3][n]: a Latin hypercube whose last @p graded_share * n points are
/// drawn towards zero as described above.
PointBatch graded_strains(std::size_t n, const StrainBox &box, double graded_share,
                          std::uint64_t seed);

/// Description of a data set of RVE solutions, kind "fe2-rve". Fields of a sample: "E" [3] and
/// "S" [3], "C" [3][3], "w" [n_dofs] (fluctuation), "stress" [3][n_points] (component-major, points
/// as in RveDiscretisation). Static arrays: mesh/nodes, mesh/cells, mesh/phase, points/place,
/// points/weight. Defining attributes: mesh, materials, norm, tolerance, box, numbers and seed.
DataSetInfo describe_rve_dataset(const RveMesh &mesh, const Rve &rve,
                                 const RveSamplingParameters &sampling);

/// Solves all samples that @p folder does not hold yet and stores them. Collective. Every sample is
/// solved from the same start whatever came before, so a resumed set equals an unbroken one.
/// @return how many were solved now, over all ranks
std::size_t generate_rve_dataset(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                                 Rve &rve, const RveSamplingParameters &sampling, Log &log,
                                 bool start_afresh);

/// Description of a data set of chosen strains [3][n] with the same fields: every fourth one
/// belongs to the split "val", the others to "train".
DataSetInfo describe_rve_dataset(const RveMesh &mesh, const Rve &rve, const PointBatch &strains);

/// Solves and stores them as generate_rve_dataset() does. Collective; @p strains are those of the
/// description, equal on all ranks.
std::size_t generate_rve_dataset(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                                 Rve &rve, const PointBatch &strains, Log &log, bool start_afresh);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/rve.h>
#include <solvers/strain_box.h>

#include <mpi.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace understudy
{
class ModelFile;
class PointMap;

/// What every trained micro model of a case stands on, written into its model file by
/// write_model_card() and demanded by read_model(): a model for another RVE is refused.
struct MicroModelCard
{
  std::string kind;         ///< "equino", "pod-galerkin", "linear", ...
  std::string micro;        ///< fingerprint of mesh, materials and norm: micro_fingerprint()
  std::string norm;         ///< for the message
  StrainBox box = 0.04;     ///< training box
  std::string dataset_hash; ///< of the data set it was trained on
};

/// SHA-256 over mesh (nodes, cells, phases), materials and norm.
std::string micro_fingerprint(const RveMesh &mesh, const RveParameters &parameters);

/// Adds inputs and outputs with units, training range, fingerprint, norm and data-set hash to
/// meta(), and the probe: @p probe_E [3][n] with the model's answer for it, S [3][n].
void write_model_card(ModelFile &file, const MicroModelCard &card, const PointBatch &probe_E,
                      const PointBatch &probe_S);

/// Reads a model file and its card. Throws UserError, naming the stage 'train' when the file is
/// missing, and saying what differs when kind, inputs, outputs, units or micro fingerprint (with
/// the norms named when they are the reason) are not those wanted.
ModelFile read_model(const std::filesystem::path &path, const std::string &kind,
                     const std::string &micro, const std::string &norm, MicroModelCard &card);

/// Eight strains inside the training box, the same for every model with that box: [3][8].
PointBatch probe_strains(const StrainBox &box);

/// Recomputes the probe with @p map and throws UserError when it differs by more than 1e-6
/// relative.
void check_probe(const ModelFile &file, PointMap &map);

/// What a closure is made from.
struct ClosureRequest
{
  MPI_Comm comm = MPI_COMM_WORLD;
  std::filesystem::path models; ///< folder of the trained models: models / (name + ".safetensors")
  std::shared_ptr<Rve> rve;     ///< the exact model of the case
  std::string micro, norm;      ///< of the case, see MicroModelCard
  bool indicator = true;        ///< compute the model's own error estimate where it has one
  bool symmetric_tangent =
    true; ///< (C + C^T) / 2 for models whose tangent is not symmetric by itself
};
} // namespace understudy

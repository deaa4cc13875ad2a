// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/rve.h>
#include <surrogates/model_closure.h>

#include <mpi.h>

#include <filesystem>
#include <memory>
#include <string>

namespace understudy
{
/// SHA-256 over mesh (nodes, cells, phases), materials and norm.
std::string micro_fingerprint(const RveMesh &mesh, const RveParameters &parameters);

/// What a case makes its closures from, and what it wants of them.
struct ClosureRequest : ClosureOptions
{
  MPI_Comm comm = MPI_COMM_WORLD;
  std::filesystem::path models; ///< folder of the trained models: models / (name + ".safetensors")
  std::shared_ptr<Rve> rve;     ///< the exact model of the case
  std::string micro, norm;      ///< of the case, see MicroModelCard
};

/// The model of kind @p name in the folder of the request, which must be one for its case. Throws
/// UserError. Not collective.
CardedModel read_model(const std::string &name, const ClosureRequest &request);

/// The closure in that model, probe checked. Collective: a file that one rank refuses is refused by
/// all.
std::unique_ptr<PointMap> make_trained_closure(const std::string &name,
                                               const ClosureRequest &request);
} // namespace understudy

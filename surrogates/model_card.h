// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/model_file.h>
#include <operators/maps/point_map.h>
#include <solvers/material_law.h>
#include <solvers/strain_box.h>

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace understudy
{
/// What every trained micro model stands on, written into its model file by write_model_card(). A
/// case demands its own by read_model(): a model for another RVE is refused. Whoever has no case
/// finds here all that the answers need beside the tensors.
struct MicroModelCard
{
  std::string kind;         ///< "equino-mlp", "pod-galerkin", "linear", ...
  std::string micro;        ///< fingerprint of mesh and materials: micro_fingerprint()
  std::string norm;         ///< for the message
  StrainBox box = 0.04;     ///< training box
  std::string dataset_hash; ///< of the data set it was trained on
  MaterialParameters matrix = default_matrix(), fibre = default_fibre(); ///< laws of the phases

  /// The entry "card" of the meta data: all of these, and inputs and outputs with their units.
  nlohmann::json to_json() const;
};

/// A model file with its card.
struct CardedModel
{
  ModelFile file;
  MicroModelCard card;
};

/// Adds card and provenance to meta(), and the probe: @p probe_E [3][n] with the model's answer for
/// it, S [3][n].
void write_model_card(ModelFile &file, const MicroModelCard &card, const PointBatch &probe_E,
                      const PointBatch &probe_S);

/// Reads a model file and its card, of whatever kind and for whatever RVE. Needs no MPI. Throws
/// UserError, naming the stage 'train', when the file is missing, its card is incomplete, or its
/// inputs, outputs, units or materials are none that a micro model can have.
CardedModel read_model(const std::filesystem::path &path);

/// The same for a case. Throws UserError, too, saying what differs when kind or micro fingerprint
/// (with the norms named when they are the reason) are not those wanted.
CardedModel read_model(const std::filesystem::path &path, const std::string &kind,
                       const std::string &micro, const std::string &norm);

/// Eight strains inside the training box, the same for every model with that box: [3][8].
PointBatch probe_strains(const StrainBox &box);

/// Recomputes the probe with @p map and throws UserError when it differs by more than 1e-6
/// relative.
void check_probe(const ModelFile &file, PointMap &map);
} // namespace understudy

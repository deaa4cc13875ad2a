// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/dataset.h>

#include <nlohmann/json.hpp>

namespace understudy
{
/// What infos.yaml says of owner and licence as long as nobody has said it.
inline const std::string plaid_not_stated = "not stated";

/// What infos.yaml says of where the samples stand: none of the backends of PLAID.
inline const std::string plaid_backend = "understudy-hdf5";

/// Writes the two files by which PLAID (github.com/PLAID-lib/plaid, pages "Infos", "Problem
/// definition" and "On-disk format" of its documentation) knows a data set, beside its manifest:
///   infos.yaml                        legal, data_production, data_description, num_samples per
///                                     split and storage_backend,
///   problem_definitions/<name>.yaml   name, sorted input_features and output_features, train_split
///                                     and test_split, of which all samples count.
/// They are JSON, which every reader of YAML reads. The samples stay where they are: PLAID cannot
/// load them from there. Each file appears complete or not at all. Throws WriteError. Local.
/// @param attributes "infos" (legal, data_production), "problem_definition" (name, input_features,
///                   output_features) and "title"
void write_plaid_files(const DataSet &data, const nlohmann::json &attributes);
} // namespace understudy

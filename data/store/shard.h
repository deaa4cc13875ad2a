// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/manifest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// Name of the file of the static arrays within a data set.
inline const std::string static_file = "static.h5";

/// File name of the shard that @p rank writes in round @p round: "shard-000012-0001.h5".
std::string shard_name(std::size_t round, int rank);

/// The round of a shard name; SIZE_MAX when the name is no shard's.
std::size_t shard_round(const std::string &name);

/// An HDF5 file in memory with @p samples, none of them crashed:
///   - /samples/<field> [n_samples][shape of the field], attribute "unit", chunk = one sample
///   - /samples/<id>/<field> [n][shape of the field] for each ragged field, or /mesh/<id>/<name>
///     where its name is "mesh/<name>"
///   - /sample_id [n_samples], unsigned 64-bit, and /split [n_samples], string
/// Values are doubles, or 64-bit integers where the field says so. Root attributes: provenance,
/// kind, fingerprint, defining attributes and attributes, each as JSON text and, where they are
/// plain values, by their own names. Throws WriteError.
std::string shard_bytes(const DataSetInfo &info, const nlohmann::json &provenance,
                        const std::vector<const Sample *> &samples);

/// An HDF5 file in memory with the static arrays at their names, and the same root attributes.
std::string static_bytes(const DataSetInfo &info, const nlohmann::json &provenance);

/// Rows @p rows of /samples/<field> of a shard, one after the other. The file must have been
/// verified. Throws UserError when it does not hold such rows.
std::vector<double> read_rows(const std::string &path, const FieldSpec &field,
                              const std::vector<std::size_t> &rows);

/// A ragged field of one sample. The file must have been verified. Throws UserError when it holds
/// no such array.
std::vector<double> read_ragged(const std::string &path, const FieldSpec &field, std::size_t id);

/// The values of the static array @p name. Throws likewise.
std::vector<double> read_static(const std::string &path, const std::string &name,
                                std::size_t n_values);
} // namespace understudy

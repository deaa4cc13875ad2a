// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/manifest.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace understudy
{
/// A data set on disk, read only. Every shard is verified by its SHA-256 before HDF5 opens it.
/// Not collective: every rank may open and read for itself.
class DataSet
{
public:
  /// Opens the data set in @p folder: checks the manifest, and that every file it lists exists with
  /// its listed size. Throws UserError; when there is none, the sentence names the stage
  /// 'generate'.
  static DataSet open(const std::string &folder);

  /// Throws UserError naming the first difference when the data set does not hold what @p wanted
  /// describes: another kind, other fields or units, another defining attribute.
  void require(const DataSetInfo &wanted) const;

  /// The static arrays in it have no values; static_array() reads them.
  const DataSetInfo &info() const { return manifest_.info; }
  const nlohmann::json &attributes() const { return manifest_.info.attributes; }
  const std::vector<FieldSpec> &fields() const { return manifest_.info.fields; }
  const nlohmann::json &provenance() const { return manifest_.provenance; }
  const Manifest &manifest() const { return manifest_; }
  const std::string &folder() const { return folder_; }

  /// Sorted ids of the samples of a split without the crashed ones; an empty split means all.
  std::vector<std::size_t> ids(const std::string &split = "") const;

  /// Sorted ids of the crashed samples.
  std::vector<std::size_t> crashed() const;

  /// A field by its name. Throws UserError naming the nearest known field.
  const FieldSpec &field(const std::string &name) const;

  /// One field of one sample, row-major; a ragged one has as many rows as the sample. Throws
  /// UserError when there is no such sample or field, or when the shard is damaged.
  std::vector<double> read(std::size_t id, const std::string &field) const;

  /// One field of all samples of a split in the order of ids(split): [n_samples][shape of the
  /// field]. UserError for a ragged field.
  std::vector<double> read_all(const std::string &split, const std::string &field) const;

  /// Throws UserError naming the nearest known array.
  StaticArray static_array(const std::string &name) const;

  /// Reads every file and compares it with its SHA-256. Throws UserError naming the first that
  /// differs.
  void verify() const;

  /// SHA-256 over all contents, equal for equal contents whatever ranks wrote them and when.
  std::string hash() const { return manifest_.hash(); }
  std::string fingerprint() const { return manifest_.info.fingerprint(); }

private:
  DataSet() = default;
  std::string verified_path(const std::string &file) const;

  std::string folder_;
  Manifest manifest_;
  mutable std::set<std::string> verified_; ///< files whose hash was compared already
};
} // namespace understudy

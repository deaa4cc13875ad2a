// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace understudy
{
/// One array that every sample of a data set has.
struct FieldSpec
{
  std::string name;
  std::vector<std::size_t> shape; ///< of one sample, row-major; empty for a scalar
  std::string unit;               ///< "1" when it has none
  bool ragged = false;      ///< [n][shape] with an n of each sample's own, as on meshes that differ
  bool integer = false;     ///< stored as 64-bit integers (cell connectivity)
  std::size_t size() const; ///< product of shape
  /// Whether a sample may have so many values.
  bool fits(std::size_t n_values) const;
};

/// One array that all samples share, as the nodes of a mesh.
struct StaticArray
{
  std::vector<std::size_t> shape; ///< row-major
  std::string unit;
  std::vector<double> values;
  bool integer = false; ///< stored as 64-bit integers (cell connectivity, material numbers)
};

/// What a data set holds, apart from its samples.
struct DataSetInfo
{
  std::string kind; ///< e.g. "fe2-rve"
  std::vector<FieldSpec> fields;
  nlohmann::json attributes =
    nlohmann::json::object(); ///< description: units, case text, provenance
  nlohmann::json defining =
    nlohmann::json::object();                 ///< all that decides the contents: norm, box, seeds
  std::map<std::string, StaticArray> statics; ///< by name, e.g. "mesh/nodes"

  /// SHA-256 of kind, fields and defining attributes: equal contents, equal fingerprint.
  std::string fingerprint() const;
};

/// One computed sample.
struct Sample
{
  std::size_t id = 0;
  std::string split; ///< "train", "val" or "test"
  bool crashed = false;
  std::string note;                        ///< why it crashed
  std::vector<std::vector<double>> values; ///< parallel to the fields; empty when crashed
};

/// True for the names of the parts of a data set: "train", "val" and "test".
bool is_split(const std::string &name);

/// Where an acknowledged sample stands.
struct SampleEntry
{
  std::string shard; ///< file name within the folder; empty when the sample crashed
  std::size_t row = 0;
  std::string split;
  std::string sha256; ///< over id, split and values, whatever shard they stand in
  std::string note;   ///< why it crashed
  bool crashed() const { return shard.empty(); }
};

/// A file that belongs to the data set.
struct ListedFile
{
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// The contents of manifest.json, the one file that says which samples exist. A SHA-256 over all
/// its entries stands among them.
struct Manifest
{
  static constexpr int format_version = 2;

  DataSetInfo info; ///< the static arrays without their values
  nlohmann::json provenance = nlohmann::json::object();
  std::map<std::string, ListedFile> files; ///< shards and static.h5, by file name
  std::map<std::size_t, SampleEntry> samples;
  std::string static_sha256; ///< over names, shapes and values of the static arrays

  /// Throws WriteError.
  void write(const std::string &folder) const;

  /// Reads and checks `folder/manifest.json`. Throws UserError with one sentence naming the file
  /// and the reason; when there is none, the sentence says that the stage 'generate' makes it.
  static Manifest read(const std::string &folder);

  /// Checks that every listed file exists with its listed size. Throws UserError naming the first
  /// that does not.
  void check_files(const std::string &folder) const;

  /// SHA-256 over the fingerprint, static arrays and all samples: independent of shards, ranks and
  /// time.
  std::string hash() const;
};

/// Path of the manifest of a data set.
std::string manifest_path(const std::string &folder);

/// Throws UserError naming the first difference when a data set @p found in @p folder does not hold
/// what @p wanted describes (kind, fields, units, defining attributes).
void require_same_contents(const std::string &folder, const DataSetInfo &found,
                           const DataSetInfo &wanted);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// A set of named tensors with meta data, stored as safetensors: an 8-byte little-endian header
/// length, a JSON header, raw little-endian tensors. Nothing in such a file can execute.
///
/// The meta data stand as JSON text in the entry "understudy" of the header's "__metadata__",
/// beside "understudy_sha256", the SHA-256 over names, shapes, values and meta data. It is verified
/// on reading; a file without it (written by another program) is refused.
class ModelFile
{
public:
  ModelFile();
  ~ModelFile();
  ModelFile(const ModelFile &);
  ModelFile(ModelFile &&) noexcept;
  ModelFile &operator=(const ModelFile &);
  ModelFile &operator=(ModelFile &&) noexcept;

  /// Adds or replaces a tensor (row-major; an empty shape is a scalar).
  /// Throws UserError when a value is not finite or their number differs from the product of @p
  /// shape.
  void add(const std::string &name, std::vector<std::size_t> shape, std::vector<double> values);

  bool has(const std::string &name) const;

  /// The values of a tensor. Throws UserError naming the file, the tensor and both shapes when it
  /// is missing or of another shape.
  const std::vector<double> &tensor(const std::string &name,
                                    const std::vector<std::size_t> &expected_shape) const;

  /// The shape of a tensor. Throws UserError naming the file and the tensor when it is missing.
  const std::vector<std::size_t> &shape(const std::string &name) const;

  /// Names of all tensors, sorted.
  std::vector<std::string> names() const;

  /// Whatever describes the tensors; a JSON object. Objects are stored sorted by key.
  nlohmann::json &meta();
  const nlohmann::json &meta() const;

  /// Writes the file so that it appears complete or not at all. Throws WriteError.
  void write(const std::string &path) const;

  /// Reads and verifies a file. Throws UserError with one sentence naming the file and the reason
  /// when it is missing or anything about it is wrong. F32 tensors are widened to double.
  static ModelFile read(const std::string &path);

  /// The bytes that write() stores and their inverse; @p path only serves messages.
  std::string to_bytes() const;
  static ModelFile from_bytes(const std::string &bytes, const std::string &path);

  /// Where the file was read from or last written to; empty before.
  const std::string &path() const;

  /// SHA-256 over names, shapes and values, without the meta data: equal tensors, equal hash.
  std::string tensor_hash() const;

private:
  struct Data;
  std::unique_ptr<Data> data_;
};
} // namespace understudy

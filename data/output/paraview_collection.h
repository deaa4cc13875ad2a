// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
/// A .pvd file: what ParaView opens to see a series of .pvtu files as one animation.
/// Local: to be used by one rank.
class ParaviewCollection
{
public:
  explicit ParaviewCollection(std::filesystem::path pvd_file) : file_(std::move(pvd_file)) {}

  /// @param pvtu_file  is named relative to the .pvd file where it lies below the same folder
  void add(double time, const std::filesystem::path &pvtu_file);

  /// Writes the collection so far, complete or not at all; may be called after every step.
  /// Throws WriteError.
  void write() const;

  const std::filesystem::path &file() const { return file_; }

private:
  std::filesystem::path file_;
  std::vector<std::pair<double, std::string>> records_;
};
} // namespace understudy

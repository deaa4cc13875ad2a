// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace understudy
{
/// SHA-256 of bytes that arrive in pieces.
class Sha256
{
public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256 &) = delete;
  Sha256 &operator=(const Sha256 &) = delete;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);

  /// The digest of all pieces as 64 lower-case hexadecimal digits. To be called once.
  std::string hex();

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// SHA-256 of @p bytes as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);

/// SHA-256 of the contents of a file, read in pieces of one megabyte.
/// Throws UserError when the file is missing or cannot be read.
std::string sha256_of_file(const std::string &path);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace understudy
{
/// Writes @p bytes to @p path so that a reader, or a crash at any moment, meets either the old file
/// or the complete new one: a temporary file `path.part`, fsync, rename, fsync of the folder.
/// Throws WriteError with the path and the reason of the system; the temporary file is then
/// removed. A path that names a device (as /dev/full) is written directly: a device cannot be
/// renamed onto.
void write_file_atomically(const std::string &path, std::span<const std::byte> bytes);
void write_file_atomically(const std::string &path, std::string_view text);

/// The second half of write_file_atomically for a file that some library wrote and closed:
/// fsync of @p part, rename to @p target, fsync of the folder. Throws WriteError and removes @p
/// part.
void commit_file(const std::string &part, const std::string &target);

/// Creates @p folder with its parents and makes its entry durable. Throws WriteError.
void create_folder(const std::string &folder);

/// Removes @p file where it exists. Throws WriteError.
void remove_file(const std::string &file);

/// Makes creations, renames and removals in @p folder durable. Throws WriteError.
void sync_folder(const std::string &folder);

/// The contents of a file, byte for byte. Throws UserError when it is missing or cannot be read.
std::string read_file(const std::string &path);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <filesystem>
#include <string>

namespace understudy
{
/// What a model file or a data set (its folder, manifest or a shard; files on grids) says about
/// itself, after all of its hashes were verified. UserError when it is missing, damaged or neither
/// of them. Local.
/// @param plaid tell instead what a data set has and lacks of what PLAID asks of one
std::string inspect(const std::filesystem::path &file, bool plaid = false);

/// The latter, for the folder of a data set.
std::string inspect_plaid(const std::filesystem::path &folder);

/// What a file in the layout of The Well holds, if it is in order (see grid_dataset_problems());
/// else UserError. One of write_grid_files() is compared with its hash first; others have none, so
/// only for those that are trusted.
std::string inspect_grid_file(const std::filesystem::path &path);

/// The same for a folder of write_grid_files(), whose files are compared with their hashes first.
std::string inspect_grid_files(const std::filesystem::path &folder);
} // namespace understudy

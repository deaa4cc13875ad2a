// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <filesystem>
#include <string>

namespace understudy
{
/// What a model file or a data set (its folder, manifest or a shard) says about itself, after all
/// of its hashes were verified. UserError when it is missing, damaged or neither of them. Local.
/// @param plaid tell instead what a data set has and lacks of what PLAID asks of one
std::string inspect(const std::filesystem::path &file, bool plaid = false);

/// The latter, for the folder of a data set.
std::string inspect_plaid(const std::filesystem::path &folder);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <filesystem>

namespace understudy
{
/// Removes @p folder with all in it, if it is there. Throws WriteError.
void remove_folder(const std::filesystem::path &folder);

/// Puts @p next in the place of @p folder, which is removed if it is there: killed in between, only
/// @p next is there, complete. Throws WriteError.
void replace_folder(const std::filesystem::path &next, const std::filesystem::path &folder);

/// Puts a copy of @p from with all in it in the place of @p to. Throws WriteError.
void copy_folder(const std::filesystem::path &from, const std::filesystem::path &to);
} // namespace understudy

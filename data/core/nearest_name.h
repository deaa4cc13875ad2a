// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// Smallest number of insertions, deletions, replacements and swaps of neighbours that turn one
/// word into the other (case is ignored).
std::size_t edit_distance(const std::string &a, const std::string &b);

/// The known name closest to @p name, or an empty string when none is within a third of its length
/// (at least two edits).
std::string nearest_name(const std::string &name, const std::vector<std::string> &known);

/// "; did you mean 'x'? Known: a, b, c" or, without a near name, "; known: a, b, c".
std::string suggestion(const std::string &name, const std::vector<std::string> &known);
} // namespace understudy

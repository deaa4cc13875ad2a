// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace understudy
{
/// The first entry in which two JSON values differ, with old and new value, as a clause:
/// "'tolerances/0' was 1e-09 and is 1e-08". The path joins keys (sorted) and places in lists
/// (from 0) by '/'; an entry that only one of them has is "missing" in the other; long values are
/// cut. Empty when they are equal.
std::string first_difference(const nlohmann::json &before, const nlohmann::json &now);
} // namespace understudy

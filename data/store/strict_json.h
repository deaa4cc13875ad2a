// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace understudy
{
/// Why a text is not accepted, as a clause that completes "... is refused: ".
class JsonRefusal : public std::runtime_error
{
public:
  using std::runtime_error::runtime_error;
};

/// Parses a JSON object from a file that nobody vouches for: duplicate keys and nesting deeper than
/// @p max_depth are refused as well as what is not JSON or not an object. Throws JsonRefusal.
nlohmann::json parse_strictly(std::string_view text, std::size_t max_depth = 32);

/// A count or size: throws JsonRefusal naming @p what unless the value is an integer >= 0.
std::size_t to_count(const nlohmann::json &value, const std::string &what);

/// A list of counts. Throws likewise.
std::vector<std::size_t> to_counts(const nlohmann::json &value, const std::string &what);

/// Product of @p shape. Throws JsonRefusal naming @p what when it exceeds 2^48, which no file
/// holds.
std::size_t checked_product(const std::vector<std::size_t> &shape, const std::string &what);

/// "[2, 3]"
std::string shape_text(const std::vector<std::size_t> &shape);

/// JSON text; bytes that are not UTF-8 become replacement characters instead of an error.
/// @param indent spaces per level, -1: all in one line
std::string json_text(const nlohmann::json &value, int indent = -1);
} // namespace understudy

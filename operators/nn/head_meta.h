// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
class ModelFile;

/// The hyper-parameter heads/<prefix>/<key> of the meta data; UserError when it is missing.
nlohmann::json head_meta(const ModelFile &file, const std::string &prefix, const std::string &key);

/// The shape of a tensor that must be a matrix with at least one entry; UserError when it is not.
std::vector<std::size_t> matrix_shape(const ModelFile &file, const std::string &name);

/// The same where a yes or no is expected; UserError for anything else.
bool head_flag(const ModelFile &file, const std::string &prefix, const std::string &key);
} // namespace understudy

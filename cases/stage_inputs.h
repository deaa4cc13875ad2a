// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/dataset.h>

#include <deal.II/base/parameter_handler.h>
#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>

namespace understudy
{
/// All entries of a section and those below it with their values, by "Section/Key": what a stage
/// depends on.
nlohmann::json section_values(const dealii::ParameterHandler &prm, const std::string &section);

/// UserError naming the stage 'generate' when @p data holds fewer than @p wanted samples, crashed
/// ones included.
void require_complete(const DataSet &data, std::size_t wanted);
} // namespace understudy

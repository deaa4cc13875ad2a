// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <deal.II/base/utilities.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// Widths of the hidden layers as a case writes them, "48, 48, 48".
inline std::vector<std::size_t> layer_widths(const std::string &text)
{
  const auto numbers = dealii::Utilities::string_to_int(dealii::Utilities::split_string_list(text));
  return {numbers.begin(), numbers.end()};
}
} // namespace understudy

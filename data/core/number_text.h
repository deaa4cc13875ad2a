// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <charconv>
#include <string>

namespace understudy
{
/// A number for a message, with @p digits significant digits and a decimal point in every locale.
inline std::string number_text(double value, int digits = 6)
{
  char text[64];
  const auto end =
    std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits).ptr;
  return std::string(text, end);
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <string>

namespace understudy
{
/// Removes the mark with which editors and spreadsheets of Windows begin a UTF-8 text.
/// @param text begins where the file does
inline void remove_byte_order_mark(std::string &text)
{
  const std::string mark = "\xef\xbb\xbf";
  if (text.starts_with(mark))
    text.erase(0, mark.size());
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
/// One statement of a case file: `set key = value`, or the opening of a section (empty key).
struct CaseStatement
{
  std::string section; ///< "" or "A/B"
  std::string key, value;
  std::string where; ///< "file:line", or "-D ..." for an override
};

/// The statements of a .prm file with those of the files it includes, in their order; nothing is
/// known yet about what is declared. UserError with file and line for a missing file, a line that
/// is no statement, 'end' missing or too many, and an entry that is set twice in one file.
std::vector<CaseStatement> scan_case(const std::filesystem::path &file);

/// "A/B/Key=value" as a statement. UserError when it is not of this form.
CaseStatement scan_override(const std::string &text);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace understudy::testing_tools
{
/// Makes the locale de_DE.UTF-8, whose decimal point is a comma, in @p folder, for LOCPATH; false
/// where the sources of locales are not installed.
inline bool make_german_locale(const std::string &folder)
{
  std::filesystem::create_directories(folder);
  const std::string command = "localedef -i de_DE -f UTF-8 '" + folder + "/de_DE.UTF-8'";
  return std::system((command + " > /dev/null 2>&1").c_str()) == 0;
}
} // namespace understudy::testing_tools

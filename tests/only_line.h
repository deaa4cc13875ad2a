// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <tests/run_program.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace understudy::test
{
/// The output of a program that was to end with this code and one line, "error: ...".
inline std::string only_line(const ProgramResult &result, int code)
{
  EXPECT_EQ(result.code, code) << result.output;
  EXPECT_EQ(result.output.rfind("error: ", 0), 0u) << result.output;
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  return result.output;
}
} // namespace understudy::test

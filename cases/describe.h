// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <deal.II/base/parameter_handler.h>

#include <string>

namespace understudy
{
enum class DescribeFormat
{
  text,
  markdown,
  json,
  prm ///< a case that can be run
};

/// Whether entries are declared in this section or in one within it.
bool has_section(const dealii::ParameterHandler &prm, const std::string &section);

/// The declared entries of a section (and the sections in it; empty: all) with default, what is
/// allowed, unit and documentation. UserError with the nearest name for an unknown section.
std::string describe(const dealii::ParameterHandler &prm, const std::string &section,
                     DescribeFormat format);
} // namespace understudy

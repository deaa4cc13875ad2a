// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <deal.II/base/parameter_handler.h>
#include <mpi.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
/// Reads a .prm case into the entries that are declared in @p prm, then applies @p overrides of the
/// form "Section/Subsection/Key=value" or "Key=value" (of the command line: -D).
///
/// The syntax is deal.II's (subsection, end, set, include, comments, continuation lines); the file
/// name of an include is relative to the including file. An entry may be set again by a file that
/// includes the first one, but not twice in one file.
///
/// Rank 0 reads; every rank gets the values, or throws the same UserError of one sentence with file
/// and line: file missing, section or entry unknown (with the nearest known one), value not allowed
/// (with what is allowed), entry set twice, 'end' missing or too many. Collective over @p comm.
void read_case(dealii::ParameterHandler &prm, const std::filesystem::path &file,
               const std::vector<std::string> &overrides, MPI_Comm comm = MPI_COMM_WORLD);

/// The value that a case or its overrides give to one entry without a section, for what must be
/// known before the others can be declared; @p fallback when it is not set. Errors and ranks as in
/// read_case.
std::string peek_entry(const std::filesystem::path &file, const std::vector<std::string> &overrides,
                       const std::string &key, const std::string &fallback,
                       MPI_Comm comm = MPI_COMM_WORLD);

/// add_parameter() for a number whose default has more than six digits: deal.II would round it to
/// six, in the entry and in @p value.
void add_number(dealii::ParameterHandler &prm, const std::string &key, double &value,
                const std::string &documentation, const dealii::Patterns::PatternBase &pattern);

/// Whether the section @p name is @p section or lies in it; all lie in "".
bool is_in_section(const std::string &name, const std::string &section);

/// All declared entries in the order of their declaration, as an array of objects with the strings
/// "section" ("" or "A/B"), "key", "default", "value", "allowed" (in plain words), "unit" and
/// "documentation", and where the pattern has them the numbers "lower" and "upper" or the array
/// "choices". The unit is what stands in the last pair of brackets of the documentation: the text
/// "Young's modulus of the fibre [MPa]" has the unit MPa.
nlohmann::json json_of(const dealii::ParameterHandler &prm);

/// The entries and their values as a case that read_case reads back.
std::string text_of(const dealii::ParameterHandler &prm);
} // namespace understudy

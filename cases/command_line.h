// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/describe.h>
#include <cases/resume.h>

#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
/// What the command line asks for.
struct CommandLine
{
  enum class Command
  {
    run,
    describe,
    list,
    inspect,
    evaluate,
    version,
    help
  } command = Command::help;

  std::filesystem::path file; ///< the case, or what is to be inspected
  std::vector<std::string> overrides, stages;
  bool validate = false, force = false, quiet = false;
  ResumeMode resume = ResumeMode::automatic;

  std::string section;                          ///< describe
  std::string family;                           ///< describe, list; empty: the default
  DescribeFormat format = DescribeFormat::text; ///< describe
  bool plaid = false;                           ///< inspect
  std::string closure;                          ///< evaluate
  std::filesystem::path input, output;          ///< evaluate

  std::string text;                   ///< of --help
  std::vector<std::string> for_petsc; ///< words that are left to PETSc, e.g. -macro_ksp_type gmres
  std::vector<std::string> petsc_files; ///< of -options_file: PETSc itself aborts on a bad one
  std::vector<std::string> all;         ///< the command line as it was given
};

/// Sorts the words of a command line. A word with one dash (other than -D) belongs to PETSc, with
/// the value that follows it. UserError with the nearest flag for one that is not known.
CommandLine parse_command_line(int argc, char **argv);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/command_line.h>
#include <cases/family.h>

#include <memory>

namespace understudy
{
/// A case that was read and found free of problems.
struct Case
{
  std::unique_ptr<Family> family;
  dealii::ParameterHandler prm; ///< bound to the members of the family
  std::filesystem::path output; ///< folder of the run
  double walltime = 0.;         ///< after which a run ends [s]; 0: none
};

/// The family @p name with its entries and those of the program declared in @p result.
void declare_case(const std::string &name, Case &result);

/// Reads the case of the command line into @p result. UserError for whatever is wrong with it;
/// problems between values are all told, one a line. Collective.
void read_case(const CommandLine &line, MPI_Comm comm, Case &result);

/// `understudy CASE.prm`: all stages and what surrounds them. Throws Error on all ranks.
/// Collective.
void run_case(const CommandLine &line, MPI_Comm comm);

/// `understudy evaluate`. Collective.
void evaluate_case(const CommandLine &line, MPI_Comm comm);
} // namespace understudy

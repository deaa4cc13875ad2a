// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <petscsys.h>

#include <string>
#include <vector>

namespace understudy
{
/// From here on PETSc keeps the sentence of an error for check_petsc() instead of printing a stack
/// trace. To be called once, after PetscInitialize.
void keep_petsc_errors();

/// Throws when a PETSc function returned an error: UserError when an option asks for a type or a
/// factorization that PETSc does not have, which shows only once it is needed, SolverError
/// otherwise; with PETSc's own sentence where keep_petsc_errors() was called. Not for use inside
/// PETSc's callbacks.
void check_petsc(PetscErrorCode code);

/// The same for functions that read options: whatever they refuse is the user's.
void check_petsc_options(PetscErrorCode code);

/// Reads the options of @p files, if there are any, then those of the command line, @p words, once
/// more: they have the last word. Throws UserError on all ranks of PETSC_COMM_WORLD when one of
/// them cannot read or understand a file. Collective.
void read_petsc_options(const std::vector<std::string> &files, std::vector<std::string> words);
} // namespace understudy

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

/// Throws when a PETSc function returned an error: UserError where an option asks for what PETSc
/// does not have or cannot read, SolverError otherwise, with PETSc's own sentence where
/// keep_petsc_errors() was called. Not for use inside PETSc's callbacks.
void check_petsc(PetscErrorCode code);

/// Reads the options of @p files, then those of the command line, @p words, once more: they have
/// the last word. Throws UserError for a file that cannot be read or understood. Collective.
void read_petsc_options(const std::vector<std::string> &files, std::vector<std::string> words);
} // namespace understudy

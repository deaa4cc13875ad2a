// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

namespace understudy
{
/// The whole program; the value is the exit code of ExitCode. Starts and ends MPI and PETSc where
/// the command needs them.
int run_program(int argc, char **argv);
} // namespace understudy

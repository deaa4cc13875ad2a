// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace understudy
{
/// Name and version of the program and of every library it uses. MPI need not be started.
std::vector<std::pair<std::string, std::string>> library_versions();

/// The file of the BLAS that this process calls, and its build where it tells (OpenBLAS).
std::string blas_in_use();

/// Memory of this process that is resident now, in MB (10^6 bytes).
double resident_memory();
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <string>

namespace understudy
{
/// One thread per rank in LibTorch, between and within operations. To be called once, before
/// LibTorch is used.
void set_torch_threads(int n_threads);

/// Version of LibTorch that the program was built with, e.g. "1.13.1".
std::string torch_version();
} // namespace understudy

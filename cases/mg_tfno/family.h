// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>

#include <memory>

namespace understudy
{
/// Fields on regular grids and multi-grid tensorised Fourier neural operators.
std::unique_ptr<Family> make_mg_tfno_family();
} // namespace understudy

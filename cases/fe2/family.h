// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>

#include <memory>

namespace understudy
{
/// Two-scale solid mechanics: the material of a macro structure is a periodic micro structure.
std::unique_ptr<Family> make_fe2_family();
} // namespace understudy

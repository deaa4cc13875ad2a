// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>

#include <memory>

namespace understudy
{
/// Notched plates whose meshes all differ, and mesh-morphing Gaussian processes for their fields.
std::unique_ptr<Family> make_mmgp_family();
} // namespace understudy

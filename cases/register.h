// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>
#include <data/core/registry.h>

namespace understudy
{
/// All families of cases, by the name that `set Family` uses: the only list to edit for a new one.
Registry<Family> families();
} // namespace understudy

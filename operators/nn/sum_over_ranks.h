// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <functional>
#include <span>

namespace understudy
{
/// Adds up numbers over all ranks that train together, in place; empty: there is one rank.
/// Collective.
using SumOverRanks = std::function<void(std::span<double>)>;
} // namespace understudy

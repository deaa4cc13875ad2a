// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/macro_fields.h>

#include <vector>

namespace understudy
{
class Fe2Workshop;

/// Keeps the strains that the exact model was handed in the converged states of a run as a data set
/// of samples, Fe2Workshop::handovers(), together with those that the training of this round used:
/// at most 'Hand-over samples' that cover all of them well. They are solved anew, because a
/// closure's answer has no micro fields. Collective. @param steps all cells on rank 0, none on the
/// others
/// @return the number of samples
std::size_t keep_handovers(Fe2Workshop &workshop, const std::vector<MacroFields> &steps);
} // namespace understudy

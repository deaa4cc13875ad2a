// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mmgp/unlike_plates.h>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <vector>

namespace understudy
{
class MmgpWorkshop;

/// Solves the plates whose gate is shut exactly and keeps them as labelled samples in
/// MmgpWorkshop::handovers(), together with those that the model was trained with. The attribute
/// "handed_over" of that data set lists for every sample what it is, the gate, the reason and the
/// hash of the model that handed it over. Collective.
/// @param plates what the model was asked about
/// @param found  its answers, with "gate" and "reason"; "handover", the number of the sample, is
///               added where there is one
/// @return the number of samples
std::size_t keep_handovers(MmgpWorkshop &workshop, const std::vector<UnlikePlate> &plates,
                           nlohmann::json &found);
} // namespace understudy

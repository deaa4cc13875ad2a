// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/registry.h>
#include <operators/maps/point_map.h>
#include <surrogates/closure_request.h>

namespace understudy
{
/// All micro models by the name that a case uses, each with one sentence. Making one is collective
/// over ClosureRequest::comm. A new closure is one line in register.cc.
const Registry<PointMap, const ClosureRequest &> &closures();
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>

#include <string>

namespace understudy
{
/// The quantities of a plane-strain micro model: inputs Exx, Eyy, Gxy (engineering shear) [-] and
/// outputs Sxx, Syy, Sxy [N/mm2], without limits on the inputs.
PointMapInfo plane_strain_info(const std::string &name);
} // namespace understudy

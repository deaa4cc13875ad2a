// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>
#include <surrogates/mmgp.h>

#include <filesystem>
#include <vector>

namespace understudy
{
/// Writes a plate for ParaView. Cell fields: answered_by (0: MMGP, 1: the exact solver, because a
/// gate was shut) and gate (the number of MmgpGate). Point fields: displacement (a vector) and the
/// plate_fields as they were answered; with a prediction <field>_mean, _deviation, _lower and
/// _upper; with an exact solution <field>_exact; with both <field>_error, mean minus exact. Throws
/// WriteError.
/// @param exact parallel to plate_fields; empty when there is none, which a shut gate excludes
void write_plate(const std::filesystem::path &file, const MmgpProblem &problem,
                 const TriangleMesh &mesh, const MmgpPrediction &prediction,
                 const std::vector<std::vector<double>> &exact);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/registry.h>
#include <operators/maps/field_map.h>
#include <operators/maps/point_map.h>
#include <surrogates/closure_request.h>

#include <mpi.h>

#include <filesystem>

namespace understudy
{
/// All micro models by the name that a case uses, each with one sentence. Making one is collective
/// over ClosureRequest::comm. A new closure is one line in register.cc.
const Registry<PointMap, const ClosureRequest &> &closures();

/// What a map of fields is made from.
struct FieldMapRequest
{
  MPI_Comm comm = MPI_COMM_WORLD;
  std::filesystem::path model; ///< its model file
};

/// All learned maps of fields by the kind that their model file names, each with one sentence.
/// Making one is collective over FieldMapRequest::comm and checks the probe of the file. A file
/// that one rank refuses, by a UserError, is refused by all.
const Registry<FieldMap, const FieldMapRequest &> &field_maps();
} // namespace understudy

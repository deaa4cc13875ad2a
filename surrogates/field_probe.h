// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/field_map.h>

#include <mpi.h>

namespace understudy
{
class ModelFile;

/// Adds the probe of a map of fields to its model file: the whole question @p query, whose nodes
/// are 0, 1, ..., and the answer of @p map, as the tensors field_probe/... and the entry
/// "field_probe" of the meta data. UserError when the answer has no values. For one rank.
void add_field_probe(ModelFile &file, FieldMap &map, const FieldQuery &query);

/// Asks @p map, collective over @p comm, what stands in the probe of its model file. Throws
/// UserError on all ranks when there is none, or an output differs by more than 1e-6 of its largest
/// value.
void check_field_probe(const ModelFile &file, FieldMap &map, MPI_Comm comm);
} // namespace understudy

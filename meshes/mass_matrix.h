// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/csr_matrix.h>
#include <meshes/triangle_mesh.h>

namespace understudy
{
/// M_ij = int N_i N_j of the linear shape functions [length^2], exactly integrated: a triangle of
/// area A adds A/6 to the diagonal entries of its nodes and A/12 to the others. Symmetric positive
/// definite; f^T M g = int f g for linear fields; the rows add up to a third of the area of the
/// triangles around the node. Columns are sorted. O(N). Node indices must be in range.
CsrMatrix mass_matrix(const TriangleMesh &mesh);
} // namespace understudy

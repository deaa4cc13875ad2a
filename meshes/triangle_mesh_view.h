// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/mesh_view.h>
#include <meshes/triangle_mesh.h>

namespace understudy
{
/// All of @p mesh, which must outlive the view and keep its place.
MeshView view_of(const TriangleMesh &mesh);

/// A copy of a whole mesh, whose nodes bear the numbers from 0. UserError when it is not one of
/// plane triangles with three nodes.
TriangleMesh triangle_mesh_of(const MeshView &view);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/csr_matrix.h>
#include <meshes/mesh_transfer.h>
#include <meshes/tutte_map.h>

#include <memory>
#include <string>
#include <vector>

namespace understudy
{
class ModelFile;

/// The mesh on which fields of many meshes become vectors of one length: the image of one of them
/// under the Tutte map. Every other mesh is mapped to the same shape and its fields are
/// interpolated (Casenave, Staber and Roynard, NeurIPS 2023, section 3 of arXiv 2305.12871).
class CommonMesh
{
public:
  /// A mesh that was mapped: fields go to the common nodes and come back by linear interpolation.
  struct Morphed
  {
    MeshTransfer to_common, from_common;
  };

  /// The image of @p mesh. Errors as tutte_map().
  CommonMesh(const TriangleMesh &mesh, const TutteOptions &options);

  std::size_t n_nodes() const { return image_.n_nodes(); }
  const TriangleMesh &image() const { return image_; }
  std::shared_ptr<const CsrMatrix> mass() const { return mass_; } ///< of the image

  /// Throws UserError when @p mesh cannot be mapped, or its image does not cover the common shape.
  Morphed morph(const TriangleMesh &mesh) const;

  /// Adds the tensors common/nodes and common/triangles and the options to the meta data.
  void save(ModelFile &file) const;
  static CommonMesh load(const ModelFile &file);

private:
  CommonMesh() = default;
  void prepare();

  TutteOptions options_;
  TriangleMesh image_;
  std::shared_ptr<const TriangleLocator> locator_;
  std::shared_ptr<const CsrMatrix> mass_;
};

/// The coordinates of @p mesh as a field of two components, [2][n_nodes].
std::vector<double> coordinates_of(const TriangleMesh &mesh);
} // namespace understudy

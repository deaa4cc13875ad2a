// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/gathered_field_map.h>
#include <surrogates/mmgp.h>

#include <memory>

namespace understudy
{
/// Mesh-morphing Gaussian processes as a map of fields: scalars and a mesh of triangles, with the
/// features that the model was trained with, to nodal fields and scalars with their deviations.
///
/// Its gates become the health of the answer: a mesh that cannot be morphed is not_converged and
/// has no values; a scalar out of range, a shape or a combination that is unlike the samples, or a
/// field that is too uncertain are outside_training_range, the reason telling which.
class MmgpFieldMap final : public GatheredFieldMap
{
public:
  MmgpFieldMap(std::shared_ptr<const Mmgp> model, MPI_Comm comm);

  const FieldMapInfo &info() const override { return info_; }

protected:
  void predict(const WholeQuestion &question, FieldAnswer &answer) const override;

private:
  std::shared_ptr<const Mmgp> model_;
  FieldMapInfo info_;
};

/// add_field_probe() with a plate that the model answers. Local; MPI must run.
void add_mmgp_probe(ModelFile &file, const Mmgp &model, const TriangleMesh &mesh,
                    const std::vector<double> &inputs);
} // namespace understudy

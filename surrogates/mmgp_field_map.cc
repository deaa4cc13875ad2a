// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <meshes/triangle_mesh_view.h>
#include <surrogates/field_probe.h>
#include <surrogates/mmgp_field_map.h>

#include <numeric>
#include <utility>

namespace understudy
{
MmgpFieldMap::MmgpFieldMap(std::shared_ptr<const Mmgp> model, MPI_Comm comm)
  : GatheredFieldMap(comm), model_(std::move(model))
{
  const MmgpProblem problem = model_->problem();
  info_.name = "mmgp";
  info_.has_deviation = true;
  for (const MmgpInput &input : problem.inputs)
  {
    info_.input_scalars.push_back(input.quantity);
    info_.lower.push_back(input.lower);
    info_.upper.push_back(input.upper);
  }
  for (const MmgpOutput &field : problem.fields)
    info_.output_fields.push_back(field.quantity);
  for (const MmgpOutput &scalar : problem.scalars)
    info_.output_scalars.push_back(scalar.quantity);
}

void MmgpFieldMap::predict(const WholeQuestion &question, FieldAnswer &answer) const
{
  MmgpPrediction prediction = model_->predict(triangle_mesh_of(*question.mesh), question.scalars);
  answer.reason = prediction.reason;
  if (prediction.gate == MmgpGate::morph)
  {
    answer.health = Health::not_converged;
    return;
  }
  if (prediction.gate != MmgpGate::none)
    answer.health = Health::outside_training_range;
  for (std::size_t f = 0; f < answer.fields.size(); ++f)
  {
    answer.fields[f].mean = std::move(prediction.fields[f].mean);
    answer.fields[f].deviation = std::move(prediction.fields[f].deviation);
  }
  for (std::size_t s = 0; s < answer.scalars.size(); ++s)
  {
    answer.scalars[s].mean = prediction.scalars.mean[s];
    answer.scalars[s].deviation = prediction.scalars.deviation[s];
  }
}

void add_mmgp_probe(ModelFile &file, const Mmgp &model, const TriangleMesh &mesh,
                    const std::vector<double> &inputs)
{
  MmgpFieldMap map({std::shared_ptr<void>(), &model}, MPI_COMM_SELF); // owned by the caller
  const MeshView view = view_of(mesh);
  std::vector<unsigned> nodes(mesh.n_nodes());
  std::iota(nodes.begin(), nodes.end(), 0u);
  FieldQuery query;
  query.mesh = &view;
  query.nodes = nodes;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    query.scalars.push_back({map.info().input_scalars[i], inputs[i]});
  add_field_probe(file, map, query);
}
} // namespace understudy

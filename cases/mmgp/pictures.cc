// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/pictures.h>
#include <data/output/mesh_vtu.h>

#include <string>
#include <utility>

namespace understudy
{
namespace
{
/// U1 and U2, the first two fields, in turn.
std::vector<double> vectors_of(const std::vector<double> &U1, const std::vector<double> &U2)
{
  std::vector<double> u;
  for (std::size_t i = 0; i < U1.size(); ++i)
    u.insert(u.end(), {U1[i], U2[i]});
  return u;
}
} // namespace

void write_plate(const std::filesystem::path &file, const MmgpProblem &problem,
                 const TriangleMesh &mesh, const MmgpPrediction &prediction,
                 const std::vector<std::vector<double>> &exact)
{
  MeshFields picture;
  picture.points = mesh.nodes;
  picture.triangles = mesh.triangles;
  const auto add = [&](const std::string &name, std::vector<double> values) {
    picture.point_fields.push_back({name, 1, std::move(values)});
  };
  const bool is_handed_over = prediction.gate != MmgpGate::none;
  const auto answer = [&](std::size_t f) -> const std::vector<double> &
  { return is_handed_over ? exact.at(f) : prediction.fields[f].mean; };
  picture.point_fields.push_back({"displacement", 2, vectors_of(answer(0), answer(1))});
  for (std::size_t f = 0; f < problem.fields.size(); ++f)
  {
    const std::string &name = problem.fields[f].quantity.name;
    add(name, answer(f));
    if (!prediction.fields.empty())
    {
      const MmgpValues &found = prediction.fields[f];
      add(name + "_mean", found.mean);
      add(name + "_deviation", found.deviation);
      add(name + "_lower", found.lower);
      add(name + "_upper", found.upper);
    }
    if (!exact.empty())
      add(name + "_exact", exact[f]);
    if (prediction.fields.empty() || exact.empty())
      continue;
    std::vector<double> error = prediction.fields[f].mean;
    for (std::size_t i = 0; i < error.size(); ++i)
      error[i] -= exact[f][i];
    add(name + "_error", std::move(error));
  }
  const std::size_t n_cells = mesh.n_triangles();
  picture.cell_fields = {
    {"answered_by", 1, std::vector<double>(n_cells, is_handed_over ? 1. : 0.)},
    {"gate", 1, std::vector<double>(n_cells, static_cast<double>(prediction.gate))}};
  write_mesh_vtu(file.string(), picture);
}
} // namespace understudy

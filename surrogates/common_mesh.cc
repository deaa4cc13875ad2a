// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <meshes/mass_matrix.h>
#include <meshes/triangle_checks.h>
#include <operators/nn/head_meta.h>
#include <surrogates/common_mesh.h>

#include <nlohmann/json.hpp>

#include <utility>

namespace understudy
{
CommonMesh::CommonMesh(const TriangleMesh &mesh, const TutteOptions &options)
  : options_(options), image_(tutte_map(mesh, options).image)
{
  prepare();
}

void CommonMesh::prepare()
{
  locator_ = std::make_shared<const TriangleLocator>(image_);
  mass_ = std::make_shared<const CsrMatrix>(mass_matrix(image_));
}

CommonMesh::Morphed CommonMesh::morph(const TriangleMesh &mesh) const
{
  const TriangleMesh mapped = tutte_map(mesh, options_).image;
  return {make_transfer(TriangleLocator(mapped), image_.nodes),
          make_transfer(*locator_, mapped.nodes)};
}

void CommonMesh::save(ModelFile &file) const
{
  std::vector<double> nodes, triangles;
  for (const auto &x : image_.nodes)
    nodes.insert(nodes.end(), x.begin(), x.end());
  for (const auto &t : image_.triangles)
    triangles.insert(triangles.end(), t.begin(), t.end());
  file.add("common/nodes", {image_.n_nodes(), 2}, std::move(nodes));
  file.add("common/triangles", {image_.n_triangles(), 3}, std::move(triangles));
  file.meta()["common"] = {
    {"target", options_.target == TutteOptions::Target::unit_disk ? "disk" : "square"},
    {"weights", options_.weights == TutteOptions::Weights::uniform ? "uniform" : "mean-value"},
    {"features", options_.features},
    {"places", options_.places}};
}

CommonMesh CommonMesh::load(const ModelFile &file)
{
  CommonMesh common;
  const std::size_t n_nodes = matrix_shape(file, "common/nodes")[0];
  const std::size_t n_triangles = matrix_shape(file, "common/triangles")[0];
  const auto &nodes = file.tensor("common/nodes", {n_nodes, 2});
  const auto &triangles = file.tensor("common/triangles", {n_triangles, 3});
  for (std::size_t i = 0; i < n_nodes; ++i)
    common.image_.nodes.push_back({nodes[2 * i], nodes[2 * i + 1]});
  for (std::size_t t = 0; t < n_triangles; ++t)
  {
    TriangleMesh::Triangle corners{};
    for (unsigned k = 0; k < 3; ++k)
    {
      const double node = triangles[3 * t + k];
      if (!(node >= 0. && node < static_cast<double>(n_nodes)))
        throw UserError("The model '" + file.path() + "' names a node " +
                        "of the common mesh that is not there.");
      corners[k] = static_cast<unsigned>(node);
    }
    common.image_.triangles.push_back(corners);
  }
  if (n_triangles == 0)
    throw UserError("The common mesh of the model '" + file.path() + "' has no triangle.");
  try
  {
    const auto &meta = file.meta().at("common");
    const auto target = meta.at("target").get<std::string>();
    const auto weights = meta.at("weights").get<std::string>();
    common.options_ = {
      target == "square" ? TutteOptions::Target::unit_square : TutteOptions::Target::unit_disk,
      weights == "mean-value" ? TutteOptions::Weights::mean_value : TutteOptions::Weights::uniform,
      meta.at("features").get<std::vector<std::string>>(),
      meta.at("places").get<std::vector<double>>()};
  }
  catch (const nlohmann::json::exception &)
  {
    throw UserError("The model '" + file.path() +
                    "' does not say how meshes are mapped to its "
                    "common mesh; run the stage 'train' again.");
  }
  if (const auto problems = area_problems(common.image_); !problems.empty())
    throw UserError("The common mesh of the model '" + file.path() +
                    "' is refused: " + problems.front());
  common.prepare();
  return common;
}

std::vector<double> coordinates_of(const TriangleMesh &mesh)
{
  std::vector<double> x(2 * mesh.n_nodes());
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    for (std::size_t c = 0; c < 2; ++c)
      x[c * mesh.n_nodes() + i] = mesh.nodes[i][c];
  return x;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/collective.h>
#include <data/store/model_file.h>
#include <meshes/plate_generator.h>
#include <meshes/triangle_mesh_view.h>
#include <surrogates/mg_tfno_field_map.h>
#include <surrogates/mmgp_field_map.h>
#include <surrogates/mmgp_training.h>
#include <surrogates/register.h>
#include <tests/notched_mesh.h>
#include <tests/random_numbers.h>
#include <tests/small_mg_tfno.h>
#include <tests/temporary_folder.h>
#include <tests/toy_field_maps.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace understudy::testing_tools
{
/// A question on a whole mesh or grid, from which those of the ranks are made.
struct FieldExample
{
  struct Field
  {
    Quantity quantity;
    std::vector<double> values;
  };
  std::optional<TriangleMesh> mesh;
  std::optional<GridView> grid;
  std::vector<Field> fields;
  std::vector<ScalarInput> scalars;

  std::size_t n_nodes() const { return mesh ? mesh->n_nodes() : grid->size(); }
};

/// How the nodes of an example are called and dealt out.
struct Sharing
{
  int rank = 0, n_ranks = 1;
  bool renumber = false; ///< a mesh: other numbers, with gaps; nodes are listed in another order
  bool number_cells = true;
};

/// The part of a rank with all that a query refers to.
class RankQuery
{
public:
  RankQuery(const FieldExample &example, const Sharing &sharing) : fields_(example.fields.size())
  {
    const std::size_t n = example.n_nodes();
    number_.resize(n);
    std::iota(number_.begin(), number_.end(), 0u);
    std::vector<unsigned> order = number_;
    if (sharing.renumber)
    {
      std::mt19937 random(11);
      std::shuffle(order.begin(), order.end(), random);
      for (std::size_t i = 0; i < n && example.mesh; ++i)
        number_[order[i]] = 7 + 3 * static_cast<unsigned>(i);
      std::shuffle(order.begin(), order.end(), random);
    }
    for (const unsigned i : order)
      if (static_cast<int>((i / 3) % sharing.n_ranks) == sharing.rank)
      {
        old_.push_back(i);
        nodes_.push_back(number_[i]);
      }
    for (std::size_t f = 0; f < fields_.size(); ++f)
      for (const unsigned i : old_)
        fields_[f].push_back(example.fields[f].values[i]);
    query_.scalars = example.scalars;
    query_.nodes = nodes_;
    for (std::size_t f = 0; f < fields_.size(); ++f)
      query_.fields.push_back({example.fields[f].quantity, fields_[f]});
    if (example.grid)
    {
      grid_ = *example.grid;
      query_.grid = &grid_;
    }
    else
      take_mesh(*example.mesh, sharing);
  }
  RankQuery(const RankQuery &) = delete;
  RankQuery &operator=(const RankQuery &) = delete;

  FieldQuery &query() { return query_; }
  MeshView &mesh() { return mesh_; }
  std::vector<double> &points() { return points_; }
  std::vector<unsigned> &cells() { return cells_; }
  std::vector<unsigned> &nodes() { return nodes_; }
  std::vector<double> &field(std::size_t f) { return fields_[f]; }
  /// Numbers in the example of the nodes of this rank, in its order.
  const std::vector<unsigned> &old() const { return old_; }

private:
  void take_mesh(const TriangleMesh &mesh, const Sharing &sharing)
  {
    for (const unsigned i : old_)
      points_.insert(points_.end(), mesh.nodes[i].begin(), mesh.nodes[i].end());
    for (std::size_t c = 0; c < mesh.n_triangles(); ++c)
      if (static_cast<int>(c % sharing.n_ranks) == sharing.rank)
      {
        cell_numbers_.push_back(static_cast<unsigned>(c));
        for (const unsigned node : mesh.triangles[c])
          cells_.push_back(number_[node]);
      }
    for (const auto &[name, edges] : mesh.edges) // of several ranks: counts once
      for (const auto &edge : edges)
        facets_[name].insert(facets_[name].end(), {number_[edge[0]], number_[edge[1]]});
    for (const auto &[name, node] : mesh.features)
      mesh_.features[name] = number_[node];
    mesh_.points = points_;
    mesh_.cells = cells_;
    if (sharing.number_cells)
      mesh_.cell_numbers = cell_numbers_;
    for (const auto &[name, facets] : facets_)
      mesh_.facets[name] = facets;
    query_.mesh = &mesh_;
  }

  std::vector<unsigned> number_, old_, nodes_, cells_, cell_numbers_;
  std::vector<double> points_;
  std::vector<std::vector<double>> fields_;
  std::map<std::string, std::vector<unsigned>> facets_;
  MeshView mesh_;
  GridView grid_;
  FieldQuery query_;
};

/// The file of a small MMGP of fields that are formulas of place, notch and scalars.
class SmallMmgp
{
public:
  explicit SmallMmgp(MPI_Comm comm)
  {
    MmgpParameters parameters;
    parameters.shape_modes = 3;
    parameters.field_modes = 4;
    parameters.fit.n_restarts = 1;
    parameters.deviation_limit = 0.5; // so few samples leave much open
    MmgpProblem problem{{{{"P", "MPa"}, 1., 2.}, {{"K", "MPa"}, -1., 1.}},
                        {{{"U1", "mm"}, 0.}, {{"U2", "mm"}, 0.}},
                        {{{"mean", "mm"}, 0.}}};
    MmgpTraining training;
    const Mmgp model =
      train_mmgp(comm, parameters, problem, {plate_features.begin(), plate_features.end()}, 24,
                 sample, training);
    path_ = on_rank_0(comm,
                      [&]
                      {
                        folder_ = std::make_unique<TemporaryFolder>();
                        ModelFile file;
                        model.save(file);
                        file.meta()["kind"] = "mmgp";
                        const MmgpSample first = sample(0);
                        add_mmgp_probe(file, model, first.mesh, first.inputs);
                        file.write(*folder_ / "mmgp.safetensors");
                        return *folder_ / "mmgp.safetensors";
                      });
  }
  const std::string &path() const { return path_; }

  static TriangleMesh plate(double radius, std::uint64_t seed)
  {
    PlateMeshing meshing;
    meshing.h = 0.14;
    meshing.seed = seed;
    return make_plate(PlateShape::circle(radius), meshing);
  }

private:
  static MmgpSample sample(std::size_t i)
  {
    const auto u = test::random_numbers(3, 100 + static_cast<unsigned>(i), 1.);
    const double radius = 0.4 + 0.15 * u[0], P = 1.5 + 0.5 * u[1], K = u[2];
    MmgpSample s{plate(radius, i), {P, K}, {{}, {}}, {P * radius + K * K}};
    for (const auto &[x, y] : s.mesh.nodes)
    {
      s.fields[0].push_back(P * std::sin(1. + x + radius * y) + K * radius * x * y);
      s.fields[1].push_back(K * x + P * radius * y * y);
    }
    return s;
  }

  std::unique_ptr<TemporaryFolder> folder_;
  std::string path_;
};

/// The file of a small operator with random weights, two outputs and patches.
class SmallMgTfno
{
public:
  explicit SmallMgTfno(MPI_Comm comm)
  {
    path_ = on_rank_0(comm,
                      [&]
                      {
                        folder_ = std::make_unique<TemporaryFolder>();
                        ModelFile file;
                        const MgTfno model = test::small_mg_tfno();
                        model.save(file);
                        const auto x = test::random_numbers(2 * n * n, 7, 1.);
                        add_mg_tfno_probe(file, model, n, std::vector<float>(x.begin(), x.end()));
                        file.write(*folder_ / "mg_tfno.safetensors");
                        return *folder_ / "mg_tfno.safetensors";
                      });
  }
  const std::string &path() const { return path_; }

  static constexpr unsigned n = 8;

private:
  std::unique_ptr<TemporaryFolder> folder_;
  std::string path_;
};

/// A map that the contract is tested on.
struct FieldMapTraits
{
  std::function<std::unique_ptr<FieldMap>(MPI_Comm)> make;
  FieldExample example, other;
  bool needs_disk = false; ///< meshes with holes are not for it
};

inline FieldExample mesh_example(unsigned seed)
{
  FieldExample e;
  e.mesh = test::notched_mesh(0.4, 6, seed);
  const std::size_t n = e.mesh->n_nodes();
  e.fields = {{{"b", "mm"}, test::random_numbers(n, seed, 1.)},
              {{"a", "1"}, test::random_numbers(n, seed + 1, 1.)}};
  e.scalars = {{{"t", "s"}, 0.5}, {{"s", "MPa"}, 3. + seed}};
  return e;
}

inline FieldExample grid_example(unsigned seed)
{
  FieldExample e;
  e.grid = GridView{2, {5, 7, 1}, {0., 1., 0.}, {0.25, 0.5, 1.}};
  e.fields = {{{"a", "1"}, test::random_numbers(e.grid->size(), seed, 1.)}};
  return e;
}

inline FieldExample plate_example(unsigned seed)
{
  FieldExample e;
  e.mesh = SmallMmgp::plate(0.41, 1000 + seed);
  e.scalars = {{{"K", "MPa"}, 0.2}, {{"P", "MPa"}, 1.4 + 0.01 * seed}};
  return e;
}

inline FieldExample torus_example(unsigned seed)
{
  FieldExample e;
  const unsigned n = SmallMgTfno::n;
  e.grid = GridView{2, {n, n, 1}, {0., 0., 0.}, {2. / n, 2. / n, 1.}};
  e.fields = {{{"g", "mm"}, test::random_numbers(n * n, 10 + seed, 0.9)},
              {{"f", "1"}, test::random_numbers(n * n, 20 + seed, 0.9)}};
  return e;
}

/// Takes out a triangle that lies inside.
inline void make_hole(TriangleMesh &mesh)
{
  std::vector<char> on_boundary(mesh.n_nodes(), 0);
  for (const auto &[name, edges] : mesh.edges)
    for (const auto &edge : edges)
      on_boundary[edge[0]] = on_boundary[edge[1]] = 1;
  mesh.triangles.erase(std::ranges::find_if(
    mesh.triangles,
    [&](const auto &t) { return !on_boundary[t[0]] && !on_boundary[t[1]] && !on_boundary[t[2]]; }));
}

/// The trained maps, with their files.
struct SmallModels
{
  explicit SmallModels(MPI_Comm comm) : mmgp(comm), mg_tfno(comm) {}
  SmallMmgp mmgp;
  SmallMgTfno mg_tfno;
};

/// All maps of the register, and toys for what none of them does. @p models must live as long.
inline std::map<std::string, FieldMapTraits> known_field_maps(const SmallModels &models)
{
  std::map<std::string, FieldMapTraits> all;
  all["toy-mesh"] = {[](MPI_Comm comm) { return std::make_unique<testing_maps::ToyMeshMap>(comm); },
                     mesh_example(1), mesh_example(2), false};
  all["toy-grid"] = {[](MPI_Comm comm) { return std::make_unique<testing_maps::ToyGridMap>(comm); },
                     grid_example(1), grid_example(2), false};
  all["mmgp"] = {[&models](MPI_Comm comm) {
                   return field_maps().create("mmgp", {comm, models.mmgp.path()});
                 },
                 plate_example(1), plate_example(2), true};
  all["mg-tfno"] = {[&models](MPI_Comm comm) {
                      return field_maps().create("mg-tfno", {comm, models.mg_tfno.path()});
                    },
                    torus_example(1), torus_example(2), false};
  return all;
}

inline FieldAnswer ask(FieldMap &map, RankQuery &part)
{
  FieldAnswer answer;
  map.evaluate(part.query(), answer);
  return answer;
}

/// The largest difference of values and deviations of @p part, which the nodes of @p rank gave, to
/// those of @p whole, given in the order of the example; infinite when shapes differ.
inline double largest_difference(const FieldAnswer &part, const RankQuery &rank,
                                 const FieldAnswer &whole)
{
  const double infinity = std::numeric_limits<double>::infinity();
  if (part.health != whole.health || part.fields.size() != whole.fields.size() ||
      part.scalars.size() != whole.scalars.size())
    return infinity;
  double largest = 0.;
  const auto differ = [&](double a, double b)
  { largest = std::isfinite(a - b) ? std::max(largest, std::abs(a - b)) : infinity; };
  const auto compare = [&](const std::vector<double> &a, const std::vector<double> &b)
  {
    if (a.size() != (b.empty() ? 0 : rank.old().size()))
      largest = infinity;
    else
      for (std::size_t i = 0; i < a.size(); ++i)
        differ(a[i], b.at(rank.old()[i]));
  };
  for (std::size_t f = 0; f < part.fields.size(); ++f)
  {
    compare(part.fields[f].mean, whole.fields[f].mean);
    compare(part.fields[f].deviation, whole.fields[f].deviation);
  }
  for (std::size_t s = 0; s < part.scalars.size(); ++s)
    differ(part.scalars[s].mean, whole.scalars[s].mean);
  return largest;
}
} // namespace understudy::testing_tools

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// A small micro model with all its closures trained, made once per process: 64 cells with two
// stiff inclusions, so that the fields are not trivial, and 40 samples.
#pragma once

#include <data/core/collective.h>
#include <data/core/log.h>
#include <data/sampling/latin_hypercube.h>
#include <data/store/dataset.h>
#include <meshes/rve_generator.h>
#include <solvers/rve_dataset.h>
#include <surrogates/baselines.h>
#include <surrogates/equino_training.h>
#include <surrogates/galerkin_training.h>
#include <surrogates/register.h>
#include <tests/temporary_folder.h>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace understudy::testing_tools
{
/// What a trainer may use.
struct TrainingGround
{
  const DataSet &data;
  const RveMesh &mesh;
  std::shared_ptr<Rve> rve;
  MicroModelCard card; ///< micro, norm and limit of the case
};

/// How the tests treat a closure of the register.
struct ClosureTraits
{
  /// Writes the model file; null when there is nothing to train.
  std::function<void(const TrainingGround &, const std::filesystem::path &)> train;
  std::string weight;   ///< a tensor of the model file that the answers depend on
  bool odd = true;      ///< f(-E) = -f(E)
  double exact = 1e-14; ///< relative difference that "the same answer" allows
};

/// EquiNO with few modes, strains and evaluations.
inline void train_small_equino(const TrainingGround &ground, const std::string &head,
                               const std::filesystem::path &path)
{
  EquinoParameters small;
  small.modes = 8;
  small.label_points = 100;
  small.mlp_strains = small.rbf_strains = 60;
  small.validation_strains = 5;
  small.hidden_layers = "12, 12";
  small.stress_evaluations = small.displacement_evaluations = 100;
  train_equino(small, head, MicroBasis::compute(ground.data, *ground.rve, small.modes), *ground.rve,
               ground.card, "", path, {});
}

/// One line for every closure. A closure of the register that is missing here fails a test.
inline const std::map<std::string, ClosureTraits> &closure_traits()
{
  using Ground = const TrainingGround &;
  using Path = const std::filesystem::path &;
  static const std::map<std::string, ClosureTraits> all = {
    {"rve", {nullptr, "", true, 1e-9}},
    {"training-mean",
     {[](Ground g, Path p) { train_training_mean(g.data, g.card, p); }, "S/b", false}},
    {"equino-mlp", {[](Ground g, Path p) { train_small_equino(g, "mlp", p); }, "b/W1"}},
    {"equino-rbf", {[](Ground g, Path p) { train_small_equino(g, "odd-rbf", p); }, "H"}},
    {"pod-galerkin",
     {[](Ground g, Path p) {
        train_galerkin_rom({}, MicroBasis::compute(g.data, *g.rve, 8), g.data, *g.rve, g.card, p);
      },
      "rom/phi_e", true, 1e-9}},
    {"linear", {[](Ground g, Path p) { train_linear(g.data, g.card, p); }, "S/A"}},
    {"snapshot-rbf", {[](Ground g, Path p) { train_snapshot_rbf(g.data, g.card, p); }, "S/linear"}},
    {"snapshot-mlp",
     {[](Ground g, Path p) {
        train_snapshot_mlp(g.data, g.card, p, {{16, 16}, true, 1., 200, 24});
      },
      "S/W1"}},
  };
  return all;
}

/// 8 x 8 cells with two inclusions that break every symmetry.
inline RveMesh small_rve_mesh()
{
  RveMesh mesh = make_rve("homogeneous", 2);
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
  {
    double x = 0., y = 0.;
    for (unsigned k = 0; k < 4; ++k)
    {
      x += mesh.nodes[mesh.cells[c][k]][0] / 4;
      y += mesh.nodes[mesh.cells[c][k]][1] / 4;
    }
    const bool first = x > -0.4 && x < 0.1 && y > -0.3 && y < 0.;
    const bool second = x > 0.1 && x < 0.4 && y > 0.1 && y < 0.3;
    mesh.phase[c] = first || second ? Phase::fibre : Phase::matrix;
  }
  mesh.name = "two inclusions";
  return mesh;
}

/// Data set, trained models and the request that closures are made from. Collective over @p comm.
class MicroFixture
{
public:
  static constexpr double limit = 0.04; ///< training box [-]

  explicit MicroFixture(MPI_Comm comm) : mesh(small_rve_mesh()), comm_(comm)
  {
    const std::string root = on_rank_0(comm,
                                       [&]
                                       {
                                         owner_ = std::make_unique<TemporaryFolder>();
                                         return owner_->path();
                                       });
    request.comm = comm;
    request.models = root + "/models";
    request.rve = std::make_shared<Rve>(mesh, RveParameters());
    request.norm = request.rve->parameters().matrix.norm;
    request.micro = micro_fingerprint(mesh, request.rve->parameters());

    RveSamplingParameters sampling;
    sampling.n_train = 30;
    sampling.n_validation = 5;
    sampling.n_test = 5;
    sampling.limit = limit;
    Log log(comm, true);
    generate_rve_dataset(comm, root + "/data", describe_rve_dataset(mesh, *request.rve, sampling),
                         *request.rve, sampling, log, true);
    on_rank_0(comm,
              [&]
              {
                train_all(root);
                return std::string();
              });
  }

  std::unique_ptr<PointMap> make(const std::string &name, bool symmetric_tangent = true) const
  {
    ClosureRequest r = request;
    r.symmetric_tangent = symmetric_tangent;
    return closures().create(name, r);
  }

  std::filesystem::path model(const std::string &name) const
  {
    return request.models / (name + ".safetensors");
  }

  RveMesh mesh;
  ClosureRequest request;

private:
  void train_all(const std::string &root)
  {
    std::filesystem::create_directories(request.models);
    const DataSet data = DataSet::open(root + "/data");
    MicroModelCard card;
    card.micro = request.micro;
    card.norm = request.norm;
    card.box = limit;
    card.matrix = request.rve->parameters().matrix;
    card.fibre = request.rve->parameters().fibre;
    for (const auto &[name, traits] : closure_traits())
      if (traits.train)
        traits.train({data, mesh, request.rve, card}, model(name));
  }

  MPI_Comm comm_;
  std::unique_ptr<TemporaryFolder> owner_; ///< on rank 0 only
};

/// The one fixture of this process, alive while tests run: gtest makes and ends it.
class MicroEnvironment : public testing::Environment
{
public:
  void SetUp() override { fixture() = std::make_unique<MicroFixture>(MPI_COMM_WORLD); }
  void TearDown() override
  {
    MPI_Barrier(MPI_COMM_WORLD);
    fixture().reset();
  }

  static std::unique_ptr<MicroFixture> &fixture()
  {
    static std::unique_ptr<MicroFixture> one;
    return one;
  }
};

inline const MicroFixture &micro()
{
  return *MicroEnvironment::fixture();
}

/// @p n strains in the box |E_i| <= @p limit, none of them a training strain.
inline PointBatch test_strains(std::size_t n, double limit = 0.9 * MicroFixture::limit)
{
  return latin_hypercube(n, {-limit, -limit, -limit}, {limit, limit, limit}, 4711);
}

/// One cold question about all points of @p E.
inline PointAnswer ask(PointMap &map, const PointBatch &E, bool want_tangent = true)
{
  PointQuery query;
  query.inputs = &E;
  query.want_tangent = want_tangent;
  PointAnswer answer;
  map.evaluate(query, answer);
  return answer;
}

/// Some points of a batch: [n_components][n].
inline PointBatch points_of(const PointBatch &batch, std::size_t first, std::size_t n)
{
  PointBatch part(batch.n_components(), n);
  for (std::size_t c = 0; c < batch.n_components(); ++c)
    for (std::size_t p = 0; p < n; ++p)
      part(c, p) = batch(c, first + p);
  return part;
}

/// Largest entry by absolute value; NaN when there is one.
inline double largest(const PointBatch &batch)
{
  double worst = 0.;
  for (std::size_t i = 0; i < batch.n_components() * batch.n_points(); ++i)
    if (!(std::abs(batch.data()[i]) <= worst))
      worst = std::abs(batch.data()[i]);
  return worst;
}

/// Largest difference by absolute value of batches of equal shape; NaN when there is one.
inline double largest_difference(const PointBatch &a, const PointBatch &b, double factor_b = 1.)
{
  if (a.n_components() != b.n_components() || a.n_points() != b.n_points())
    throw std::invalid_argument("batches of different shapes");
  PointBatch difference(a.n_components(), a.n_points());
  for (std::size_t i = 0; i < a.n_components() * a.n_points(); ++i)
    difference.data()[i] = a.data()[i] - factor_b * b.data()[i];
  return largest(difference);
}
} // namespace understudy::testing_tools

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The hyper-reduced Galerkin model against the exact RVE, against itself with all points, and
// against the laws that any RVE obeys.

#include <data/core/errors.h>
#include <meshes/rve_generator.h>
#include <solvers/rve_dataset.h>
#include <surrogates/closure_request.h>
#include <surrogates/galerkin_training.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;
using Strain = std::array<double, 3>;

constexpr double limit = 0.04;
const std::vector<Strain> strains = {
  {0.02, 0.02, 0.02}, {0.03, -0.02, 0.025}, {0., 0., 0.04}, {-0.011, 0.037, -0.008}};

/// An RVE with its snapshots, made once per norm.
struct Snapshots
{
  Snapshots(const std::string &norm, unsigned n_train) : mesh(make_rve("rve3", 1))
  {
    RveParameters parameters;
    parameters.matrix = default_matrix(norm);
    rve = std::make_shared<Rve>(mesh, parameters);
    RveSamplingParameters sampling;
    sampling.n_train = n_train;
    sampling.n_validation = 1;
    sampling.n_test = 1;
    sampling.limit = limit;
    Log log(MPI_COMM_SELF, true);
    generate_rve_dataset(MPI_COMM_SELF, folder / "data", describe_rve_dataset(mesh, *rve, sampling),
                         *rve, sampling, log, false);
    data = std::make_unique<DataSet>(DataSet::open(folder / "data"));
  }
  std::shared_ptr<MicroBasis> basis(std::size_t n_modes) const
  {
    return std::make_shared<MicroBasis>(MicroBasis::compute(*data, *rve, n_modes));
  }
  GalerkinRom rom(const MicroBasis &basis, bool hyper_reduction = true) const
  {
    GalerkinParameters p;
    p.hyper_reduction = hyper_reduction;
    return reduce_galerkin(basis, *data, *rve, p);
  }

  TemporaryFolder folder;
  RveMesh mesh;
  std::shared_ptr<Rve> rve;
  std::unique_ptr<DataSet> data;
};

const Snapshots &full_norm()
{
  static const Snapshots all("full", 14);
  return all;
}

const Snapshots &inplane_norm()
{
  static const Snapshots all("inplane", 6);
  return all;
}

/// Eight modes, hyper-reduced.
const GalerkinRom &reduced_rom()
{
  static const GalerkinRom rom = full_norm().rom(*full_norm().basis(8));
  return rom;
}

GalerkinSolver::Answer solve(GalerkinSolver &solver, const Strain &E)
{
  std::vector<double> a(solver.n_modes(), 0.);
  return solver.solve(E, a.data(), true, true);
}

double relative_difference(const double *x, const double *y, unsigned n)
{
  double difference = 0., size = 0.;
  for (unsigned i = 0; i < n; ++i)
  {
    difference += (x[i] - y[i]) * (x[i] - y[i]);
    size += y[i] * y[i];
  }
  return std::sqrt(difference / size);
}

TEST(EmpiricalCubature, IntegratesPolynomialsWithFewPositiveWeights)
{
  constexpr int n = 400, degree = 7;
  Eigen::MatrixXd X(n, degree + 1);
  for (int q = 0; q < n; ++q)
    for (int k = 0; k <= degree; ++k)
      X(q, k) = std::pow((q + 0.5) / n, k);
  CubatureParameters p;
  p.tolerance = 1e-10;
  p.truncation = 1e-7;
  const Cubature c = empirical_cubature(X, std::vector<double>(n, 1. / n), p);
  EXPECT_LE(c.points.size(), degree + 1u);
  EXPECT_LE(c.residual, 1e-10);
  for (int k = 0; k <= degree; ++k)
  {
    double sum = 0.;
    for (std::size_t i = 0; i < c.points.size(); ++i)
      sum += c.weights[i] * X(static_cast<int>(c.points[i]), k);
    EXPECT_NEAR(sum, X.col(k).mean(), 1e-6) << k; // degree 7 is partly beyond the truncation
  }
  for (const double w : c.weights)
    EXPECT_GT(w, 0.);
}

TEST(EmpiricalCubature, CompressionKeepsTheSpan)
{
  Eigen::MatrixXd X(50, 6);
  for (int i = 0; i < 50; ++i)
    for (int j = 0; j < 6; ++j)
      X(i, j) = (j + 1.) * std::sin(0.1 * i) + (j % 3) * std::cos(0.3 * i);
  const Eigen::MatrixXd Y = compress_columns(X, 1e-6);
  ASSERT_EQ(Y.cols(), 2);
  EXPECT_NEAR((Y * Y.transpose() - X * X.transpose()).norm() / X.squaredNorm(), 0., 1e-12);
}

TEST(GalerkinRom, WithAllPointsReproducesTrainingSnapshotsToTheTruncation)
{
  const Snapshots &all = full_norm();
  const auto basis = all.basis(8);
  GalerkinSolver solver(all.rom(*basis, false));
  double kept = 0., lost = 0.;
  for (std::size_t k = 0; k < basis->singular_w.size(); ++k)
    (k < 8 ? kept : lost) += basis->singular_w[k] * basis->singular_w[k];
  const double truncation = std::sqrt(lost / kept);
  ASSERT_LT(truncation, 0.05);
  for (const std::size_t id : {all.data->ids("train").front(), all.data->ids("train").back()})
  {
    const auto E = all.data->read(id, "E"), S = all.data->read(id, "S");
    const auto answer = solve(solver, {E[0], E[1], E[2]});
    ASSERT_TRUE(answer.converged);
    EXPECT_LT(relative_difference(answer.stress.data(), S.data(), 3), truncation);
  }
}

TEST(GalerkinRom, WithAllModesIsExactForTrainingSnapshots)
{
  const Snapshots &all = full_norm();
  const auto basis = all.basis(14);
  GalerkinSolver solver(all.rom(*basis, false));
  const std::size_t id = all.data->ids("train")[3];
  const auto E = all.data->read(id, "E"), S = all.data->read(id, "S");
  const auto answer = solve(solver, {E[0], E[1], E[2]});
  ASSERT_TRUE(answer.converged);
  EXPECT_LT(relative_difference(answer.stress.data(), S.data(), 3), 1e-8);
}

TEST(GalerkinRom, FewPointsReplaceAllPoints)
{
  const Snapshots &all = full_norm();
  const auto basis = all.basis(8);
  const GalerkinRom &few = reduced_rom();
  const GalerkinRom every = all.rom(*basis, false);
  EXPECT_LE(few.n_points, 300u);
  EXPECT_GT(few.n_matrix_points, 0u);
  double sum = 0.;
  for (const double w : few.weights)
  {
    EXPECT_GT(w, 0.);
    sum += w;
  }
  EXPECT_NEAR(sum, 1., 1e-12);

  GalerkinSolver reduced(few), complete(every);
  for (const Strain &E : strains)
  {
    const auto x = solve(reduced, E), y = solve(complete, E);
    ASSERT_TRUE(x.converged && y.converged);
    EXPECT_LT(relative_difference(x.stress.data(), y.stress.data(), 3), 2e-3);
    EXPECT_LT(relative_difference(x.tangent.data(), y.tangent.data(), 9), 1e-2);
    EXPECT_NEAR(x.indicator, y.indicator, 0.5 * y.indicator);
  }
}

void expect_consistent_tangent(GalerkinSolver &solver)
{
  constexpr double h = 1e-6;
  for (const Strain &E : strains)
  {
    const auto here = solve(solver, E);
    ASSERT_TRUE(here.converged);
    std::array<double, 9> differences;
    for (unsigned j = 0; j < 3; ++j)
    {
      Strain plus = E, minus = E;
      plus[j] += h;
      minus[j] -= h;
      const auto up = solve(solver, plus), down = solve(solver, minus);
      for (unsigned i = 0; i < 3; ++i)
        differences[3 * i + j] = (up.stress[i] - down.stress[i]) / (2 * h);
    }
    EXPECT_LT(relative_difference(here.tangent.data(), differences.data(), 9), 1e-6);
  }
}

TEST(GalerkinRom, TangentIsTheDerivativeAndSymmetric)
{
  GalerkinSolver solver(reduced_rom());
  ASSERT_TRUE(solver.has_potential());
  expect_consistent_tangent(solver);
  const auto C = solve(solver, strains[1]).tangent;
  for (unsigned i = 0; i < 3; ++i)
    for (unsigned j = 0; j < i; ++j)
      EXPECT_EQ(C[3 * i + j], C[3 * j + i]);
}

TEST(GalerkinRom, TangentOfTheInplaneNormIsTheDerivativeToo)
{
  GalerkinSolver solver(inplane_norm().rom(*inplane_norm().basis(5)));
  ASSERT_FALSE(solver.has_potential());
  expect_consistent_tangent(solver);
  const auto C = solve(solver, strains[0]).tangent;
  EXPECT_GT(std::abs(C[2] - C[6]), 1e-6 * std::abs(C[0]));
}

TEST(GalerkinRom, IsOdd)
{
  GalerkinSolver solver(reduced_rom());
  for (const Strain &E : strains)
  {
    const auto x = solve(solver, E), y = solve(solver, {-E[0], -E[1], -E[2]});
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_NEAR(x.stress[i], -y.stress[i], 1e-10 * std::abs(x.stress[0]) + 1e-10);
    EXPECT_LT(relative_difference(x.tangent.data(), y.tangent.data(), 9), 1e-9);
  }
  EXPECT_EQ(solve(solver, {0., 0., 0.}).stress, (Strain{0., 0., 0.}));
}

TEST(GalerkinRom, MeanWorkIsTheWorkOfTheMeans)
{
  const Snapshots &all = full_norm();
  const auto basis = all.basis(8);
  GalerkinFields fields(all.rom(*basis, false), basis, all.rve);
  const RveDiscretisation &d = all.rve->discretisation();
  for (const Strain &E : strains)
  {
    std::vector<double> w, u, s;
    ASSERT_TRUE(fields.guess(E, w));
    fields.reconstruct({E[0], E[1], E[2]}, u, s);
    ASSERT_EQ(u.size(), 2 * d.n_nodes());
    PointBatch e;
    d.strains(E, w.data(), e);
    double work = 0., S_E = 0.;
    for (std::size_t q = 0; q < d.n_points(); ++q)
      for (unsigned i = 0; i < 3; ++i)
      {
        work += d.weights()[q] * s[3 * q + i] * e(i, q);
        S_E += d.weights()[q] * s[3 * q + i] * E[i];
      }
    EXPECT_NEAR(work, S_E, 1e-9 * std::abs(S_E));
  }
}

TEST(GalerkinRom, FirstGuessLeavesTheExactModelLittleToDo)
{
  const Snapshots &all = full_norm();
  const auto basis = all.basis(12);
  const GalerkinFields fields(all.rom(*basis), basis, all.rve);
  std::vector<double> guessed, elastic;
  ASSERT_TRUE(fields.guess(strains[0], guessed));
  all.rve->elastic_guess(strains[0], elastic);
  const RveAnswer with = all.rve->solve(strains[0], guessed, false);
  const RveAnswer without = all.rve->solve(strains[0], elastic, false);
  ASSERT_TRUE(with.converged && without.converged);
  EXPECT_LE(with.iterations, 2u);
  EXPECT_LT(with.iterations, without.iterations);
  EXPECT_LT(relative_difference(with.stress.data(), without.stress.data(), 3), 1e-9);
}

TEST(GalerkinRomClosure, TellsTheHealthOfEveryPointAndStartsFromHints)
{
  GalerkinRomClosure closure(reduced_rom(), limit);
  EXPECT_EQ(closure.info().hint_size, 8u);
  EXPECT_TRUE(closure.info().symmetric_tangent);
  PointBatch E(3, 3), hints(8, 3);
  E(0, 0) = 0.02;
  E(2, 0) = 0.03;
  E(1, 1) = std::numeric_limits<double>::quiet_NaN();
  E(0, 2) = 0.05;
  PointQuery query;
  query.inputs = &E;
  query.hints = &hints;
  PointAnswer cold, warm;
  closure.evaluate(query, cold);
  EXPECT_EQ(cold.health[0], Health::ok);
  EXPECT_EQ(cold.health[1], Health::not_finite);
  EXPECT_EQ(cold.health[2], Health::outside_training_range);
  EXPECT_TRUE(std::isnan(cold.outputs(0, 1)) && std::isnan(cold.tangent(0, 1)));
  EXPECT_GT(cold.outputs(0, 2), 0.);
  EXPECT_GT(cold.error_estimate[0], 0.);
  EXPECT_LT(cold.error_estimate[0], 0.2);
  EXPECT_NE(hints(0, 0), 0.);
  EXPECT_EQ(hints(0, 1), 0.);

  const std::size_t iterations = closure.iterations();
  ASSERT_GT(iterations, 2u);
  closure.evaluate(query, warm);
  EXPECT_EQ(closure.iterations(), iterations);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_NEAR(warm.outputs(i, 0), cold.outputs(i, 0), 1e-9 * cold.outputs(0, 0));

  // A start from elsewhere ends in the same place.
  for (unsigned k = 0; k < 8; ++k)
    hints(k, 0) = -hints(k, 0) + 1e-3;
  closure.evaluate(query, warm);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_NEAR(warm.outputs(i, 0), cold.outputs(i, 0), 1e-9 * cold.outputs(0, 0));
}

TEST(GalerkinRomFile, ComesBackAsItWasAndIsCheckedOnTheWay)
{
  const Snapshots &all = full_norm();
  const auto basis = all.basis(6);
  const TemporaryFolder models;
  const std::string path = models / "pod-galerkin.safetensors";
  MicroModelCard card;
  card.micro = micro_fingerprint(all.mesh, all.rve->parameters());
  card.norm = "full";
  card.box = limit;
  card.dataset_hash = all.data->hash();
  const GalerkinRom rom = train_galerkin_rom({}, *basis, *all.data, *all.rve, card, path);

  ClosureRequest request;
  request.models = models.path();
  request.rve = all.rve;
  request.micro = card.micro;
  request.norm = card.norm;
  const auto closure = make_trained_closure("pod-galerkin", request);
  GalerkinRomClosure original(rom, limit);
  const PointBatch E = probe_strains(limit);
  PointQuery query;
  query.inputs = &E;
  PointAnswer x, y;
  closure->evaluate(query, x);
  original.evaluate(query, y);
  for (std::size_t i = 0; i < 3 * E.n_points(); ++i)
    EXPECT_EQ(x.outputs.data()[i], y.outputs.data()[i]);

  const CardedModel good = read_model(path);
  CardedModel bad = good;
  std::vector<double> weights = rom.weights;
  weights[0] += 1e-6;
  bad.file.add("rom/weights", {rom.n_points}, weights);
  EXPECT_THAT(sentence_of<UserError>([&] { GalerkinRom::load(bad); }),
              testing::HasSubstr("sum is not 1"));
  weights = rom.weights;
  weights[0] = -weights[0];
  bad.file.add("rom/weights", {rom.n_points}, weights);
  EXPECT_THAT(sentence_of<UserError>([&] { GalerkinRom::load(bad); }),
              testing::HasSubstr("not positive"));
  bad = good;
  std::vector<double> points = rom.points;
  points.back() = 1e9;
  bad.file.add("rom/points", {rom.n_points}, points);
  EXPECT_THAT(sentence_of<UserError>([&] { GalerkinRom::load(bad); }),
              testing::HasSubstr("quadrature points that the RVE does not have"));
}
} // namespace
} // namespace understudy

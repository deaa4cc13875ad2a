// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the joint loss of EquiNO is the stated formula, its hand-written gradient is its
// derivative, training lowers it, repeats itself and honours its limits, and the heads that come
// out are the networks that were trained.
#include <data/core/errors.h>
#include <data/core/log.h>
#include <data/sampling/latin_hypercube.h>
#include <data/sampling/random_numbers.h>
#include <meshes/rve_generator.h>
#include <solvers/rve_dataset.h>
#include <surrogates/equino_joint.h>
#include <surrogates/equino_misfit.h>
#include <surrogates/equino_training.h>
#include <tests/broken_off.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mpi.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace understudy;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace
{
constexpr double limit = 0.04;
constexpr std::size_t n_modes = 5;

/// 8 x 8 cells of matrix with a stiff block, and the modes of ten solutions.
struct Ground
{
  Ground()
  {
    mesh = make_rve("homogeneous", 2);
    for (std::size_t c = 0; c < mesh.cells.size(); ++c)
    {
      const auto &corner = mesh.nodes[mesh.cells[c][0]], &opposite = mesh.nodes[mesh.cells[c][2]];
      const double x = (corner[0] + opposite[0]) / 2, y = (corner[1] + opposite[1]) / 2;
      mesh.phase[c] = x > -0.4 && x < 0.1 && y > -0.1 && y < 0.3 ? Phase::fibre : Phase::matrix;
    }
    mesh.name = "stiff block";
    rve = std::make_unique<Rve>(mesh, RveParameters());
    RveSamplingParameters sampling;
    sampling.n_train = 10;
    sampling.n_validation = sampling.n_test = 1;
    sampling.limit = limit;
    testing_tools::TemporaryFolder folder;
    Log log(MPI_COMM_SELF, true);
    const std::string data = folder.path() + "/data";
    generate_rve_dataset(MPI_COMM_SELF, data, describe_rve_dataset(mesh, *rve, sampling), *rve,
                         sampling, log, true);
    basis = MicroBasis::compute(DataSet::open(data), *rve, n_modes);
  }
  RveMesh mesh;
  std::unique_ptr<Rve> rve;
  MicroBasis basis;
};

const Ground &ground()
{
  static const Ground one;
  return one;
}

EquinoJointParameters small()
{
  EquinoJointParameters p;
  p.hidden_layers = "12, 12";
  p.strains = 30;
  p.points = 40;
  p.adam_steps = 20;
  p.max_evaluations = 200;
  return p;
}

/// As in the paper.
EquinoJointParameters small_paper()
{
  EquinoJointParameters p = small();
  p.odd = false;
  p.norm = "stress";
  p.scaling = "global";
  return p;
}

std::vector<double> random_numbers(std::size_t n, unsigned seed)
{
  std::mt19937_64 generator(seed);
  std::vector<double> x(n);
  for (double &v : x)
    v = 2. * uniform_01(generator) - 1.;
  return x;
}

/// Coefficients as large as those of the snapshots, [n][n_modes].
std::vector<double> coefficients(const std::vector<double> &rms, std::size_t n, unsigned seed)
{
  std::vector<double> x = random_numbers(n * n_modes, seed);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] *= rms[i % n_modes];
  return x;
}

std::vector<double> strains(std::size_t n)
{
  std::vector<double> E = random_numbers(3 * n, 3);
  for (double &e : E)
    e *= limit;
  return E;
}

/// The formula of EquinoMisfit, up to its denominator, with the laws applied to all points.
double plain_sum(const std::vector<std::size_t> &points, bool energy, const double *E,
                 const double *a, const double *b)
{
  const MicroBasis &basis = ground().basis;
  const std::size_t N = basis.n_points;
  PointBatch e(3, N), s(3, N);
  for (unsigned i = 0; i < 3; ++i)
    for (std::size_t q = 0; q < N; ++q)
    {
      e(i, q) = E[i];
      for (std::size_t k = 0; k < n_modes; ++k)
        e(i, q) += basis.phi_e[(3 * k + i) * N + q] * a[k];
    }
  ground().rve->apply_laws(e, s, nullptr);
  double sum = 0.;
  for (const std::size_t q : points)
  {
    std::array<double, 3> t{};
    for (unsigned i = 0; i < 3; ++i)
    {
      t[i] = s(i, q);
      for (std::size_t k = 0; k < n_modes; ++k)
        t[i] -= basis.phi_s[(3 * k + i) * N + q] * b[k];
    }
    if (!energy)
      sum += t[0] * t[0] + t[1] * t[1] + t[2] * t[2];
    else // C0 of both laws: [c11 c12 0; c12 c11 0; 0 0 c33]
    {
      const std::vector<double> &C = basis.C0(q);
      const double determinant = C[0] * C[4] - C[1] * C[3];
      sum += (C[4] * t[0] * t[0] - 2. * C[1] * t[0] * t[1] + C[0] * t[1] * t[1]) / determinant +
             t[2] * t[2] / C[8];
    }
  }
  return sum;
}

double relative_difference(const std::vector<double> &a, const std::vector<double> &b)
{
  double difference = 0., norm = 0.;
  for (std::size_t i = 0; i < b.size(); ++i)
  {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(difference / norm);
}
} // namespace

TEST(SampleQuadraturePoints, FollowsTheWeights)
{
  const std::vector<double> equal(50, 0.02);
  std::vector<std::size_t> all(50);
  for (std::size_t q = 0; q < 50; ++q)
    all[q] = q;
  EXPECT_EQ(sample_quadrature_points(equal, 50, 7), all);

  std::vector<double> weights(100, 0.002); // the last ten hold 0.82
  std::fill(weights.begin() + 90, weights.end(), 0.082);
  const auto points = sample_quadrature_points(weights, 200, 7);
  ASSERT_EQ(points.size(), 200u);
  EXPECT_TRUE(std::is_sorted(points.begin(), points.end()));
  const auto heavy = std::count_if(points.begin(), points.end(), [](auto q) { return q >= 90; });
  EXPECT_NEAR(static_cast<double>(heavy), 164., 1.);
  EXPECT_NE(sample_quadrature_points(weights, 200, 8), points);
}

TEST(EquinoMisfit, IsTheFormula)
{
  constexpr std::size_t n = 18, n_points = 60; // more than one chunk of strains
  const auto points = sample_quadrature_points(ground().basis.weights, n_points, 5);
  for (const bool energy : {true, false})
  {
    const EquinoMisfit misfit(ground().basis, *ground().rve, n_points, 5,
                              energy ? "energy" : "stress");
    const auto E = strains(n), a = coefficients(misfit.rms_a(), n, 1),
               b = coefficients(misfit.rms_b(), n, 2);
    // The denominator from its definition: mean square of the modes times that of coefficients.
    const std::vector<double> nothing(n_modes, 0.);
    const std::array<double, 3> no_strain{};
    double reference = 0.;
    for (std::size_t k = 0; k < n_modes; ++k)
    {
      std::vector<double> one = nothing;
      one[k] = misfit.rms_b()[k];
      reference += plain_sum(points, energy, no_strain.data(), nothing.data(), one.data());
    }
    double sum = 0.;
    for (std::size_t j = 0; j < n; ++j)
      sum += plain_sum(points, energy, &E[3 * j], &a[n_modes * j], &b[n_modes * j]);
    const double expected = sum / (static_cast<double>(n) * reference);
    EXPECT_NEAR(misfit.evaluate(n, E.data(), a.data(), b.data(), nullptr, nullptr), expected,
                1e-12 * expected);
  }
}

TEST(EquinoMisfit, GradientIsItsDerivative)
{
  constexpr std::size_t n = 18;
  // A law without potential tells its tangent from the transposed one.
  const Ground &g = ground();
  RveParameters inplane;
  inplane.matrix = default_matrix("inplane");
  const Rve no_potential(g.mesh, inplane);
  for (const auto &[rve, norm] : std::vector<std::pair<const Rve *, std::string>>{
         {g.rve.get(), "energy"}, {g.rve.get(), "stress"}, {&no_potential, "energy"}})
  {
    const EquinoMisfit misfit(g.basis, *rve, 60, 5, norm);
    const auto E = strains(n);
    std::vector<double> a = coefficients(misfit.rms_a(), n, 1),
                        b = coefficients(misfit.rms_b(), n, 2);
    std::vector<double> grad_a(a.size()), grad_b(b.size());
    misfit.evaluate(n, E.data(), a.data(), b.data(), grad_a.data(), grad_b.data());
    const auto differences = [&](std::vector<double> &x, const std::vector<double> &rms)
    {
      std::vector<double> d;
      for (std::size_t i = 0; i < x.size(); ++i)
      {
        const double before = x[i], h = 1e-4 * rms[i % n_modes];
        x[i] = before + h;
        const double up = misfit.evaluate(n, E.data(), a.data(), b.data(), nullptr, nullptr);
        x[i] = before - h;
        const double down = misfit.evaluate(n, E.data(), a.data(), b.data(), nullptr, nullptr);
        x[i] = before;
        d.push_back((up - down) / (2. * h));
      }
      return d;
    };
    EXPECT_LT(relative_difference(grad_a, differences(a, misfit.rms_a())), 1e-7) << norm;
    EXPECT_LT(relative_difference(grad_b, differences(b, misfit.rms_b())), 1e-7) << norm;
  }
}

TEST(EquinoJoint, GradientIsThatOfTheLoss)
{
  for (const auto &parameters : {small(), small_paper()})
  {
    EquinoJointLoss loss(parameters, ground().basis, *ground().rve, limit);
    const std::vector<double> start = loss.parameters();
    std::vector<double> gradient;
    const double value = loss.evaluate(&gradient);
    EXPECT_EQ(value, loss.evaluate(nullptr));
    ASSERT_EQ(gradient.size(), start.size());
    // All parameters one by one: a missing bias or a mix-up of layers shows.
    std::vector<double> differences;
    constexpr double h = 1e-5;
    for (std::size_t i = 0; i < start.size(); ++i)
    {
      std::vector<double> x = start;
      x[i] += h;
      loss.set_parameters(x);
      const double up = loss.evaluate(nullptr);
      x[i] -= 2. * h;
      loss.set_parameters(x);
      differences.push_back((up - loss.evaluate(nullptr)) / (2. * h));
    }
    EXPECT_LT(relative_difference(gradient, differences), 1e-7) << parameters.norm;
  }
}

TEST(EquinoJoint, TrainingLowersTheLossAndRepeatsItself)
{
  for (const auto &parameters : {small(), small_paper()})
  {
    EquinoJointLoss loss(parameters, ground().basis, *ground().rve, limit);
    const double before = loss.evaluate(nullptr);
    const EquinoBranches trained = loss.train({});
    EXPECT_LT(trained.loss, 2e-3 * before) << parameters.norm;
    EXPECT_DOUBLE_EQ(loss.evaluate(nullptr), trained.loss);
    EXPECT_EQ(trained.stopped_by, "evaluations");
    EXPECT_GE(trained.evaluations, parameters.max_evaluations);
    EXPECT_LE(trained.evaluations, parameters.max_evaluations + 30); // a last line search

    const EquinoBranches again =
      train_equino_joint(parameters, ground().basis, *ground().rve, limit, {});
    EXPECT_EQ(again.loss, trained.loss);
    for (std::size_t l = 0; l < 3; ++l)
      EXPECT_EQ(again.b.weights().layers[l].weight, trained.b.weights().layers[l].weight);
    EquinoJointParameters other = parameters;
    other.seed += 1;
    EXPECT_NE(train_equino_joint(other, ground().basis, *ground().rve, limit, {}).loss,
              trained.loss);
  }
}

namespace
{
/// Trains with breaks; tells in which phase each of them was.
EquinoBranches train_with_breaks(const EquinoJointParameters &parameters,
                                 const std::vector<unsigned> &breaks,
                                 std::vector<std::string> &phases)
{
  return test::train_with_breaks(breaks,
                                 [&](const TrainingCheckpoint &checkpoint)
                                 {
                                   TrainingCheckpoint told = checkpoint;
                                   told.save = [&](const ModelFile &state)
                                   {
                                     phases.push_back(state.meta()["joint"]["phase"]);
                                     checkpoint.save(state);
                                   };
                                   return train_equino_joint(parameters, ground().basis,
                                                             *ground().rve, limit, {}, told);
                                 });
}
} // namespace

// Requirement: broken off in either part and gone on with, it is the unbroken training, bit for
// bit.
TEST(EquinoJoint, BrokenOffAndResumedEqualsUnbroken)
{
  for (const auto &parameters : {small(), small_paper()})
  {
    const EquinoBranches whole =
      train_equino_joint(parameters, ground().basis, *ground().rve, limit, {});
    for (const std::vector<unsigned> &breaks :
         {std::vector<unsigned>{0}, {1, 1}, {7}, {19}, {20}, {22, 0, 2}, {5, 18, 1, 1, 1}})
    {
      std::vector<std::string> phases;
      const EquinoBranches resumed = train_with_breaks(parameters, breaks, phases);
      ASSERT_EQ(phases.size(), breaks.size());
      EXPECT_EQ(phases.back(),
                std::accumulate(breaks.begin(), breaks.end(), 0u) < 20 ? "adam" : "lbfgs");
      EXPECT_EQ(resumed.loss, whole.loss);
      EXPECT_EQ(resumed.evaluations, whole.evaluations);
      EXPECT_EQ(resumed.stopped_by, whole.stopped_by);
      for (std::size_t l = 0; l < 3; ++l)
      {
        EXPECT_EQ(resumed.a.weights().layers[l].weight, whole.a.weights().layers[l].weight);
        EXPECT_EQ(resumed.a.weights().layers[l].bias, whole.a.weights().layers[l].bias);
        EXPECT_EQ(resumed.b.weights().layers[l].weight, whole.b.weights().layers[l].weight);
        EXPECT_EQ(resumed.b.weights().layers[l].bias, whole.b.weights().layers[l].bias);
      }
    }
  }
}

TEST(EquinoJoint, HeadsAreTheTrainedNetworks)
{
  const PointBatch E =
    latin_hypercube(50, std::vector<double>(3, -limit), std::vector<double>(3, limit), 4711);
  for (auto parameters : {small(), small_paper()})
  {
    parameters.max_evaluations = 20;
    EquinoJointLoss loss(parameters, ground().basis, *ground().rve, limit);
    const EquinoBranches trained = loss.train({});
    EXPECT_EQ(trained.a.weights().odd, parameters.odd);
    const PointBatch torch = loss.coefficients(E);
    PointBatch heads(2 * n_modes, 50);
    trained.a.evaluate(50, E.data(), heads.data(), nullptr);
    trained.b.evaluate(50, E.data(), heads.data() + n_modes * 50, nullptr);
    for (std::size_t k = 0; k < 2 * n_modes; ++k)
    {
      double largest = 0., worst = 0.;
      for (std::size_t p = 0; p < 50; ++p)
      {
        largest = std::max(largest, std::abs(torch(k, p)));
        worst = std::max(worst, std::abs(torch(k, p) - heads(k, p)));
      }
      EXPECT_LE(worst, 1e-12 * largest) << "output " << k;
    }
  }
}

TEST(EquinoJoint, StopsInTime)
{
  EquinoJointParameters parameters = small();
  parameters.max_minutes = 1e-9;
  parameters.max_evaluations = 1000000;
  const EquinoBranches trained =
    train_equino_joint(parameters, ground().basis, *ground().rve, limit, {});
  EXPECT_EQ(trained.stopped_by, "time");
  EXPECT_LT(trained.evaluations, 100u);
}

TEST(EquinoJoint, RefusesWhatCannotBe)
{
  EquinoJointParameters parameters = small();
  EXPECT_TRUE(parameters.problems().empty());
  parameters.batch = 31;
  EXPECT_EQ(parameters.problems().size(), 1u);
  EXPECT_THROW(train_equino_joint(parameters, ground().basis, *ground().rve, limit, {}), UserError);
  parameters = small();
  parameters.norm = "maximum";
  parameters.scaling = "none";
  EXPECT_EQ(parameters.problems().size(), 2u);
  EXPECT_THROW(EquinoMisfit(ground().basis, *ground().rve, 10, 1, "maximum"), UserError);
  EquinoJointLoss loss(small(), ground().basis, *ground().rve, limit);
  EXPECT_THROW(loss.set_parameters({1., 2.}), UserError);
}

// Requirement: more indicator points than the modes can tell apart are refused, not cut.
TEST(EquinoParameters, RefuseMoreIndicatorPointsThanPivots)
{
  EquinoParameters parameters;
  parameters.modes = 10;
  parameters.indicator_points = 60;
  EXPECT_TRUE(parameters.problems().empty());
  parameters.indicator_points = 61;
  EXPECT_THAT(parameters.problems(),
              ElementsAre(AllOf(HasSubstr("'Indicator points' = 61"), HasSubstr("'Modes' = 10"))));
}

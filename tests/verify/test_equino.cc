// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What EquiNO promises by construction, and what its labels are.

#include <tests/contract/micro_fixture.h>

#include <data/output/statistics.h>
#include <operators/nn/odd_rbf.h>
#include <surrogates/equino_indicator.h>
#include <surrogates/equino_labels.h>
#include <surrogates/equino_training.h>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>

namespace understudy
{
namespace
{
using testing_tools::small_rve_mesh;

constexpr double limit = 0.04;
constexpr std::size_t n_modes = 8;

/// Snapshots of the small RVE and their modes, made once.
struct Ground
{
  testing_tools::TemporaryFolder folder;
  RveMesh mesh = small_rve_mesh();
  Rve rve{mesh, RveParameters()};
  MicroBasis basis;

  Ground()
  {
    RveSamplingParameters sampling;
    sampling.n_train = 40;
    sampling.n_validation = 0;
    sampling.n_test = 1;
    Log log(MPI_COMM_WORLD, true);
    const std::string data = folder.path() + "/data";
    generate_rve_dataset(MPI_COMM_WORLD, data, describe_rve_dataset(mesh, rve, sampling), rve,
                         sampling, log, false);
    basis = MicroBasis::compute(DataSet::open(data), rve, n_modes);
  }
};

Ground &ground()
{
  static Ground one;
  return one;
}

/// s = sum_k b_k phi_s,k at all points, [3][n_points]; the same for strains.
PointBatch combine(const std::vector<double> &modes, const std::vector<double> &coefficients,
                   std::size_t n_points)
{
  PointBatch field(3, n_points);
  for (std::size_t k = 0; k < coefficients.size(); ++k)
    for (std::size_t i = 0; i < 3 * n_points; ++i)
      field.data()[i] += coefficients[k] * modes[k * 3 * n_points + i];
  return field;
}

std::vector<double> random_coefficients(std::size_t n)
{
  std::mt19937_64 generator(7);
  std::vector<double> c(n);
  for (double &v : c)
    v = static_cast<double>(generator() >> 11) * 0x1p-52 - 1.;
  return c;
}

// Requirement: whatever the stress branch says, the stress is in equilibrium.
TEST(Equino, EveryStressIsInEquilibrium)
{
  const RveDiscretisation &d = ground().rve.discretisation();
  const PointBatch s = combine(ground().basis.phi_s, random_coefficients(n_modes), d.n_points());
  std::vector<double> r(d.n_dofs()), magnitude(d.n_dofs());
  d.residual(s, r.data(), magnitude.data());
  EXPECT_LE(max_abs(r) / max_abs(magnitude), 1e-9);
}

// Requirement (Hill and Mandel): <s : e> = S : E for any stress and strain that the branches say.
TEST(Equino, MacroAndMicroPowerAgree)
{
  const MicroBasis &basis = ground().basis;
  const RveDiscretisation &d = ground().rve.discretisation();
  const std::array<double, 3> E = {0.02, -0.01, 0.03};
  const auto b = random_coefficients(n_modes);
  auto a = b;
  for (double &v : a)
    v *= 0.01;
  const PointBatch s = combine(basis.phi_s, b, d.n_points());
  const PointBatch e = combine(basis.phi_e, a, d.n_points());
  double micro = 0., macro = 0., size = 0.;
  for (std::size_t q = 0; q < d.n_points(); ++q)
    for (unsigned i = 0; i < 3; ++i)
    {
      micro += basis.weights[q] * s(i, q) * (E[i] + e(i, q));
      size += std::abs(basis.weights[q] * s(i, q) * (E[i] + e(i, q)));
    }
  for (unsigned i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < n_modes; ++k)
      macro += basis.H[i * n_modes + k] * b[k] * E[i];
  EXPECT_NEAR(micro, macro, 1e-10 * size);
}

TEST(Equino, ModesAreOrthonormalInTheEnergyNorm)
{
  const MicroBasis &basis = ground().basis;
  const std::size_t n = basis.n_points;
  for (std::size_t k = 0; k < n_modes; ++k)
    for (std::size_t l = 0; l <= k; ++l)
    {
      double product = 0.;
      for (std::size_t q = 0; q < n; ++q)
        for (unsigned i = 0; i < 3; ++i)
          for (unsigned j = 0; j < 3; ++j)
            product += basis.weights[q] * basis.phi_e[(3 * k + i) * n + q] *
                       basis.C0(q)[3 * i + j] * basis.phi_e[(3 * l + j) * n + q];
      EXPECT_NEAR(product, k == l ? 1. : 0., 1e-8) << k << " " << l;
    }
}

TEST(EquinoLabels, DerivativesMatchCentralDifferences)
{
  EquinoLabeller labeller(ground().basis, ground().rve, 200, 3);
  const std::array<double, 3> E = {0.02, -0.01, 0.03};
  const auto label = labeller.label(E, true);
  ASSERT_TRUE(label.converged);
  constexpr double h = 1e-5;
  for (unsigned j = 0; j < 3; ++j)
  {
    auto plus = E, minus = E;
    plus[j] += h;
    minus[j] -= h;
    const auto up = labeller.label(plus, false), down = labeller.label(minus, false);
    EXPECT_LE(((up.a - down.a) / (2 * h) - label.da.col(j)).norm(), 1e-5 * label.da.norm());
    EXPECT_LE(((up.b - down.b) / (2 * h) - label.db.col(j)).norm(), 1e-5 * label.db.norm());
  }
}

TEST(EquinoLabels, AreOddInTheStrain)
{
  EquinoLabeller labeller(ground().basis, ground().rve, 200, 3);
  const auto a = labeller.label({0.02, -0.01, 0.03}, false);
  const auto b = labeller.label({-0.02, 0.01, -0.03}, false);
  EXPECT_LE((a.a + b.a).norm(), 1e-9 * a.a.norm());
  EXPECT_LE((a.b + b.b).norm(), 1e-9 * a.b.norm());
}

/// Largest relative error of the shear stress of an RBF head at strains of 2 % of the box.
double small_strain_error(double graded_share)
{
  Ground &g = ground();
  const EquinoLabels labels = make_equino_labels(g.basis, g.rve, 200, 300, limit, graded_share, 11);
  const auto head =
    OddRbf::fit(labels.E, labels.b, std::vector<double>(3, limit)).folded(g.basis.H.data(), 3);
  double worst = 0.;
  for (const std::array<double, 3> E : {std::array<double, 3>{0., 0., 8e-4}, {4e-4, -6e-4, 7e-4}})
  {
    std::vector<double> w;
    g.rve.elastic_guess(E, w);
    const RveAnswer exact = g.rve.solve(E, w, false);
    double S[3];
    head->evaluate(1, E.data(), S, nullptr);
    worst = std::max(worst, std::abs(S[2] - exact.stress[2]) / std::abs(exact.stress[2]));
  }
  return worst;
}

// Requirement: near zero strain, where most points of a structure are, the stress is as accurate
// as elsewhere; evenly spread training strains miss the bend of the law there.
TEST(EquinoLabels, StrainsDrawnTowardsZeroResolveTheBendOfTheLaw)
{
  const double graded = small_strain_error(0.5), even = small_strain_error(0.);
  EXPECT_LT(graded, 2e-3);
  EXPECT_LT(graded, even / 5);
}

/// The energy norm of s_nn - law(E + phi_e a) at the indicator points of a model file, by its
/// definition and in double precision.
double misfit(const ModelFile &file, const Head &a, const Head &b, const std::array<double, 3> &E)
{
  const std::size_t n = file.shape("indicator/phi_e").front() / 3, r = a.n_outputs();
  const auto phi_e = file.tensor("indicator/phi_e", {3 * n, r});
  const auto phi_s = file.tensor("indicator/phi_s", {3 * n, r});
  std::vector<double> alpha(r), beta(r);
  a.evaluate(1, E.data(), alpha.data(), nullptr);
  b.evaluate(1, E.data(), beta.data(), nullptr);
  double sum = 0.;
  for (std::size_t q = 0; q < n; ++q)
  {
    const bool matrix = static_cast<double>(q) < file.tensor("indicator/n_matrix", {}).front();
    const auto U = file.tensor(matrix ? "indicator/U_matrix" : "indicator/U_fibre", {3, 3});
    auto e = E;
    std::array<double, 3> s, d{};
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t k = 0; k < r; ++k)
      {
        e[i] += phi_e[(3 * q + i) * r + k] * alpha[k];
        d[i] += phi_s[(3 * q + i) * r + k] * beta[k];
      }
    const Rve &rve = ground().rve;
    (matrix ? rve.matrix_law() : rve.fibre_law())
      .evaluate(1, {&e[0], &e[1], &e[2]}, {&s[0], &s[1], &s[2]}, {});
    for (std::size_t i = 0; i < 3; ++i)
    {
      double u = 0.;
      for (std::size_t j = 0; j < 3; ++j)
        u += U[3 * i + j] * (d[j] - s[j]);
      sum += u * u;
    }
  }
  return std::sqrt(sum / static_cast<double>(n)) / file.tensor("indicator/scale", {}).front();
}

// Requirement: the indicator is what it is defined to be, but for single precision. 37 points are
// no multiple of what is handled at once.
TEST(EquinoIndicator, IsTheMisfitOfTheLaw)
{
  for (const std::string head : {"mlp", "odd-rbf"})
  {
    EquinoParameters small;
    small.modes = n_modes;
    small.mlp_strains = small.rbf_strains = 60;
    small.validation_strains = 5;
    small.hidden_layers = "6";
    small.stress_evaluations = small.displacement_evaluations = 60;
    small.indicator_points = 37;
    const std::string path = ground().folder.path() + "/indicator_" + head + ".safetensors";
    train_equino(small, head, ground().basis, ground().rve, MicroModelCard(), "", path, {});
    const ModelFile file = ModelFile::read(path);
    const auto a = load_head(file, "a/"), b = load_head(file, "b/");
    EquinoIndicator indicator(file, *a, *b, ground().rve.matrix_law(), ground().rve.fibre_law());
    const PointBatch E = graded_strains(70, limit, 0.5, 5);
    std::vector<double> estimate(70);
    indicator.evaluate(70, E.data(), estimate.data());
    for (std::size_t p = 0; p < 70; ++p)
    {
      const double exact = misfit(file, *a, *b, {E(0, p), E(1, p), E(2, p)});
      EXPECT_GT(exact, 1e-5);
      EXPECT_NEAR(estimate[p], exact, 1e-5) << head << " " << p;
    }
    const double huge[3] = {1e200, 0., 0.};
    indicator.evaluate(1, huge, estimate.data());
    EXPECT_TRUE(std::isinf(estimate[0]) && estimate[0] > 0.);
  }
}

// Requirement: what the caller throws at a sign of life ends the training, and leaves no model.
TEST(EquinoTraining, TheCallerMayEndIt)
{
  EquinoParameters small;
  small.modes = n_modes;
  small.mlp_strains = 20;
  small.validation_strains = 10;
  small.hidden_layers = "4";
  small.stress_evaluations = small.displacement_evaluations = 20;
  const std::string file = ground().folder.path() + "/ended.safetensors";
  struct Enough
  {
  };
  const auto end = [](const std::string &) { throw Enough(); };
  EXPECT_THROW(
    train_equino(small, "mlp", ground().basis, ground().rve, MicroModelCard(), "", file, end),
    Enough);
  EXPECT_FALSE(std::filesystem::exists(file));
}

// Requirement: broken off in either branch, by either recipe, and gone on with, the training writes
// the model of an unbroken one, bit for bit, and a branch that was finished is kept.
TEST(EquinoTraining, BrokenOffAndResumedEqualsUnbroken)
{
  EquinoParameters small;
  small.modes = n_modes;
  small.mlp_strains = 40;
  small.validation_strains = 10;
  small.hidden_layers = "6";
  small.stress_evaluations = 60;
  small.displacement_evaluations = 90;
  small.joint.strains = 20;
  small.joint.hidden_layers = "6";
  small.joint.adam_steps = 10;
  small.joint.max_evaluations = 90;
  struct BrokenOff
  {
  };
  const auto train = [&](const std::string &file, const TrainingCheckpoint &checkpoint)
  {
    return train_equino(small, "mlp", ground().basis, ground().rve, MicroModelCard(), "", file, {},
                        checkpoint);
  };
  for (const std::string recipe : {"split", "joint"})
  {
    small.recipe = recipe;
    const std::string file = ground().folder.path() + "/" + recipe + ".safetensors";
    unsigned n_moments = 0;
    TrainingCheckpoint count;
    count.wanted = [&] { return ++n_moments == 0; };
    const auto unbroken = train(file, count);
    const std::string whole = ModelFile::read(file).tensor_hash();
    for (const unsigned moment : {1u, n_moments / 4, n_moments / 2, 3 * n_moments / 4, n_moments})
    {
      std::filesystem::remove(file);
      unsigned n = 0;
      TrainingCheckpoint checkpoint;
      checkpoint.wanted = [&] { return ++n == moment; };
      checkpoint.save = [&](const ModelFile &state)
      {
        checkpoint.from = std::make_shared<const ModelFile>(state);
        throw BrokenOff();
      };
      EXPECT_THROW(train(file, checkpoint), BrokenOff);
      const auto report = train(file, checkpoint);
      EXPECT_EQ(n, n_moments + 1) << "no moment comes twice but the one at which it was broken off";
      EXPECT_EQ(ModelFile::read(file).tensor_hash(), whole) << recipe << " at " << moment;
      EXPECT_EQ(report.evaluations, unbroken.evaluations);
      EXPECT_EQ(report.validation_a, unbroken.validation_a);
      EXPECT_EQ(report.validation_b, unbroken.validation_b);
    }
  }
}

TEST(GradedStrains, StayInTheBoxAndReachZero)
{
  const PointBatch E = graded_strains(200, limit, 0.5, 24);
  std::size_t small = 0;
  for (std::size_t p = 0; p < 200; ++p)
  {
    const double size = std::max({std::abs(E(0, p)), std::abs(E(1, p)), std::abs(E(2, p))});
    EXPECT_LE(size, limit);
    small += size < 0.1 * limit ? 1 : 0;
  }
  EXPECT_GT(small, 40u);
}
} // namespace
} // namespace understudy

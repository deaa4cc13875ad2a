// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The exact micro model against laws, closed solutions, an independent code and itself.
#include <meshes/rve_generator.h>
#include <meshes/rve_published.h>
#include <solvers/rve.h>
#include <tests/published_rve.h>

#include <Eigen/Dense>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <limits>
#include <map>
#include <random>

using namespace understudy;

namespace
{
using Strain = std::array<double, 3>;
using Matrix3 = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

RveParameters parameters_with(const std::string &norm)
{
  RveParameters parameters;
  parameters.matrix = default_matrix(norm);
  return parameters;
}

/// From the elastic guess, with tangent; fails the test when it does not converge.
RveAnswer solve(Rve &rve, const Strain &E)
{
  std::vector<double> w;
  rve.elastic_guess(E, w);
  const RveAnswer answer = rve.solve(E, w, true);
  EXPECT_TRUE(answer.converged) << "E = " << E[0] << ' ' << E[1] << ' ' << E[2];
  return answer;
}

Matrix3 tangent_of(const RveAnswer &answer)
{
  return Eigen::Map<const Matrix3>(answer.tangent.data());
}

Eigen::Vector3d stress_of(const RveAnswer &answer)
{
  return Eigen::Map<const Eigen::Vector3d>(answer.stress.data());
}

/// Figures of an independent solver on the published meshes, full norm. Where one is given as zero
/// it is zero by symmetry.
struct Golden
{
  unsigned rve;
  Strain E;
  Strain stress;
  std::map<unsigned, double> tangent; ///< by row-major position
  bool hangs_on_the_mesh = false;     ///< the tangent; GoldenFiguresAreWithinTheErrorOfTheMesh
};

const std::vector<Golden> &golden()
{
  static const std::vector<Golden> figures = {
    {1, {0, 0, 0}, {0, 0, 0}, {{0, 11261.78}, {4, 11261.78}, {1, 9219.08}, {8, 2706.46}}},
    {1,
     {.02, .02, .02},
     {393.5145, 393.5145, 24.2041},
     {{0, 10281.62}, {4, 10281.62}, {1, 9326.38}, {8, 1016.79}}},
    {1, {0, 0, .04}, {0, 0, 39.6015}, {{8, 285.04}}, true},
    {2,
     {0, 0, 0},
     {0, 0, 0},
     {{0, 6788.65}, {4, 6603.55}, {1, 5431.88}, {8, 575.36}, {2, 64.34}, {5, 32.65}}},
    {2, {.02, .02, .02}, {240.7184, 237.9418, 8.3038}, {{8, 294.43}}},
    {3, {0, 0, 0}, {0, 0, 0}, {{0, 6200.54}, {4, 6185.12}, {1, 5105.92}, {8, 528.28}}},
    {3,
     {.02, .02, .02},
     {223.4201, 223.2066, 7.1931},
     {{0, 5922.32}, {4, 5917.66}, {1, 5189.86}, {8, 313.09}}},
    {3, {.03, -.02, .025}, {70.2331, 41.0216, 7.1783}, {{8, 267.48}}}};
  return figures;
}

/// Largest relative error of all figures of one RVE. Those that hang on the shear (Sxy, C13, C23,
/// C33) are apart: they are small, and the first to feel a mesh.
struct Errors
{
  double normal = 0., shear = 0.;
};

Errors errors_against_golden(Rve &rve, unsigned number)
{
  Errors errors;
  for (const auto &g : golden())
  {
    if (g.rve != number)
      continue;
    const RveAnswer answer = solve(rve, g.E);
    const auto count = [&errors](bool shear, double value, double reference)
    {
      double &worst = shear ? errors.shear : errors.normal;
      if (reference != 0.)
        worst = std::max(worst, std::abs(value / reference - 1));
      else
        EXPECT_NEAR(value, 0., 1e-7);
    };
    for (unsigned i = 0; i < 3; ++i)
      count(i == 2, answer.stress[i], g.stress[i]);
    for (const auto &[position, reference] : g.tangent)
      if (!g.hangs_on_the_mesh)
        count(position % 3 == 2, answer.tangent[position], reference);
  }
  return errors;
}

std::string geometry(unsigned number)
{
  return "rve" + std::to_string(number);
}

/// RVE3 on our mesh with either norm, made once.
Rve &rve3(const std::string &norm)
{
  static std::map<std::string, std::unique_ptr<Rve>> made;
  auto &rve = made[norm];
  if (!rve)
    rve = std::make_unique<Rve>(make_rve("rve3", 1), parameters_with(norm));
  return *rve;
}

std::vector<Strain> random_strains(std::size_t n)
{
  std::mt19937 random(24);
  std::uniform_real_distribution<double> uniform(-0.04, 0.04);
  std::vector<Strain> strains(n);
  for (auto &E : strains)
    for (double &component : E)
      component = uniform(random);
  return strains;
}

class GoldenFigures : public testing::TestWithParam<unsigned>
{
};

class RveWithNorm : public testing::TestWithParam<std::string>
{
protected:
  Rve &rve_ = rve3(GetParam());
};
} // namespace

TEST(Rve, HomogeneousRveReturnsThePhaseLaw)
{
  const Strain E = {.02, .02, .02};
  const std::map<std::string, Strain> stress = {
    {"full", {195.28484372, 195.28484372, 6.12726559}},
    {"inplane", {195.52918808, 195.52918808, 6.49378212}}};
  for (const auto &[norm, expected] : stress)
  {
    Rve rve(make_rve("homogeneous", 1), parameters_with(norm));
    const RveAnswer answer = solve(rve, E);
    EXPECT_EQ(answer.iterations, 0u) << "no fluctuation is in equilibrium already";
    std::array<double, 9> tangent;
    Strain s;
    TangentComponents c;
    for (unsigned i = 0; i < 9; ++i)
      c[i] = &tangent[i];
    rve.matrix_law().evaluate(1, {&E[0], &E[1], &E[2]}, {&s[0], &s[1], &s[2]}, c);
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_NEAR(answer.stress[i], expected[i], 1e-8) << norm;
    for (unsigned i = 0; i < 9; ++i)
      EXPECT_NEAR(answer.tangent[i], tangent[i], 1e-8) << norm;
  }
}

TEST(Rve, LaminateHasItsClosedSolution)
{
  RveParameters parameters;
  parameters.matrix.law = "linear";
  Rve rve(make_rve("laminate", 1), parameters);
  const Matrix3 C = tangent_of(solve(rve, {.01, -.02, .03}));
  EXPECT_NEAR(C(0, 0) / 42302.854883, 1., 1e-9);
  EXPECT_NEAR(C(1, 1) / 10029.059071, 1., 1e-9);
  EXPECT_NEAR(C(0, 1) / 5645.690112, 1., 1e-9);
  EXPECT_NEAR(C(2, 2) / 821.886962, 1., 1e-9);
  EXPECT_NEAR(C(0, 2), 0., 1e-8);
  EXPECT_NEAR(C(1, 2), 0., 1e-8);
}

TEST_P(GoldenFigures, OnOurMesh)
{
  Rve rve(make_rve(geometry(GetParam()), 1), {});
  const Errors errors = errors_against_golden(rve, GetParam());
  EXPECT_LE(errors.normal, 5e-3);
  EXPECT_LE(errors.shear, 1e-2);
}

TEST_P(GoldenFigures, OnThePublishedMesh)
{
  const auto folder = test::published_rve_folder();
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "The published meshes are not in '" << folder.string() << "'.";
  const std::string name = geometry(GetParam());
  Rve rve(read_published_rve(folder / (name + "_nodes.csv"), folder / (name + "_elements.csv")),
          {});
  for (const auto &g : golden())
  {
    if (g.rve != GetParam())
      continue;
    const RveAnswer answer = solve(rve, g.E);
    // Half a unit of the last printed digit: four digits after the point, and two.
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_NEAR(answer.stress[i], g.stress[i], 0.51e-4) << "component " << i;
    for (const auto &[position, reference] : g.tangent)
      EXPECT_NEAR(answer.tangent[position], reference, 0.51e-2) << "position " << position;
  }
}

INSTANTIATE_TEST_SUITE_P(Rve, GoldenFigures, testing::Values(1u, 2u, 3u),
                         [](const auto &info) { return "Rve" + std::to_string(info.param); });

TEST(Rve, GoldenFiguresAreWithinTheErrorOfTheMesh)
{
  // Pure shear of RVE1 localises between the fibres: C33 changes by several per cent with one
  // refinement, so neither the golden figure nor ours is a limit. They must differ by less than
  // one refinement changes them.
  const Strain E = {0, 0, .04};
  const auto figures = [&E](unsigned refinement) -> std::array<double, 2>
  {
    Rve rve(make_rve("rve1", refinement), {});
    const RveAnswer answer = solve(rve, E);
    return {answer.stress[2], answer.tangent[8]};
  };
  const auto coarse = figures(1), fine = figures(2);
  EXPECT_LT(std::abs(coarse[0] - 39.6015), std::abs(coarse[0] - fine[0]));
  EXPECT_LT(std::abs(coarse[1] - 285.04), std::abs(coarse[1] - fine[1]));
}

// Requirement: a rank has one thread, whatever the environment says; CHOLMOD asks OpenMP for four.
TEST(Rve, SolvesOnOneThread)
{
  const auto n_threads = []
  {
    const std::filesystem::directory_iterator threads("/proc/self/task");
    return std::distance(begin(threads), end(threads));
  };
  const auto before = n_threads();
  Rve rve(make_rve("rve3", 1), RveParameters{});
  solve(rve, {.02, .02, .02});
  EXPECT_EQ(n_threads(), before);
}

TEST(Rve, NewtonEndsQuadratically)
{
  Rve rve(make_rve("rve1", 1), {});
  const RveAnswer answer = solve(rve, {.02, .02, .02});
  EXPECT_LE(answer.iterations, 8u);
  const auto &r = answer.residual_history;
  ASSERT_EQ(r.size(), answer.iterations + 1u);
  EXPECT_EQ(r.back(), answer.residual);
  EXPECT_LE(r.back(), rve.parameters().tolerance);
  for (std::size_t k = 0; k + 1 < r.size(); ++k)
  {
    EXPECT_LT(r[k + 1], r[k]);
    // Conjugate gradients stop at what convergence asks for, not at round-off.
    if (r[k] < 1e-3)
    {
      EXPECT_LE(r[k + 1], std::max(300 * r[k] * r[k], rve.parameters().tolerance)) << "step " << k;
    }
  }
}

TEST_P(RveWithNorm, WorkOfTheMicroStressesIsThatOfTheMacroscopicOnes)
{
  for (const Strain &E : random_strains(2))
  {
    const RveAnswer answer = solve(rve_, E);
    const auto &weights = rve_.discretisation().weights();
    double micro = 0., macro = 0.;
    for (unsigned i = 0; i < 3; ++i)
    {
      macro += answer.stress[i] * E[i];
      for (std::size_t p = 0; p < weights.size(); ++p)
        micro += weights[p] * rve_.stress()(i, p) * rve_.strain()(i, p);
    }
    EXPECT_NEAR(micro, macro, 1e-10 * std::abs(macro));
  }
}

TEST_P(RveWithNorm, TangentIsTheDerivativeOfTheStress)
{
  // Differences of solutions to 1e-14 leave room for the rounding of stresses of 200 / 1e-6.
  constexpr double h = 1e-6;
  const Strain E = {.02, -.01, .03};
  const Matrix3 C = tangent_of(solve(rve_, E));
  Matrix3 difference;
  for (unsigned j = 0; j < 3; ++j)
  {
    Strain above = E, below = E;
    above[j] += h;
    below[j] -= h;
    difference.col(j) =
      (stress_of(solve(rve_, above)) - stress_of(solve(rve_, below))) / (above[j] - below[j]);
  }
  EXPECT_LE((C - difference).norm() / C.norm(), 1e-8);
  // The shear stiffness is the smallest entry: it must be right by itself.
  EXPECT_NEAR(C(2, 2), difference(2, 2), 1e-6 * C(2, 2));
}

TEST_P(RveWithNorm, TangentIsSymmetricIfTheLawHasAPotential)
{
  const Matrix3 C = tangent_of(solve(rve_, {.02, -.01, .03}));
  const double asymmetry = (C - C.transpose()).norm() / C.norm();
  if (rve_.has_potential())
    EXPECT_LE(asymmetry, 1e-12);
  else
    EXPECT_GE(asymmetry, 1e-5);
}

TEST_P(RveWithNorm, StressIsOddAndTangentEven)
{
  for (const Strain &E : random_strains(2))
  {
    const RveAnswer plus = solve(rve_, E), minus = solve(rve_, {-E[0], -E[1], -E[2]});
    EXPECT_LE((stress_of(plus) + stress_of(minus)).norm(), 1e-10 * stress_of(plus).norm());
    EXPECT_LE((tangent_of(plus) - tangent_of(minus)).norm(), 1e-10 * tangent_of(plus).norm());
  }
}

TEST_P(RveWithNorm, AnswerDoesNotHangOnTheFirstGuess)
{
  // Fluctuations of 1e-3 are local strains of about 0.1. Some guesses of three times the size with
  // a potential, of twice the size without, lead nowhere within the allowed iterations.
  const double size = rve_.has_potential() ? 1e-2 : 1e-3;
  const Strain E = {.03, -.02, .025};
  const RveAnswer expected = solve(rve_, E);
  for (const unsigned seed : {1u, 2u, 3u})
  {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(-size, size);
    std::vector<double> w(rve_.discretisation().n_dofs());
    for (double &a : w)
      a = uniform(random);
    const RveAnswer answer = rve_.solve(E, w, true);
    ASSERT_TRUE(answer.converged) << "seed " << seed;
    EXPECT_LE((stress_of(answer) - stress_of(expected)).norm(), 1e-9 * stress_of(expected).norm());
    EXPECT_LE((tangent_of(answer) - tangent_of(expected)).norm(),
              1e-8 * tangent_of(expected).norm());
  }
}

TEST_P(RveWithNorm, AnswerDoesNotHangOnEarlierSolves)
{
  const Strain E = {.01, .02, -.03};
  Rve fresh(make_rve("rve3", 1), parameters_with(GetParam()));
  const RveAnswer expected = solve(fresh, E);
  solve(rve_, {-.04, .04, .04});
  const RveAnswer answer = solve(rve_, E);
  EXPECT_EQ(answer.stress, expected.stress);
  EXPECT_EQ(answer.tangent, expected.tangent);
}

TEST_P(RveWithNorm, AbsurdStrainsAreAnsweredOrRefused)
{
  for (const double size : {1., 1e6, 1e160})
  {
    const Strain E = {size, -size / 2, size / 3};
    std::vector<double> w;
    rve_.elastic_guess(E, w);
    const RveAnswer answer = rve_.solve(E, w, true);
    for (const double s : answer.stress)
      EXPECT_EQ(std::isfinite(s), answer.converged) << size;
    for (const double c : answer.tangent)
      EXPECT_EQ(std::isfinite(c), answer.converged) << size;
  }
  solve(rve_, {.02, .02, .02}); // and nothing is left behind
}

TEST_P(RveWithNorm, StrainThatIsNotFiniteIsRefused)
{
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    for (unsigned i = 0; i < 3; ++i)
    {
      Strain E = {.01, .01, .01};
      E[i] = bad;
      std::vector<double> w;
      rve_.elastic_guess(E, w);
      const RveAnswer answer = rve_.solve(E, w, true);
      EXPECT_FALSE(answer.converged);
      EXPECT_THAT(answer.stress, testing::Each(testing::IsNan()));
      EXPECT_THAT(answer.tangent, testing::Each(testing::IsNan()));
    }
}

TEST_P(RveWithNorm, WithoutTangentTheStressIsTheSame)
{
  const Strain E = {.02, .01, -.02};
  const RveAnswer expected = solve(rve_, E);
  std::vector<double> w;
  rve_.elastic_guess(E, w);
  const RveAnswer answer = rve_.solve(E, w, false);
  EXPECT_TRUE(answer.converged);
  EXPECT_EQ(answer.stress, expected.stress);
  EXPECT_THAT(answer.tangent, testing::Each(0.));
}

TEST_P(RveWithNorm, StartsWithinTheBoundsOfReussAndVoigt)
{
  const Matrix3 C = tangent_of(solve(rve_, {0, 0, 0}));
  const auto &d = rve_.discretisation();
  double fibre = 0.;
  for (std::size_t p = d.n_matrix_points(); p < d.n_points(); ++p)
    fibre += d.weights()[p];
  const auto matrix_c = rve_.matrix_law().initial_tangent();
  const auto fibre_c = rve_.fibre_law().initial_tangent();
  const Matrix3 Cm = Eigen::Map<const Matrix3>(matrix_c.data());
  const Matrix3 Cf = Eigen::Map<const Matrix3>(fibre_c.data());
  const Matrix3 voigt = (1 - fibre) * Cm + fibre * Cf;
  const Matrix3 compliance = (1 - fibre) * Cm.inverse() + fibre * Cf.inverse();
  const Matrix3 reuss = compliance.inverse();
  const auto smallest = [](const Matrix3 &m)
  { return Eigen::SelfAdjointEigenSolver<Matrix3>((m + m.transpose()) / 2).eigenvalues()[0]; };
  EXPECT_GT(smallest(C - reuss), 0.);
  EXPECT_GT(smallest(voigt - C), 0.);
}

INSTANTIATE_TEST_SUITE_P(Rve, RveWithNorm, testing::Values("full", "inplane"),
                         [](const auto &info) { return info.param; });

TEST(Rve, InPlaneNormRaisesTheShearStress)
{
  const Strain E = {.02, .02, .02};
  const double rve3_rise = solve(rve3("inplane"), E).stress[2] / solve(rve3("full"), E).stress[2];
  EXPECT_NEAR(100 * (rve3_rise - 1), 5.3, 0.051);
  Rve full(make_rve("rve1", 1), parameters_with("full"));
  Rve inplane(make_rve("rve1", 1), parameters_with("inplane"));
  const double rve1_rise = solve(inplane, E).stress[2] / solve(full, E).stress[2];
  EXPECT_NEAR(100 * (rve1_rise - 1), 1.9, 0.051);
}

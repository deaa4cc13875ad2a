// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <solvers/material_law.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
struct State
{
  std::array<double, 3> stress{};
  std::array<double, 9> tangent{};
};

std::unique_ptr<MaterialLaw> make(const MaterialParameters &parameters)
{
  return material_laws().create(parameters.law, parameters);
}

State evaluate(const MaterialLaw &law, const std::array<double, 3> &e)
{
  State s;
  TangentComponents c;
  for (unsigned i = 0; i < 9; ++i)
    c[i] = &s.tangent[i];
  law.evaluate(1, {&e[0], &e[1], &e[2]}, {&s.stress[0], &s.stress[1], &s.stress[2]}, c);
  return s;
}

double largest(const std::array<double, 9> &m)
{
  double value = 0.;
  for (const double x : m)
    value = std::max(value, std::abs(x));
  return value;
}

double asymmetry(const std::array<double, 9> &m)
{
  return std::max({std::abs(m[1] - m[3]), std::abs(m[2] - m[6]), std::abs(m[5] - m[7])});
}

/// Strains of a softened matrix: larger than the scale a2 in some points, far smaller in others.
std::vector<std::array<double, 3>> random_strains(std::size_t n)
{
  std::mt19937 random(24);
  std::uniform_real_distribution<double> uniform(-0.1, 0.1), exponent(-1., 0.);
  std::vector<std::array<double, 3>> strains(n);
  for (auto &e : strains)
  {
    const double size = std::pow(10., exponent(random));
    for (double &component : e)
      component = size * uniform(random);
  }
  return strains;
}

std::vector<MaterialParameters> all_materials()
{
  return {default_matrix("full"), default_matrix("inplane"), default_fibre()};
}
} // namespace

TEST(MaterialLaw, HasTheGoldenStresses)
{
  const std::array<double, 3> e = {0.02, 0.02, 0.02};
  const std::vector<std::pair<MaterialParameters, std::array<double, 3>>> golden = {
    {default_matrix("full"), {195.28484372, 195.28484372, 6.12726559}},
    {default_matrix("inplane"), {195.52918808, 195.52918808, 6.49378212}},
    {default_fibre(), {2137.002344, 2137.002344, 598.360656}}};
  for (const auto &[parameters, stress] : golden)
  {
    const State s = evaluate(*make(parameters), e);
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_NEAR(s.stress[i], stress[i], 1e-8) << parameters.law << ' ' << parameters.norm << i;
  }
}

TEST(MaterialLaw, MatrixStartsAsTheLinearLaw)
{
  MaterialParameters linear = default_matrix();
  linear.law = "linear"; // its shear modulus is a1 / (2 a2)
  const auto expected = make(linear)->initial_tangent();
  for (const char *norm : {"full", "inplane"})
  {
    const auto initial = make(default_matrix(norm))->initial_tangent();
    for (unsigned i = 0; i < 9; ++i)
      EXPECT_NEAR(initial[i], expected[i], 1e-9) << norm << i;
  }
}

TEST(MaterialLaw, TangentIsTheDerivative)
{
  for (const auto &parameters : all_materials())
  {
    const auto law = make(parameters);
    for (const auto &e : random_strains(1000))
    {
      const State s = evaluate(*law, e);
      constexpr double h = 1e-6;
      for (unsigned j = 0; j < 3; ++j)
      {
        auto above = e, below = e;
        above[j] += h;
        below[j] -= h;
        const State a = evaluate(*law, above), b = evaluate(*law, below);
        for (unsigned i = 0; i < 3; ++i)
          ASSERT_NEAR(s.tangent[3 * i + j], (a.stress[i] - b.stress[i]) / (above[j] - below[j]),
                      1e-6 * largest(s.tangent))
            << parameters.norm << " at " << e[0] << ' ' << e[1] << ' ' << e[2];
      }
    }
  }
}

TEST(MaterialLaw, TangentIsSymmetricWhereThereIsAPotential)
{
  for (const auto &parameters : all_materials())
  {
    const auto law = make(parameters);
    EXPECT_EQ(law->has_potential(), parameters.norm == "full");
    double worst = 0.;
    for (const auto &e : random_strains(1000))
    {
      const State s = evaluate(*law, e);
      worst = std::max(worst, asymmetry(s.tangent) / largest(s.tangent));
    }
    if (law->has_potential())
      EXPECT_LE(worst, 1e-15) << parameters.law;
    else
      EXPECT_GE(worst, 1e-4) << parameters.law;
  }
}

TEST(MaterialLaw, StressIsOddAndTangentEven)
{
  for (const auto &parameters : all_materials())
  {
    const auto law = make(parameters);
    for (const auto &e : random_strains(200))
    {
      const State plus = evaluate(*law, e), minus = evaluate(*law, {-e[0], -e[1], -e[2]});
      for (unsigned i = 0; i < 3; ++i)
        EXPECT_EQ(plus.stress[i], -minus.stress[i]);
      EXPECT_EQ(plus.tangent, minus.tangent);
    }
  }
}

TEST(MaterialLaw, VanishingStrainsAreNoException)
{
  for (const auto &parameters : all_materials())
  {
    const auto law = make(parameters);
    const State zero = evaluate(*law, {0., 0., 0.});
    EXPECT_THAT(zero.stress, testing::Each(0.));
    // Where squares of strains underflow, the tangent is still that of zero strain.
    for (const double tiny : {1e-300, 1e-170, 1e-160, 1e-150, 1e-20})
    {
      const State s = evaluate(*law, {tiny, -tiny, tiny / 2});
      for (unsigned i = 0; i < 9; ++i)
        EXPECT_NEAR(s.tangent[i], zero.tangent[i], 1e-9 * largest(zero.tangent))
          << parameters.norm << ' ' << tiny;
    }
  }
}

TEST(MaterialLaw, ShearStressOfTheMatrixSaturates)
{
  // |dev s| = sqrt(2) sxy tends to a1 in pure shear.
  const State s = evaluate(*make(default_matrix()), {0., 0., 1e6});
  EXPECT_NEAR(std::sqrt(2.) * s.stress[2], default_matrix().a1, 1e-5);
}

TEST(MaterialLaw, BatchEqualsSinglePoints)
{
  const auto strains = random_strains(37);
  const std::size_t n = strains.size();
  for (const auto &parameters : all_materials())
  {
    const auto law = make(parameters);
    std::vector<double> e(3 * n), s(3 * n), c(9 * n), s_alone(3 * n);
    for (std::size_t p = 0; p < n; ++p)
      for (unsigned i = 0; i < 3; ++i)
        e[i * n + p] = strains[p][i];
    TangentComponents tangent;
    for (unsigned i = 0; i < 9; ++i)
      tangent[i] = &c[i * n];
    const ConstComponents strain = {&e[0], &e[n], &e[2 * n]};
    law->evaluate(n, strain, {&s[0], &s[n], &s[2 * n]}, tangent);
    law->evaluate(n, strain, {&s_alone[0], &s_alone[n], &s_alone[2 * n]}, {});
    EXPECT_EQ(s, s_alone);
    for (std::size_t p = 0; p < n; ++p)
    {
      // The vectorised loop and its remainder may round differently.
      const State one = evaluate(*law, strains[p]);
      for (unsigned i = 0; i < 3; ++i)
        EXPECT_NEAR(s[i * n + p], one.stress[i], 1e-12 * std::abs(one.stress[i]) + 1e-13);
      for (unsigned i = 0; i < 9; ++i)
        EXPECT_NEAR(c[i * n + p], one.tangent[i], 1e-13 * largest(one.tangent));
    }
  }
}

TEST(MaterialLaw, UnknownNameIsRefusedWithTheNearest)
{
  MaterialParameters parameters;
  parameters.law = "saturating-sheer";
  EXPECT_THAT(sentence_of<UserError>([&] { make(parameters); }),
              testing::AllOf(HasSubstr("no material law 'saturating-sheer'"),
                             HasSubstr("did you mean 'saturating-shear'"), HasSubstr("linear")));
}

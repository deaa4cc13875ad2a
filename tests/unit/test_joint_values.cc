// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: heads that are evaluated together say what they say alone: the exact one to the bit,
// the rough ones to single precision, in any batch, on every kind of processor.
#include <operators/nn/joint_values.h>
#include <operators/nn/mlp.h>
#include <operators/nn/odd_rbf.h>
#include <operators/nn/simd_kernels.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace understudy;

namespace
{
std::vector<double> random_numbers(std::size_t n, unsigned seed)
{
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1., 1.);
  std::vector<double> v(n);
  for (double &a : v)
    a = uniform(random);
  return v;
}

/// 101 centres: the last chunk of the kernel is not full.
OddRbf interpolant(std::size_t n_outputs, bool hermite, unsigned seed, unsigned seed_of_centres = 1)
{
  OddRbf::Coefficients c;
  c.scale = {0.5, 1., 2.};
  c.centres = random_numbers(3 * 101, seed_of_centres);
  c.linear = random_numbers(3 * n_outputs, seed);
  c.radial = random_numbers(n_outputs * 101 * (hermite ? 4 : 1), seed + 1);
  c.hermite = hermite;
  return OddRbf(std::move(c));
}

Mlp net(std::size_t n_outputs, unsigned seed)
{
  MlpWeights w;
  w.odd = true;
  w.input_scale = {1., 1., 1.};
  w.layers.push_back({3, 10, random_numbers(30, seed), random_numbers(10, seed + 1)});
  w.layers.push_back({10, n_outputs, random_numbers(10 * n_outputs, seed + 2), {}});
  return Mlp(std::move(w));
}

std::vector<double> values_of(const Head &head, std::size_t n, const double *x)
{
  std::vector<double> y(head.n_outputs() * n);
  head.evaluate(n, x, y.data(), nullptr);
  return y;
}

/// For batches that end in each half of what the kernel takes at once, and beyond.
void expect_joint_values(const Head &exact, const Head &a, const Head &b)
{
  const JointValues joint(exact, {&a, &b});
  ASSERT_EQ(joint.n_outputs(), exact.n_outputs() + a.n_outputs() + b.n_outputs());
  for (const std::size_t n : {1u, 7u, 32u, 33u, 64u, 65u, 150u})
  {
    const auto x = random_numbers(3 * n, 77);
    std::vector<double> y(joint.n_outputs() * n, NAN);
    joint.evaluate(n, x.data(), y.data());
    const auto f = values_of(exact, n, x.data());
    EXPECT_TRUE(std::equal(f.begin(), f.end(), y.begin())) << n << " points";
    auto rough = values_of(a, n, x.data());
    const auto more = values_of(b, n, x.data());
    rough.insert(rough.end(), more.begin(), more.end());
    double size = 0.;
    for (const double v : rough)
      size = std::max(size, std::abs(v));
    for (std::size_t i = 0; i < rough.size(); ++i)
      EXPECT_NEAR(y[f.size() + i], rough[i], 3e-6 * size) << n << " points";
    // each point alone
    for (std::size_t p = 0; p < n; ++p)
    {
      const double point[3] = {x[p], x[n + p], x[2 * n + p]};
      std::vector<double> alone(joint.n_outputs());
      joint.evaluate(1, point, alone.data());
      for (std::size_t k = 0; k < alone.size(); ++k)
        ASSERT_EQ(alone[k], y[k * n + p]) << "point " << p << " of " << n;
    }
  }
}
} // namespace

class Joint : public testing::TestWithParam<bool>
{
};
INSTANTIATE_TEST_SUITE_P(Hermite, Joint, testing::Bool());

TEST_P(Joint, InterpolantsWithTheSameCentresShareThem)
{
  const OddRbf exact = interpolant(3, GetParam(), 3), a = interpolant(5, GetParam(), 5),
               b = interpolant(6, GetParam(), 7);
  EXPECT_TRUE(JointValues(exact, {&a, &b}).shares());
  expect_joint_values(exact, a, b);
}

TEST_P(Joint, InterpolantsWithOtherCentresDoNot)
{
  const OddRbf exact = interpolant(3, GetParam(), 3), a = interpolant(5, GetParam(), 5),
               b = interpolant(6, GetParam(), 7, 2);
  EXPECT_FALSE(JointValues(exact, {&a, &b}).shares());
  expect_joint_values(exact, a, b);
}

TEST_P(Joint, EveryKindOfProcessorAgrees)
{
  const bool hermite = GetParam();
  const std::size_t m = hermite ? 4 : 1, n = 70;
  const auto x = random_numbers(3 * n, 9);
  PackedRbf<double> net;
  net.n_inputs = 3;
  net.n_centres = 101;
  net.inverse_scale = {2., 1., 0.5};
  net.centres = random_numbers(3 * 101, 1);
  net.hermite = hermite;
  // a point on a centre, where the distance is zero
  std::vector<double> points = x;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t p = 0; p < 2; ++p)
      points[i * n + p] = net.centres[3 * p + i] / net.inverse_scale[i];
  const std::size_t n_columns = 3 + 101 * m;
  net.weight = PackedMatrix<double>::pack(3, n_columns, random_numbers(3 * n_columns, 2).data());
  const auto rough =
    PackedMatrix<float>::pack(5, n_columns, random_numbers(5 * n_columns, 4).data());
  const SimdKernels &first = *all_simd_kernels().front();
  std::vector<double> y0(3 * n), dy0(9 * n), y(3 * n), dy(9 * n), joint(8 * n);
  first.rbf_double(net, n, points.data(), y0.data(), dy0.data());
  double largest = 0.;
  for (const double v : y0)
    largest = std::max(largest, std::abs(v));
  ASSERT_TRUE(std::isfinite(largest));
  for (const SimdKernels *kernels : all_simd_kernels())
  {
    kernels->rbf_double(net, n, points.data(), y.data(), dy.data());
    for (std::size_t i = 0; i < 3 * n; ++i)
      EXPECT_NEAR(y[i], y0[i], 1e-13 * largest) << kernels->name;
    for (std::size_t i = 0; i < 9 * n; ++i)
      EXPECT_NEAR(dy[i], dy0[i], 1e-12 * largest) << kernels->name;
    kernels->rbf_joint(net, rough, n, points.data(), joint.data());
    EXPECT_TRUE(std::equal(y.begin(), y.end(), joint.begin())) << kernels->name;
  }
}

// One centre alone, at an even and at an odd place: roots come from the divider and from products.
TEST(RadialFunctions, AreExactToRounding)
{
  constexpr std::size_t n = 500;
  const auto x = random_numbers(3 * n, 9), z = random_numbers(6, 1);
  for (const std::size_t centre : {0u, 1u})
  {
    PackedRbf<double> net;
    net.n_inputs = 3;
    net.n_centres = 2;
    net.inverse_scale = {1., 1., 1.};
    net.centres = z;
    const std::vector<double> weight = {0., 0., 0., centre == 0 ? 1. : 0., centre == 1 ? 1. : 0.};
    net.weight = PackedMatrix<double>::pack(1, 5, weight.data());
    for (const SimdKernels *kernels : all_simd_kernels())
    {
      std::vector<double> y(n);
      kernels->rbf_double(net, n, x.data(), y.data(), nullptr);
      for (std::size_t p = 0; p < n; ++p)
      {
        long double r2 = 0., q2 = 0.;
        for (std::size_t i = 0; i < 3; ++i)
        {
          const long double s = x[i * n + p], c = z[3 * centre + i];
          r2 += (s - c) * (s - c);
          q2 += (s + c) * (s + c);
        }
        const long double r3 = r2 * std::sqrt(r2), q3 = q2 * std::sqrt(q2);
        const auto exact = static_cast<double>(r3 - q3), size = static_cast<double>(r3 + q3);
        EXPECT_NEAR(y[p], exact, 1e-15 * size) << kernels->name << ", centre " << centre;
      }
    }
  }
}

TEST(JointValues, PerceptronsAreEvaluatedInTurn)
{
  const Mlp exact = net(3, 1), a = net(4, 11), b = net(7, 21);
  EXPECT_FALSE(JointValues(exact, {&a, &b}).shares());
  expect_joint_values(exact, a, b);
}

TEST(Product, IsThatOfTheMatrixOnEveryKindOfProcessor)
{
  constexpr std::size_t n_rows = 6, n_columns = 5;
  const auto A = random_numbers(n_rows * n_columns, 3);
  const auto packed = PackedMatrix<float>::pack(n_rows, n_columns, A.data());
  for (const SimdKernels *kernels : all_simd_kernels())
    for (const std::size_t n : {1u, 63u, 64u, 65u})
    {
      const auto x = random_numbers(n_columns * n, 5);
      std::vector<double> y(n_rows * n);
      kernels->product(packed, n, x.data(), y.data());
      for (std::size_t i = 0; i < n_rows; ++i)
        for (std::size_t p = 0; p < n; ++p)
        {
          double sum = 0.;
          for (std::size_t k = 0; k < n_columns; ++k)
            sum += A[i * n_columns + k] * x[k * n + p];
          EXPECT_NEAR(y[i * n + p], sum, 1e-6) << kernels->name;
        }
    }
}

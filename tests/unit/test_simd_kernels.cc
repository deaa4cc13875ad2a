// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the kernels give the same on every kind of processor, to rounding.
#include <operators/nn/simd_kernels.h>
#include <tests/random_numbers.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace understudy;
using test::random_numbers;

namespace
{
/// Three outputs and 101 centres: the last chunk of the kernel is not full.
/// @param weight [3][3 + n_radial]
template <class T>
PackedRbf<T> interpolant(bool hermite, const std::vector<double> &weight)
{
  PackedRbf<T> net;
  net.n_inputs = 3;
  net.n_centres = 101;
  net.inverse_scale = {2., 1., 0.5};
  const auto centres = random_numbers(3 * 101, 1);
  net.centres.assign(centres.begin(), centres.end());
  net.hermite = hermite;
  net.weight = PackedMatrix<T>::pack(3, weight.size() / 3, weight.data());
  return net;
}
} // namespace

class RadialKernels : public testing::TestWithParam<bool>
{
};
INSTANTIATE_TEST_SUITE_P(Hermite, RadialKernels, testing::Bool());

TEST_P(RadialKernels, EveryKindOfProcessorAgrees)
{
  const bool hermite = GetParam();
  const std::size_t m = hermite ? 4 : 1, n = 70;
  const auto x = random_numbers(3 * n, 9);
  const std::size_t n_columns = 3 + 101 * m;
  const auto net = interpolant<double>(hermite, random_numbers(3 * n_columns, 2));
  const auto rough = interpolant<float>(hermite, random_numbers(3 * n_columns, 2));
  // a point on a centre, where the distance is zero
  std::vector<double> points = x;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t p = 0; p < 2; ++p)
      points[i * n + p] = net.centres[3 * p + i] / net.inverse_scale[i];
  const SimdKernels &first = *all_simd_kernels().front();
  std::vector<double> y0(3 * n), dy0(9 * n), y(3 * n), dy(9 * n);
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
    kernels->rbf_single(rough, n, points.data(), y.data(), nullptr);
    for (std::size_t i = 0; i < 3 * n; ++i)
      EXPECT_NEAR(y[i], y0[i], 3e-6 * largest) << kernels->name;
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

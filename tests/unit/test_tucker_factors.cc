// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the factors of Tucker tensors are multiplied as complex numbers are, and weights
// come through the order of modes unchanged.
#include <operators/nn/tucker_factors.h>
#include <tests/random_numbers.h>

#include <gtest/gtest.h>

#include <complex>
#include <numeric>
#include <vector>

using namespace understudy;
using test::random_numbers;

namespace
{
using Complex = std::complex<double>;

// [m1][m2/2 + 1] modes of weights with n_in x n_out entries, of which the core has r1 x r2
constexpr std::size_t n_in = 5, n_out = 11, m1 = 6, n_k2 = 4, r1 = 3, r2 = 2;
constexpr std::size_t pitch = channel_pitch<double>(n_out), pitch_in = channel_pitch<double>(n_in);

ModeSizes sizes_of(std::size_t rows, std::size_t columns)
{
  ModeSizes sizes;
  sizes.n_in = n_in, sizes.n_out = n_out;
  sizes.m1 = rows, sizes.m2 = 2 * (columns - 1);
  return sizes;
}

Complex pair(const std::vector<double> &v, std::size_t i)
{
  return {v[2 * i], v[2 * i + 1]};
}

/// Of weights in the order of modes with @p columns k2.
Complex entry(const FftArray<double> &C, std::size_t columns, std::size_t k1, std::size_t k2,
              std::size_t i, std::size_t o)
{
  const double *re = C.data() + ((2 * k1 * columns + k2) * n_in + i) * pitch + o;
  return {re[0], re[columns * n_in * pitch]};
}

double dot(std::size_t n, const double *a, const double *b)
{
  return std::inner_product(a, a + n, b, 0.);
}

FftArray<double> by_modes(const ModeSizes &sizes, const std::vector<double> &W)
{
  FftArray<double> C(2 * sizes.m1 * plane_size<double>(sizes));
  to_modes(sizes, W.data(), C.data());
  return C;
}
} // namespace

TEST(WeightsByModes, ComeBackUnchanged)
{
  for (const bool separable : {false, true})
  {
    ModeSizes sizes = sizes_of(m1, n_k2);
    sizes.separable = separable;
    const auto W = random_numbers(2 * sizes.n_rows() * n_out * m1 * n_k2, 1);
    std::vector<double> back(W.size());
    from_modes(sizes, by_modes(sizes, W).data(), back.data());
    EXPECT_EQ(back, W);
  }
}

TEST(TuckerModes, AreTheSumsOfTheirDefinition)
{
  const auto core = random_numbers(2 * n_in * n_out * r1 * r2, 1);
  const auto U1 = random_numbers(2 * m1 * r1, 2), U2 = random_numbers(2 * n_k2 * r2, 3);
  const ModeSizes sizes = sizes_of(m1, n_k2);
  const TuckerModes<double> modes(sizes, r1, r2, U1.data(), U2.data());
  const auto packed = by_modes(sizes_of(r1, r2), core);
  FftArray<double> half(modes.half_size()), C(2 * m1 * plane_size<double>(sizes));
  modes.forward(packed.data(), half.data(), C.data());
  for (std::size_t i = 0; i < n_in; ++i)
    for (std::size_t o = 0; o < n_out; ++o)
      for (std::size_t k1 = 0; k1 < m1; ++k1)
        for (std::size_t k2 = 0; k2 < n_k2; ++k2)
        {
          Complex sum = 0.;
          for (std::size_t a = 0; a < r1; ++a)
            for (std::size_t b = 0; b < r2; ++b)
              sum += pair(U1, k1 * r1 + a) * pair(U2, k2 * r2 + b) *
                     pair(core, ((i * n_out + o) * r1 + a) * r2 + b);
          ASSERT_LE(std::abs(entry(C, n_k2, k1, k2, i, o) - sum), 1e-14);
        }

  // linear in each of the three, so that the gradient of <d, C> times any of them is <d, C>
  FftArray<double> d(C.size()), dcore(packed.size());
  const auto numbers = random_numbers(d.size(), 4);
  std::copy(numbers.begin(), numbers.end(), d.begin());
  std::vector<double> dU1(U1.size()), dU2(U2.size());
  modes.backward(packed.data(), half.data(), d.data(), dcore.data(), dU1.data(), dU2.data());
  const double expected = dot(d.size(), d.data(), C.data());
  EXPECT_NEAR(dot(dcore.size(), dcore.data(), packed.data()), expected, 1e-12);
  EXPECT_NEAR(dot(dU1.size(), dU1.data(), U1.data()), expected, 1e-12);
  EXPECT_NEAR(dot(dU2.size(), dU2.data(), U2.data()), expected, 1e-12);
}

TEST(ChannelFactors, MultiplyAsComplexMatrices)
{
  constexpr std::size_t n_rows = 7;
  const auto U = random_numbers(2 * n_in * n_out, 1),
             numbers = random_numbers(2 * n_rows * n_in, 2);
  const auto directions = random_numbers(2 * n_rows * n_out, 3);
  FftArray<double> x(n_rows * 2 * pitch_in), y(n_rows * 2 * pitch), dx(x.size()), dy(y.size());
  for (std::size_t row = 0; row < 2 * n_rows; ++row)
  {
    for (std::size_t i = 0; i < n_in; ++i)
      x[row * pitch_in + i] = numbers[row * n_in + i];
    for (std::size_t o = 0; o < n_out; ++o)
      dy[row * pitch + o] = directions[row * n_out + o];
  }
  const ChannelFactor<double> factor(n_in, n_out, U.data());
  factor.forward(n_rows, x.data(), y.data());
  for (std::size_t row = 0; row < n_rows; ++row)
    for (std::size_t o = 0; o < pitch; ++o)
    {
      Complex sum = 0.;
      for (std::size_t i = 0; o < n_out && i < n_in; ++i)
        sum += pair(U, i * n_out + o) *
               Complex(x[2 * row * pitch_in + i], x[(2 * row + 1) * pitch_in + i]);
      ASSERT_LE(std::abs(Complex(y[2 * row * pitch + o], y[(2 * row + 1) * pitch + o]) - sum),
                1e-14);
    }

  std::vector<double> dU(U.size());
  factor.backward(n_rows, x.data(), dy.data(), dx.data(), dU.data());
  const double expected = dot(y.size(), dy.data(), y.data());
  EXPECT_NEAR(dot(x.size(), dx.data(), x.data()), expected, 1e-12);
  EXPECT_NEAR(dot(U.size(), dU.data(), U.data()), expected, 1e-12);
}

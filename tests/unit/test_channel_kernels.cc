// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the loops over channels compute what they state on every kind of processor.
#include <data/core/fft.h>
#include <operators/nn/channel_kernels.h>
#include <tests/random_numbers.h>

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>

using namespace understudy;
using test::random_numbers;

namespace
{
template <class T>
FftArray<T> random_array(std::size_t n, unsigned seed)
{
  const auto numbers = random_numbers(n, seed);
  FftArray<T> array(n);
  std::copy(numbers.begin(), numbers.end(), array.begin());
  return array;
}

double exact_gelu(double x)
{
  return 0.5 * x * std::erfc(-x / std::sqrt(2.));
}

template <class T>
void check_products(double tolerance)
{
  constexpr std::size_t n = 3 * channel_pitch<T>(1), k = 7, n_most = 21;
  const auto A = random_array<T>(n_most * k, 1), B = random_array<T>(k * n, 2);
  const auto G = random_array<T>(n_most * n, 3), gate = random_array<T>(n, 4);
  const auto bias = random_array<T>(n, 5), start = random_array<T>(n_most * n, 6);
  for (const ChannelKernels<T> *kernels : all_channel_kernels<T>())
    for (std::size_t m = 1; m <= n_most; ++m)
      for (const unsigned kind : {0u, 1u, 2u})
      {
        FftArray<T> C(n_most * n);
        std::copy(start.begin(), start.end(), C.begin());
        ChannelProduct<T> p{m, n, k, A.data(), k, B.data(), n, C.data(), n};
        p.bias = kind == 0 ? nullptr : bias.data();
        p.add = kind == 1;
        p.gelu = kind == 2;
        p.gate = kind == 0 ? nullptr : gate.data();
        p.G = kind == 1 ? C.data() : G.data();
        p.ldg = n;
        p.F = kind == 0 ? G.data() : nullptr;
        p.ldf = n;
        kernels->product(p);
        for (std::size_t i = 0; i < n_most * n; ++i)
        {
          const std::size_t column = i % n;
          double sum = kind == 0 ? 0. : kind == 1 ? start[i] : bias[column];
          for (std::size_t l = 0; l < k; ++l)
            sum += static_cast<double>(A[i / n * k + l]) * static_cast<double>(B[l * n + column]);
          if (kind > 0)
            sum +=
              static_cast<double>(gate[column]) * static_cast<double>(kind == 1 ? start[i] : G[i]);
          if (kind == 0)
            sum *= static_cast<double>(G[i]);
          const double expected = i >= m * n ? start[i] : kind == 2 ? exact_gelu(sum) : sum;
          ASSERT_NEAR(C[i], expected, tolerance) << kernels->name << ", " << m << " rows";
        }
      }
}

template <class T>
void check_modes(double tolerance)
{
  constexpr std::size_t n_samples = 7, n_in = 5, pitch_in = channel_pitch<T>(n_in);
  constexpr std::size_t pitch_out = 2 * pitch_in;
  const auto W = random_array<T>(n_in * 2 * pitch_out, 1);
  const auto X = random_array<T>(n_samples * 2 * pitch_out, 2);
  for (const ChannelKernels<T> *kernels : all_channel_kernels<T>())
    for (const bool separable : {false, true})
    {
      FftArray<T> Y(n_samples * 2 * pitch_out);
      ModeProduct<T> p{n_samples,
                       n_in,
                       separable ? pitch_out : pitch_in,
                       pitch_out,
                       separable,
                       W.data(),
                       W.data() + pitch_out,
                       2 * pitch_out,
                       X.data(),
                       Y.data()};
      kernels->modes(p);
      for (std::size_t s = 0; s < n_samples; ++s)
        for (std::size_t o = 0; o < pitch_out; ++o)
        {
          std::complex<double> sum = 0.;
          for (std::size_t i = 0; i < (separable ? 1 : n_in); ++i)
          {
            const T *x = X.data() + s * 2 * p.pitch_in + (separable ? o : i);
            const T *w = W.data() + i * 2 * pitch_out + o;
            sum +=
              std::complex<double>(x[0], x[p.pitch_in]) * std::complex<double>(w[0], w[pitch_out]);
          }
          const T *y = Y.data() + s * 2 * pitch_out + o;
          ASSERT_NEAR(y[0], sum.real(), tolerance) << kernels->name;
          ASSERT_NEAR(y[pitch_out], sum.imag(), tolerance) << kernels->name;
        }
    }
}

template <class T>
void check_outer(double tolerance)
{
  constexpr std::size_t n = 3 * channel_pitch<T>(1), m_most = 21, k = 9, lda = 25;
  const auto A = random_array<T>(k * lda, 1), B = random_array<T>(k * n, 2);
  const auto start = random_array<T>(m_most * n, 3);
  for (const ChannelKernels<T> *kernels : all_channel_kernels<T>())
    for (std::size_t m = 1; m <= m_most; ++m)
    {
      FftArray<T> C(m_most * n);
      std::copy(start.begin(), start.end(), C.begin());
      kernels->outer({m, n, k, A.data(), lda, B.data(), n, C.data(), n});
      for (std::size_t i = 0; i < m_most * n; ++i)
      {
        double sum = start[i];
        for (std::size_t l = 0; l < k && i / n < m; ++l)
          sum += static_cast<double>(A[l * lda + i / n]) * static_cast<double>(B[l * n + i % n]);
        ASSERT_NEAR(C[i], sum, tolerance) << kernels->name << ", m = " << m;
      }
    }
}

template <class T>
void check_sums(double tolerance)
{
  constexpr std::size_t n = 2 * channel_pitch<T>(1), m_most = 9;
  const auto A = random_array<T>(m_most * n, 1), B = random_array<T>(m_most * n, 2);
  const auto start = random_array<T>(n, 3);
  for (const ChannelKernels<T> *kernels : all_channel_kernels<T>())
    for (std::size_t m = 0; m <= m_most; ++m)
      for (const bool weighted : {false, true})
      {
        FftArray<T> s(n);
        std::copy(start.begin(), start.end(), s.begin());
        kernels->sums(m, n, A.data(), weighted ? B.data() : nullptr, s.data());
        for (std::size_t j = 0; j < n; ++j)
        {
          double sum = start[j];
          for (std::size_t i = 0; i < m; ++i)
            sum += static_cast<double>(A[i * n + j]) *
                   (weighted ? static_cast<double>(B[i * n + j]) : 1.);
          ASSERT_NEAR(s[j], sum, tolerance) << kernels->name << ", m = " << m;
        }
      }
}

double exact_slope(double x)
{
  return 0.5 * std::erfc(-x / std::sqrt(2.)) +
         x * std::exp(-0.5 * x * x) / std::sqrt(2. * std::acos(-1.));
}

template <class T>
void check_slope(double tolerance)
{
  constexpr std::size_t n = 4096;
  for (const ChannelKernels<T> *kernels : all_channel_kernels<T>())
  {
    FftArray<T> x(n), y(n), slope(n), twice(n);
    for (std::size_t i = 0; i < n; ++i)
    {
      x[i] = y[i] = static_cast<T>(-12. + 24. * static_cast<double>(i) / n);
      twice[i] = T(2);
    }
    kernels->gelu_slope(n, y.data(), nullptr, slope.data());
    for (std::size_t i = 0; i < n; ++i)
    {
      ASSERT_NEAR(y[i], exact_gelu(x[i]), tolerance * std::abs(static_cast<double>(x[i])));
      ASSERT_NEAR(slope[i], exact_slope(x[i]), 2. * tolerance) << kernels->name << " at " << x[i];
    }
    x[0] = std::numeric_limits<T>::quiet_NaN();
    x[1] = -std::numeric_limits<T>::max(), x[2] = -x[1];
    std::copy(x.begin(), x.end(), y.begin());
    kernels->gelu_slope(n, y.data(), twice.data(), twice.data());
    EXPECT_TRUE(std::isnan(y[0]) && std::isnan(twice[0])) << kernels->name;
    EXPECT_EQ(twice[1], T(0)) << kernels->name;
    EXPECT_EQ(twice[2], T(2)) << kernels->name;
    for (std::size_t i = 3; i < n; ++i)
      ASSERT_EQ(twice[i], T(2) * slope[i]) << kernels->name;
  }
}

template <class T>
void check_gelu(double tolerance)
{
  constexpr std::size_t n = 4096;
  for (const ChannelKernels<T> *kernels : all_channel_kernels<T>())
  {
    FftArray<T> x(n), y(n);
    for (std::size_t i = 0; i < n; ++i)
      x[i] = y[i] = static_cast<T>(-12. + 24. * static_cast<double>(i) / n);
    kernels->gelu(n, y.data());
    for (std::size_t i = 0; i < n; ++i)
      ASSERT_NEAR(y[i], exact_gelu(x[i]), tolerance * std::abs(static_cast<double>(x[i])))
        << kernels->name << " at " << x[i];
    x[0] = std::numeric_limits<T>::quiet_NaN();
    x[1] = -std::numeric_limits<T>::max(), x[2] = -x[1];
    kernels->gelu(n, x.data());
    EXPECT_TRUE(std::isnan(x[0])) << kernels->name;
    EXPECT_EQ(x[1], T(0)) << kernels->name;
    EXPECT_EQ(x[2], std::numeric_limits<T>::max()) << kernels->name;
  }
}
} // namespace

TEST(ChannelProducts, AreThoseOfTheMatricesWithStartGateAndActivation)
{
  check_products<double>(1e-14);
  check_products<float>(3e-6);
}

TEST(ChannelOuters, AddTheProductOfTheTransposedMatrix)
{
  check_outer<double>(1e-14);
  check_outer<float>(3e-6);
}

TEST(ChannelSums, AreThoseOfColumns)
{
  check_sums<double>(1e-14);
  check_sums<float>(3e-6);
}

TEST(GeluSlope, IsTheDerivativeOfTheExactOne)
{
  check_slope<double>(1e-15);
  check_slope<float>(3e-7);
}

TEST(ModeProducts, AreThoseOfComplexMatrices)
{
  check_modes<double>(1e-14);
  check_modes<float>(3e-6);
}

TEST(Gelu, IsTheExactOne)
{
  check_gelu<double>(1e-15);
  check_gelu<float>(3e-7);
}

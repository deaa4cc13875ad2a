// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the factors of Tucker tensors are multiplied as complex numbers are, and weights
// come through the order of modes unchanged.
#include <operators/nn/tucker_factors.h>
#include <tests/random_numbers.h>

#include <gtest/gtest.h>

#include <algorithm>
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

FftArray<double> array(const std::vector<double> &values)
{
  FftArray<double> to(values.size());
  std::copy(values.begin(), values.end(), to.begin());
  return to;
}

/// Spectra [n][2][pitch] of @p n_channels channels.
FftArray<double> spectra(std::size_t n_channels, const std::vector<double> &values)
{
  const std::size_t n = values.size() / n_channels, apart = channel_pitch<double>(n_channels);
  FftArray<double> to(n * apart);
  for (std::size_t i = 0; i < n; ++i)
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * n_channels), n_channels,
                to.data() + i * apart);
  return to;
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

  // linear in each of the three: <gradient of <d, C>, another one> = <d, C with that one in its
  // place>
  FftArray<double> dcore(packed.size());
  const auto d = array(random_numbers(C.size(), 4));
  std::vector<double> dU1(U1.size()), dU2(U2.size());
  modes.backward(packed.data(), half.data(), d.data(), dcore.data(), dU1.data(), dU2.data());
  const auto with =
    [&](const FftArray<double> &G, const std::vector<double> &V1, const std::vector<double> &V2)
  {
    TuckerModes<double>(sizes, r1, r2, V1.data(), V2.data())
      .forward(G.data(), half.data(), C.data());
    return dot(d.size(), d.data(), C.data());
  };
  const auto other = by_modes(sizes_of(r1, r2), random_numbers(core.size(), 5));
  const auto other1 = random_numbers(U1.size(), 6), other2 = random_numbers(U2.size(), 7);
  EXPECT_NEAR(dot(other.size(), dcore.data(), other.data()), with(other, U1, U2), 1e-12);
  EXPECT_NEAR(dot(other1.size(), dU1.data(), other1.data()), with(packed, other1, U2), 1e-12);
  EXPECT_NEAR(dot(other2.size(), dU2.data(), other2.data()), with(packed, U1, other2), 1e-12);
}

TEST(ChannelFactors, MultiplyAsComplexMatrices)
{
  constexpr std::size_t n = 7;
  const auto U = random_numbers(2 * n_in * n_out, 1), other_U = random_numbers(U.size(), 2);
  const auto x = spectra(n_in, random_numbers(2 * n * n_in, 3));
  const auto other_x = spectra(n_in, random_numbers(2 * n * n_in, 4));
  const auto dy = spectra(n_out, random_numbers(2 * n * n_out, 5));
  FftArray<double> y(dy.size()), dx(x.size());
  const ChannelFactor<double> factor(n_in, n_out, U.data());
  factor.forward(n, x.data(), y.data());
  for (std::size_t row = 0; row < n; ++row)
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
  factor.backward(n, x.data(), dy.data(), dx.data(), dU.data());
  factor.forward(n, other_x.data(), y.data());
  EXPECT_NEAR(dot(x.size(), dx.data(), other_x.data()), dot(y.size(), dy.data(), y.data()), 1e-12);
  ChannelFactor<double>(n_in, n_out, other_U.data()).forward(n, x.data(), y.data());
  EXPECT_NEAR(dot(U.size(), dU.data(), other_U.data()), dot(y.size(), dy.data(), y.data()), 1e-12);
}

// On a grid that lacks some of the modes.
TEST(ModeProducts, AreThoseOfTheirWeightsWithGradients)
{
  constexpr std::size_t n = 3;
  const ModeSizes sizes = sizes_of(m1, n_k2);
  const KeptModes kept = kept_modes(5, 4, sizes.m1, sizes.m2);
  ASSERT_LT(kept.n_k1, m1);
  ASSERT_LT(kept.n_k2, n_k2);
  const std::size_t n_numbers = 2 * n_in * n_out * m1 * n_k2, n_spectra = kept.size() * n;
  const auto W = by_modes(sizes, random_numbers(n_numbers, 1));
  const auto other_W = by_modes(sizes, random_numbers(n_numbers, 2));
  const auto X = spectra(n_in, random_numbers(2 * n_spectra * n_in, 3));
  const auto other_X = spectra(n_in, random_numbers(2 * n_spectra * n_in, 4));
  const auto dY = spectra(n_out, random_numbers(2 * n_spectra * n_out, 5));
  FftArray<double> Y(dY.size()), dX(X.size()), dW(W.size());
  const ModeProducts<double> products(sizes, kept);
  products.forward(n, W.data(), X.data(), Y.data());
  for (std::size_t mode = 0; mode < kept.size(); ++mode)
    for (std::size_t s = 0; s < n; ++s)
      for (std::size_t o = 0; o < n_out; ++o)
      {
        const auto k1 =
          static_cast<std::size_t>(static_cast<std::ptrdiff_t>(m1 / 2) + kept.first_k1) +
          mode / kept.n_k2;
        const double *x = X.data() + (mode * n + s) * 2 * pitch_in;
        const double *y = Y.data() + (mode * n + s) * 2 * pitch;
        Complex sum = 0.;
        for (std::size_t i = 0; i < n_in; ++i)
          sum += entry(W, n_k2, k1, mode % kept.n_k2, i, o) * Complex(x[i], x[pitch_in + i]);
        ASSERT_LE(std::abs(Complex(y[o], y[pitch + o]) - sum), 1e-14);
      }

  products.backward(n, W.data(), X.data(), dY.data(), dX.data(), dW.data());
  products.forward(n, W.data(), other_X.data(), Y.data());
  EXPECT_NEAR(dot(X.size(), dX.data(), other_X.data()), dot(Y.size(), dY.data(), Y.data()), 1e-11);
  products.forward(n, other_W.data(), X.data(), Y.data());
  EXPECT_NEAR(dot(W.size(), dW.data(), other_W.data()), dot(Y.size(), dY.data(), Y.data()), 1e-11);
}

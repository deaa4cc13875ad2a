// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the spectral convolution is the double sum of its definition on every grid and by
// either way of transforming.
#include <data/core/errors.h>
#include <operators/nn/channel_kernels.h>
#include <operators/nn/spectral_convolution.h>
#include <tests/count_allocations.h>
#include <tests/random_numbers.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <ostream>
#include <tuple>

using namespace understudy;
using test::random_numbers;

namespace
{
using Complex = std::complex<double>;

SpectralWeights random_weights(std::size_t n_in, std::size_t n_out, std::size_t m1, std::size_t m2,
                               bool separable = false)
{
  SpectralWeights w{n_in, n_out, m1, m2, separable, {}, random_numbers(n_out, 3)};
  const std::size_t n = n_in * (separable ? 1 : n_out) * m1 * (m2 / 2 + 1);
  const auto numbers = random_numbers(2 * n, 4);
  for (std::size_t i = 0; i < n; ++i)
    w.values.emplace_back(numbers[2 * i], numbers[2 * i + 1]);
  return w;
}

Complex root(long k, std::size_t i, std::size_t n)
{
  const double angle = 2. * std::numbers::pi * static_cast<double>(k) * static_cast<double>(i) /
                       static_cast<double>(n);
  return {std::cos(angle), std::sin(angle)};
}

/// Signed wave numbers that a grid of n points along an axis has, from -m/2 to m/2 - 1.
std::vector<long> wave_numbers(std::size_t n, std::size_t m)
{
  std::vector<long> all;
  for (long k = -static_cast<long>(m / 2); k < static_cast<long>(m / 2); ++k)
    if (2 * k >= -static_cast<long>(n) && 2 * k < static_cast<long>(n))
      all.push_back(k);
  return all;
}

/// K x by the double sums: complex inverse along i1, real part for k2 = 0 and n2/2, then along i2.
std::vector<double> direct(const SpectralWeights &w, std::size_t n1, std::size_t n2,
                           const std::vector<double> &x)
{
  const std::size_t n = n1 * n2;
  std::vector<double> y(w.n_out * n);
  for (std::size_t o = 0; o < w.n_out; ++o)
    std::fill_n(y.begin() + static_cast<long>(o * n), n, w.bias[o]);
  for (const long k1 : wave_numbers(n1, w.m1))
    for (std::size_t k2 = 0; k2 <= std::min(w.m2 / 2, n2 / 2); ++k2)
    {
      const double weight = k2 == 0 || 2 * k2 == n2 ? 1. : 2.;
      std::vector<Complex> X(w.n_in, 0.);
      for (std::size_t c = 0; c < w.n_in; ++c)
        for (std::size_t i = 0; i < n; ++i)
          X[c] += x[c * n + i] / static_cast<double>(n) *
                  std::conj(root(k1, i / n2, n1) * root(static_cast<long>(k2), i % n2, n2));
      for (std::size_t o = 0; o < w.n_out; ++o)
      {
        Complex Y = 0.;
        const std::size_t k =
          (static_cast<std::size_t>(k1 + static_cast<long>(w.m1 / 2))) * (w.m2 / 2 + 1) + k2;
        const std::size_t n_modes = w.m1 * (w.m2 / 2 + 1);
        for (std::size_t c = w.separable ? o : 0; c < (w.separable ? o + 1 : w.n_in); ++c)
          Y += X[c] * w.values[(w.separable ? c : c * w.n_out + o) * n_modes + k];
        for (std::size_t i = 0; i < n; ++i)
          y[o * n + i] +=
            weight * (Y * root(k1, i / n2, n1) * root(static_cast<long>(k2), i % n2, n2)).real();
      }
    }
  return y;
}

double relative_distance(const auto &a, const auto &b)
{
  double difference = 0., size = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    size += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / size);
}

template <class T>
std::vector<T> native(const SpectralWeights &w, std::size_t n1, std::size_t n2,
                      const std::vector<double> &x, SpectralPath path, std::size_t n_samples = 1)
{
  SpectralConvolution<T> layer(w);
  const std::vector<T> in(x.begin(), x.end());
  std::vector<T> y(n_samples * w.n_out * n1 * n2);
  layer.evaluate(n_samples, n1, n2, in.data(), y.data(), path);
  return y;
}

struct Case
{
  std::size_t n1, n2, m1, m2, n_in, n_out;
  bool separable;
};
std::ostream &operator<<(std::ostream &out, const Case &c)
{
  return out << c.n1 << " x " << c.n2 << ", modes " << c.m1 << " x " << c.m2 << ", " << c.n_in
             << " to " << c.n_out << (c.separable ? ", separable" : "");
}
} // namespace

class EveryGrid : public testing::TestWithParam<std::tuple<Case, SpectralPath>>
{
};
INSTANTIATE_TEST_SUITE_P(
  Cases, EveryGrid,
  testing::Combine(testing::Values(Case{16, 20, 6, 8, 3, 2, false},   // fewer modes than points
                                   Case{15, 13, 6, 8, 2, 3, false},   // odd
                                   Case{8, 6, 8, 6, 3, 3, false},     // as many modes as points
                                   Case{5, 7, 4, 6, 2, 2, false},     // odd, one point more
                                   Case{4, 4, 8, 10, 2, 2, false},    // too coarse
                                   Case{5, 3, 8, 10, 2, 20, false},   // too coarse and odd
                                   Case{12, 1, 4, 4, 17, 1, false},   // one column
                                   Case{1, 9, 4, 4, 1, 1, false},     // one row
                                   Case{12, 10, 6, 4, 18, 18, true}), // separable
                   testing::Values(SpectralPath::pruned, SpectralPath::fftw)));

TEST_P(EveryGrid, GivesTheDoubleSum)
{
  const auto [c, path] = GetParam();
  const auto w = random_weights(c.n_in, c.n_out, c.m1, c.m2, c.separable);
  const auto x = random_numbers(c.n_in * c.n1 * c.n2, 7);
  const auto y = direct(w, c.n1, c.n2, x);
  EXPECT_LT(relative_distance(native<double>(w, c.n1, c.n2, x, path), y), 1e-12);
  EXPECT_LT(relative_distance(native<float>(w, c.n1, c.n2, x, path), y), 1e-5);
}

TEST(SpectralTransform, KeepsTheMeanSquare)
{
  for (const auto path : {SpectralPath::pruned, SpectralPath::fftw})
    for (const auto &[n1, n2] : {std::pair<std::size_t, std::size_t>{12, 10}, {9, 7}, {6, 9}})
    {
      const KeptModes kept = kept_modes(n1, n2, 2 * n1, 2 * n2); // all there are
      EXPECT_EQ(kept.size(), n1 * (n2 / 2 + 1));
      SpectralTransform<double> transform(n1, n2, kept, 8, path);
      const auto x = random_numbers(n1 * n2 * 8, 5);
      std::vector<double> X(kept.size() * 16);
      for (std::size_t i1 = 0; i1 < n1; ++i1)
        transform.forward_row(i1, x.data() + i1 * n2 * 8);
      transform.forward_columns(X.data(), 16);
      for (std::size_t c = 0; c < 8; ++c)
      {
        double mean = 0., sum = 0.;
        for (std::size_t i = 0; i < n1 * n2; ++i)
          mean += x[i * 8 + c] * x[i * 8 + c] / static_cast<double>(n1 * n2);
        for (std::size_t k = 0; k < kept.size(); ++k)
        {
          const std::size_t k2 = k % kept.n_k2;
          sum += (k2 == 0 || 2 * k2 == n2 ? 1. : 2.) *
                 (std::pow(X[k * 16 + c], 2) + std::pow(X[k * 16 + 8 + c], 2));
        }
        EXPECT_NEAR(sum / mean, 1., 1e-12);
      }
    }
}

TEST(SpectralConvolution, SaysTheSameOnAFinerGrid)
{
  const auto w = random_weights(2, 2, 8, 8);
  const auto amplitudes = random_numbers(2 * 7 * 4 * 2, 6);
  const auto field = [&](std::size_t n)
  {
    std::vector<double> x(2 * n * n, 0.);
    for (std::size_t c = 0, a = 0; c < 2; ++c)
      for (long k1 = -3; k1 <= 3; ++k1)
        for (long k2 = 0; k2 <= 3; ++k2, a += 2)
          for (std::size_t i = 0; i < n * n; ++i)
            x[c * n * n + i] +=
              (Complex(amplitudes[a], amplitudes[a + 1]) * root(k1, i / n, n) * root(k2, i % n, n))
                .real();
    return x;
  };
  const auto coarse = native<double>(w, 12, 12, field(12), SpectralPath::automatic);
  const auto fine = native<double>(w, 24, 24, field(24), SpectralPath::automatic);
  std::vector<double> subsampled;
  for (std::size_t c = 0; c < 2; ++c)
    for (std::size_t i = 0; i < 144; ++i)
      subsampled.push_back(fine[c * 576 + i / 12 * 48 + i % 12 * 2]);
  EXPECT_LT(relative_distance(subsampled, coarse), 1e-12);
}

TEST(SpectralConvolution, ShiftsWithItsInputOnTheTorus)
{
  constexpr std::size_t n1 = 10, n2 = 12;
  const auto w = random_weights(2, 3, 6, 6);
  const auto x = random_numbers(2 * n1 * n2, 7);
  const auto shifted = [](const auto &f)
  {
    auto g = f;
    for (std::size_t i = 0; i < f.size(); ++i)
    {
      const std::size_t c = i / (n1 * n2), i1 = i / n2 % n1, i2 = i % n2;
      g[i] = f[(c * n1 + (i1 + 3) % n1) * n2 + (i2 + 5) % n2];
    }
    return g;
  };
  for (const auto path : {SpectralPath::pruned, SpectralPath::fftw})
    EXPECT_LT(relative_distance(native<float>(w, n1, n2, shifted(x), path),
                                shifted(native<float>(w, n1, n2, x, path))),
              1e-5);
}

TEST(SpectralConvolution, TakesSamplesOneByOneAndNoMemoryAfterTheFirst)
{
  for (const auto path : {SpectralPath::pruned, SpectralPath::fftw})
  {
    const auto w = random_weights(2, 3, 4, 4);
    const auto x = random_numbers(5 * 2 * 36, 7);
    SpectralConvolution<double> layer(w);
    std::vector<double> y(5 * 3 * 36);
    layer.evaluate(5, 6, 6, x.data(), y.data(), path);
    const std::size_t before = n_allocations;
    layer.evaluate(5, 6, 6, x.data(), y.data(), path);
    EXPECT_EQ(n_allocations, before);
    const auto last = native<double>(w, 6, 6, {x.end() - 72, x.end()}, path);
    EXPECT_EQ(std::vector<double>(y.end() - 108, y.end()), last);
  }
}

TEST(SpectralConvolution, RefusesWeightsThatDoNotFit)
{
  const auto good = random_weights(2, 3, 4, 6);
  auto w = good;
  w.m1 = 3;
  EXPECT_THROW(SpectralConvolution<float>{w}, UserError);
  w = good;
  w.separable = true;
  EXPECT_THROW(SpectralConvolution<float>{w}, UserError);
  w = good;
  w.values.pop_back();
  EXPECT_THROW(SpectralConvolution<float>{w}, UserError);
  w = good;
  w.bias[1] = std::nan("");
  EXPECT_THROW(SpectralConvolution<float>{w}, UserError);
}

// The rule that bench_fno measured, for the common sizes.
TEST(SpectralTransform, TakesTheProductsForFewModesAndFftwForMany)
{
  const auto path = [](std::size_t n, std::size_t modes)
  { return SpectralTransform<float>(n, n, kept_modes(n, n, modes, modes), 8).path(); };
  EXPECT_EQ(path(64, 16), SpectralPath::pruned);
  EXPECT_EQ(path(64, 32), SpectralPath::pruned);
  EXPECT_EQ(path(64, 34), SpectralPath::fftw);
  EXPECT_EQ(path(64, 64), SpectralPath::fftw);
  EXPECT_EQ(path(32, 12), SpectralPath::pruned);
  EXPECT_EQ(path(32, 32), SpectralPath::fftw);
  // given, it is what is given
  EXPECT_EQ(
    SpectralTransform<float>(64, 64, kept_modes(64, 64, 16, 16), 8, SpectralPath::fftw).path(),
    SpectralPath::fftw);
}

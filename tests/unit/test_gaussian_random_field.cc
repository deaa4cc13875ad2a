// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/sampling/gaussian_random_field.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <stdexcept>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;
using Field = GaussianRandomField;
using Boundary = Field::Boundary;
using Complex = std::complex<double>;
using std::numbers::pi;

namespace
{
std::vector<double> draw(Field &grf, std::uint64_t seed, std::uint64_t number)
{
  std::vector<double> field(grf.n() * grf.n());
  grf.draw(seed, number, field);
  return field;
}

/// Coefficients of the orthonormal cosines, by the sum over cell centres; [k1][k2], k < m.
std::vector<double> cosine_coefficients(const std::vector<double> &field, std::size_t n,
                                        std::size_t m)
{
  std::vector<double> phi(m * n), half(m * n), all(m * m);
  for (std::size_t k = 0; k < m; ++k)
    for (std::size_t i = 0; i < n; ++i)
      phi[k * n + i] =
        (k == 0 ? 1. : std::sqrt(2.)) * std::cos(pi * double(k) * (double(i) + 0.5) / double(n));
  for (std::size_t k = 0; k < m; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        half[k * n + j] += phi[k * n + i] * field[i * n + j] / double(n);
  for (std::size_t k = 0; k < m; ++k)
    for (std::size_t l = 0; l < m; ++l)
      for (std::size_t j = 0; j < n; ++j)
        all[k * m + l] += phi[l * n + j] * half[k * n + j] / double(n);
  return all;
}

/// u_k of the field's Fourier series, by the sum over the grid.
Complex fourier_coefficient(const std::vector<double> &field, std::size_t n, int k1, int k2)
{
  Complex sum = 0.;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      sum +=
        field[i * n + j] * std::polar(1., -2. * pi * (k1 * double(i) + k2 * double(j)) / double(n));
  return sum / double(n * n);
}

double largest_difference(const std::vector<double> &a, const std::vector<double> &b)
{
  double largest = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}
} // namespace

// Requirement: the coefficients of the cosines have the variances tau^(2 alpha - 2)
// (pi^2 |k|^2 + tau^2)^-alpha of Li et al., are normal and independent; mode 0 is left out.
// Bounds are five standard deviations of the estimates.
TEST(GaussianRandomField, NeumannFieldsHaveTheStatedSpectrum)
{
  const std::size_t n = 12, n_draws = 4000;
  const double alpha = 2., tau = 3.;
  Field grf(Boundary::neumann, n, {.alpha = alpha, .tau = tau});
  std::vector<double> squares(n * n), fourths(n * n);
  double product = 0.;
  for (std::size_t d = 0; d < n_draws; ++d)
  {
    auto a = cosine_coefficients(draw(grf, 11, d), n, n);
    EXPECT_LT(std::abs(a[0]), 1e-14);
    for (std::size_t k = 1; k < n * n; ++k)
    {
      const double k_squared = std::pow(double(k / n), 2) + std::pow(double(k % n), 2);
      a[k] /= std::pow(tau, alpha - 1.) * std::pow(pi * pi * k_squared + tau * tau, -alpha / 2.);
      squares[k] += a[k] * a[k] / double(n_draws);
      fourths[k] += std::pow(a[k], 4) / double(n_draws);
    }
    product += a[1] * a[n] / double(n_draws);
  }
  double all = 0., fourth = 0.;
  for (std::size_t k = 1; k < n * n; ++k)
  {
    EXPECT_NEAR(squares[k], 1., 5. * std::sqrt(2. / n_draws)) << "mode " << k / n << ", " << k % n;
    all += squares[k] / double(n * n - 1);
    fourth += fourths[k] / double(n * n - 1);
  }
  EXPECT_NEAR(all, 1., 5. * std::sqrt(2. / n_draws / (n * n - 1)));
  EXPECT_NEAR(fourth, 3., 5. * std::sqrt(96. / n_draws / (n * n - 1)));
  EXPECT_LT(std::abs(product), 5. / std::sqrt(double(n_draws)));
}

// Requirement: E|u_k|^2 = 2 scale^2 tau^(2 alpha - 2) (|2 pi k / L|^2 + tau^2)^-alpha, with real
// and imaginary parts alike and independent; mode 0 and the Nyquist modes are left out.
TEST(GaussianRandomField, PeriodicFieldsHaveTheStatedSpectrum)
{
  const std::size_t n = 8, n_draws = 4000;
  const double alpha = 2.5, tau = 7., scale = 0.5;
  const int pairs[][2] = {{1, 0}, {0, 1}, {3, 0}, {2, 1}, {-2, 1}, {-3, 3}, {1, -1}};
  Field grf(Boundary::periodic, n, {.alpha = alpha, .tau = tau, .side = 1., .scale = scale});
  double re[7] = {}, im[7] = {}, both[7] = {}, opposite = 0., point = 0.;
  for (std::size_t d = 0; d < n_draws; ++d)
  {
    const auto field = draw(grf, 5, d);
    for (int p = 0; p < 7; ++p)
    {
      const double q = 4. * pi * pi * (pairs[p][0] * pairs[p][0] + pairs[p][1] * pairs[p][1]);
      const Complex u = fourier_coefficient(field, n, pairs[p][0], pairs[p][1]) /
                        (scale * std::pow(tau, alpha - 1.) * std::pow(q + tau * tau, -alpha / 2.));
      re[p] += u.real() * u.real() / double(n_draws);
      im[p] += u.imag() * u.imag() / double(n_draws);
      both[p] += u.real() * u.imag() / double(n_draws);
    }
    opposite += std::abs(fourier_coefficient(field, n, 0, 0)) +
                std::abs(fourier_coefficient(field, n, 4, 1)) +
                std::abs(fourier_coefficient(field, n, 2, 4));
    point += field[13] * field[13] / double(n_draws);
  }
  const double bound = 5. * std::sqrt(2. / n_draws);
  for (int p = 0; p < 7; ++p)
  {
    EXPECT_NEAR(re[p], 1., bound) << pairs[p][0] << ", " << pairs[p][1];
    EXPECT_NEAR(im[p], 1., bound) << pairs[p][0] << ", " << pairs[p][1];
    EXPECT_LT(std::abs(both[p]), 5. / std::sqrt(double(n_draws)));
  }
  EXPECT_LT(opposite, 1e-10);
  double variance = 0.; // of a value: the sum over all modes
  for (int k1 = -3; k1 <= 3; ++k1)
    for (int k2 = -3; k2 <= 3; ++k2)
      variance += grf.mode_variance(k1, k2);
  EXPECT_NEAR(point / variance, 1., bound);
  EXPECT_EQ(grf.mode_variance(0, 0), 0.);
  EXPECT_EQ(grf.mode_variance(4, 0), 0.);
  EXPECT_NEAR(grf.mode_variance(2, -1),
              2. * 0.25 * std::pow(tau, 3.) * std::pow(20. * pi * pi + tau * tau, -2.5), 1e-15);
}

// Requirement: a field of a given seed and number is the same, bit for bit, whatever was drawn
// before and by which object, and other seeds and numbers give other fields.
TEST(GaussianRandomField, SeedAndNumberDecide)
{
  for (const auto boundary : {Boundary::neumann, Boundary::neumann_nodes, Boundary::periodic})
  {
    Field one(boundary, 24, {}), two(boundary, 24, {});
    const auto a = draw(one, 7, 3);
    draw(two, 7, 2);
    draw(two, 8, 3);
    EXPECT_EQ(draw(two, 7, 3), a);
    EXPECT_NE(draw(two, 7, 4), a);
    EXPECT_NE(draw(two, 8, 3), a);
    EXPECT_NE(draw(two, 7 + (std::uint64_t(1) << 32), 3), a);
    EXPECT_NE(draw(two, 7, 3 + (std::uint64_t(1) << 32)), a);
    EXPECT_NE(draw(two, 3, 7), draw(two, 7, 3));
  }
}

// Requirement: with the same modes, fields on two grids are one function; without a limit the finer
// grid adds modes and leaves the low ones as they are.
TEST(GaussianRandomField, FinerGridsShowTheSameFunction)
{
  const std::size_t n = 10;
  // Every third cell centre of 3 n is one of n; every second point of 2 n is one of n.
  Field coarse(Boundary::neumann, n, {}), fine(Boundary::neumann, 3 * n, {}, n),
    finest(Boundary::neumann, 3 * n, {});
  const auto a = draw(coarse, 1, 2), b = draw(fine, 1, 2), c = draw(finest, 1, 2);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      EXPECT_NEAR(a[i * n + j], b[(3 * i + 1) * 3 * n + 3 * j + 1], 1e-14);
  EXPECT_LT(largest_difference(cosine_coefficients(a, n, n), cosine_coefficients(c, 3 * n, n)),
            1e-15);
  EXPECT_GT(largest_difference(b, c), 1e-3);

  Field torus(Boundary::periodic, n, {}), fine_torus(Boundary::periodic, 2 * n, {}, 5),
    finest_torus(Boundary::periodic, 2 * n, {});
  EXPECT_EQ(torus.n_modes(), 5u);
  EXPECT_EQ(finest_torus.n_modes(), 10u);
  const auto d = draw(torus, 1, 2), e = draw(fine_torus, 1, 2), f = draw(finest_torus, 1, 2);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      EXPECT_NEAR(d[i * n + j], e[2 * i * 2 * n + 2 * j], 1e-14);
  for (const auto &k : {std::pair(4, 4), std::pair(-3, 2), std::pair(0, 1), std::pair(2, -4)})
    EXPECT_LT(std::abs(fourier_coefficient(d, n, k.first, k.second) -
                       fourier_coefficient(f, 2 * n, k.first, k.second)),
              1e-15);
  EXPECT_GT(largest_difference(e, f), 1e-3);
}

// Requirement: at nodes that include the boundary stand the values of the functions whose values at
// cell centres are drawn otherwise.
TEST(GaussianRandomField, NodesShowTheFunctionsOfCellCentres)
{
  const std::size_t n = 10, m = 6;
  Field centres(Boundary::neumann, n, {}, m), nodes(Boundary::neumann_nodes, n, {}, m),
    finer(Boundary::neumann_nodes, 2 * n - 1, {}, m);
  const auto coefficients = cosine_coefficients(draw(centres, 1, 2), n, m);
  const auto field = draw(nodes, 1, 2), fine = draw(finer, 1, 2);
  const auto phi = [n](std::size_t k, std::size_t i)
  { return (k == 0 ? 1. : std::sqrt(2.)) * std::cos(pi * double(k * i) / double(n - 1)); };
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
    {
      double value = 0.;
      for (std::size_t k = 0; k < m; ++k)
        for (std::size_t l = 0; l < m; ++l)
          value += coefficients[k * m + l] * phi(k, i) * phi(l, j);
      EXPECT_NEAR(field[i * n + j], value, 1e-14);
      EXPECT_NEAR(fine[2 * i * (2 * n - 1) + 2 * j], value, 1e-14);
    }
  EXPECT_EQ(Field(Boundary::neumann_nodes, n, {}).n_modes(), n - 1);
  EXPECT_EQ(nodes.mode_variance(5, 2), centres.mode_variance(5, 2));
  EXPECT_THAT(sentence_of<UserError>([] { Field(Boundary::neumann_nodes, 1, {}); }),
              HasSubstr("2 to 32768"));
}

// Requirement: the side is a unit of length, alpha = 4 and tau = 3 on the side 2 pi give forcings
// with a standard deviation of 1.2 to 1.5.
TEST(GaussianRandomField, SideScalesWaveNumbers)
{
  const Field unit(Boundary::periodic, 16, {.alpha = 2.5, .tau = 7., .side = 1.});
  const Field longer(Boundary::periodic, 16, {.alpha = 2.5, .tau = 3.5, .side = 2.});
  EXPECT_NEAR(longer.mode_variance(3, 2), 4. * unit.mode_variance(3, 2), 1e-15);
  const Field forcing(Boundary::periodic, 64, {.alpha = 4., .tau = 3., .side = 2. * pi});
  double variance = 0.;
  for (int k1 = -31; k1 <= 31; ++k1)
    for (int k2 = -31; k2 <= 31; ++k2)
      variance += forcing.mode_variance(k1, k2);
  EXPECT_GT(std::sqrt(variance), 1.2);
  EXPECT_LT(std::sqrt(variance), 1.5);
}

// Requirement: a drawn field becomes a medium of two permeabilities, zero and above the larger.
TEST(GaussianRandomField, TwoPhases)
{
  std::vector<double> field = {-1e-300, 0., 2., -3.};
  to_two_phase(field);
  EXPECT_THAT(field, testing::ElementsAre(3., 12., 12., 3.));
  Field grf(Boundary::neumann, 32, {});
  double share = 0.;
  for (std::uint64_t d = 0; d < 200; ++d)
  {
    auto medium = draw(grf, 3, d);
    to_two_phase(medium, 0., 1.);
    for (const double a : medium)
      share += a / (200. * 1024.);
  }
  EXPECT_NEAR(share, 0.5, 0.06);
}

// Requirement: what cannot be drawn is refused with a sentence that names value and limit.
TEST(GaussianRandomField, RefusesWrongValues)
{
  const auto refusal = [](std::size_t n, const GaussianCovariance &c)
  { return sentence_of<UserError>([&] { Field(Boundary::neumann, n, c); }); };
  EXPECT_THAT(refusal(0, {}), HasSubstr("on 0 points per direction"));
  EXPECT_THAT(refusal(40000, {}), HasSubstr("1 to 32768"));
  EXPECT_THAT(refusal(8, {.alpha = 1.}),
              HasSubstr("exponent alpha of a Gaussian random field is 1"));
  EXPECT_THAT(refusal(8, {.tau = -3.}), HasSubstr("inverse length tau"));
  EXPECT_THAT(refusal(8, {.side = 0.}), HasSubstr("side"));
  EXPECT_THAT(refusal(8, {.scale = std::numeric_limits<double>::quiet_NaN()}),
              HasSubstr("scale of a Gaussian random field is nan"));
  EXPECT_EQ(GaussianCovariance({.alpha = 0., .tau = 0., .side = 0., .scale = 0.}).problems().size(),
            4u);
  Field grf(Boundary::periodic, 8, {});
  std::vector<double> field(63);
  EXPECT_THROW(grf.draw(1, 1, field), std::invalid_argument);
}

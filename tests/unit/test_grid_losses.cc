// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the losses are their formulas, per sample and channel, periodic or not, and their
// gradients are those of central differences.

#include <data/output/grid_errors.h>
#include <operators/nn/grid_losses_torch.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <span>

using namespace understudy;

namespace
{
constexpr double pi = std::numbers::pi;
const auto in_double = torch::TensorOptions().dtype(torch::kFloat64);

/// f(x, y) at (i / n1, j / n2).
template <class F>
torch::Tensor field(std::int64_t n1, std::int64_t n2, const F &f)
{
  torch::Tensor t = torch::empty({1, 1, n1, n2}, in_double);
  for (std::int64_t i = 0; i < n1; ++i)
    for (std::int64_t j = 0; j < n2; ++j)
      t[0][0][i][j] = f(static_cast<double>(i) / static_cast<double>(n1),
                        static_cast<double>(j) / static_cast<double>(n2));
  return t;
}

double value(const torch::Tensor &t)
{
  return t.item<double>();
}
} // namespace

TEST(GridLosses, L2IsRelativePerSampleAndChannel)
{
  torch::manual_seed(1);
  const torch::Tensor y = torch::randn({3, 2, 5, 4}, in_double);
  torch::Tensor p = y.clone();
  EXPECT_LT(value(relative_l2_loss(p, y)), 1e-12);
  p[1][0] *= 1.5; // wrong by a half in one of two channels of one sample
  EXPECT_NEAR(value(relative_l2_loss(p, y)), 0.25, 1e-7);
  p[2] *= -1.;
  EXPECT_NEAR(value(relative_l2_loss(p, y)), 2.25, 1e-7);
}

// For y = sin(2 pi x) and e = eps sin(4 pi x) central differences give sin(2 pi k h) / h in the
// place of the wave number 2 pi k.
TEST(GridLosses, PeriodicH1OfWaves)
{
  const std::int64_t n = 32;
  const double h = 1. / n, eps = 0.1;
  const torch::Tensor y = field(n, n, [](double x, double) { return std::sin(2 * pi * x); });
  const torch::Tensor e = field(n, n, [&](double x, double) { return eps * std::sin(4 * pi * x); });
  const double k1 = std::sin(2 * pi * h) / h, k2 = std::sin(4 * pi * h) / h;
  EXPECT_NEAR(value(relative_h1_loss(y + e, y, true)),
              eps * std::sqrt((1. + k2 * k2) / (1. + k1 * k1)), 1e-9);
}

// Both one-sided formulas are exact for cubics, central differences for parabolas: all derivatives
// of y = x^2 - 3 x + 2 y^2 and of an error that is no multiple of it are exact, on a grid whose
// directions differ.
TEST(GridLosses, OneSidedEndsAreExactForParabolas)
{
  const std::int64_t n1 = 6, n2 = 8;
  const auto f = [](double x, double y) { return x * x - 3. * x + 2. * y * y; };
  const auto g = [](double x, double y) { return 0.3 + x * y - 2. * x * x + y; };
  const torch::Tensor y = field(n1, n2, f), e = field(n1, n2, g);
  double sum = 0., of_y = 0.;
  for (int i = 0; i < n1; ++i)
    for (int j = 0; j < n2; ++j)
    {
      const double a = i / 6., b = j / 8.;
      const auto square = [](double v, double d1, double d2) { return v * v + d1 * d1 + d2 * d2; };
      of_y += square(f(a, b), 2. * a - 3., 4. * b);
      sum += square(g(a, b), b - 4. * a, a + 1.);
    }
  EXPECT_NEAR(value(relative_h1_loss(y + e, y, false)), std::sqrt(sum / of_y), 1e-9);
  // the ends of the periodic formula see a jump
  EXPECT_GT(std::abs(value(relative_h1_loss(y + y.square(), y, true)) -
                     value(relative_h1_loss(y + y.square(), y, false))),
            1e-3);
}

// The errors of data/output/grid_errors.h, written without LibTorch, differ by the 1e-8 of the
// loss.
TEST(GridLosses, AreTheErrorsOfTheReport)
{
  torch::manual_seed(4);
  const torch::Tensor y = torch::randn({1, 1, 6, 9}, in_double), p = torch::randn_like(y);
  const auto numbers = [](const torch::Tensor &t)
  { return std::span<const double>(t.data_ptr<double>(), static_cast<std::size_t>(t.numel())); };
  EXPECT_NEAR(value(relative_l2_loss(p, y)), relative_l2(numbers(p), numbers(y)), 1e-8);
  for (const bool periodic : {true, false})
    EXPECT_NEAR(value(relative_h1_loss(p, y, periodic)),
                relative_h1(FieldGrid{6, 9, periodic}, numbers(p), numbers(y)), 1e-8)
      << periodic;
}

// The energy is that of the five-point matrix, boundary values included.
TEST(GridLosses, EnergyIsThatOfTheFivePointScheme)
{
  const std::int64_t n = 6;
  torch::manual_seed(3);
  const torch::Tensor y = torch::randn({1, 1, n, n}, in_double),
                      p = torch::randn({1, 1, n, n}, in_double),
                      a = torch::rand({1, 1, n, n}, in_double) + 0.2;
  const auto at = [&](const torch::Tensor &t, std::int64_t i, std::int64_t j)
  {
    const bool edge = i % n == 0 || j % n == 0;
    return edge ? 0. : t[0][0][i][j].item<double>();
  };
  const auto coefficient = [&](std::int64_t i, std::int64_t j)
  { return a[0][0][std::min(i, n - 1)][std::min(j, n - 1)].item<double>(); };
  const auto energy = [&](const torch::Tensor &t)
  {
    double sum = 0.;
    for (std::int64_t i = 0; i <= n; ++i)
      for (std::int64_t j = 0; j <= n; ++j)
        for (const auto &[k, l] : {std::pair{i + 1, j}, {i, j + 1}})
          if (k <= n && l <= n)
            sum += 0.5 * (coefficient(i, j) + coefficient(k, l)) *
                   std::pow(at(t, i, j) - at(t, k, l), 2);
    return sum;
  };
  EXPECT_NEAR(value(relative_energy_loss(p, y, a)), std::sqrt(energy(p - y) / energy(y)), 1e-7);
  // values on the boundary are known: a constant is an error inside
  torch::Tensor wrong = y.clone();
  wrong.narrow(2, 0, 1) += 100.;
  EXPECT_LT(value(relative_energy_loss(wrong, y, a)), 1e-12);
  EXPECT_GT(value(relative_energy_loss(y + 1., y, a)), 0.1);
}

TEST(GridLosses, GradientsAreThoseOfDifferences)
{
  torch::manual_seed(2);
  const torch::Tensor y = torch::randn({2, 2, 5, 6}, in_double),
                      a = torch::rand({2, 2, 5, 6}, in_double) + 0.1,
                      direction = torch::randn_like(y);
  torch::Tensor p = torch::randn_like(y).requires_grad_();
  const std::function<torch::Tensor(const torch::Tensor &)> losses[] = {
    [&](const torch::Tensor &q) { return relative_l2_loss(q, y); },
    [&](const torch::Tensor &q) { return relative_h1_loss(q, y, true); },
    [&](const torch::Tensor &q) { return relative_h1_loss(q, y, false); },
    [&](const torch::Tensor &q) { return relative_energy_loss(q, y, a); }};
  for (const auto &loss : losses)
  {
    const auto gradient = torch::autograd::grad({loss(p)}, {p})[0];
    const double step = 1e-6;
    const double difference =
      (value(loss(p.detach() + step * direction)) - value(loss(p.detach() - step * direction))) /
      (2. * step);
    EXPECT_NEAR(value((gradient * direction).sum()), difference, 1e-6 * std::abs(difference));
  }
  // a perfect answer has no direction, and no NaN
  torch::Tensor perfect = y.clone().requires_grad_();
  relative_h1_loss(perfect, y, true).backward();
  EXPECT_TRUE(torch::isfinite(perfect.grad()).all().item<bool>());
}

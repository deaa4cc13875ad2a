// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: modes are orthonormal in the metric, and the projection on them is the best one.
#include <data/core/errors.h>
#include <operators/nn/pod.h>

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace understudy;

namespace
{
constexpr std::size_t n = 120, n_snapshots = 12;

// Block-diagonal metric: [[2, 1], [1, 3]] times a weight on pairs of rows
void metric(const double *x, double *Mx)
{
  for (std::size_t i = 0; i < n; i += 2)
  {
    const double w = 1. + 0.1 * static_cast<double>(i % 7);
    Mx[i] = w * (2. * x[i] + x[i + 1]);
    Mx[i + 1] = w * (x[i] + 3. * x[i + 1]);
  }
}

double inner(const double *a, const double *b)
{
  std::vector<double> Mb(n);
  metric(b, Mb.data());
  double sum = 0.;
  for (std::size_t i = 0; i < n; ++i)
    sum += a[i] * Mb[i];
  return sum;
}

// Random snapshots whose parts fall by a factor 5 each
std::vector<double> snapshots(std::size_t rank)
{
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> parts(rank * n), X(n_snapshots * n, 0.);
  for (double &v : parts)
    v = normal(random);
  for (std::size_t s = 0; s < n_snapshots; ++s)
    for (std::size_t k = 0; k < rank; ++k)
    {
      const double c = normal(random) * std::pow(5., -static_cast<double>(k));
      for (std::size_t i = 0; i < n; ++i)
        X[s * n + i] += c * parts[k * n + i];
    }
  return X;
}
} // namespace

TEST(Pod, ModesAreOrthonormalInTheMetric)
{
  const auto X = snapshots(n_snapshots);
  const Pod pod = proper_orthogonal_decomposition(X.data(), n, n_snapshots, 8, metric);
  ASSERT_EQ(pod.modes.size(), 8 * n);
  for (std::size_t a = 0; a < 8; ++a)
    for (std::size_t b = 0; b < 8; ++b)
      EXPECT_NEAR(inner(&pod.modes[a * n], &pod.modes[b * n]), a == b ? 1. : 0., 1e-13);
}

TEST(Pod, LostEnergyIsTheSumOfTheSquaredRest)
{
  const auto X = snapshots(n_snapshots);
  const std::size_t r = 5;
  const Pod pod = proper_orthogonal_decomposition(X.data(), n, n_snapshots, r, metric);
  double lost = 0., rest = 0.;
  for (std::size_t s = 0; s < n_snapshots; ++s)
  {
    std::vector<double> e(&X[s * n], &X[s * n] + n);
    for (std::size_t k = 0; k < r; ++k)
    {
      const double c = inner(&pod.modes[k * n], &X[s * n]);
      for (std::size_t i = 0; i < n; ++i)
        e[i] -= c * pod.modes[k * n + i];
    }
    lost += inner(e.data(), e.data());
  }
  for (std::size_t k = r; k < n_snapshots; ++k)
    rest += pod.singular_values[k] * pod.singular_values[k];
  EXPECT_NEAR(lost, rest, 1e-8 * rest);
}

TEST(Pod, MoreModesThanIndependentSnapshotsAreRefused)
{
  const auto X = snapshots(3);
  EXPECT_NO_THROW(proper_orthogonal_decomposition(X.data(), n, n_snapshots, 3));
  EXPECT_THROW(proper_orthogonal_decomposition(X.data(), n, n_snapshots, 4), UserError);
  EXPECT_THROW(proper_orthogonal_decomposition(X.data(), n, n_snapshots, 13), UserError);
}

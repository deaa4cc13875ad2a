// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the five-point scheme and the finite elements solve the same problem, each with the
// order that theory gives it, and agree on the media that surrogates learn from.

#include <data/core/errors.h>
#include <solvers/darcy.h>
#include <solvers/darcy_five_point.h>
#include <solvers/darcy_samples.h>
#include <tests/darcy_fields.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace understudy;
using namespace understudy::test;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
std::vector<double> five_point(unsigned n, const SquareFunction &a, const SquareFunction &f)
{
  DarcyFivePoint scheme(n);
  return scheme.solve(sampled(scheme.nodes(), a), sampled(scheme.nodes(), f));
}

double error_of(unsigned n, const DarcyExample &example)
{
  return relative_difference(five_point(n, example.a, example.f),
                             sampled(darcy_nodes(n), example.u));
}

/// Relative L2 difference of the finite elements to the five-point scheme, mean over some media.
double difference(unsigned n, unsigned n_media)
{
  DarcySamples samples({.n_modes = 16}, n);
  DarcySolver elements({.n_cells = n}, MPI_COMM_SELF);
  DarcyFivePoint scheme(n);
  std::vector<double> a(elements.nodes().size());
  const std::vector<double> f(a.size(), 1.);
  double sum = 0.;
  for (unsigned number = 0; number < n_media; ++number)
  {
    samples.draw(number, a);
    elements.set_coefficient(elements.nodes(), a);
    sum += relative_difference(elements.on_grid(elements.solve().u), scheme.solve(a, f));
  }
  return sum / n_media;
}
} // namespace

// -lap u = f for u = x (1 - x) y (1 - y): the scheme is exact for it.
TEST(DarcyFivePoint, ExactForBiquadratics)
{
  const auto u = [](double x, double y) { return x * (1. - x) * y * (1. - y); };
  const auto f = [](double x, double y) { return 6. * (y * (1. - y) + x * (1. - x)); };
  const auto found = five_point(
    7, [](double, double) { return 3.; }, f);
  EXPECT_LT(relative_difference(found, sampled(darcy_nodes(7), u)), 1e-13);
}

TEST(DarcyFivePoint, OrderTwoForASmoothCoefficient)
{
  const double coarse = error_of(32, smooth_darcy()), fine = error_of(64, smooth_darcy());
  EXPECT_NEAR(std::log2(coarse / fine), 2., 0.1) << coarse << " -> " << fine;
  EXPECT_LT(fine, 1e-3);
}

TEST(DarcyFivePoint, AgreesWithFiniteElementsOnRandomMedia)
{
  const double coarse = difference(32, 4), fine = difference(128, 4);
  EXPECT_LT(coarse, 0.01);
  EXPECT_LT(fine, 3e-3);
  EXPECT_LT(fine, 0.35 * coarse) << coarse << " -> " << fine;
}

TEST(DarcyFivePoint, HostileInput)
{
  DarcyFivePoint scheme(4);
  const std::vector<double> one(25, 1.);
  std::vector<double> bad = one;
  bad[7] = -1.;
  EXPECT_EQ(sentence_of<UserError>([&] { scheme.solve(bad, one); }),
            "The coefficient of the Darcy problem is -1 at the point (1, 2) of its grid; it must "
            "be finite and > 0.");
  bad[7] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(sentence_of<UserError>([&] { scheme.solve(one, bad); }), HasSubstr("source"));
  EXPECT_THAT(sentence_of<UserError>(
                [&] {
                  scheme.solve({one.data(), 24}, one);
                }),
              HasSubstr("has 24 values where its grid has 5 x 5 points"));
  EXPECT_EQ(sentence_of<UserError>([] { DarcyFivePoint(1); }),
            "The five-point scheme was asked for 1 cells per direction; 2 to 2048 are possible.");
}

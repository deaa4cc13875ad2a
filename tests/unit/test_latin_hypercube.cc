// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/sampling/latin_hypercube.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;

// Requirement: every slice of every axis holds exactly one point.
TEST(LatinHypercube, OnePointPerSlice)
{
  const std::vector<double> lower = {-0.04, 0., 2.}, upper = {0.04, 1., 5.};
  const std::size_t n = 101;
  const PointBatch points = latin_hypercube(n, lower, upper, 3);
  ASSERT_EQ(points.n_components(), 3u);
  ASSERT_EQ(points.n_points(), n);
  for (std::size_t c = 0; c < 3; ++c)
  {
    std::set<long> slices;
    for (std::size_t p = 0; p < n; ++p)
      slices.insert(std::lround(std::floor((points(c, p) - lower[c]) / (upper[c] - lower[c]) * n)));
    EXPECT_EQ(slices.size(), n) << "axis " << c;
    EXPECT_EQ(*slices.begin(), 0);
    EXPECT_EQ(*slices.rbegin(), long(n) - 1);
  }
}

// Requirement: axes are shuffled independently (correlation of the order 1/sqrt(n)).
TEST(LatinHypercube, AxesAreUncorrelated)
{
  const std::size_t n = 4000;
  const PointBatch points = latin_hypercube(n, {-1., -1.}, {1., 1.}, 5);
  double product = 0.;
  for (std::size_t p = 0; p < n; ++p)
    product += points(0, p) * points(1, p);
  EXPECT_LT(std::abs(product / n * 3.), 5. / std::sqrt(double(n)));
}

TEST(LatinHypercube, SeedsDecide)
{
  const auto sum = [](const std::uint64_t seed)
  {
    const PointBatch points = latin_hypercube(9, {0.}, {1.}, seed);
    double weighted = 0.;
    for (std::size_t p = 0; p < 9; ++p)
      weighted += double(p + 1) * points(0, p);
    return weighted;
  };
  EXPECT_EQ(sum(1), sum(1));
  EXPECT_NE(sum(1), sum(2));
}

TEST(LatinHypercube, RefusesWrongBoxes)
{
  EXPECT_THAT(sentence_of<UserError>(
                [] {
                  latin_hypercube(3, {0.}, {1., 2.}, 1);
                }),
              HasSubstr("1 lower and 2 upper bounds"));
  EXPECT_THAT(sentence_of<UserError>(
                [] {
                  latin_hypercube(3, {0., 1.}, {1., 0.}, 1);
                }),
              HasSubstr("along axis 1"));
  EXPECT_THAT(sentence_of<UserError>([] { latin_hypercube(3, {NAN}, {1.}, 1); }),
              HasSubstr("must be finite"));
  EXPECT_EQ(latin_hypercube(0, {0.}, {1.}, 1).n_points(), 0u);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: points are distributed over ranks by measured time, so that the slowest rank ends
// as early as whole points allow, with as few moved points as possible.
#include <operators/maps/balanced_map.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

using namespace understudy;
using testing::ElementsAre;
using Counts = std::vector<std::size_t>;
using Times = std::vector<double>;

namespace
{
std::size_t sum(const Counts &counts)
{
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

double end_of(const Counts &shares, const Times &times)
{
  double end = 0.;
  for (std::size_t r = 0; r < shares.size(); ++r)
    end = std::max(end, static_cast<double>(shares[r]) * times[r]);
  return end;
}

std::size_t moved(const Counts &points, const Counts &shares)
{
  std::size_t n = 0;
  for (std::size_t r = 0; r < points.size(); ++r)
    n += points[r] - std::min(points[r], shares[r]);
  return n;
}

/// The best (end, moved points) of all ways to share @p left points among the ranks from @p rank
/// on.
std::pair<double, std::size_t> best_of_all(const Counts &points, const Times &times, Counts &shares,
                                           std::size_t rank, std::size_t left)
{
  if (rank + 1 == points.size())
  {
    shares[rank] = left;
    return {end_of(shares, times), moved(points, shares)};
  }
  std::pair<double, std::size_t> best{std::numeric_limits<double>::infinity(), 0};
  for (shares[rank] = 0; shares[rank] <= left; ++shares[rank])
    best = std::min(best, best_of_all(points, times, shares, rank + 1, left - shares[rank]));
  return best;
}
} // namespace

TEST(BalancedShares, AllPointsOnOneRank)
{
  EXPECT_THAT(balanced_shares({10, 0}, {1., 1.}), ElementsAre(5, 5));
  EXPECT_THAT(balanced_shares({0, 10}, {1., 1.}), ElementsAre(5, 5));
  EXPECT_THAT(balanced_shares({0, 9, 0}, {2., 2., 2.}), ElementsAre(3, 3, 3));
  EXPECT_THAT(balanced_shares({0, 0, 0, 12}, {1., 1., 1., 3.}), ElementsAre(4, 4, 3, 1));
  EXPECT_THAT(balanced_shares({6, 0, 0, 0, 0}, {1., 1., 1., 1., 1.}), ElementsAre(2, 1, 1, 1, 1));
}

TEST(BalancedShares, WhatCannotEndEarlierStays)
{
  EXPECT_THAT(balanced_shares({5, 4}, {1., 1.}), ElementsAre(5, 4));
  EXPECT_THAT(balanced_shares({4, 5}, {1., 1.}), ElementsAre(4, 5));
  EXPECT_THAT(balanced_shares({50, 50}, {1., 1.01}), ElementsAre(50, 50));
  EXPECT_THAT(balanced_shares({1, 0}, {1., 1.}), ElementsAre(1, 0));
}

TEST(BalancedShares, FewPointsAndNone)
{
  EXPECT_THAT(balanced_shares({0, 0, 0}, {1., 2., 3.}), ElementsAre(0, 0, 0));
  EXPECT_THAT(balanced_shares({0, 2, 0, 0, 0}, Times(5, 1.)), ElementsAre(1, 1, 0, 0, 0));
  EXPECT_THAT(balanced_shares({2, 0, 0}, {3., 1., 5.}), ElementsAre(0, 2, 0));
  EXPECT_THAT(balanced_shares({7}, {1.}), ElementsAre(7));
}

TEST(BalancedShares, VeryDifferentSpeeds)
{
  EXPECT_THAT(balanced_shares({100, 100}, {1e-9, 1e3}), ElementsAre(200, 0));
  EXPECT_THAT(balanced_shares({0, 110}, {1e-3, 1e-2}), ElementsAre(100, 10));
  EXPECT_THAT(balanced_shares({3, 3}, {std::numeric_limits<double>::denorm_min(),
                                       std::numeric_limits<double>::max()}),
              ElementsAre(6, 0));
}

TEST(BalancedShares, TimesThatAreNoneCountAsTheMean)
{
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  for (const double none : {nan, 0., -1., infinity})
  {
    EXPECT_THAT(balanced_shares({8, 0}, {none, none}), ElementsAre(4, 4)) << none;
    EXPECT_THAT(balanced_shares({8, 0}, {1e-3, none}), ElementsAre(4, 4)) << none;
    EXPECT_THAT(balanced_shares({11, 0, 0}, {1., 3., none}), ElementsAre(6, 2, 3)) << none;
  }
}

TEST(BalancedShares, NoWayToShareIsBetter)
{
  std::mt19937 random(7);
  for (unsigned n_ranks = 2; n_ranks <= 5; ++n_ranks)
    for (unsigned trial = 0; trial < 60; ++trial)
    {
      Counts points(n_ranks);
      Times times(n_ranks);
      for (std::size_t r = 0; r < n_ranks; ++r)
      {
        points[r] = random() % 2 ? random() % 6 : 0;
        // Whole times, so that ends are compared without rounding.
        times[r] = std::pow(2., random() % 3) * (1. + random() % 3);
      }
      // Scaled by a power of two on the way in: only ratios count.
      Times scaled = times;
      for (double &t : scaled)
        t /= 1024.;
      const Counts shares = balanced_shares(points, scaled);
      Counts tried(n_ranks);
      const auto best = best_of_all(points, times, tried, 0, sum(points));
      ASSERT_EQ(sum(shares), sum(points));
      EXPECT_NEAR(end_of(shares, times), best.first, 1e-12);
      EXPECT_EQ(moved(points, shares), best.second)
        << testing::PrintToString(points) << testing::PrintToString(times);
    }
}

TEST(BalancedShares, ManyPointsAreSharedBySpeed)
{
  const Counts shares = balanced_shares({1000000, 0, 0}, {1., 2., 4.});
  EXPECT_EQ(sum(shares), 1000000u);
  EXPECT_NEAR(static_cast<double>(shares[0]), 571428.6, 2.);
  EXPECT_NEAR(static_cast<double>(shares[1]), 285714.3, 2.);
}

TEST(PlanMoves, FromTooManyToTooFew)
{
  EXPECT_THAT(plan_moves({10, 0}, {5, 5}), ElementsAre(PointMove{0, 1, 5}));
  EXPECT_THAT(plan_moves({0, 10}, {5, 5}), ElementsAre(PointMove{1, 0, 5}));
  EXPECT_THAT(plan_moves({0, 9, 0, 3}, {3, 3, 3, 3}),
              ElementsAre(PointMove{1, 0, 3}, PointMove{1, 2, 3}));
  EXPECT_THAT(
    plan_moves({5, 5, 0, 0, 1}, {2, 2, 2, 2, 3}),
    ElementsAre(PointMove{0, 2, 2}, PointMove{0, 3, 1}, PointMove{1, 3, 1}, PointMove{1, 4, 2}));
  EXPECT_THAT(plan_moves({3, 3}, {3, 3}), testing::IsEmpty());
  EXPECT_THAT(plan_moves({0, 0, 0}, {0, 0, 0}), testing::IsEmpty());
}

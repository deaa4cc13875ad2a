// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: RRMSE, Q2 and coverage are those of their definitions.

#include <cases/mmgp/scores.h>

#include <gtest/gtest.h>

#include <cmath>

namespace understudy
{
namespace
{
TEST(OutputScore, IsThatOfItsDefinition)
{
  OutputScore score;
  score.add({1., 2.}, {1., 4.});           // |e|^2 / (N max^2) = 4 / (2 * 16)
  score.add({-1., 0., 1.}, {-2., 0., 1.}); // 1 / (3 * 4)
  EXPECT_DOUBLE_EQ(score.rrmse(), std::sqrt((4. / 32. + 1. / 12.) / 2.));
  // Mean of the truth 0.8, squares about it 22 - 5 * 0.64, squared errors 5.
  EXPECT_DOUBLE_EQ(score.q2(), 1. - 5. / (22. - 3.2));
  EXPECT_DOUBLE_EQ(relative_error({1., 2.}, {1., 4.}, 0.), std::sqrt(4. / 32.));
}

TEST(OutputScore, WhatIsTooSmallHasNoRelativeError)
{
  OutputScore score(1e-6);
  score.add({1e-3}, {1e-7});
  score.add({1.1}, {1.});
  EXPECT_EQ(score.n_left_out(), 1.);
  EXPECT_NEAR(score.rrmse(), 0.1, 1e-15);
  EXPECT_TRUE(std::isnan(relative_error({1e-3}, {1e-7}, 1e-6)));
}

// Requirement: bounds belong to the band, and the undershoot of a quantity that is never negative
// counts as 0.
TEST(OutputScore, BoundsAreInside)
{
  EXPECT_DOUBLE_EQ(share_inside({0., 0., 0., 0.}, {1., 1., 1., 0.}, {0., 1., 1.1, 0.}), 0.75);
  const MmgpOutput logarithmic{{"p", "1"}, 1e-6}, plain{{"u", "mm"}, 0.};
  EXPECT_EQ(bounded_truth(logarithmic, {-1e-9, 2.}), (std::vector<double>{0., 2.}));
  EXPECT_EQ(bounded_truth(plain, {-1e-9, 2.}), (std::vector<double>{-1e-9, 2.}));
  OutputScore score;
  score.add_bounds({0., 0.}, {1., 1.}, {0., 2.});
  score.add_bounds({0.}, {1.}, {0.5});
  EXPECT_DOUBLE_EQ(score.coverage(), 2. / 3.);
}
} // namespace
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/output/statistics.h>

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

using namespace understudy;
using Values = std::vector<double>;

TEST(Statistics, RelativeFrobenius)
{
  EXPECT_DOUBLE_EQ(relative_frobenius(Values{3., 5.}, Values{3., 4.}), 0.2);
  EXPECT_DOUBLE_EQ(relative_frobenius(Values{3e200, 5e200}, Values{3e200, 4e200}), 0.2);
  EXPECT_DOUBLE_EQ(relative_frobenius(Values{3e-200, 5e-200}, Values{3e-200, 4e-200}), 0.2);
  EXPECT_EQ(relative_frobenius(Values{0., 0.}, Values{0., 0.}), 0.);
  EXPECT_TRUE(std::isinf(relative_frobenius(Values{1.}, Values{0.})));
  EXPECT_TRUE(std::isnan(relative_frobenius(Values{NAN, 1.}, Values{1., 1.})));
  EXPECT_THROW(relative_frobenius(Values{1.}, Values{1., 2.}), std::invalid_argument);
}

TEST(Statistics, MeanAndMedian)
{
  EXPECT_DOUBLE_EQ(mean(Values{1., 2., 6.}), 3.);
  EXPECT_THROW(mean(Values{}), std::invalid_argument);
  EXPECT_EQ(median(Values{4., 1., 3., 2.}), 2.5);
  EXPECT_EQ(median(Values{7., 1., 3.}), 3.);
  EXPECT_TRUE(std::isnan(median(Values{1., NAN, 2.})));
  EXPECT_THROW(median(Values{}), std::invalid_argument);
}

TEST(Statistics, SmallThings)
{
  EXPECT_EQ(max_abs(Values{1., -3., 2.}), 3.);
  EXPECT_TRUE(std::isnan(max_abs(Values{1., NAN, 2.})));
  EXPECT_EQ(every(Values{0., 1., 2., 3., 4., 5., 6.}, 3, 2), (Values{2., 5.}));
  EXPECT_THROW(every(Values{1.}, 0, 0), std::invalid_argument);
}

TEST(Statistics, QuantileIsTheNearestRank)
{
  const std::vector<double> four = {1., 2., 3., 4.};
  EXPECT_EQ(sorted_quantile(four, 0.), 1.);
  EXPECT_EQ(sorted_quantile(four, 0.5), 2.);
  EXPECT_EQ(sorted_quantile(four, 0.75), 3.);
  EXPECT_EQ(sorted_quantile(four, 0.76), 4.);
  EXPECT_EQ(sorted_quantile(four, 1.), 4.);
  std::vector<double> ten(10);
  for (std::size_t i = 0; i < 10; ++i)
    ten[i] = static_cast<double>(i + 1);
  for (std::size_t i = 1; i < 10; ++i) // 10 * 0.7 is more than 7 by rounding
    EXPECT_EQ(sorted_quantile(ten, 0.1 * static_cast<double>(i)), ten[i - 1]) << i;
  EXPECT_THROW(sorted_quantile({}, 0.5), std::invalid_argument);
}

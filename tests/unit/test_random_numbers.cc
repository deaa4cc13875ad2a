// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/sampling/random_numbers.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace understudy;

// The standard fixes the 10000th number of a default std::mt19937_64 as 9981545732273789042.
TEST(RandomNumbers, UniformOnesAreTheSameEverywhere)
{
  std::mt19937_64 generator;
  generator.discard(9999);
  EXPECT_EQ(uniform_01(generator), double(9981545732273789042ull >> 11) / 9007199254740992.);
}

// Requirement: mean 0, variance 1, fourth moment 3, and the two of a pair are independent.
TEST(RandomNumbers, PairsHaveTheMomentsOfTheNormalDistribution)
{
  std::mt19937_64 generator(3);
  constexpr int n = 200000;
  double mean[2] = {}, square[2] = {}, fourth[2] = {}, product = 0., product_of_squares = 0.;
  for (int i = 0; i < n; ++i)
  {
    const auto [a, b] = normal_pair(generator);
    for (const auto &[k, x] : {std::pair(0, a), std::pair(1, b)})
    {
      mean[k] += x / n;
      square[k] += x * x / n;
      fourth[k] += x * x * x * x / n;
    }
    product += a * b / n;
    product_of_squares += a * a * b * b / n;
  }
  for (const int k : {0, 1}) // five standard errors
  {
    EXPECT_NEAR(mean[k], 0., 5. / std::sqrt(n));
    EXPECT_NEAR(square[k], 1., 5. * std::sqrt(2. / n));
    EXPECT_NEAR(fourth[k], 3., 5. * std::sqrt(96. / n));
  }
  EXPECT_NEAR(product, 0., 5. / std::sqrt(n));
  EXPECT_NEAR(product_of_squares, 1., 5. * std::sqrt(8. / n));
}

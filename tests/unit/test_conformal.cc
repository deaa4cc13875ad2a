// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the conformal quantile is the order statistic of its definition, infinite when there
// are too few scores, and new scores exceed it with the nominal probability.

#include <operators/maps/conformal.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

namespace understudy
{
namespace
{
TEST(Conformal, IsTheOrderStatisticOfItsDefinition)
{
  std::vector<double> scores(19);
  std::iota(scores.rbegin(), scores.rend(), 1.);
  EXPECT_EQ(conformal_quantile(scores, 0.05), 19.); // k = ceil(20 * 0.95) = 19
  EXPECT_EQ(conformal_quantile(scores, 0.1), 18.);
  EXPECT_EQ(conformal_quantile(scores, 0.5), 10.);
  scores.pop_back();
  EXPECT_TRUE(std::isinf(conformal_quantile(scores, 0.05)));
  EXPECT_TRUE(std::isinf(conformal_quantile({}, 0.05)));
  EXPECT_EQ(conformal_minimum(0.05), 19u);
  EXPECT_EQ(conformal_minimum(0.1), 9u);
  EXPECT_EQ(conformal_minimum(0.3), 3u);
}

// 20000 trials: the share has a standard deviation below 0.0016.
TEST(Conformal, NewScoresExceedItAtTheNominalRate)
{
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> draw(0., 2.);
  for (const std::size_t n : {19u, 40u, 99u})
  {
    unsigned above = 0;
    for (unsigned trial = 0; trial < 20000; ++trial)
    {
      std::vector<double> scores(n);
      for (double &s : scores)
        s = draw(random);
      above += draw(random) > conformal_quantile(scores, 0.05) ? 1 : 0;
    }
    const double k = std::ceil((n + 1) * 0.95 - 1e-9);
    EXPECT_NEAR(above / 20000., 1. - k / (n + 1.), 0.006) << n;
  }
}

TEST(Conformal, GroupsOfOneScoreAreNoGroups)
{
  std::vector<double> scores(40);
  std::iota(scores.begin(), scores.end(), 1.);
  for (const double nominal : {0.05, 0.1, 0.5})
    EXPECT_EQ(grouped_conformal_quantile(scores, 40, nominal), conformal_quantile(scores, nominal));
  EXPECT_TRUE(std::isinf(grouped_conformal_quantile(scores, 10, 0.05))); // 10 groups are too few
  EXPECT_TRUE(std::isinf(grouped_conformal_quantile({}, 0, 0.05)));
}

// Requirement: the scores of a group may all go together; then only the number of groups counts.
TEST(Conformal, ScoresOfNewGroupsExceedItAtTheNominalRate)
{
  std::mt19937_64 random(9);
  std::lognormal_distribution<double> level(0., 1.);
  std::exponential_distribution<double> within;
  constexpr unsigned n_groups = 39, per_group = 7, n_trials = 20000;
  const auto group = [&]
  {
    std::vector<double> scores(per_group);
    const double scale = level(random), common = within(random);
    for (double &s : scores)
      s = scale * (common + 0.1 * within(random));
    return scores;
  };
  double above = 0.;
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    std::vector<double> scores;
    for (unsigned g = 0; g < n_groups; ++g)
    {
      const auto more = group();
      scores.insert(scores.end(), more.begin(), more.end());
    }
    const double quantile = grouped_conformal_quantile(scores, n_groups, 0.05);
    for (const double s : group())
      above += s > quantile ? 1. / per_group : 0.;
  }
  // The bound is not sharp: it leaves out at most a group more than it must.
  EXPECT_LE(above / n_trials, 0.05 + 0.005);
  EXPECT_GE(above / n_trials, 0.05 - 1. / (n_groups + 1) - 0.005);
}

TEST(Conformal, SplitsOfOneSampleKeepTheRate)
{
  std::mt19937_64 random(11);
  std::exponential_distribution<double> draw;
  std::vector<double> scores(1000);
  for (double &s : scores)
    s = draw(random);
  const SplitStudy study = study_splits(scores, 0.05, 20, 3);
  EXPECT_EQ(study.n_splits, 20u);
  EXPECT_NEAR(study.mean, 0.05, 0.02);
  EXPECT_LE(study.smallest, study.mean);
  EXPECT_GE(study.largest, study.mean);
  EXPECT_LT(study.largest, 0.12);
}
} // namespace
} // namespace understudy

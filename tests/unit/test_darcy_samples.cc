// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <solvers/darcy_samples.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
std::vector<double> medium(DarcySamples &samples, std::uint64_t number)
{
  std::vector<double> a(samples.nodes().size());
  samples.draw(number, a);
  return a;
}
} // namespace

// Requirement: a medium is a function of parameters and number alone.
TEST(DarcySamples, AreReproducible)
{
  DarcySamples one({}, 24), other({}, 24), reseeded({.seed = 32}, 24);
  const auto third = medium(one, 3);
  medium(other, 9);
  EXPECT_EQ(medium(other, 3), third);
  EXPECT_NE(medium(one, 4), third);
  EXPECT_NE(medium(reseeded, 3), third);
}

TEST(DarcySamples, HaveTwoPhases)
{
  DarcySamples samples({.above = 5., .below = 0.5}, 24);
  std::size_t above = 0, all = 0;
  for (std::uint64_t number = 0; number < 200; ++number)
    for (const double value : medium(samples, number))
    {
      ASSERT_TRUE(value == 5. || value == 0.5);
      above += value == 5.;
      ++all;
    }
  // The field and its negative are equally likely. The share of one medium has a standard deviation
  // below 1/2, that of 200 below 0.036.
  EXPECT_NEAR(static_cast<double>(above) / static_cast<double>(all), 0.5, 0.07);
}

// Requirement: with equal modes a finer grid carries the same media.
TEST(DarcySamples, GridsAreNested)
{
  DarcySamples coarse({.n_modes = 12}, 16), fine({.n_modes = 12}, 64);
  const auto a = medium(coarse, 5), b = medium(fine, 5);
  std::size_t different = 0;
  for (unsigned i = 0; i <= 16; ++i)
    for (unsigned j = 0; j <= 16; ++j)
      different += a[i * 17 + j] != b[4 * i * 65 + 4 * j];
  EXPECT_EQ(different, 0u);
  EXPECT_TRUE(std::ranges::count(a, 12.) > 0 && std::ranges::count(a, 3.) > 0);
}

TEST(DarcySamples, WrongParameters)
{
  const auto refuse = [](const DarcySamplingParameters &p)
  { return sentence_of<UserError>([&] { DarcySamples(p, 8); }); };
  EXPECT_EQ(refuse({.below = 0.}),
            "The coefficient below of the Darcy samples is 0; it must be finite and > 0.");
  EXPECT_THAT(refuse({.alpha = 1.}), HasSubstr("exponent alpha"));
  dealii::ParameterHandler prm;
  DarcySamplingParameters p;
  p.declare(prm);
  prm.set("Modes", "20");
  prm.set("Coefficient above", "4");
  EXPECT_EQ(p.n_modes, 20u);
  EXPECT_EQ(p.above, 4.);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: patches are the windows of the formula, to the bit; cutting and putting together is
// the identity; what cannot be cut is refused with the sizes that can.
#include <data/core/errors.h>
#include <operators/nn/multigrid_patches.h>
#include <tests/random_numbers.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace understudy;
using test::random_numbers;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
std::vector<double> cut_all(const MultigridPatches &patches, std::size_t n_channels,
                            const std::vector<double> &field)
{
  std::vector<double> all(patches.n_patches() * patches.n_patch_channels(n_channels) *
                          patches.window_size(0) * patches.window_size(1));
  patches.cut(n_channels, field.data(), 0, patches.n_patches(), all.data());
  return all;
}
} // namespace

TEST(MultigridPatches, CutAndPutTogetherIsTheIdentity)
{
  constexpr std::size_t n0 = 64, n1 = 32, n_channels = 3;
  const auto field = random_numbers(n_channels * n0 * n1, 1);
  for (const unsigned levels : {0u, 1u, 2u})
    for (const double padding : {0., 0.1})
      for (const bool periodic : {true, false})
      {
        const MultigridPatches patches({levels, padding, periodic}, n0, n1);
        const std::size_t per_channel = patches.window_size(0) * patches.window_size(1);
        const std::size_t per_patch = patches.n_patch_channels(n_channels) * per_channel;
        std::vector<double> answers, one(per_patch); // level 0 alone, cut one by one
        for (std::size_t patch = 0; patch < patches.n_patches(); ++patch)
        {
          patches.cut(n_channels, field.data(), patch, 1, one.data());
          answers.insert(answers.end(), one.data(), one.data() + n_channels * per_channel);
        }
        std::vector<double> back(field.size(), std::nan(""));
        const std::size_t n = patches.n_patches(), half = n / 2;
        patches.put_together(n_channels, answers.data(), 0, half, back.data());
        patches.put_together(n_channels, answers.data() + half * n_channels * per_channel, half,
                             n - half, back.data());
        EXPECT_EQ(back, field) << levels << ", " << padding << ", " << periodic;
      }
}

// Against the formula, written out for one direction at a time.
TEST(MultigridPatches, WindowsAreThoseOfTheFormula)
{
  constexpr std::size_t n0 = 32, n1 = 64;
  const auto field = random_numbers(n0 * n1, 2);
  const unsigned L = 2;
  for (const bool periodic : {true, false})
  {
    const MultigridPatches patches({L, 0.125, periodic}, n0, n1);
    EXPECT_EQ(patches.patch_size(0), 8u);
    EXPECT_EQ(patches.patch_size(1), 16u);
    EXPECT_EQ(patches.halo(0), 4u);
    EXPECT_EQ(patches.halo(1), 8u);
    EXPECT_EQ(patches.n_patch_channels(1), periodic ? 3u : 6u);
    const auto all = cut_all(patches, 1, field);
    const auto in_domain = [](long k, std::size_t n, unsigned level)
    { return k >= 0 && k < static_cast<long>(n >> level); };
    const auto at = [&](long k, std::size_t n, unsigned level)
    {
      const long coarse = static_cast<long>(n >> level);
      const long there =
        periodic ? ((k % coarse) + coarse) % coarse : std::clamp(k, 0l, coarse - 1);
      return static_cast<std::size_t>(there) << level;
    };
    std::size_t next = 0;
    for (long i = 0; i < 4; ++i)
      for (long j = 0; j < 4; ++j)
      {
        const auto expect = [&](unsigned l, const auto &value)
        {
          const long P0 = 8, P1 = 16, S0 = P0 >> l, S1 = P1 >> l;
          for (long r = 0; r < 16; ++r)
            for (long s = 0; s < 32; ++s)
              ASSERT_EQ(all[next++],
                        value(i * S0 - (P0 - S0) / 2 - 4 + r, j * S1 - (P1 - S1) / 2 - 8 + s))
                << periodic << i << j << l;
        };
        for (unsigned l = 0; l <= L; ++l)
          expect(l, [&](long k0, long k1) { return field[at(k0, n0, l) * n1 + at(k1, n1, l)]; });
        for (unsigned l = 0; l <= L && !periodic; ++l) // masks stand behind the views of all levels
          expect(l, [&](long k0, long k1)
                 { return in_domain(k0, n0, l) && in_domain(k1, n1, l) ? 1. : 0.; });
      }
    EXPECT_EQ(next, all.size());
  }
}

// At the last level and without a halo a window is the whole torus, rolled to the patch.
TEST(MultigridPatches, TheCoarsestViewIsTheWholeTorus)
{
  constexpr std::size_t n = 32, L = 2, P = 8;
  const auto field = random_numbers(n * n, 3);
  const MultigridPatches patches({L, 0., true}, n, n);
  const auto all = cut_all(patches, 1, field);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t r = 0; r < P; ++r)
        for (std::size_t s = 0; s < P; ++s)
        {
          const std::size_t shift = (P - P / 4) / 2; // 3 coarse points before the patch
          const std::size_t row = (i * 2 + P - shift + r) % P * 4,
                            column = (j * 2 + P - shift + s) % P * 4;
          ASSERT_EQ(all[(((i * 4 + j) * 3 + 2) * P + r) * P + s], field[row * n + column]);
        }
}

// All views of a patch have the same middle: a smooth field has the same mean around it.
TEST(MultigridPatches, ViewsAreConcentric)
{
  constexpr std::size_t n = 128;
  std::vector<double> ramp(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      ramp[i * n + j] = static_cast<double>(i) + 1000. * static_cast<double>(j);
  const MultigridPatches patches({2, 0., true}, n, n);
  const std::size_t w = patches.window_size(0), inner = 1 * 4 + 2; // a patch away from the edges
  const auto all = cut_all(patches, 1, ramp);
  const auto mean = [&](std::size_t level)
  {
    double sum = 0.;
    for (std::size_t k = 0; k < w * w; ++k)
      sum += all[(inner * 3 + level) * w * w + k];
    return sum / static_cast<double>(w * w);
  };
  // The middle of points 0, 2^l, 2 2^l, ... lies half of 2^l - 1 points before that of the patch.
  EXPECT_NEAR(mean(0) - mean(1), 0.5 * 1001., 1e-9);
}

TEST(MultigridPatches, TellWhereTheDomainEnds)
{
  constexpr std::size_t n = 8;
  std::vector<double> field(n * n);
  for (std::size_t k = 0; k < field.size(); ++k)
    field[k] = static_cast<double>(k);
  const MultigridPatches patches({1, 0.25, false}, n, n);
  const std::size_t w = 8; // 4 + 2 * 2
  ASSERT_EQ(patches.window_size(0), w);
  ASSERT_EQ(patches.n_patch_channels(1), 4u);
  const auto all = cut_all(patches, 1, field);
  for (std::size_t r = 0; r < w; ++r) // the first patch, level 0: two points beyond the edges
    for (std::size_t s = 0; s < w; ++s)
    {
      const std::size_t row = r < 2 ? 0 : r - 2, column = s < 2 ? 0 : s - 2;
      EXPECT_EQ(all[r * w + s], field[row * n + column]);
      EXPECT_EQ(all[2 * w * w + r * w + s], r >= 2 && s >= 2 ? 1. : 0.);
    }
  // Level 1: the window begins three coarse points before the edge and ends one beyond the other.
  for (std::size_t r = 0; r < w; ++r)
    for (std::size_t s = 0; s < w; ++s)
      EXPECT_EQ(all[3 * w * w + r * w + s], r >= 3 && r < 7 && s >= 3 && s < 7 ? 1. : 0.)
        << r << ", " << s;
}

TEST(MultigridPatches, FloatsAreCutLikeDoubles)
{
  constexpr std::size_t n = 32;
  const auto field = random_numbers(n * n, 4);
  const std::vector<float> single(field.begin(), field.end());
  const MultigridPatches patches({1, 0.1, true}, n, n);
  const auto all = cut_all(patches, 1, field);
  std::vector<float> found(all.size());
  patches.cut(1, single.data(), 0, 4, found.data());
  EXPECT_EQ(found, std::vector<float>(all.begin(), all.end()));
}

TEST(MultigridPatches, ASeamShows)
{
  constexpr std::size_t n = 32;
  std::vector<double> field(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      field[i * n + j] = static_cast<double>(i + j);
  const MultigridPatches patches({1, 0., true}, n, n);
  EXPECT_NEAR(seam_jump(patches, n, n, field.data()), 0., 1e-12);
  for (std::size_t i = n / 2; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      field[i * n + j] += 1.; // steps of 2 across one of the two seams, of 1 elsewhere
  const double all = 1. + 1. / (2. * (n - 1.));
  EXPECT_NEAR(seam_jump(patches, n, n, field.data()), 1.5 / all - 1., 1e-12);
  EXPECT_TRUE(std::isnan(seam_jump(MultigridPatches({0, 0., true}, n, n), n, n, field.data())));
}

TEST(MultigridPatches, RefuseImpossibleSizesAndNameTheNearest)
{
  const auto refusal = [](const PatchingParameters &p, std::size_t n0, std::size_t n1)
  { return sentence_of<UserError>([&] { MultigridPatches(p, n0, n1); }); };
  EXPECT_EQ(refusal({2, 0., true}, 100, 128),
            "Patches of 2 levels need a grid whose sides are multiples of 32, but one has 100 "
            "points; the nearest sizes are 96 and 128.");
  EXPECT_THAT(refusal({1, 0., true}, 64, 7), HasSubstr("the nearest sizes are 8."));
  EXPECT_THAT(refusal({1, 0., true}, 0, 8), HasSubstr("but one has 0 points"));
  EXPECT_THAT(refusal({1, -0.1, true}, 8, 8), HasSubstr("from 0 to 0.5, not -0.1."));
  EXPECT_THAT(refusal({1, std::numeric_limits<double>::quiet_NaN(), true}, 8, 8),
              HasSubstr("from 0 to 0.5"));
  EXPECT_THAT(refusal({20, 0., true}, 8, 8), HasSubstr("more than the 8"));
}

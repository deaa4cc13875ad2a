// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: an operator with its scales, coordinates and patches answers the same alone and in
// a batch, in parts and as a whole; says what it does not trust; and is stored with all of it.

#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <surrogates/mg_tfno_field_map.h>
#include <tests/mutations.h>
#include <tests/only_line.h>
#include <tests/random_numbers.h>
#include <tests/small_mg_tfno.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

using namespace understudy;
using testing::HasSubstr;
using testing::IsEmpty;

namespace
{
GridBatch random_batch(std::size_t n_samples, std::size_t n, unsigned seed)
{
  GridBatch x(n_samples, 2, n, n);
  const auto v = test::random_numbers(x.values.size(), seed, 0.9);
  std::ranges::copy(v, x.values.begin());
  return x;
}

template <class Action>
std::string sentence(const Action &action)
{
  try
  {
    action();
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return {};
}

/// Each kind: not cut, patches of a torus, patches of a domain that ends.
std::vector<MgTfno> small_operators()
{
  return {test::small_mg_tfno(0), test::small_mg_tfno(1), test::small_mg_tfno(1, 8, false)};
}
} // namespace

TEST(MgTfno, BatchIsOneByOneAndPartsMakeTheWhole)
{
  for (const unsigned levels : {0u, 1u})
  {
    MgTfno net = test::small_mg_tfno(levels);
    const GridBatch x = random_batch(5, 16, 3), y = net.predict(x);
    ASSERT_EQ(y.n_channels, 2u);
    for (std::size_t s = 0; s < x.n_samples; ++s)
    {
      GridBatch one(1, 2, 16, 16);
      std::ranges::copy(x.sample(s), one.values.begin());
      const GridBatch alone = net.predict(one);
      std::vector<float> parts(alone.values.size(), -7.f);
      const auto on_boundary = [&](std::size_t i)
      { return levels == 0 && (i % 256 < 16 || i % 16 == 0); };
      for (std::size_t p = 0; p < net.n_patches(); ++p)
        net.predict_patches(x, s, p, 1, parts);
      for (std::size_t i = 0; i < parts.size(); ++i)
      {
        ASSERT_NEAR(y.sample(s)[i], alone.values[i], 1e-5) << levels;
        if (on_boundary(i))
          ASSERT_EQ(alone.values[i], 0.f);
        else
          ASSERT_NEAR(parts[i], alone.values[i], 1e-5) << levels;
      }
    }
  }
}

// The answer is that of the network for scaled fields and coordinates, scaled back.
TEST(MgTfno, ScalesAndCoordinatesAreAppliedAsStored)
{
  MgTfno net = test::small_mg_tfno(0);
  const GridBatch x = random_batch(1, 8, 4), y = net.predict(x);
  std::vector<float> inputs;
  for (std::size_t c = 0; c < 2; ++c)
    for (const float v : x.field(0, c))
      inputs.push_back(c == 0 ? (v - 0.1f) / 0.5f : (v + 0.2f) / 0.7f);
  for (const bool first : {true, false})
    for (int i = 0; i < 8; ++i)
      for (int j = 0; j < 8; ++j)
        inputs.push_back(static_cast<float>(first ? i : j) / 8.f);
  Fno<float> network(net.state().weights);
  std::vector<float> answers(2 * 64);
  network.evaluate(1, 8, 8, inputs.data(), answers.data());
  for (std::size_t i = 0; i < 64; ++i)
  {
    const bool edge = i < 8 || i % 8 == 0; // where the problem has zeros
    EXPECT_NEAR(y.values[i], edge ? 0.f : 3.f + 2.f * answers[i], 1e-5);
    EXPECT_NEAR(y.values[64 + i], edge ? 0.f : -1.f + 0.25f * answers[64 + i], 1e-5);
  }
}

// Scaled fields and coordinates are cut, patches are answered one by one, put together and scaled
// back; where the domain ends the answer is zero.
TEST(MgTfno, PatchesAreCutAnsweredAndPutTogether)
{
  constexpr std::size_t n = 16, n_channels = 4;
  for (const bool periodic : {true, false})
  {
    MgTfno net = test::small_mg_tfno(1, 8, periodic);
    const MgTfno::State &state = net.state();
    const GridBatch x = random_batch(1, n, 8), y = net.predict(x);
    std::vector<float> inputs(n_channels * n * n);
    encode_inputs(state.input_scale, true, n, n, x.sample(0), inputs);
    const MultigridPatches patches({1, 0.1, periodic}, n, n);
    const std::size_t w1 = patches.window_size(0), w2 = patches.window_size(1);
    std::vector<float> windows(4 * patches.n_patch_channels(n_channels) * w1 * w2),
      answers(4 * 2 * w1 * w2), whole(2 * n * n);
    patches.cut(n_channels, inputs.data(), 0, 4, windows.data());
    Fno<float> network(state.weights);
    network.evaluate(4, w1, w2, windows.data(), answers.data());
    patches.put_together(2, answers.data(), 0, 4, whole.data());
    for (std::size_t i = 0; i < n * n; ++i)
    {
      const bool edge = !periodic && (i < n || i % n == 0);
      ASSERT_NEAR(y.field(0, 0)[i], edge ? 0.f : 3.f + 2.f * whole[i], 1e-5) << periodic;
      ASSERT_NEAR(y.field(0, 1)[i], edge ? 0.f : -1.f + 0.25f * whole[n * n + i], 1e-5) << periodic;
    }
  }
}

TEST(MgTfno, FeaturesAreThoseOfTheField)
{
  const std::size_t n = 4;
  std::vector<float> x(n * n, 2.f);
  for (std::size_t j = 0; j < n; ++j)
    x[2 * n + j] = x[3 * n + j] = -1.f; // a step down by 3 in the first direction
  const auto f = MgTfno::features_of(n, n, x);
  EXPECT_DOUBLE_EQ(f[0], -1.);
  EXPECT_DOUBLE_EQ(f[1], 2.);
  EXPECT_DOUBLE_EQ(f[2], 0.5);
  EXPECT_DOUBLE_EQ(f[3], std::sqrt(2.5));
  EXPECT_DOUBLE_EQ(f[4], 4. * 1.); // 4 of 12 pairs differ by 3
  // twice the points: nearly the same total variation
  std::vector<float> fine(64, 2.f);
  std::fill(fine.begin() + 32, fine.end(), -1.f);
  EXPECT_NEAR(MgTfno::features_of(8, 8, fine)[4], 3. * 8. / 7., 1e-12);
}

TEST(MgTfno, WhatIsUnlikeTheTrainingIsNotTrusted)
{
  const MgTfno net = test::small_mg_tfno(0, 8);
  const GridBatch x = random_batch(1, 8, 5);
  EXPECT_THAT(net.untrusted(8, x.sample(0)), IsEmpty());
  GridBatch high = x;
  high.field(0, 1)[3] = 1.7f; // within the margin of a tenth of the width
  EXPECT_THAT(net.untrusted(8, high.sample(0)), IsEmpty());
  high.field(0, 1)[3] = 1.8f;
  EXPECT_EQ(net.untrusted(8, high.sample(0)),
            "The largest value of 'g', 1.8, is outside the training range -1 to 1.5.");
  GridBatch wild(1, 2, 16, 16);
  for (std::size_t i = 0; i < wild.values.size(); ++i)
    wild.values[i] = (i + i / 16) % 2 == 0 ? 30.f : -30.f;
  EXPECT_THAT(net.untrusted(16, wild.sample(0)), HasSubstr("smallest value of 'f'"));
  GridBatch broken = x;
  broken.field(0, 0)[9] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(net.untrusted(8, broken.sample(0)), HasSubstr("outside"));
  EXPECT_EQ(net.untrusted(4, random_batch(1, 4, 1).sample(0)),
            "A grid of 4^2 points is coarser than that of the training, 8^2 points.");
  EXPECT_THAT(net.untrusted(33, random_batch(1, 33, 1).sample(0)), HasSubstr("four times"));
  EXPECT_THAT(net.untrusted(32, random_batch(1, 32, 1).sample(0)), IsEmpty());
}

TEST(MgTfno, ImpossibleQuestionsAreRefused)
{
  MgTfno net = test::small_mg_tfno(1);
  EXPECT_THAT(sentence([&] { net.predict(GridBatch(1, 1, 8, 8)); }),
              HasSubstr("takes 2 fields, but was given 1"));
  EXPECT_THAT(sentence([&] { net.predict(GridBatch(1, 2, 8, 16)); }), HasSubstr("square grids"));
  EXPECT_THAT(sentence([&] { net.predict(GridBatch(1, 2, 12, 12)); }), HasSubstr("8"));
  EXPECT_THAT(net.unfit(12), HasSubstr("16"));
  EXPECT_THAT(net.unfit(16), IsEmpty());
  EXPECT_EQ(net.predict(GridBatch(0, 2, 8, 8)).n_samples, 0u);
}

TEST(MgTfno, IsStoredWithAllOfIt)
{
  for (MgTfno &net : small_operators())
  {
    ModelFile file;
    net.save(file);
    MgTfno loaded = MgTfno::load(ModelFile::from_bytes(file.to_bytes(), "m.safetensors"));
    const MgTfno::State &before = net.state(), &after = loaded.state();
    const GridBatch x = random_batch(2, 16, 6);
    EXPECT_EQ(net.predict(x).values, loaded.predict(x).values);
    EXPECT_EQ(after.problem.outputs[0].unit, "mm");
    EXPECT_EQ(after.problem.boundary, before.problem.boundary);
    EXPECT_EQ(after.patching.periodic, before.patching.periodic);
    EXPECT_EQ(after.expected_error, before.expected_error);
    ASSERT_EQ(after.ranges.size(), 2u);
    for (std::size_t c = 0; c < 2; ++c)
    {
      EXPECT_EQ(after.ranges[c].lower, before.ranges[c].lower);
      EXPECT_EQ(after.ranges[c].upper, before.ranges[c].upper);
    }
    GridBatch far = x;
    far.field(0, 1)[30] = -1.75f;
    EXPECT_EQ(loaded.untrusted(16, far.sample(0)),
              "The smallest value of 'g', -1.75, is outside the training range -1.25 to 1.");
    EXPECT_THAT(loaded.untrusted(16, x.sample(0)), IsEmpty());
    EXPECT_EQ(loaded.untrusted(4, x.sample(0)), net.untrusted(4, x.sample(0)));
  }
}

TEST(MgTfno, FilesThatMakeNoSenseAreRefused)
{
  ModelFile good;
  test::small_mg_tfno(1).save(good);
  using Json = nlohmann::json;
  const auto refusal = [&](const std::function<void(Json &)> &change)
  {
    ModelFile file = good;
    change(file.meta());
    return sentence([&] { MgTfno::load(file); });
  };
  EXPECT_THAT(refusal([](Json &m) { m["kind"] = "mmgp"; }), HasSubstr("no multi-grid"));
  EXPECT_THAT(refusal([](Json &m) { m["mg_tfno"]["version"] = 7; }), HasSubstr("version 7"));
  EXPECT_THAT(refusal([](Json &m) { m["mg_tfno"]["problem"]["side"] = -1.; }), HasSubstr("side"));
  EXPECT_THAT(refusal([](Json &m) { m["mg_tfno"]["problem"]["boundary"] = "open"; }),
              HasSubstr("'open'"));
  EXPECT_THAT(refusal([](Json &m) { m["mg_tfno"]["patching"]["levels"] = 1000; }),
              HasSubstr("'levels'"));
  EXPECT_THAT(refusal([](Json &m) { m["mg_tfno"]["coordinates"] = false; }),
              HasSubstr("other inputs or outputs"));
  EXPECT_THAT(refusal([](Json &m) { m["mg_tfno"].erase("points"); }), HasSubstr("points"));
  ModelFile scale = good;
  scale.add("input/scale", {2, 2}, {0., 1., 0., 0.});
  EXPECT_THAT(sentence([&] { MgTfno::load(scale); }), HasSubstr("not positive"));
}

// Requirement: a problem with zero boundary is asked at the nodes of a solver, boundary included.
TEST(MgTfnoFieldMap, ZeroBoundaryIsPartOfTheAnswer)
{
  MgTfno net = test::small_mg_tfno(0);
  MgTfnoFieldMap map(net, MPI_COMM_SELF);
  const unsigned n = 8;
  const GridView grid = MgTfnoFieldMap::grid_for(net.state().problem, n);
  ASSERT_EQ(grid.n_nodes[0], 9u);
  const auto f = test::random_numbers(81, 1, 0.9), g = test::random_numbers(81, 2, 0.9);
  FieldAnswer answer = test::answer_to(map, grid, f, g);
  ASSERT_EQ(answer.health, Health::ok) << answer.reason;
  GridBatch x(1, 2, n, n);
  for (unsigned i = 0; i < n; ++i)
    for (unsigned j = 0; j < n; ++j)
    {
      x.field(0, 0)[i * n + j] = static_cast<float>(f[i * 9 + j]);
      x.field(0, 1)[i * n + j] = static_cast<float>(g[i * 9 + j]);
    }
  const GridBatch y = net.predict(x);
  for (unsigned i = 0; i < 9; ++i)
    for (unsigned j = 0; j < 9; ++j)
    {
      const bool edge = i == 0 || j == 0 || i == 8 || j == 8;
      ASSERT_EQ(answer.field("u").mean[i * 9 + j], edge ? 0. : y.field(0, 0)[i * n + j]);
    }
  GridView other = grid;
  other.spacing[1] *= 1.01;
  answer = test::answer_to(map, other, f, g);
  EXPECT_EQ(answer.health, Health::not_converged);
  EXPECT_THAT(answer.reason, HasSubstr("[0, 2]^2"));
}

// Requirement: inputs that are not trusted are answered as by the model, and told so.
TEST(MgTfnoFieldMap, WhatIsNotTrustedHasValuesAndAReason)
{
  for (MgTfno &net : small_operators())
  {
    MgTfnoFieldMap map(net, MPI_COMM_SELF);
    const bool is_cut = net.n_patches() > 1;
    const auto expect_values = [&](unsigned n, double far, const std::string &reason)
    {
      const GridView grid = MgTfnoFieldMap::grid_for(net.state().problem, n);
      const unsigned nodes = grid.n_nodes[0];
      auto f = test::random_numbers(grid.size(), 1, 0.9),
           g = test::random_numbers(grid.size(), 2, 0.9);
      g[nodes + 1] = far;
      const FieldAnswer answer = test::answer_to(map, grid, f, g);
      EXPECT_EQ(answer.health, Health::outside_training_range);
      EXPECT_EQ(answer.reason, reason);
      ASSERT_TRUE(answer.has_values());
      GridBatch x(1, 2, n, n);
      for (unsigned i = 0; i < n; ++i)
        for (unsigned j = 0; j < n; ++j)
        {
          x.field(0, 0)[i * n + j] = static_cast<float>(f[i * nodes + j]);
          x.field(0, 1)[i * n + j] = static_cast<float>(g[i * nodes + j]);
        }
      const GridBatch y = net.predict(x);
      for (unsigned i = 0; i < n; ++i)
        for (unsigned j = 0; j < n; ++j)
          ASSERT_EQ(answer.field("v").mean[i * nodes + j], y.field(0, 1)[i * n + j]);
    };
    expect_values(8, 2.5,
                  "The largest value of 'g', 2.5, is outside the training range -1 to 1.5.");
    expect_values(40, 0.,
                  "A grid of 40^2 points is more than four times as fine as that of the training, "
                  "8^2 points.");
    if (!is_cut)
      expect_values(6, 0.,
                    "A grid of 6^2 points is coarser than that of the training, 8^2 points.");
  }
}

TEST(MgTfnoFieldMap, GridsThatCannotBeCutAreToldWithTheNearestOnes)
{
  for (const bool periodic : {true, false})
  {
    const MgTfno net = test::small_mg_tfno(1, 8, periodic);
    MgTfnoFieldMap map(net, MPI_COMM_SELF);
    const GridView grid = MgTfnoFieldMap::grid_for(net.state().problem, 12);
    const auto f = test::random_numbers(grid.size(), 1, 0.9);
    const FieldAnswer answer = test::answer_to(map, grid, f, f);
    EXPECT_EQ(answer.health, Health::not_converged);
    EXPECT_THAT(answer.reason, HasSubstr("12 points; the nearest sizes are 8 and 16."));
    EXPECT_FALSE(answer.has_values());
    EXPECT_TRUE(answer.fields.empty());
  }
}

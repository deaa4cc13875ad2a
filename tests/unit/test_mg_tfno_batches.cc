// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: what a training makes of its samples is what it says: scales and ranges are those of
// the training samples; what a network is given and judged by belong to the same places of the same
// samples, scaled, shifted, cut and put together.

#include <data/output/grid_errors.h>
#include <surrogates/mg_tfno_batches_torch.h>
#include <surrogates/mg_tfno_scaling.h>
#include <tests/random_numbers.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

using namespace understudy;
using testing::HasSubstr;
using testing::IsEmpty;

namespace
{
constexpr std::size_t n = 32, n_fields = 2;

GridBatch random_fields(std::size_t n_samples, unsigned seed)
{
  GridBatch x(n_samples, n_fields, n, n);
  std::ranges::copy(test::random_numbers(x.values.size(), seed), x.values.begin());
  for (std::size_t s = 0; s < n_samples; ++s)
    for (float &v : x.field(s, 1))
      v = 5.f + 3.f * v;
  return x;
}

/// The outputs are the inputs.
MgTfnoSamples identity_samples()
{
  MgTfnoSamples s;
  s.x = s.y = random_fields(4, 1);
  return s;
}

MgTfnoProblem problem(bool periodic = true)
{
  const std::vector<Quantity> fields = {{"a", "1"}, {"b", "1"}};
  return {"identity", fields, fields, 1.,
          periodic ? MgTfnoProblem::Boundary::periodic : MgTfnoProblem::Boundary::zero};
}

MgTfnoParameters recipe(const std::string &loss, unsigned levels, bool stitched)
{
  MgTfnoParameters p;
  p.network.width = 4;
  p.network.modes1 = 4;
  p.network.layers = 1;
  p.patching = {levels, 0.0625, true};
  p.loss = loss;
  p.stitched = stitched;
  p.loss_of_scaled = false;
  p.random_shifts = true;
  return p;
}

/// A network that knows the identity: the first channels of its window.
torch::Tensor first_channels(const torch::Tensor &x)
{
  return x.narrow(1, 0, n_fields);
}

/// l2 and h1, of whole fields, of fields put together from patches and of each patch.
void for_all_losses(const std::function<void(const MgTfnoParameters &)> &check)
{
  for (const char *loss : {"l2", "h1"})
    for (const unsigned levels : {0u, 1u, 2u})
      for (const bool stitched : {true, false})
      {
        SCOPED_TRACE(std::string(loss) + ", " + std::to_string(levels) + " levels, " +
                     (stitched ? "stitched" : "each patch"));
        check(recipe(loss, levels, stitched));
      }
}

/// The error of data/output/grid_errors.h in the points [i1, i1 + side) x [i2, i2 + side).
double error_of_square(const std::string &loss, std::span<const float> p, std::span<const float> y,
                       std::size_t i1, std::size_t i2, std::size_t side, bool periodic)
{
  std::vector<double> inner_p, inner_y;
  for (std::size_t i = i1; i < i1 + side; ++i)
    for (std::size_t j = i2; j < i2 + side; ++j)
    {
      inner_p.push_back(p[i * n + j]);
      inner_y.push_back(y[i * n + j]);
    }
  return loss == "l2" ? relative_l2(inner_p, inner_y)
                      : relative_h1({side, side, periodic}, inner_p, inner_y);
}
} // namespace

// From 2^22 on single precision has no more than halves, and in double precision a variance from
// the mean of squares would be wrong in its second digit.
TEST(MgTfnoScaling, LargeMeansAndConstantFieldsKeepTheirScale)
{
  const float large = 4194304.f;
  MgTfnoSamples s;
  s.x = GridBatch(3, n_fields, n, n);
  for (std::size_t k = 0; k < s.x.n_samples; ++k)
  {
    for (std::size_t i = 0; i < n * n; ++i)
      s.x.field(k, 0)[i] = large + (i % 2 == 0 ? 0.5f : -0.5f);
    std::ranges::fill(s.x.field(k, 1), 7.f);
  }
  s.y = s.x;
  s.x_valid = s.y_valid = GridBatch(1, n_fields, n, n); // zeros, which must not count
  MgTfnoParameters p = recipe("l2", 0, true);
  const auto expect =
    [&](const std::vector<MgTfno::Scale> &scales, double offset, double scale, double constant)
  {
    ASSERT_EQ(scales.size(), 2u);
    EXPECT_NEAR(scales[0].offset, offset, 1e-6);
    EXPECT_NEAR(scales[0].scale, scale, 1e-9);
    EXPECT_NEAR(scales[1].offset, constant, 1e-12);
    EXPECT_EQ(scales[1].scale, 1.);
  };
  MgTfno::State state = untrained(p, problem(), s);
  expect(state.input_scale, large, 0.5, 7.);
  expect(state.output_scale, large, 0.5, 7.);
  p.input_scaling = "range";
  p.output_scaling = "none";
  state = untrained(p, problem(), s);
  expect(state.input_scale, large - 0.5, 1., 7.);
  expect(state.output_scale, 0., 1., 0.);
}

TEST(MgTfnoScaling, TrainingSamplesAreTrustedAndTwiceOneIsNot)
{
  const MgTfnoSamples s = identity_samples();
  const MgTfnoParameters p = recipe("l2", 0, true);
  MgTfno::State state = untrained(p, problem(), s);
  state.weights = FnoWeights::random(p.network_for(problem()), 1);
  const MgTfno net(std::move(state));
  for (std::size_t k = 0; k < s.x.n_samples; ++k)
  {
    EXPECT_THAT(net.untrusted(n, s.x.sample(k)), IsEmpty());
    GridBatch twice = s.x;
    for (float &v : twice.field(k, 1))
      v *= 2.f;
    EXPECT_THAT(net.untrusted(n, twice.sample(k)), HasSubstr(" of 'b', "));
  }
}

TEST(MgTfnoBatches, ANetworkThatKnowsTheIdentityHasNoLoss)
{
  MgTfnoSamples s = identity_samples();
  const std::array<std::size_t, 2> which = {3, 1};
  for_all_losses(
    [&](const MgTfnoParameters &p)
    {
      s.y = s.x;
      const MgTfno::State scales = untrained(p, problem(), s);
      MgTfnoBatches batches(p, problem(), s, scales);
      batches.begin_epoch(2);
      EXPECT_LT(batches.loss(first_channels, which).item<double>(), 1e-6);
      for (float &v : s.y.values)
        v *= 2.f;
      EXPECT_NEAR(batches.loss(first_channels, which).item<double>(), 2. * 0.5, 1e-6);
    });
}

// The losses of a wrong answer are the errors of a report, of whole fields or the mean of those of
// patches, which end where they end.
TEST(MgTfnoBatches, TheLossIsTheErrorOfTheFields)
{
  const MgTfnoSamples s = identity_samples();
  const std::array<std::size_t, 2> which = {2, 0};
  for (const bool periodic : {true, false})
    for_all_losses(
      [&](MgTfnoParameters p)
      {
        p.random_shifts = false;
        p.patching.periodic = periodic;
        p.input_scaling = p.output_scaling = "none";
        const MgTfno::State scales = untrained(p, problem(periodic), s);
        const MgTfnoBatches batches(p, problem(periodic), s, scales);
        const auto square = [](const torch::Tensor &x) { return first_channels(x).square(); };
        const bool of_patches = p.patching.levels > 0 && !p.stitched;
        const std::size_t side = of_patches ? n >> p.patching.levels : n;
        double sum = 0.;
        for (const std::size_t k : which)
          for (std::size_t c = 0; c < n_fields; ++c)
          {
            std::vector<float> answer;
            for (const float v : s.x.field(k, c))
              answer.push_back(v * v);
            for (std::size_t i = 0; i < n; i += side)
              for (std::size_t j = 0; j < n; j += side)
                sum += error_of_square(p.loss, answer, s.y.field(k, c), i, j, side,
                                       periodic && !of_patches);
          }
        const double expected = sum / static_cast<double>(n_fields * (n / side) * (n / side));
        EXPECT_NEAR(batches.loss(square, which).item<double>() / expected, 1., 2e-6) << periodic;
      });
}

// Half of a scaled field is wrong by a half where the loss is that of scaled fields; in physical
// ones the mean is right, which is most of the field b.
TEST(MgTfnoBatches, TheLossIsOfScaledFieldsOnlyWhereTheyAreWhole)
{
  const MgTfnoSamples s = identity_samples();
  const auto loss_of_half = [&](bool scaled, unsigned levels)
  {
    MgTfnoParameters p = recipe("l2", levels, true);
    p.loss_of_scaled = scaled;
    const MgTfno::State scales = untrained(p, problem(), s);
    const MgTfnoBatches batches(p, problem(), s, scales);
    return batches
      .loss([](const torch::Tensor &x) { return 0.5 * first_channels(x); },
            std::array<std::size_t, 1>{0})
      .item<double>();
  };
  EXPECT_NEAR(loss_of_half(true, 0), 0.5, 1e-6);
  const double physical = loss_of_half(false, 0);
  EXPECT_LT(physical, 0.4);
  EXPECT_NEAR(loss_of_half(true, 1), physical, 1e-6);
  EXPECT_NEAR(loss_of_half(false, 1), physical, 1e-6);
}

// What the network is given is the field of the sample, moved by one step on the torus, another one
// in each epoch and for each sample, the same whenever the epoch begins.
TEST(MgTfnoBatches, ShiftsMoveFieldsOnTheTorus)
{
  const MgTfnoSamples s = identity_samples();
  MgTfnoParameters p = recipe("l2", 0, true);
  p.input_scaling = "none";
  const MgTfno::State scales = untrained(p, problem(), s);
  MgTfnoBatches batches(p, problem(), s, scales);
  const auto shift_of = [&](std::size_t epoch, std::size_t sample)
  {
    torch::Tensor given;
    batches.begin_epoch(epoch);
    batches.loss(
      [&](const torch::Tensor &x)
      {
        given = x;
        return x;
      },
      std::array{sample});
    for (std::int64_t i1 = 0; i1 < std::int64_t(n); ++i1)
      for (std::int64_t i2 = 0; i2 < std::int64_t(n); ++i2)
        if (given[0][1][0][0].item<float>() == s.x.field(sample, 1)[i1 * n + i2])
        {
          torch::Tensor field = torch::empty({n_fields, n, n});
          std::ranges::copy(s.x.sample(sample), field.data_ptr<float>());
          EXPECT_TRUE(torch::equal(given[0], torch::roll(field, {-i1, -i2}, {1, 2})));
          return std::array{i1, i2};
        }
    ADD_FAILURE() << "the first value is none of the sample";
    return std::array<std::int64_t, 2>{-1, -1};
  };
  const auto first = shift_of(2, 0);
  EXPECT_NE(first, shift_of(2, 1));
  EXPECT_NE(first, shift_of(3, 0));
  EXPECT_EQ(first, shift_of(2, 0));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: ranks share the patches of a field, more ranks than patches included, and the answer
// is that of one process; a training takes the same steps on any number of ranks, and on equal
// ranks goes on from a checkpoint to the bit.

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <surrogates/mg_tfno_field_map.h>
#include <surrogates/mg_tfno_training.h>
#include <tests/broken_off.h>
#include <tests/random_numbers.h>
#include <tests/small_mg_tfno.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

using namespace understudy;
using testing::HasSubstr;

namespace
{
int n_ranks()
{
  int n = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  return n;
}

/// Smooth fields x on a torus and y = a blurred x^2: something to learn in no time.
GridBatch inputs(std::size_t n_samples, std::size_t n, unsigned seed)
{
  GridBatch x(n_samples, 1, n, n);
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    const auto c = test::random_numbers(4, seed + static_cast<unsigned>(s), 1.);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
      {
        const double a = 2. * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n),
                     b = 2. * std::numbers::pi * static_cast<double>(j) / static_cast<double>(n);
        x.field(s, 0)[i * n + j] = static_cast<float>(c[0] * std::cos(a) + c[1] * std::sin(b) +
                                                      c[2] * std::cos(a + b) + 0.5 * c[3]);
      }
  }
  return x;
}

GridBatch outputs(const GridBatch &x)
{
  GridBatch y = x;
  for (float &v : y.values)
    v = 3.f + v * v;
  return y;
}

MgTfnoSamples samples(std::size_t n_train, std::size_t n_valid, std::size_t n = 16)
{
  MgTfnoSamples s;
  s.x = inputs(n_train, n, 100);
  s.y = outputs(s.x);
  s.x_valid = inputs(n_valid, n, 900);
  s.y_valid = outputs(s.x_valid);
  return s;
}

MgTfnoProblem problem()
{
  return {"square", {{"x", "1"}}, {{"y", "1"}}, 1., MgTfnoProblem::Boundary::periodic};
}

MgTfnoParameters recipe(unsigned levels = 0)
{
  MgTfnoParameters p;
  p.network.width = 6;
  p.network.modes1 = 4;
  p.network.layers = 2;
  p.network.rank = 0.5;
  p.patching = {levels, 0.0625, true};
  p.rate = {1e-2, "cosine", 12., 0.5};
  p.batch = 5; // does not divide the samples
  p.epochs = 4;
  p.random_shifts = p.window_coordinates = levels > 0;
  return p;
}

/// Normalises by means over the samples of all ranks. No bias stands right before a normalisation,
/// which would take it away, so that its gradient were rounding that AdamW blows up.
MgTfnoParameters with_statistics()
{
  MgTfnoParameters p = recipe();
  p.norm = "batch";
  p.network.preactivation = true;
  p.network.mlp = false;
  return p;
}

MgTfnoParameters adaptive(unsigned levels)
{
  MgTfnoParameters p = recipe(levels);
  p.norm = "adaptive";
  p.network.preactivation = true;
  p.network.mlp = false;
  return p;
}

std::vector<double> weights_of(const MgTfno &net)
{
  std::vector<double> all;
  for (const auto &[name, values] : net.state().weights.tensors)
    all.insert(all.end(), values.begin(), values.end());
  return all;
}

double largest_difference(const std::vector<double> &a, const std::vector<double> &b)
{
  double largest = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

MgTfno train_with_breaks(const MgTfnoParameters &p, const MgTfnoSamples &s,
                         const std::vector<unsigned> &breaks, MgTfnoTraining &record)
{
  return test::train_with_breaks(
    breaks, [&](const TrainingCheckpoint &checkpoint)
    { return train_mg_tfno(MPI_COMM_WORLD, p, problem(), s, record, nullptr, checkpoint); });
}

std::string sentence(const std::function<void()> &action)
{
  try
  {
    action();
  }
  catch (const Error &error)
  {
    return error.what();
  }
  return {};
}

void expect_steps_of_one_rank(const MgTfnoSamples &s)
{
  for (const MgTfnoParameters &p :
       {recipe(0), recipe(1), with_statistics(), adaptive(0), adaptive(1)})
  {
    MgTfnoTraining alone, together;
    const MgTfno one = train_mg_tfno(MPI_COMM_SELF, p, problem(), s, alone);
    const MgTfno all = train_mg_tfno(MPI_COMM_WORLD, p, problem(), s, together);
    // single precision, 12 steps of 1e-2: the order of a sum shows in the last digits, and more in
    // small gradients such as those of adaptive factors (2.7e-5 seen), which AdamW scales up
    EXPECT_LT(largest_difference(weights_of(one), weights_of(all)),
              p.norm == "adaptive" ? 6e-5 : 5e-6)
      << p.patching.levels << p.norm;
    ASSERT_EQ(together.epochs.size(), 4u);
    EXPECT_EQ(together.best_epoch, alone.best_epoch);
    EXPECT_NEAR(together.epochs[0].loss, alone.epochs[0].loss, 1e-5 * alone.epochs[0].loss);
    EXPECT_NEAR(together.epochs[3].validation_error, alone.epochs[3].validation_error,
                1e-4 * alone.epochs[3].validation_error);
    const auto of_rank_0 = on_rank_0(MPI_COMM_WORLD,
                                     [&]
                                     {
                                       const auto w = weights_of(all);
                                       return std::string(reinterpret_cast<const char *>(w.data()),
                                                          w.size() * sizeof(double));
                                     });
    const auto w = weights_of(all);
    EXPECT_EQ(of_rank_0,
              std::string(reinterpret_cast<const char *>(w.data()), w.size() * sizeof(double)))
      << "ranks have other weights";
  }
}
} // namespace

TEST(MgTfnoMpi, RanksThatSharePatchesAnswerAsOne)
{
  for (const bool periodic : {true, false})
  {
    const MgTfno net = test::small_mg_tfno(1, 8, periodic);
    const GridView grid = MgTfnoFieldMap::grid_for(net.state().problem, 16);
    const auto f = test::random_numbers(grid.size(), 1, 0.9),
               g = test::random_numbers(grid.size(), 2, 0.9);
    MgTfnoFieldMap alone(net, MPI_COMM_SELF), together(net, MPI_COMM_WORLD);
    const FieldAnswer whole = test::answer_to(alone, grid, f, g);
    ASSERT_EQ(whole.health, Health::ok) << whole.reason;
    const auto first = static_cast<std::size_t>(rank_in(MPI_COMM_WORLD)),
               stride = static_cast<std::size_t>(n_ranks());
    const FieldAnswer mine = test::answer_to(together, grid, f, g, first, stride);
    ASSERT_EQ(mine.health, Health::ok) << mine.reason;
    for (const char *name : {"u", "v"})
      for (std::size_t i = 0; first + i * stride < grid.size(); ++i)
        ASSERT_NEAR(mine.field(name).mean[i], whole.field(name).mean[first + i * stride], 1e-6)
          << periodic;
  }
}

// The last of the batches of 5 has 3 samples, or 1: of two ranks one has nothing to do in it, nor
// with the one validation sample.
TEST(MgTfnoMpi, TrainingTakesTheStepsOfOneRank)
{
  expect_steps_of_one_rank(samples(13, 3));
  expect_steps_of_one_rank(samples(11, 1));
}

TEST(MgTfnoMpi, BrokenOffAndResumedIsTheUnbrokenTraining)
{
  const MgTfnoSamples s = samples(13, 3);
  for (const MgTfnoParameters &p :
       {recipe(0), recipe(1), with_statistics(), adaptive(0), adaptive(1)})
  {
    MgTfnoTraining unbroken;
    const auto whole = weights_of(train_mg_tfno(MPI_COMM_WORLD, p, problem(), s, unbroken));
    for (const auto &breaks : {std::vector<unsigned>{0}, {2}, {1, 4, 0}, {11}})
    {
      MgTfnoTraining record;
      const auto resumed = weights_of(train_with_breaks(p, s, breaks, record));
      EXPECT_EQ(resumed, whole) << p.patching.levels << p.norm << ", " << breaks.front();
      EXPECT_EQ(record.best_epoch, unbroken.best_epoch);
      ASSERT_EQ(record.epochs.size(), unbroken.epochs.size());
      for (std::size_t e = 0; e < record.epochs.size(); ++e)
      {
        EXPECT_NEAR(record.epochs[e].loss, unbroken.epochs[e].loss, 1e-12);
        EXPECT_EQ(record.epochs[e].validation_error, unbroken.epochs[e].validation_error);
      }
    }
  }
}

TEST(MgTfnoMpi, LearnsASquareAtEveryResolution)
{
  for (const unsigned levels : {0u, 1u})
  {
    MgTfnoParameters p = recipe(levels);
    p.network.width = 8;
    p.epochs = 60;
    p.rate.period = 60.;
    MgTfnoTraining record;
    const MgTfnoSamples s = samples(40, 8);
    MgTfno net = train_mg_tfno(MPI_COMM_WORLD, p, problem(), s, record);
    EXPECT_LT(net.state().expected_error, 0.004) << levels;
    EXPECT_LT(record.epochs.back().loss, 0.2 * record.epochs.front().loss);
    EXPECT_GE(net.state().expected_error, record.epochs[record.best_epoch - 1].validation_error);
    const GridBatch x = inputs(4, 32, 5000), y = net.predict(x), truth = outputs(x);
    double error = 0., size = 0.;
    for (std::size_t i = 0; i < y.values.size(); ++i)
    {
      error += std::pow(y.values[i] - truth.values[i], 2);
      size += std::pow(truth.values[i], 2);
    }
    // views and halos of patches are wider in points, not in space: no transfer is asked of them
    if (levels == 0)
    {
      EXPECT_LT(std::sqrt(error / size), 0.001);
    }
  }
}

// Requirement: inputs and outputs are shifted alike. A network on a torus that knows no place
// learns the same from shifted fields, to rounding; from patches of them it learns something else.
TEST(MgTfnoMpi, RandomShiftsAreNewsToPatchesOnly)
{
  const MgTfnoSamples s = samples(13, 3);
  const auto last_loss = [&](unsigned levels, bool shifts)
  {
    MgTfnoParameters p = recipe(levels);
    p.random_shifts = shifts;
    p.window_coordinates = false;
    MgTfnoTraining record;
    train_mg_tfno(MPI_COMM_WORLD, p, problem(), s, record);
    return record.epochs.back().loss;
  };
  EXPECT_NEAR(last_loss(0, true) / last_loss(0, false), 1., 1e-5);
  EXPECT_GT(std::abs(last_loss(1, true) / last_loss(1, false) - 1.), 1e-3);
}

TEST(MgTfnoMpi, EndsWithoutPatienceAndKeepsTheBest)
{
  MgTfnoParameters p = recipe();
  p.epochs = 50;
  p.patience = 3;
  p.rate = {0.5, "constant", 1., 0.5}; // so large that it does not settle
  p.output_scaling = "range";
  MgTfnoTraining record;
  const MgTfno net = train_mg_tfno(MPI_COMM_WORLD, p, problem(), samples(13, 3), record);
  EXPECT_EQ(record.stopped_by, "patience");
  EXPECT_EQ(record.epochs.size(), record.best_epoch + 3);
  for (const auto &epoch : record.epochs)
    EXPECT_GE(epoch.validation_error, record.epochs[record.best_epoch - 1].validation_error);
}

TEST(MgTfnoMpi, WhatCannotBeLearnedIsRefusedOnAllRanks)
{
  const auto refusal = [](const std::function<void(MgTfnoParameters &, MgTfnoSamples &)> &change)
  {
    MgTfnoParameters p = recipe(1);
    MgTfnoSamples s = samples(6, 2);
    change(p, s);
    MgTfnoTraining record;
    return sentence([&] { train_mg_tfno(MPI_COMM_WORLD, p, problem(), s, record); });
  };
  EXPECT_EQ(refusal([](auto &, auto &) {}), "");
  EXPECT_THAT(refusal([](auto &, MgTfnoSamples &s)
                      { s.y.values[20] = std::numeric_limits<float>::quiet_NaN(); }),
              HasSubstr("field 'y' of training sample 0 is not finite at point 20"));
  EXPECT_THAT(refusal([](auto &, MgTfnoSamples &s)
                      { s.x_valid.values[300] = std::numeric_limits<float>::infinity(); }),
              HasSubstr("field 'x' of validation sample 1 is not finite"));
  EXPECT_THAT(refusal([](auto &, MgTfnoSamples &s) { s.y = GridBatch(6, 2, 16, 16); }),
              HasSubstr("6 samples of 2 fields"));
  EXPECT_THAT(refusal(
                [](auto &, MgTfnoSamples &s)
                {
                  s.x = inputs(6, 12, 1);
                  s.y = outputs(s.x);
                }),
              HasSubstr("16")); // the nearest sizes that can be cut
  EXPECT_THAT(refusal([](MgTfnoParameters &p, auto &) { p.patching.periodic = false; }),
              HasSubstr("are periodic, and so must be their patches"));
  EXPECT_THAT(refusal([](MgTfnoParameters &p, auto &) { p.network.modes1 = 5; }),
              HasSubstr("even"));
  EXPECT_THAT(refusal([](MgTfnoParameters &p, auto &) { p.loss = "h2"; }), HasSubstr("'h2'"));
  EXPECT_THAT(refusal([](MgTfnoParameters &p, auto &) { p.loss = "energy"; }),
              HasSubstr("vanish on the boundary"));
  EXPECT_THAT(refusal([](MgTfnoParameters &p, auto &) { p.coordinates = true; }),
              HasSubstr("'Random shifts' are for periodic problems without 'Coordinates'"));
  EXPECT_THAT(refusal([](auto &, MgTfnoSamples &s) { s = samples(1, 0); }),
              HasSubstr("at least two"));
  EXPECT_THAT(refusal(
                [](MgTfnoParameters &p, auto &)
                {
                  p.rate = {1e18, "constant", 1., 1.};
                  p.epochs = 20;
                }),
              HasSubstr("not finite"));
}

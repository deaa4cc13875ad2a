// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the hand-written gradient is the derivative of the stated loss, training lowers it
// by orders of magnitude, repeats itself, honours its limits, and derivative labels improve
// derivatives.
#include <data/core/errors.h>
#include <operators/nn/lbfgs.h>
#include <operators/nn/train_mlp.h>
#include <tests/broken_off.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <random>

#include <nlohmann/json.hpp>

using namespace understudy;

namespace
{
constexpr std::size_t d = 3, m = 2;

struct Samples
{
  PointBatch x, y, dy;
  MlpLabels values() const { return {&x, &y, nullptr}; }
  MlpLabels all() const { return {&x, &y, &dy}; }
};

// y = (100 x0 / (1 + x1^2), sin(x0 + x2)): odd, with outputs of different size
Samples toy(std::size_t n, unsigned seed)
{
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1., 1.);
  Samples s{PointBatch(d, n), PointBatch(m, n), PointBatch(m * d, n)};
  for (std::size_t p = 0; p < n; ++p)
  {
    for (std::size_t i = 0; i < d; ++i)
      s.x(i, p) = uniform(random);
    const double q = 1. + s.x(1, p) * s.x(1, p), t = s.x(0, p) + s.x(2, p);
    s.y(0, p) = 100. * s.x(0, p) / q;
    s.y(1, p) = std::sin(t);
    s.dy(0, p) = 100. / q;
    s.dy(1, p) = -200. * s.x(0, p) * s.x(1, p) / (q * q);
    s.dy(3, p) = s.dy(5, p) = std::cos(t);
  }
  return s;
}

/// Relative errors over a set of values and derivatives.
std::array<double, 2> errors(const Mlp &net, const Samples &s)
{
  const std::size_t n = s.x.n_points();
  PointBatch y(m, n), dy(m * d, n);
  net.evaluate(n, s.x.data(), y.data(), dy.data());
  const auto relative = [](const PointBatch &a, const PointBatch &b)
  {
    double difference = 0., norm = 0.;
    for (std::size_t i = 0; i < b.n_components() * b.n_points(); ++i)
    {
      difference += std::pow(a.data()[i] - b.data()[i], 2);
      norm += std::pow(b.data()[i], 2);
    }
    return std::sqrt(difference / norm);
  };
  return {relative(y, s.y), relative(dy, s.dy)};
}

/// The ridge term of the header. The loss is quadratic in a weight of the last layer, so its second
/// difference is the size of the unit behind it.
double ridge(MlpLoss &loss, std::vector<double> p, const MlpRecipe &recipe, const Samples &s)
{
  const std::size_t first = loss.n_hidden_parameters(), n_last = p.size() - first;
  const std::size_t n_in = recipe.hidden.back();
  double sizes = 0., squared = 0.;
  for (std::size_t i = 0; i < n_last; ++i)
  {
    const std::size_t k = i < m * n_in ? i / n_in : i - m * n_in;
    double mean_square = 0.;
    for (const double y : s.y.component(k))
      mean_square += y * y / static_cast<double>(s.y.n_points());
    const double factor2 = mean_square * std::pow(recipe.output_weight[k], 2);
    const double keep = p[first + i], middle = loss.evaluate(p.data(), nullptr);
    p[first + i] = keep + 1.;
    const double up = loss.evaluate(p.data(), nullptr);
    p[first + i] = keep - 1.;
    const double down = loss.evaluate(p.data(), nullptr);
    p[first + i] = keep;
    sizes += (up - 2. * middle + down) / 2. / factor2 / static_cast<double>(n_last);
    squared += factor2 * keep * keep;
  }
  return 1e-10 * sizes * squared;
}

MlpRecipe small(bool odd)
{
  MlpRecipe r;
  r.hidden = {12, 12};
  r.odd = odd;
  r.output_weight = {0.01, 1.};
  r.max_evaluations = 400;
  return r;
}
} // namespace

class AnyLoss : public testing::TestWithParam<bool>
{
};
INSTANTIATE_TEST_SUITE_P(Odd, AnyLoss, testing::Bool());

TEST_P(AnyLoss, GradientMatchesCentralDifferences)
{
  const Samples s = toy(70, 1); // more than one chunk, the last one shorter
  for (const MlpLabels &labels : {s.values(), s.all()})
  {
    MlpLoss loss(small(GetParam()), labels);
    std::vector<double> p = loss.initial_parameters(), g(p.size());
    loss.evaluate(p.data(), g.data());
    for (std::size_t i = 0; i < p.size(); i += 5)
    {
      const double h = 1e-5, keep = p[i];
      p[i] = keep + h;
      const double up = loss.evaluate(p.data(), nullptr);
      p[i] = keep - h;
      const double down = loss.evaluate(p.data(), nullptr);
      p[i] = keep;
      EXPECT_NEAR(g[i], (up - down) / (2. * h), 1e-8) << "parameter " << i;
    }
  }
}

// Requirement: with the last layer that minimises loss and ridge term, the gradient by the hidden
// weights is that of their sum as a function of them alone; and no other last layer is better.
TEST_P(AnyLoss, ReducedGradientMatchesCentralDifferences)
{
  const Samples s = toy(70, 1);
  for (const MlpLabels &labels : {s.values(), s.all()})
  {
    const MlpRecipe recipe = small(GetParam());
    MlpLoss loss(recipe, labels);
    std::vector<double> p = loss.initial_parameters(), g(p.size()), other;
    const double best = loss.evaluate_reduced(p.data(), g.data());
    EXPECT_NEAR(best, loss.evaluate(p.data(), nullptr) + ridge(loss, p, recipe, s), 1e-12);
    EXPECT_LT(best, 0.5 * loss.evaluate(loss.initial_parameters().data(), nullptr));
    for (std::size_t i = loss.n_hidden_parameters(); i < p.size(); ++i)
    {
      EXPECT_NEAR(g[i], 0., 1e-9) << "parameter " << i;
      other = p;
      other[i] += 1e-3;
      EXPECT_GT(loss.evaluate(other.data(), nullptr) + ridge(loss, other, recipe, s), best)
        << "parameter " << i;
    }
    for (std::size_t i = 0; i < loss.n_hidden_parameters(); i += 5)
    {
      const double h = 1e-5;
      other = p;
      other[i] = p[i] + h;
      const double up = loss.evaluate_reduced(other.data(), nullptr);
      other[i] = p[i] - h;
      const double down = loss.evaluate_reduced(other.data(), nullptr);
      EXPECT_NEAR(g[i], (up - down) / (2. * h), 1e-7) << "parameter " << i;
    }
  }
}

// The loss of the header, from the answers of the finished net.
TEST_P(AnyLoss, IsTheStatedLoss)
{
  const Samples s = toy(70, 2);
  MlpRecipe recipe = small(GetParam());
  recipe.sobolev = 0.3;
  recipe.input_scale = {1., 2., 0.5};
  MlpLoss loss(recipe, s.all());
  const std::vector<double> p = loss.initial_parameters();
  PointBatch y(m, 70), dy(m * d, 70);
  loss.network(p.data()).evaluate(70, s.x.data(), y.data(), dy.data());
  double v = 0., v0 = 0., t = 0., t0 = 0.;
  for (std::size_t q = 0; q < 70; ++q)
    for (std::size_t k = 0; k < m; ++k)
    {
      const double w = recipe.output_weight[k];
      v += std::pow(w * (y(k, q) - s.y(k, q)), 2);
      v0 += std::pow(w * s.y(k, q), 2);
      for (std::size_t j = 0; j < d; ++j)
      {
        const double f = w * recipe.input_scale[j];
        t += std::pow(f * (dy(k * d + j, q) - s.dy(k * d + j, q)), 2);
        t0 += std::pow(f * s.dy(k * d + j, q), 2);
      }
    }
  EXPECT_NEAR(loss.evaluate(p.data(), nullptr), v / v0 + 0.3 * t / t0, 1e-11);
}

TEST_P(AnyLoss, TrainingLowersItAndRepeatsItself)
{
  const Samples s = toy(150, 3), test = toy(100, 4);
  const MlpLabels validation = test.all();
  std::vector<double> losses;
  MlpTrainingReport report;
  const auto watch = [&](const MlpProgress &p)
  {
    losses.push_back(p.loss);
    return true;
  };
  const Mlp a = train_mlp(small(GetParam()), s.all(), &validation, watch, &report);
  EXPECT_EQ(report.stopped_by, "evaluations");
  EXPECT_LE(report.evaluations, 400u);
  EXPECT_LT(report.loss, 1e-3 * losses.front());
  EXPECT_LT(report.validation_loss, 3. * report.loss);
  EXPECT_LT(errors(a, test)[0], 0.02);
  const Mlp b = train_mlp(small(GetParam()), s.all(), &validation);
  EXPECT_EQ(errors(a, test), errors(b, test));
}

// Requirement: validation uses the scales of the training set, whatever its own range is.
TEST(TrainMlp, ValidationSharesTheScales)
{
  const Samples s = toy(80, 8);
  Samples narrow = toy(40, 9);
  for (std::size_t p = 0; p < 40; ++p)
    narrow.x(1, p) *= 0.1; // the labels no longer belong to the points, which is no matter here
  const MlpLabels validation = narrow.all();
  MlpRecipe recipe = small(true);
  recipe.max_evaluations = 60;
  MlpTrainingReport found, given;
  train_mlp(recipe, s.all(), &validation, {}, &found);
  for (std::size_t i = 0; i < d; ++i)
  {
    const auto x = s.x.component(i);
    recipe.input_scale.push_back(
      std::max(*std::max_element(x.begin(), x.end()), -*std::min_element(x.begin(), x.end())));
  }
  train_mlp(recipe, s.all(), &validation, {}, &given);
  EXPECT_EQ(found.validation_loss, given.validation_loss);
}

TEST(TrainMlp, DerivativeLabelsImproveTheDerivative)
{
  const Samples s = toy(40, 5), test = toy(200, 6);
  const auto plain = errors(train_mlp(small(true), s.values()), test);
  const auto sobolev = errors(train_mlp(small(true), s.all()), test);
  EXPECT_LT(sobolev[1], 0.5 * plain[1]);
}

TEST(TrainMlp, StopsWhenToldAndRefusesBadLabels)
{
  Samples s = toy(30, 7);
  MlpTrainingReport report;
  train_mlp(
    small(true), s.all(), nullptr, [](const MlpProgress &p) { return p.evaluation < 60; }, &report);
  EXPECT_EQ(report.stopped_by, "caller");
  EXPECT_LT(report.evaluations, 150u);
  MlpRecipe no_time = small(true);
  no_time.max_seconds = 0.;
  train_mlp(no_time, s.all(), nullptr, {}, &report);
  EXPECT_EQ(report.stopped_by, "time");
  MlpRecipe wrong = small(true);
  wrong.output_weight = {1.};
  EXPECT_THROW(train_mlp(wrong, s.all()), UserError);
  s.y(0, 0) = std::nan("");
  EXPECT_THROW(train_mlp(small(true), s.all()), UserError);
}

namespace
{
Mlp train_with_breaks(const MlpRecipe &recipe, const MlpLabels &train, const MlpLabels *validation,
                      const std::vector<unsigned> &breaks, MlpTrainingReport &report)
{
  return test::train_with_breaks(
    breaks, [&](const TrainingCheckpoint &checkpoint)
    { return train_mlp(recipe, train, validation, {}, &report, checkpoint); });
}
} // namespace

// Requirement: a training that is broken off and gone on with is the unbroken one, bit for bit,
// with the same number of evaluations and the same best weights, wherever it is broken off.
TEST_P(AnyLoss, BrokenOffAndResumedEqualsUnbroken)
{
  const Samples s = toy(60, 3), test = toy(40, 4);
  const MlpLabels unseen = test.all();
  for (const MlpLabels *validation : {&unseen, static_cast<const MlpLabels *>(nullptr)})
  {
    MlpRecipe recipe = small(GetParam());
    recipe.history = 7; // so that pairs are dropped
    recipe.report_every = 17;
    MlpTrainingReport unbroken;
    const Mlp whole = train_mlp(recipe, s.all(), validation, {}, &unbroken);
    for (const std::vector<unsigned> &breaks :
         {std::vector<unsigned>{0}, {1}, {2, 0, 5}, {23}, {60, 60, 60}, {150, 1}})
    {
      MlpTrainingReport report;
      const Mlp resumed = train_with_breaks(recipe, s.all(), validation, breaks, report);
      for (std::size_t l = 0; l < whole.weights().layers.size(); ++l)
      {
        EXPECT_EQ(resumed.weights().layers[l].weight, whole.weights().layers[l].weight);
        EXPECT_EQ(resumed.weights().layers[l].bias, whole.weights().layers[l].bias);
      }
      EXPECT_EQ(report.evaluations, unbroken.evaluations);
      EXPECT_EQ(report.loss, unbroken.loss);
      EXPECT_EQ(report.stopped_by, unbroken.stopped_by);
      EXPECT_EQ(std::isnan(report.validation_loss), validation == nullptr);
      if (validation)
      {
        EXPECT_EQ(report.validation_loss, unbroken.validation_loss);
      }
      EXPECT_GT(report.seconds, 0.);
    }
  }
}

// Requirement: the limit on time counts what was spent before, and a state of another net is
// refused.
TEST(TrainMlp, ResumedTrainingKeepsItsLimits)
{
  const Samples s = toy(30, 7);
  MlpRecipe recipe = small(true);
  TrainingCheckpoint checkpoint;
  ModelFile state;
  checkpoint.wanted = [] { return true; };
  checkpoint.save = [&](const ModelFile &now)
  {
    state = now;
    throw test::BrokenOff();
  };
  EXPECT_THROW(train_mlp(recipe, s.all(), nullptr, {}, nullptr, checkpoint), test::BrokenOff);
  state.meta()["mlp"]["seconds"] = 1000.;
  TrainingCheckpoint resumed;
  resumed.from = std::make_shared<const ModelFile>(state);
  recipe.max_seconds = 900.;
  MlpTrainingReport report;
  train_mlp(recipe, s.all(), nullptr, {}, &report, resumed);
  EXPECT_EQ(report.stopped_by, "time");
  EXPECT_EQ(report.evaluations, 1u);
  recipe.hidden = {12, 11};
  EXPECT_THROW(train_mlp(recipe, s.all(), nullptr, {}, nullptr, resumed), UserError);
}

TEST(Lbfgs, MinimisesRosenbrock)
{
  std::vector<double> x = {-1.2, 1.};
  unsigned calls = 0;
  const bool stalled = minimise_lbfgs(
    [&](const std::vector<double> &v, std::vector<double> &g)
    {
      ++calls;
      const double a = v[1] - v[0] * v[0], b = 1. - v[0];
      g = {-400. * a * v[0] - 2. * b, 200. * a};
      return 100. * a * a + b * b;
    },
    x, 10, [&] { return calls < 300; }, [](const std::vector<double> &, double) { return true; });
  EXPECT_NEAR(x[0], 1., 1e-7);
  EXPECT_NEAR(x[1], 1., 1e-7);
  EXPECT_TRUE(stalled);
  EXPECT_LT(calls, 100u);
}

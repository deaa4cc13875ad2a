// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: points are distributed over ranks by measured time when exact models answer, without
// a change in the answers.
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <operators/maps/balanced_map.h>
#include <tests/temporary_folder.h>
#include <tests/toy_point_maps.h>

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>

using namespace understudy;
using testing_tools::sentence_of;

namespace
{
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t hint_size = 4;

int rank()
{
  return rank_in(MPI_COMM_WORLD);
}

/// A law whose hints grow with the strain, with an error estimate and two answerers, which may
/// throw.
class BusyLaw : public testing_maps::SofteningLaw
{
public:
  BusyLaw() : SofteningLaw(false, 0.5, Health::not_converged, hint_size) {}

  std::vector<std::string> answerers() const override { return {"even", "odd"}; }
  void evaluate(const PointQuery &query, PointAnswer &answer) override
  {
    if (throws)
      throw SolverError("The law of rank " + std::to_string(rank()) + " is broken.");
    SofteningLaw::evaluate(query, answer);
    for (std::size_t p = 0; p < answer.health.size(); ++p)
    {
      answer.error_estimate[p] = 0.1 * (*query.inputs)(0, p);
      answer.answered_by[p] = (*query.inputs)(1, p) > 0.;
    }
    blank_unusable(answer);
    n_points += answer.health.size();
    elapsed += seconds_per_point * static_cast<double>(answer.health.size());
  }

  bool throws = false;
  std::size_t n_points = 0;
  double seconds_per_point = 1., elapsed = 0.; ///< of the clock that is shown to the map

protected:
  void use_hint(PointBatch &hints, std::size_t p, const PointQuery &query) override
  {
    for (std::size_t i = 0; i < hint_size; ++i)
      hints(i, p) = 2. * hints(i, p) + static_cast<double>(i) * (*query.inputs)(2, p);
  }
};

/// Strains and hints that differ on each rank; some not finite, some beyond the limit of the law.
PointBatch strains(std::size_t n)
{
  PointBatch x(3, n);
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t c = 0; c < 3; ++c)
      x(c, p) = 0.01 * std::sin(1. + static_cast<double>(rank()) + 3. * c + 7. * p);
  if (n > 3)
    x(1, n - 1) = nan, x(2, n - 2) = 1e300, x(0, n - 4) = -std::numeric_limits<double>::infinity();
  return x;
}
PointBatch hints_of(std::size_t n)
{
  PointBatch hints(hint_size, n);
  for (std::size_t i = 0; i < hint_size * n; ++i)
    hints.data()[i] = std::cos(static_cast<double>(i) + rank());
  return hints;
}

bool same_bits(const double *a, const double *b, std::size_t n)
{
  return n == 0 || std::memcmp(a, b, n * sizeof(double)) == 0;
}
void expect_same(const PointBatch &a, const PointBatch &b)
{
  ASSERT_EQ(a.n_components(), b.n_components());
  ASSERT_EQ(a.n_points(), b.n_points());
  EXPECT_TRUE(same_bits(a.data(), b.data(), a.n_components() * a.n_points()));
}

/// A map under test with the law inside it.
struct Balanced
{
  std::shared_ptr<BusyLaw> law = std::make_shared<BusyLaw>();
  BalancedMap map{law, MPI_COMM_WORLD, [this] { return law->elapsed; }};

  /// Asks for @p n points here and compares with the law alone.
  void expect_plain_answers(std::size_t n, bool with_hints, bool tangent)
  {
    const PointBatch x = strains(n);
    PointBatch hints = hints_of(n), plain_hints = hints_of(n);
    PointQuery query{&x, with_hints ? &hints : nullptr, 3, 2, tangent};
    PointAnswer answer, plain;
    map.evaluate(query, answer);
    query.hints = with_hints ? &plain_hints : nullptr;
    BusyLaw().evaluate(query, plain);
    expect_same(answer.outputs, plain.outputs);
    expect_same(answer.tangent, plain.tangent);
    expect_same(hints, plain_hints);
    EXPECT_EQ(answer.health, plain.health);
    EXPECT_EQ(answer.answered_by, plain.answered_by);
    ASSERT_EQ(answer.error_estimate.size(), n);
    EXPECT_TRUE(same_bits(answer.error_estimate.data(), plain.error_estimate.data(), n));
  }
};
} // namespace

TEST(BalancedMap, AnswersAreThoseOfTheMapItself)
{
  for (const bool hints : {true, false})
    for (const bool tangent : {true, false})
      for (const auto &[on_0, on_1] :
           {std::pair(10, 0), {0, 10}, {17, 4}, {4, 17}, {5, 4}, {1, 0}, {0, 0}, {40, 41}})
        Balanced().expect_plain_answers(static_cast<std::size_t>(rank() == 0 ? on_0 : on_1), hints,
                                        tangent);
}

TEST(BalancedMap, AllPointsOfOneRankAreShared)
{
  for (const int owner : {0, 1})
  {
    Balanced balanced;
    balanced.expect_plain_answers(rank() == owner ? 20 : 0, true, true);
    EXPECT_EQ(balanced.law->n_points, 10u);
    EXPECT_EQ(balanced.map.counters().computed, 10u);
    EXPECT_EQ(balanced.map.counters().moved, rank() == owner ? 10u : 0u);
  }
}

TEST(BalancedMap, SharesFollowTheMeasuredTime)
{
  Balanced balanced;
  balanced.law->seconds_per_point = rank() == 0 ? 3. : 1.;
  balanced.expect_plain_answers(12, true, true); // nothing is known: nothing moves
  EXPECT_EQ(balanced.map.counters().moved, 0u);
  balanced.expect_plain_answers(12, true, true);
  // Of 24 points rank 0 does 6.
  EXPECT_EQ(balanced.map.counters().computed, rank() == 0 ? 12u + 6u : 12u + 18u);
  EXPECT_EQ(balanced.map.counters().moved, rank() == 0 ? 6u : 0u);
}

TEST(BalancedMap, ARankThatWasSlowOnceIsTriedAgain)
{
  Balanced balanced;
  balanced.law->seconds_per_point = rank() == 0 ? 1. : 1e9;
  balanced.expect_plain_answers(3, false, false);
  balanced.law->seconds_per_point = 1.;
  for (unsigned call = 0; call < 3; ++call)
    balanced.expect_plain_answers(3, false, false);
  EXPECT_EQ(balanced.map.counters().computed, rank() == 0 ? 3u + 3u * 6u : 3u);
  for (unsigned call = 0; call < 4; ++call)
    balanced.expect_plain_answers(3, false, false);
  EXPECT_GT(balanced.map.counters().computed, 3u);
}

TEST(BalancedMap, HintsOfOneRankOnly)
{
  Balanced balanced;
  const PointBatch x = strains(rank() == 0 ? 12 : 2);
  PointBatch hints = hints_of(x.n_points()), plain_hints = hints;
  PointQuery query{&x, rank() == 0 ? &hints : nullptr, 0, 0, true};
  PointAnswer answer, plain;
  balanced.map.evaluate(query, answer);
  query.hints = &plain_hints;
  BusyLaw().evaluate(query, plain);
  expect_same(answer.outputs, plain.outputs);
  expect_same(hints, rank() == 0 ? plain_hints : hints_of(x.n_points()));
}

TEST(BalancedMap, WhatOneRankThrowsIsThrownByAll)
{
  for (const int broken : {0, 1})
    for (const std::size_t n : {0u, 8u, 9u})
    {
      Balanced balanced;
      balanced.law->throws = rank() == broken;
      // With points on rank 0 only they move; without any, and with equal numbers, they do not.
      const PointBatch x = strains(n == 9 || rank() == 0 ? n : 0);
      PointAnswer answer;
      EXPECT_EQ(sentence_of<SolverError>(
                  [&] {
                    balanced.map.evaluate({&x, nullptr, 0, 0, true}, answer);
                  }),
                "The law of rank " + std::to_string(broken) + " is broken.");
      balanced.law->throws = false;
      balanced.expect_plain_answers(rank() == 0 ? 6 : 0, true, true);
    }
}

TEST(BalancedMap, TheTangentIsWantedByAllOrNone)
{
  Balanced balanced;
  const PointBatch x = strains(2);
  PointAnswer answer;
  EXPECT_NE(sentence_of<std::invalid_argument>(
              [&] {
                balanced.map.evaluate({&x, nullptr, 0, 0, rank() == 0}, answer);
              }),
            "");
}

TEST(BalancedMap, KnowsTheNamesOfTheMapItself)
{
  const Balanced balanced;
  EXPECT_EQ(balanced.map.info().hint_size, hint_size);
  EXPECT_EQ(balanced.map.answerers(), (std::vector<std::string>{"even", "odd"}));
}

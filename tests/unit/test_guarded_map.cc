// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a guarded chain lets the first map answer that may, says why others may not, never
// moves a point back once the iterations are advanced, checks every estimate before a state is
// accepted, and its audit tightens a limit that does not hold what it promises.

#include <operators/maps/guarded_map.h>

#include "../toy_point_maps.h"

#include <gtest/gtest.h>

namespace understudy
{
namespace
{
using testing_maps::ToyLaw;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// S = factor * E with an error estimate |Exx| and no answer where Gxy is above 5.
class Scaled final : public ToyLaw
{
public:
  Scaled(const std::string &name, double factor, double box, std::size_t hint_size = 0)
    : ToyLaw(name, hint_size), factor_(factor)
  {
    info().lower.assign(3, -box);
    info().upper.assign(3, box);
  }

  void evaluate(const PointQuery &query, PointAnswer &answer) override
  {
    ToyLaw::evaluate(query, answer);
    n_points += query.inputs->n_points();
    for (std::size_t p = 0; query.want_estimate && p < query.inputs->n_points(); ++p)
    {
      answer.error_estimate[p] = std::abs((*query.inputs)(0, p));
      ++n_estimates;
    }
  }

  std::size_t n_points = 0, n_estimates = 0;

protected:
  Health law(const std::array<double, 3> &e, std::array<double, 3> &s,
             std::array<double, 9> &c) override
  {
    for (unsigned i = 0; i < 3; ++i)
    {
      s[i] = factor_ * e[i];
      c[4 * i] = factor_;
    }
    return e[2] > 5. ? Health::not_converged : Health::ok;
  }
  void use_hint(PointBatch &hints, std::size_t p, const PointQuery &) override
  {
    hints(0, p) += 1.;
  }

private:
  double factor_;
};

/// quick (box 1, estimates up to 0.5 pass) -> reduced (box 10, up to 2.5) -> exact
struct Chain
{
  std::shared_ptr<Scaled> quick = std::make_shared<Scaled>("quick", 1.1, 1.);
  std::shared_ptr<Scaled> reduced = std::make_shared<Scaled>("reduced", 1.01, 10., 1);
  std::shared_ptr<Scaled> exact =
    std::make_shared<Scaled>("exact", 1., std::numeric_limits<double>::infinity());
  AuditPlan plan{0.5, 0.05, 0., 24, [](const std::vector<double> &y, const std::vector<double> &x) {
                   return std::abs(y[0] - x[0]);
                 }};
  GuardedMap map() const
  {
    return {"guarded", {{quick, 1.}, {reduced, 0.2}, {exact, 0.}}, plan, MPI_COMM_SELF};
  }
};

/// A map with what a solver keeps for it.
struct Caller
{
  GuardedMap map;
  PointBatch E, hints;
  std::vector<double> memory;
  std::vector<std::uint64_t> ids;
  PointAnswer answer;

  Caller(GuardedMap m, const std::vector<std::array<double, 3>> &strains)
    : map(std::move(m)),
      E(3, strains.size()),
      hints(map.info().hint_size, strains.size()),
      memory(map.info().memory_size, 0.)
  {
    for (std::size_t p = 0; p < strains.size(); ++p)
    {
      ids.push_back(p);
      for (unsigned i = 0; i < 3; ++i)
        E(i, p) = strains[p][i];
    }
  }
  PointQuery query(unsigned step, unsigned iteration)
  {
    PointQuery q{&E, &hints, step, iteration, true};
    q.memory = &memory;
    q.ids = &ids;
    return q;
  }
  void evaluate(unsigned step, unsigned iteration) { map.evaluate(query(step, iteration), answer); }
  bool confirm(unsigned step, unsigned iteration)
  {
    return map.confirm(query(step, iteration), answer);
  }
};

Refusal why(const Caller &caller, std::size_t point, unsigned level)
{
  return refusal_of(caller.answer.refusals[point], level);
}

TEST(GuardedMap, LetsTheFirstAnswerThatMay)
{
  Chain chain;
  Caller caller(chain.map(),
                {{0.1, 0., 0.}, {0.1, 2., 0.}, {0.1, 20., 0.}, {5., 0., 0.}, {0.1, 0.2, 6.}});
  caller.map.evaluate(PointQuery{&caller.E}, caller.answer); // no hints: all is checked at once
  EXPECT_EQ(caller.answer.answered_by, (std::vector<std::uint8_t>{0, 1, 2, 2, 2}));
  EXPECT_EQ(why(caller, 0, 0), Refusal::none);
  EXPECT_EQ(why(caller, 1, 0), Refusal::outside_box);
  EXPECT_EQ(why(caller, 1, 1), Refusal::none);
  EXPECT_EQ(why(caller, 2, 1), Refusal::outside_box);
  EXPECT_EQ(why(caller, 3, 1), Refusal::indicator);
  EXPECT_EQ(why(caller, 4, 1), Refusal::no_answer);
  EXPECT_DOUBLE_EQ(caller.answer.outputs(0, 0), 0.11);
  EXPECT_DOUBLE_EQ(caller.answer.outputs(1, 1), 2.02);
  EXPECT_DOUBLE_EQ(caller.answer.outputs(1, 2), 20.);
  EXPECT_DOUBLE_EQ(caller.answer.tangent(4, 1), 1.01);
  // The last one has no answer for the last point either, and says so.
  EXPECT_EQ(caller.answer.health[4], Health::not_converged);
  EXPECT_TRUE(std::isnan(caller.answer.outputs(0, 4)));
}

TEST(GuardedMap, AnInputThatIsNotFiniteIsNobodysToAnswer)
{
  Chain chain;
  Caller caller(chain.map(), {{nan, 0., 0.}, {0.1, 0., std::numeric_limits<double>::infinity()}});
  caller.evaluate(0, 0);
  EXPECT_FALSE(caller.confirm(0, 0));
  for (std::size_t p = 0; p < 2; ++p)
  {
    EXPECT_EQ(caller.answer.health[p], Health::not_finite);
    EXPECT_TRUE(std::isnan(caller.answer.outputs(0, p)));
  }
  EXPECT_EQ(chain.quick->n_points + chain.reduced->n_points + chain.exact->n_points, 0u);
}

TEST(GuardedMap, MovesOnlyTowardsTheExactModelAfterTheThirdIteration)
{
  Chain chain;
  Caller caller(chain.map(), {{0.1, 2., 0.}});
  caller.evaluate(0, 2);
  EXPECT_EQ(caller.answer.answered_by[0], 1);
  caller.E(1, 0) = 0.5; // inside the box again
  caller.evaluate(0, 3);
  EXPECT_EQ(caller.answer.answered_by[0], 1) << "it moved back";
  EXPECT_EQ(why(caller, 0, 0), Refusal::outside_box) << "and the reason was forgotten";
  caller.E(1, 0) = 20.;
  caller.evaluate(0, 4);
  EXPECT_EQ(caller.answer.answered_by[0], 2);
  caller.E(1, 0) = 0.5;
  caller.evaluate(0, 5);
  EXPECT_EQ(caller.answer.answered_by[0], 2);
  caller.evaluate(1, 0); // a new step
  EXPECT_EQ(caller.answer.answered_by[0], 0);
}

TEST(GuardedMap, ChecksEstimatesBeforeAStateIsAccepted)
{
  Chain chain;
  Caller caller(chain.map(), {{0.4, 0., 0.}, {0.9, 0., 0.}});
  caller.evaluate(0, 4);
  EXPECT_EQ(caller.answer.answered_by[1], 0);
  EXPECT_EQ(chain.quick->n_estimates, 0u) << "estimates of trusted points cost time for nothing";
  EXPECT_TRUE(caller.confirm(0, 4));
  EXPECT_EQ(caller.answer.answered_by, (std::vector<std::uint8_t>{0, 1}));
  EXPECT_EQ(why(caller, 1, 0), Refusal::indicator);
  EXPECT_DOUBLE_EQ(caller.answer.outputs(0, 1), 0.909);
  EXPECT_DOUBLE_EQ(caller.answer.tangent(0, 1), 1.01);
  EXPECT_FALSE(caller.confirm(0, 4)) << "nothing is left to check";
  EXPECT_EQ(chain.quick->n_estimates, 2u);
  // In the next step, the one that was refused is in doubt, and so is the one close to the limit.
  caller.evaluate(1, 0);
  EXPECT_EQ(chain.quick->n_estimates, 4u);
  EXPECT_EQ(caller.answer.answered_by[1], 1);
  caller.E(0, 1) = 0.3;
  caller.evaluate(1, 1);
  EXPECT_EQ(caller.answer.answered_by[1], 0);
  caller.E(0, 0) = caller.E(0, 1) = 0.2;
  caller.evaluate(1, 1);
  EXPECT_FALSE(caller.confirm(1, 1));
  const std::size_t before = chain.quick->n_estimates;
  caller.evaluate(2, 0);
  EXPECT_EQ(chain.quick->n_estimates, before) << "both are far from the limit";
}

TEST(GuardedMap, HandsItsMapsTheirOwnHints)
{
  Chain chain;
  Caller caller(chain.map(), {{0.1, 2., 0.}, {0.1, 0., 0.}});
  caller.evaluate(0, 0);
  caller.evaluate(0, 1);
  EXPECT_EQ(caller.hints(3, 0), 2.) << "the reduced map counts its calls in its hint";
  EXPECT_EQ(caller.hints(3, 1), 0.);
}

/// 4000 points with estimates up to 0.4, of which the audit draws five percent.
Caller audited(Chain &chain, double share = 0.05)
{
  chain.plan.share = share;
  std::vector<std::array<double, 3>> strains;
  for (unsigned p = 0; p < 4000; ++p)
    strains.push_back({0.4 * (p + 1) / 4000., 0., 0.});
  return Caller(chain.map(), strains);
}

TEST(GuardedMap, AuditsAShareOfTheTrustedPointsOnceAStep)
{
  Chain chain; // error / estimate = 0.1, promised: 1
  Caller caller = audited(chain);
  caller.evaluate(0, 0);
  EXPECT_FALSE(caller.confirm(0, 0));
  const auto first = caller.map.tally(0, caller.memory);
  EXPECT_NEAR(static_cast<double>(first.audited), 200., 60.);
  EXPECT_EQ(first.violations, 0u);
  EXPECT_EQ(chain.exact->n_points, first.audited);
  EXPECT_FALSE(caller.confirm(0, 1));
  EXPECT_EQ(caller.map.tally(0, caller.memory).audited, first.audited) << "twice in one step";
  caller.evaluate(1, 0);
  EXPECT_FALSE(caller.confirm(1, 0));
  EXPECT_GT(caller.map.tally(0, caller.memory).audited, first.audited);
}

TEST(GuardedMap, DrawsPointsByTheirNames)
{
  Chain chain, other;
  Caller caller = audited(chain), reversed = audited(other);
  for (std::size_t p = 0; p < 4000; ++p)
  {
    reversed.ids[p] = 3999 - p;
    for (unsigned i = 0; i < 3; ++i)
      reversed.E(i, p) = caller.E(i, 3999 - p);
  }
  for (Caller *c : {&caller, &reversed})
  {
    c->evaluate(0, 0);
    c->confirm(0, 0);
  }
  EXPECT_EQ(caller.memory, reversed.memory);
}

TEST(GuardedMap, TightensALimitThatDoesNotHoldItsPromise)
{
  Chain chain;
  chain.quick = std::make_shared<Scaled>("quick", 3., 1.); // error / estimate = 2, promised: 1
  Caller caller = audited(chain);
  EXPECT_DOUBLE_EQ(caller.map.limit(0, caller.memory), 0.5);
  caller.evaluate(0, 0);
  EXPECT_TRUE(caller.confirm(0, 0));
  EXPECT_NEAR(caller.map.limit(0, caller.memory), 0.25, 1e-12);
  const auto tally = caller.map.tally(0, caller.memory);
  EXPECT_EQ(tally.violations, tally.audited);
  for (std::size_t p = 0; p < 4000; ++p)
  {
    if (std::abs(caller.E(0, p) - 0.25) < 1e-9)
      continue; // rounding decides
    EXPECT_EQ(caller.answer.answered_by[p], caller.E(0, p) < 0.25 ? 0 : 1) << p;
  }
  EXPECT_FALSE(caller.confirm(0, 1));
  // The promise holds now, so the next audit changes nothing.
  caller.evaluate(1, 0);
  EXPECT_FALSE(caller.confirm(1, 0));
  EXPECT_NEAR(caller.map.limit(0, caller.memory), 0.25, 1e-12);
}

// The promise fails for one point of the first step, which is within the nominal share, and for all
// of the second: the largest ratio of both counts.
TEST(GuardedMap, TightensByTheLargestRatioSoFar)
{
  Chain chain;
  chain.quick = std::make_shared<Scaled>("quick", 3., 1.); // error / estimate = 2, promised: 1
  chain.plan.nominal = 0.5;
  double factor = 0.1;
  unsigned calls = 0;
  chain.plan.error = [&](const std::vector<double> &y, const std::vector<double> &x)
  { return std::abs(y[0] - x[0]) * (++calls == 1 ? 0.9 : factor); };
  Caller caller = audited(chain);
  caller.evaluate(0, 0);
  EXPECT_FALSE(caller.confirm(0, 0)) << "one violation in many is within the promise";
  EXPECT_EQ(caller.map.tally(0, caller.memory).violations, 1u);
  factor = 0.7;
  for (unsigned step = 1; step < 4; ++step)
  {
    caller.evaluate(step, 0);
    caller.confirm(step, 0);
  }
  EXPECT_NEAR(caller.map.tally(0, caller.memory).quantile, 1.8, 1e-12);
}

TEST(GuardedMap, AnEstimateThatIsNotANumberDoesNotPass)
{
  class Silent final : public testing_maps::LinearLaw
  {
  public:
    Silent() : LinearLaw(isotropic(1., 1.)) {} // estimates stay NaN
  };
  Chain chain;
  Caller caller(GuardedMap("guarded", {{std::make_shared<Silent>(), 1.}, {chain.exact, 0.}},
                           chain.plan, MPI_COMM_SELF),
                {{0.1, 0., 0.}});
  caller.evaluate(0, 0);
  EXPECT_TRUE(caller.confirm(0, 0));
  EXPECT_EQ(caller.answer.answered_by[0], 1);
}
} // namespace
} // namespace understudy

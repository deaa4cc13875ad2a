// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// A guarded chain on two ranks: what a model throws on one rank is thrown on all of them.

#include <data/core/errors.h>
#include <operators/maps/balanced_map.h>
#include <operators/maps/guarded_map.h>
#include <tests/toy_point_maps.h>

#include <gtest/gtest.h>

namespace understudy
{
namespace
{
using testing_maps::LinearLaw;

class ThrowsOnRank1 final : public LinearLaw
{
public:
  ThrowsOnRank1() : LinearLaw(isotropic(1., 1.)) {}
  void evaluate(const PointQuery &query, PointAnswer &answer) override
  {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 1)
      throw SolverError("rank 1 gave up");
    LinearLaw::evaluate(query, answer);
  }
};

// Requirement: ranks whose own model is well do not wait in the collective call of the next one.
TEST(GuardedMap, WhatOneRankThrowsAllThrow)
{
  auto exact = std::make_shared<BalancedMap>(
    std::make_shared<LinearLaw>(LinearLaw::isotropic(1., 1.)), MPI_COMM_WORLD);
  GuardedMap guard("guarded", {{std::make_shared<ThrowsOnRank1>(), 1.}, {exact, 0.}},
                   {1., 0.05, 0., 1, {}}, MPI_COMM_WORLD);
  const PointBatch E(3, 2);
  PointQuery query;
  query.inputs = &E;
  PointAnswer answer;
  EXPECT_THROW(guard.evaluate(query, answer), SolverError);
}
} // namespace
} // namespace understudy

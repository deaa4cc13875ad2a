// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the points of a batch may be split over the ranks in any way, also so that a rank
// has none, without a change in the answers; and a model that is refused is refused on all ranks.

#include <data/core/errors.h>
#include <tests/contract/micro_fixture.h>

#include <deal.II/base/mpi.h>

#include <gmock/gmock.h>

#include <algorithm>

namespace understudy
{
namespace
{
using namespace testing_tools;

[[maybe_unused]] const auto *environment = testing::AddGlobalTestEnvironment(new MicroEnvironment);

class EveryPointMapInParallel : public testing::TestWithParam<std::string>
{
protected:
  /// Asks this rank for points [first, first + n) and compares with the whole batch.
  void expect_part_of_whole(PointMap &map, const PointBatch &E, const PointAnswer &whole,
                            std::size_t first, std::size_t n) const
  {
    const double exact = closure_traits().at(GetParam()).exact;
    const PointAnswer mine = ask(map, points_of(E, first, n));
    ASSERT_EQ(mine.outputs.n_points(), n);
    EXPECT_LE(largest_difference(mine.outputs, points_of(whole.outputs, first, n)),
              exact * largest(whole.outputs));
    EXPECT_LE(largest_difference(mine.tangent, points_of(whole.tangent, first, n)),
              exact * largest(whole.tangent));
    for (const Health health : mine.health)
      EXPECT_EQ(health, Health::ok);
  }
};

std::string readable(const testing::TestParamInfo<std::string> &info)
{
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

TEST_P(EveryPointMapInParallel, TwoRanksAreOne)
{
  const std::size_t rank = dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD);
  const std::size_t n_ranks = dealii::Utilities::MPI::n_mpi_processes(MPI_COMM_WORLD);
  const PointBatch E = test_strains(10);
  ClosureRequest alone = micro().request;
  alone.comm = MPI_COMM_SELF;
  const PointAnswer whole = ask(*closures().create(GetParam(), alone), E);

  const auto map = micro().make(GetParam());
  const std::size_t first = rank * E.n_points() / n_ranks;
  const std::size_t end = (rank + 1) * E.n_points() / n_ranks;
  expect_part_of_whole(*map, E, whole, first, end - first);
  // All points on the last rank.
  expect_part_of_whole(*map, E, whole, 0, rank + 1 == n_ranks ? E.n_points() : 0);
}

TEST_P(EveryPointMapInParallel, RefusedOnAllRanks)
{
  if (!closure_traits().at(GetParam()).train)
    GTEST_SKIP() << GetParam() << " has no model";
  // The folder of the models exists for rank 0 only.
  ClosureRequest request = micro().request;
  if (dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD) > 0)
    request.models /= "nowhere";
  const std::string sentence =
    sentence_of<UserError>([&] { closures().create(GetParam(), request); });
  EXPECT_THAT(sentence, testing::HasSubstr("There is no model file '"));
}

INSTANTIATE_TEST_SUITE_P(All, EveryPointMapInParallel, testing::ValuesIn(closures().names()),
                         readable);
} // namespace
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/store/dataset.h>
#include <data/store/dataset_writer.h>
#include <tests/mpi/shared_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;
using testing_tools::SharedFolder;

namespace
{
DataSetInfo example_info()
{
  DataSetInfo info;
  info.kind = "test";
  info.fields = {{"x", {2}, "mm"}};
  info.defining = {{"seed", 1}};
  return info;
}

Sample sample(const std::size_t id)
{
  return {id, "train", false, "", {{double(id), 0.5 * id}}};
}

int n_ranks()
{
  int n = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  return n;
}
} // namespace

// Requirement: ranks write together, a second writer resumes, every rank reads all, and the hash is
// that of a data set that one rank wrote.
TEST(DataSetMpi, WritesResumesAndReads)
{
  const SharedFolder folder;
  const int rank = rank_in(MPI_COMM_WORLD);
  {
    DataSetWriter writer(MPI_COMM_WORLD, folder / "data", example_info());
    writer.write_round({sample(2 * rank), sample(2 * rank + 1)});
  }
  std::set<std::size_t> expected;
  for (int id = 0; id < 2 * n_ranks(); ++id)
    expected.insert(id);
  {
    DataSetWriter writer(MPI_COMM_WORLD, folder / "data", example_info());
    EXPECT_EQ(writer.done(), expected);
    writer.write_round(rank == n_ranks() - 1 ? std::vector{sample(100)} : std::vector<Sample>{});
    expected.insert(100);
    EXPECT_EQ(writer.done(), expected);
  }
  const DataSet set = DataSet::open(folder / "data");
  set.verify();
  EXPECT_EQ(set.ids("train"), std::vector<std::size_t>(expected.begin(), expected.end()));
  for (const std::size_t id : expected)
    EXPECT_EQ(set.read(id, "x"), sample(id).values[0]);

  std::vector<Sample> all;
  for (const std::size_t id : expected)
    all.push_back(sample(id));
  DataSetWriter alone(MPI_COMM_SELF, folder / ("alone" + std::to_string(rank)), example_info());
  alone.write_round(all);
  EXPECT_EQ(DataSet::open(folder / ("alone" + std::to_string(rank))).hash(), set.hash());
}

// Requirement: the failure of one rank is the same exception on all, and nobody waits for ever.
TEST(DataSetMpi, FailureOfOneRankIsEverybodys)
{
  const SharedFolder folder;
  const int rank = rank_in(MPI_COMM_WORLD);
  DataSetWriter writer(MPI_COMM_WORLD, folder / "data", example_info());
  Sample mine = sample(rank);
  if (rank == n_ranks() - 1)
    mine.split = "trial";
  EXPECT_THAT(sentence_of<UserError>([&] { writer.write_round({mine}); }),
              HasSubstr("has the split 'trial'"));
  EXPECT_TRUE(writer.done().empty());
  if (n_ranks() > 1)
  {
    EXPECT_THAT(sentence_of<UserError>([&] { writer.write_round({sample(7)}); }),
                HasSubstr("Sample 7 was offered"));
  }
  writer.write_round({sample(rank)});
  EXPECT_EQ(writer.done().size(), std::size_t(n_ranks()));
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_THAT(
    sentence_of<UserError>([&] { DataSetWriter(MPI_COMM_WORLD, folder / "data", example_info()); }),
    HasSubstr("Another program is writing"));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a sample that cannot be made on one rank ends the generation on all, and what was
// acknowledged before stays.

#include <data/core/errors.h>
#include <data/store/dataset.h>
#include <solvers/generate_samples.h>
#include <tests/temporary_folder.h>

#include <gtest/gtest.h>

#include <memory>

using namespace understudy;

TEST(GenerateSamples, WhatOneRankThrowsAllThrow)
{
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  std::unique_ptr<testing_tools::TemporaryFolder> folder;
  std::string path(256, '\0');
  if (rank == 0)
  {
    folder = std::make_unique<testing_tools::TemporaryFolder>();
    path.replace(0, folder->path().size(), folder->path());
  }
  MPI_Bcast(path.data(), 256, MPI_CHAR, 0, MPI_COMM_WORLD);
  path = std::string(path.c_str()) + "/data";
  DataSetInfo info;
  info.kind = "numbers";
  info.fields = {{"x", {}, "1"}};
  Log log(MPI_COMM_WORLD, true);
  // Six samples in rounds of one per rank; the fourth is impossible, on one rank only.
  const auto solve = [](std::size_t id)
  {
    if (id == 3)
      throw UserError("sample 3 is impossible.");
    return Sample{id, "train", false, "", {{static_cast<double>(id)}}};
  };
  EXPECT_EQ(
    testing_tools::sentence_of<UserError>(
      [&] { generate_samples(MPI_COMM_WORLD, path, info, 6, 1, solve, "generate", log, false); }),
    "sample 3 is impossible.");
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_GE(DataSet::open(path).ids().size(), 2u);
  MPI_Barrier(MPI_COMM_WORLD);
}

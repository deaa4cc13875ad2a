// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: data of the Darcy problem do not depend on the number of ranks.
#include <data/store/dataset.h>
#include <solvers/darcy_dataset.h>
#include <tests/mpi/shared_folder.h>

#include <gtest/gtest.h>

#include <memory>

using namespace understudy;
using testing_tools::SharedFolder;

TEST(DarcyDataSetMpi, TwoRanksAreOne)
{
  const SharedFolder folder;
  const testing_tools::TemporaryFolder own;
  DarcyDataParameters p;
  p.solver.n_cells = 12;
  p.n_train = 4;
  p.n_valid = p.n_test = 1;
  p.samples_per_shard = 2;
  Log log(MPI_COMM_WORLD, true);
  generate_darcy_dataset(MPI_COMM_WORLD, folder / "data", p, log, false);
  generate_darcy_dataset(MPI_COMM_SELF, own / "data", p, log, false);
  MPI_Barrier(MPI_COMM_WORLD);
  const DataSet together = DataSet::open(folder / "data"), alone = DataSet::open(own / "data");
  EXPECT_EQ(together.ids(), alone.ids());
  for (const std::size_t id : alone.ids())
    for (const char *field : {"a", "u"}) // "seconds" differ
      EXPECT_EQ(together.read(id, field), alone.read(id, field));
}

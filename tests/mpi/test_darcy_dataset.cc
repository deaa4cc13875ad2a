// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: data of the Darcy problem do not depend on the number of ranks.
#include <data/store/dataset.h>
#include <solvers/darcy_dataset.h>
#include <tests/temporary_folder.h>

#include <gtest/gtest.h>

#include <memory>

using namespace understudy;

namespace
{
/// A folder that rank 0 makes for all.
class SharedFolder
{
public:
  SharedFolder()
  {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    std::string path(256, '\0');
    if (rank == 0)
    {
      folder_ = std::make_unique<testing_tools::TemporaryFolder>();
      path.replace(0, folder_->path().size(), folder_->path());
    }
    MPI_Bcast(path.data(), 256, MPI_CHAR, 0, MPI_COMM_WORLD);
    path_ = path.c_str();
  }
  ~SharedFolder() { MPI_Barrier(MPI_COMM_WORLD); }
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }

private:
  std::unique_ptr<testing_tools::TemporaryFolder> folder_;
  std::string path_;
};
} // namespace

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

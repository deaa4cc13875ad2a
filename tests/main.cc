// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// main() of every test: starts MPI (and with it PETSc) once, one thread per rank.
// With several ranks only rank 0 prints results; the exit code is that of the worst rank.

// Before deal.II, whose Assert macro breaks them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <data/core/threads.h>

#include <deal.II/base/mpi.h>

int main(int argc, char **argv)
{
  understudy::one_thread_per_rank();
  testing::InitGoogleMock(&argc, argv);
  const dealii::Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
  if (dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD) != 0)
  {
    auto &listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
  }
  const int failed = RUN_ALL_TESTS();
  return dealii::Utilities::MPI::max(failed, MPI_COMM_WORLD);
}

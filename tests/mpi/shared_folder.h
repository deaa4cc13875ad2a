// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/collective.h>
#include <tests/temporary_folder.h>

#include <memory>
#include <string>

namespace understudy::testing_tools
{
/// A temporary folder of rank 0 that all ranks know.
class SharedFolder
{
public:
  SharedFolder()
    : path_(on_rank_0(MPI_COMM_WORLD,
                      [&]
                      {
                        owner_ = std::make_unique<TemporaryFolder>();
                        return owner_->path();
                      }))
  {
  }
  ~SharedFolder() { MPI_Barrier(MPI_COMM_WORLD); }
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }

private:
  std::unique_ptr<TemporaryFolder> owner_;
  std::string path_;
};
} // namespace understudy::testing_tools

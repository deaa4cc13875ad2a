// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/manifest.h>

#include <mpi.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace understudy
{
/// Writes a data set in rounds, so that nothing acknowledged is lost whenever the program is
/// killed.
///
/// In a round every rank that has samples writes one shard; then rank 0 rewrites manifest.json. A
/// sample is acknowledged when write_round returns, and it is then listed in the manifest. All
/// calls are collective; an error of any rank is thrown on all ranks.
class DataSetWriter
{
public:
  /// Opens or creates the data set in @p folder. One of the same fingerprint is resumed: temporary
  /// files and shards that the manifest does not list are removed, done() tells which samples
  /// exist.
  /// @param start_afresh removes what stands there instead
  /// Throws UserError when another data set stands there, or another program is writing it, and
  /// WriteError when the folder cannot be written.
  DataSetWriter(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                bool start_afresh = false);
  ~DataSetWriter();
  DataSetWriter(const DataSetWriter &) = delete;
  DataSetWriter &operator=(const DataSetWriter &) = delete;

  /// Ids of all acknowledged samples, the crashed ones included; equal on all ranks.
  const std::set<std::size_t> &done() const { return done_; }

  /// Stores and acknowledges the samples of this rank (possibly none). Throws UserError when an id
  /// is offered twice or the values do not fit the fields, WriteError when a file cannot be
  /// written.
  void write_round(const std::vector<Sample> &mine);

private:
  class Lock;
  std::string open_or_create(bool start_afresh);
  void create();
  void remove_unlisted() const;
  std::string write_shard(const std::vector<Sample> &mine) const;
  void acknowledge(const std::vector<std::string> &rounds);

  MPI_Comm comm_;
  int rank_ = 0;
  std::string folder_;
  DataSetInfo info_;
  Manifest manifest_; ///< complete on rank 0 only
  std::set<std::size_t> done_;
  std::size_t next_round_ = 0;
  std::unique_ptr<Lock> lock_; ///< keeps other programs from writing here; on rank 0 only
};
} // namespace understudy

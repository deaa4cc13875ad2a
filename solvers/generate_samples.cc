// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/progress.h>
#include <data/core/rank_share.h>
#include <data/core/stop_flag.h>
#include <data/store/dataset_writer.h>
#include <solvers/generate_samples.h>

#include <algorithm>
#include <vector>

namespace understudy
{
std::size_t generate_samples(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                             std::size_t n_samples, unsigned samples_per_shard,
                             const std::function<Sample(std::size_t)> &solve,
                             const std::string &what, Log &log, bool start_afresh)
{
  DataSetWriter writer(comm, folder, info, start_afresh);
  std::vector<std::size_t> open;
  for (std::size_t id = 0; id < n_samples; ++id)
    if (!writer.done().contains(id))
      open.push_back(id);
  const std::size_t n_done = n_samples - open.size();
  if (!open.empty() && n_done > 0)
    log.info(what + ": continues a data set of " + std::to_string(n_done) +
             " acknowledged samples");

  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  const std::size_t per_round = static_cast<std::size_t>(n_ranks) * samples_per_shard;
  Progress progress(log, what, "samples", n_samples, n_done);
  unsigned long crashed = 0;
  for (std::size_t first = 0; first < open.size(); first += per_round)
  {
    const std::size_t end = std::min(open.size(), first + per_round);
    // neighbours on one rank: some kinds of samples have work in common with the one before
    const RankShare share = share_of_rank(comm, end - first);
    std::vector<Sample> mine;
    // A sample that cannot be made on one rank must not leave the others waiting for its shard.
    on_all_ranks(comm,
                 [&]
                 {
                   for (std::size_t i = first + share.first; i < first + share.last; ++i)
                   {
                     mine.push_back(solve(open[i]));
                     progress.update(n_done + std::min(end, first + mine.size() * n_ranks));
                   }
                 });
    for (const Sample &sample : mine)
      crashed += sample.crashed ? 1 : 0;
    writer.write_round(mine);
    throw_if_stop_requested(comm,
                            "all samples so far are stored, and the next run goes on from there.");
  }
  progress.finish();
  MPI_Allreduce(MPI_IN_PLACE, &crashed, 1, MPI_UNSIGNED_LONG, MPI_SUM, comm);
  if (crashed > 0)
    log.warning(std::to_string(crashed) + " of " + std::to_string(open.size()) +
                " samples have no solution; they are listed in the manifest and left out.");
  return open.size();
}
} // namespace understudy

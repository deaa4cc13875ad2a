// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <solvers/two_scale_state.h>

#include <numeric>

namespace understudy
{
namespace
{
/// The values of all ranks one after the other, on rank 0, and how many each rank gave.
template <class T>
std::vector<T> gather(const T *mine, std::size_t n, MPI_Datatype type, MPI_Comm comm,
                      std::vector<int> &counts)
{
  const int rank = rank_in(comm), count = static_cast<int>(n);
  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  counts.assign(n_ranks, 0);
  MPI_Gather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, 0, comm);
  std::vector<int> begins(n_ranks, 0);
  std::partial_sum(counts.begin(), counts.end() - 1, begins.begin() + 1);
  std::vector<T> all(rank == 0 ? begins.back() + counts.back() : 0);
  MPI_Gatherv(mine, count, type, all.data(), counts.data(), begins.data(), type, 0, comm);
  return all;
}
} // namespace

PointBatch gather_points(const PointBatch &values, const std::vector<std::uint64_t> &ids,
                         MPI_Comm comm)
{
  const std::size_t n_components = values.n_components();
  std::vector<int> n_ids, n_values;
  const auto all_ids = gather(ids.data(), ids.size(), MPI_UINT64_T, comm, n_ids);
  const auto all =
    gather(values.data(), n_components * values.n_points(), MPI_DOUBLE, comm, n_values);
  PointBatch gathered(n_components, all_ids.size());
  std::size_t first_id = 0, first_value = 0;
  for (std::size_t r = 0; r < n_ids.size() && !all_ids.empty(); ++r)
  {
    const auto n = static_cast<std::size_t>(n_ids[r]);
    for (std::size_t c = 0; c < n_components; ++c)
      for (std::size_t p = 0; p < n; ++p)
        gathered(c, all_ids[first_id + p]) = all[first_value + c * n + p];
    first_id += n;
    first_value += n_components * n;
  }
  return gathered;
}

PointBatch distribute_points(const PointBatch &on_root, std::size_t n_components,
                             const std::vector<std::uint64_t> &ids, MPI_Comm comm)
{
  std::uint64_t n = ids.size();
  MPI_Allreduce(MPI_IN_PLACE, &n, 1, MPI_UINT64_T, MPI_SUM, comm);
  on_rank_0(comm,
            [&]
            {
              if (on_root.n_points() != n || on_root.n_components() != n_components)
                throw UserError("The stored values belong to " +
                                std::to_string(on_root.n_points()) + " points with " +
                                std::to_string(on_root.n_components()) +
                                " numbers each, but the run has " + std::to_string(n) + " with " +
                                std::to_string(n_components) + ".");
              return std::string();
            });
  std::vector<double> all(n_components * n);
  if (rank_in(comm) == 0)
    all.assign(on_root.data(), on_root.data() + n_components * n);
  MPI_Bcast(all.data(), static_cast<int>(all.size()), MPI_DOUBLE, 0, comm);
  PointBatch mine(n_components, ids.size());
  for (std::size_t c = 0; c < n_components; ++c)
    for (std::size_t p = 0; p < ids.size(); ++p)
      mine(c, p) = all[c * n + ids[p]];
  return mine;
}
} // namespace understudy

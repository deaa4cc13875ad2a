// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/collective.h>
#include <data/core/stop_flag.h>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>

namespace understudy
{
/// The list of what @p action returns for items 0 to n - 1, which are dealt to the ranks in turn;
/// known to all. Collective, but @p action must not communicate; what it throws on one rank, all
/// throw. A request to stop ends it between two items, as throw_if_stop_requested() does.
template <class Action>
nlohmann::json over_ranks(MPI_Comm comm, std::size_t n, const Action &action)
{
  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  nlohmann::json mine = nlohmann::json::array();
  on_all_ranks(comm,
               [&]
               {
                 for (std::size_t i = rank_in(comm); i < n; i += n_ranks)
                 {
                   throw_if_stop_requested("the stage begins anew next time.");
                   mine.push_back(action(i));
                 }
               });
  nlohmann::json all = nlohmann::json::array();
  all.get_ref<nlohmann::json::array_t &>().resize(n);
  for (int owner = 0; owner < n_ranks; ++owner)
  {
    std::string text = rank_in(comm) == owner ? mine.dump() : std::string();
    int size = static_cast<int>(text.size());
    MPI_Bcast(&size, 1, MPI_INT, owner, comm);
    text.resize(size);
    MPI_Bcast(text.data(), size, MPI_CHAR, owner, comm);
    const auto theirs = nlohmann::json::parse(text);
    for (std::size_t i = 0; i < theirs.size(); ++i)
      all[owner + i * n_ranks] = theirs[i];
  }
  return all;
}
} // namespace understudy

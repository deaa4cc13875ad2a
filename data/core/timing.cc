// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/timing.h>

#include <deal.II/base/mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <set>

namespace understudy
{
namespace
{
/// The names of all ranks, sorted and equal on all ranks.
std::set<std::string> all_names(const std::set<std::string> &mine, MPI_Comm comm)
{
  std::string text;
  for (const auto &name : mine)
    text += name + '\n';
  int size = static_cast<int>(text.size()), n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  std::vector<int> sizes(n_ranks), starts(n_ranks, 0);
  MPI_Allgather(&size, 1, MPI_INT, sizes.data(), 1, MPI_INT, comm);
  for (int r = 1; r < n_ranks; ++r)
    starts[r] = starts[r - 1] + sizes[r - 1];
  std::string gathered(static_cast<std::size_t>(starts.back() + sizes.back()), ' ');
  MPI_Allgatherv(text.data(), size, MPI_CHAR, gathered.data(), sizes.data(), starts.data(),
                 MPI_CHAR, comm);
  std::set<std::string> all;
  for (std::size_t from = 0, to; (to = gathered.find('\n', from)) != std::string::npos;
       from = to + 1)
    all.insert(gathered.substr(from, to - from));
  return all;
}
} // namespace

double seconds_now()
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Timing::Scope::Scope(Timing &timing, std::string section)
  : timing_(timing), section_(std::move(section)), start_(seconds_now())
{
}

Timing::Scope::~Scope()
{
  timing_.add(section_, seconds());
}

void Timing::add(const std::string &section, double seconds)
{
  auto &entry = sections_[section];
  entry.seconds += seconds;
  entry.calls += 1.;
}

std::vector<Timing::Row> Timing::rows() const
{
  std::set<std::string> mine;
  for (const auto &[name, section] : sections_)
    mine.insert(name);
  std::vector<Row> result;
  for (const auto &name : all_names(mine, comm_))
  {
    const auto it = sections_.find(name);
    const Section section = it == sections_.end() ? Section() : it->second;
    const auto statistics = dealii::Utilities::MPI::min_max_avg(section.seconds, comm_);
    result.push_back({name, dealii::Utilities::MPI::max(section.calls, comm_), statistics.min,
                      statistics.avg, statistics.max});
  }
  return result;
}

std::string Timing::table() const
{
  const auto all = rows();
  std::size_t width = 12;
  for (const auto &row : all)
    width = std::max(width, row.section.size());
  std::string text = "wall time [s]" + std::string(width > 13 ? width - 13 : 0, ' ') +
                     "      calls    minimum    average    maximum";
  width = std::max<std::size_t>(width, 13);
  char numbers[128];
  for (const auto &row : all)
  {
    std::snprintf(numbers, sizeof numbers, "%11.0f%11.3f%11.3f%11.3f", row.calls, row.minimum,
                  row.average, row.maximum);
    text += "\n" + row.section + std::string(width - row.section.size(), ' ') + numbers;
  }
  return text;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/stages.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>

namespace understudy
{
namespace
{
/// Single samples without a solution are listed and left out; where there is no other, the solver
/// has failed.
void require_a_solution(const std::string &folder)
{
  const DataSet data = DataSet::open(folder);
  if (const auto crashed = data.crashed(); !crashed.empty() && data.ids().empty())
    throw SolverError(
      "None of " + std::to_string(crashed.size()) +
      " samples has a solution. The first: " + data.manifest().samples.at(crashed.front()).note);
}
} // namespace

void mg_tfno_generate_stage(MgTfnoWorkshop &workshop)
{
  RunContext &context = workshop.context();
  int n_ranks = 1;
  MPI_Comm_size(context.comm, &n_ranks);
  for (std::size_t t = 0; t < workshop.tasks().size(); ++t)
  {
    const LearningTask &task = workshop.tasks()[t];
    const std::string folder = workshop.data(t).string();
    const double start = seconds_now();
    const std::size_t solved = task.generate(context.comm, folder, context.log, context.force);
    const double elapsed = seconds_now() - start;
    on_rank_0(context.comm,
              [&]
              {
                require_a_solution(folder);
                const auto record = workshop.file("generate_" + task.folder + ".json");
                if (solved > 0 || !std::filesystem::exists(record))
                  write_file_atomically(record.string(), nlohmann::json{{"samples_solved", solved},
                                                                        {"samples", task.n_samples},
                                                                        {"ranks", n_ranks},
                                                                        {"seconds", elapsed}}
                                                             .dump(2) +
                                                           "\n");
                if (workshop.parameters().grid_files && t == 0)
                  write_grid_files(DataSet::open(folder), task.grid_info,
                                   workshop.grid_files(t).string());
                else
                  remove_folder(workshop.grid_files(t));
                return std::string();
              });
  }
}
} // namespace understudy

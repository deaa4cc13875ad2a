// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/stages.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/plaid_files.h>

namespace understudy
{
namespace
{
/// Single plates without a solution are listed and left out; where there is no other, the solver
/// has failed.
void require_a_solution(const MmgpWorkshop &workshop)
{
  on_all_ranks(workshop.comm(),
               [&]
               {
                 const DataSet data = DataSet::open(workshop.data().string());
                 if (const auto crashed = data.crashed(); !crashed.empty() && data.ids().empty())
                   throw SolverError("None of " + std::to_string(crashed.size()) +
                                     " plates has a solution. The first: " +
                                     data.manifest().samples.at(crashed.front()).note);
               });
}
} // namespace

void mmgp_generate_stage(MmgpWorkshop &workshop)
{
  RunContext &context = workshop.context();
  const MmgpCaseParameters &p = workshop.parameters();
  const double start = seconds_now();
  const std::size_t solved = generate_plate_dataset(context.comm, workshop.data().string(),
                                                    p.plates, p.solver, context.log, context.force);
  const double elapsed = seconds_now() - start;
  require_a_solution(workshop);
  on_rank_0(context.comm,
            [&]
            {
              write_plaid_files(DataSet::open(workshop.data().string()),
                                describe_plate_dataset(p.plates, p.solver).attributes);
              const auto file = workshop.file("generate.json");
              if (solved > 0 || !std::filesystem::exists(file))
                write_file_atomically(
                  file.string(), nlohmann::json{{"samples_solved", solved},
                                                {"samples", p.plates.n_train + p.plates.n_test},
                                                {"seconds", elapsed}}
                                     .dump(2) +
                                   "\n");
              return std::string();
            });
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/csv.h>
#include <cases/fe2/stages.h>
#include <data/core/collective.h>
#include <data/core/errors.h>

#include <algorithm>

namespace understudy
{
void evaluate_points(Fe2Workshop &workshop, const std::string &closure,
                     const std::filesystem::path &input, const std::filesystem::path &output)
{
  // Every rank reads the same few strains and answers all of them: a driver needs no speed.
  CsvTable table;
  std::array<std::size_t, 3> column{};
  on_all_ranks(workshop.comm(),
               [&]
               {
                 table = read_csv(input);
                 if (std::ranges::find(table.columns, "Gxy") == table.columns.end() &&
                     std::ranges::find(table.columns, "Exy") != table.columns.end())
                   throw UserError(input.string() + ": the shear is read from a column 'Gxy', the "
                                                    "engineering shear, which is 2 Exy.");
                 column = {table.column("Exx"), table.column("Eyy"), table.column("Gxy")};
               });
  const Fe2Parameters &p = workshop.parameters();
  const auto trained = p.training.names();
  const bool guarded = closure == guarded_name;
  if (guarded)
    for (const auto &problem : p.guard.problems(true, p.sampling.n_validation, trained))
      throw UserError(problem);
  if (!guarded && closure != "rve" &&
      std::find(trained.begin(), trained.end(), model_of(closure)) == trained.end())
    throw UserError("The closure '" + closure +
                    "' is not trained by this case: it is not among the "
                    "'Closures' of section 'Training'.");
  const auto map = workshop.at_last_round_of(closure).closure(closure);
  const std::size_t n = table.rows.size();
  PointBatch E(3, n);
  for (std::size_t p = 0; p < n; ++p)
    for (unsigned i = 0; i < 3; ++i)
      E(i, p) = table.rows[p][column[i]];
  PointQuery query;
  query.inputs = &E;
  PointAnswer answer;
  map->evaluate(query, answer);

  std::vector<std::string> header = {"Exx", "Eyy", "Gxy", "Sxx", "Syy", "Sxy"};
  for (const char *row : {"1", "2", "3"})
    for (const char *col : {"1", "2", "3"})
      header.push_back(std::string("C") + row + col);
  header.insert(header.end(), {"health", "error_estimate", "answered_by"});
  on_rank_0(workshop.comm(),
            [&]
            {
              CsvWriter csv(header);
              const auto names = map->answerers();
              for (std::size_t p = 0; p < n; ++p)
              {
                for (unsigned i = 0; i < 3; ++i)
                  csv << E(i, p);
                for (unsigned i = 0; i < 3; ++i)
                  csv << answer.outputs(i, p);
                for (unsigned i = 0; i < 9; ++i)
                  csv << answer.tangent(i, p);
                csv << std::string(to_string(answer.health[p])) << answer.error_estimate[p]
                    << names[answer.answered_by[p]];
                csv.end_row();
              }
              csv.write(output);
              return std::string();
            });
}
} // namespace understudy

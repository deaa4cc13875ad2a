// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/register.h>
#include <cases/run_case.h>
#include <cases/stage_runner.h>
#include <cases/versions.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/core/parameters.h>
#include <data/core/stop_flag.h>
#include <data/store/atomic_file.h>
#include <data/store/provenance.h>

#include <petscsys.h>
#include <understudy_version.h>

#include <cstdio>

namespace understudy
{
namespace
{
const std::string default_family = "fe2";

void write_provenance(const RunContext &context, const std::vector<StageResult> &results,
                      bool finished)
{
  on_rank_0(context.comm,
            [&]
            {
              nlohmann::json run = provenance(context.comm);
              run["command_line"] = context.arguments;
              run["case_file"] = context.case_file.string();
              run["blas"] = blas_in_use();
              run["finished"] = finished;
              run["stages"] = nlohmann::json::array();
              for (const auto &result : results)
                run["stages"].push_back({{"name", result.name},
                                         {"up_to_date", result.skipped},
                                         {"seconds", result.seconds}});
              write_file_atomically((context.output / "run.json").string(), run.dump(2) + "\n");
              return std::string();
            });
}

/// Cases of one name share a folder unless they say otherwise.
void warn_of_other_case(RunContext &context)
{
  const auto file = context.output / "run.json";
  if (!context.log.writes() || !std::filesystem::exists(file))
    return;
  const auto run = nlohmann::json::parse(read_file(file.string()), nullptr, false);
  if (!run.is_object() || !run.contains("case_file") || !run["case_file"].is_string())
    return;
  const std::filesystem::path before = run["case_file"].get<std::string>();
  std::error_code failed;
  if (std::filesystem::weakly_canonical(before, failed) !=
      std::filesystem::weakly_canonical(context.case_file, failed))
    context.log.warning(context.output.string() + " holds results of " + before.string() +
                        ", which this run replaces; 'Output directory' chooses another folder.");
}

/// The log file shall end with what the program says on the terminal.
std::vector<StageResult> run_and_log_failure(const std::vector<Stage> &stages,
                                             const std::vector<std::string> &requested,
                                             RunContext &context)
{
  try
  {
    return run_stages(stages, requested, context);
  }
  catch (const std::exception &error)
  {
    context.log.failure(error.what());
    throw;
  }
}

void print_banner(const RunContext &context)
{
  int n_ranks = 1;
  MPI_Comm_size(context.comm, &n_ranks);
  char memory[32];
  std::snprintf(memory, sizeof memory, "%.0f MB", context.memory_at_start);
  context.log.info("understudy " UNDERSTUDY_VERSION " (commit " + source_commit().id + "), " +
                   std::to_string(n_ranks) + (n_ranks == 1 ? " rank" : " ranks") +
                   ", 1 thread each, " + memory + " on rank 0");
  context.log.info("BLAS: " + blas_in_use());
  context.log.info("case: " + context.case_file.string() + ", output: " + context.output.string());
}

/// PETSc would keep silent about a misspelt option.
void warn_of_unused_options(Log &log)
{
  PetscInt n = 0;
  char **names = nullptr, **values = nullptr;
  if (PetscOptionsLeftGet(nullptr, &n, &names, &values) != 0)
    return;
  for (PetscInt i = 0; i < n; ++i)
  {
    std::string words = names[i];
    if (values[i])
      words.append(" ").append(values[i]);
    log.warning("nothing used the PETSc option -" + words + ".");
  }
  PetscOptionsLeftRestore(nullptr, &n, &names, &values);
  PetscOptionsClear(nullptr); // told here: PETSc need not tell again
}

/// Of each kind, what the last stage made that was asked for.
void tell_products(const std::vector<StageResult> &results, Log &log)
{
  Products last;
  for (const auto &result : results)
  {
    if (!result.products.report.empty())
      last.report = result.products.report;
    if (!result.products.paraview.empty())
      last.paraview = result.products.paraview;
  }
  if (!last.report.empty())
    log.conclusion("report:   " + last.report.string());
  if (!last.paraview.empty())
    log.conclusion("ParaView: " + last.paraview.string());
}

void check_problems(const Case &now, const std::filesystem::path &file, MPI_Comm comm)
{
  on_rank_0(
    comm,
    [&]
    {
      std::string text;
      for (const auto &problem : now.family->problems())
        text.append(text.empty() ? "" : "\n").append(file.string()).append(": ").append(problem);
      if (!text.empty())
        throw UserError(text);
      return std::string();
    });
}
} // namespace

void declare_case(const std::string &name, Case &result)
{
  const auto all = families();
  result.family = all.create(name.empty() ? default_family : name);
  std::string choices;
  for (const auto &known : all.names())
    choices.append(choices.empty() ? "" : "|").append(known);
  result.prm.declare_entry("Family", name.empty() ? default_family : name,
                           dealii::Patterns::Selection(choices), "Family of cases.");
  result.prm.declare_entry("Output directory", "", dealii::Patterns::Anything(),
                           "Folder of the results; empty: out/<name of the case>.");
  result.prm.declare_entry("Walltime", "0", dealii::Patterns::Double(0.),
                           "Time after which a run finishes its step, writes a checkpoint and ends "
                           "with 143, as on a signal; 0: none. What follows such an end takes "
                           "some seconds more: leave them to the limit of a queue [min]");
  result.family->declare(result.prm);
}

void read_case(const CommandLine &line, MPI_Comm comm, Case &result)
{
  declare_case(peek_entry(line.file, line.overrides, "Family", default_family, comm), result);
  read_case(result.prm, line.file, line.overrides, comm);
  result.walltime = 60. * result.prm.get_double("Walltime");
  result.output = result.prm.get("Output directory");
  if (result.output.empty())
    result.output = std::filesystem::path("out") / line.file.stem();
  check_problems(result, line.file, comm);
}

void run_case(const CommandLine &line, MPI_Comm comm)
{
  Case now;
  read_case(line, comm, now);
  Log log(comm, line.quiet);
  Timing timing(comm);
  RunContext context{comm,       line.file, now.output,        log,        timing,
                     line.force, line.all,  resident_memory(), line.resume};
  const auto stages = now.family->stages(context);
  check_stage_names(stages, line.stages);
  if (line.validate)
  {
    log.conclusion(line.file.string() + " is valid.");
    return;
  }

  set_walltime(now.walltime);
  on_rank_0(comm,
            [&]
            {
              check_resume(line.resume, now.output);
              create_folder(now.output.string());
              write_file_atomically((now.output / "case.prm").string(), text_of(now.prm));
              return std::string();
            });
  warn_of_other_case(context);
  log.open(now.output / "log.txt", true);
  print_banner(context);
  write_provenance(context, {}, false);
  std::vector<StageResult> results;
  {
    const auto scope = timing.scope("all");
    results = run_and_log_failure(stages, line.stages, context);
  }
  write_provenance(context, results, true);
  log.info(timing.table());
  if (log.writes())
    warn_of_unused_options(log);
  warn_of_outdated(stages, line.stages, context);
  tell_products(results, log);
}

void evaluate_case(const CommandLine &line, MPI_Comm comm)
{
  Case now;
  read_case(line, comm, now);
  std::vector<std::string> known;
  for (const auto &closure : now.family->closures())
    known.push_back(closure.name);
  if (std::find(known.begin(), known.end(), line.closure) == known.end())
    throw UserError("There is no closure '" + line.closure + "'" + suggestion(line.closure, known) +
                    ".");
  Log log(comm, line.quiet);
  Timing timing(comm);
  RunContext context{comm,   line.file,  now.output, log,
                     timing, line.force, line.all,   resident_memory()};
  now.family->evaluate(context, line.closure, line.input, line.output);
  if (log.writes())
    warn_of_unused_options(log);
  log.conclusion("wrote " + line.output.string());
}
} // namespace understudy

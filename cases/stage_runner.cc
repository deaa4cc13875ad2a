// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/stage_runner.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/core/progress.h>
#include <data/core/sha256.h>
#include <data/core/stop_flag.h>
#include <data/store/atomic_file.h>
#include <data/store/provenance.h>

#include <algorithm>
#include <malloc.h>
#include <system_error>

namespace understudy
{
namespace
{
std::filesystem::path record_file(const std::filesystem::path &output, const std::string &stage)
{
  return output / "stages" / (stage + ".json");
}

bool all_exist(const std::vector<std::filesystem::path> &files)
{
  return std::all_of(files.begin(), files.end(),
                     [](const auto &file) { return std::filesystem::exists(file); });
}

bool is_requested(const std::string &stage, const std::vector<std::string> &requested)
{
  return requested.empty() ||
         std::find(requested.begin(), requested.end(), stage) != requested.end();
}

/// The inputs of the stage as JSON text, or nothing when it is up to date. Equal on all ranks.
std::string inputs_if_outdated(const Stage &stage, const RunContext &context)
{
  return on_rank_0(context.comm,
                   [&]
                   {
                     const auto inputs = stage.depends_on().dump();
                     const auto record = stage_record(context.output, stage.name);
                     const bool current =
                       !context.force && record.is_object() && all_exist(stage.makes) &&
                       (!stage.is_whole || stage.is_whole()) &&
                       record.value("depends_on_sha256", std::string()) == sha256_hex(inputs);
                     return current ? std::string() : inputs;
                   });
}

void remove_record(const Stage &stage, const RunContext &context)
{
  on_rank_0(context.comm,
            [&]
            {
              remove_file(record_file(context.output, stage.name).string());
              return std::string();
            });
}

void write_record(const Stage &stage, const std::string &inputs, double seconds,
                  const RunContext &context)
{
  on_rank_0(context.comm,
            [&]
            {
              for (const auto &file : stage.makes)
                if (!std::filesystem::exists(file))
                  throw WriteError("The stage '" + stage.name + "' ended without its file " +
                                   file.string() + ".");
              nlohmann::json record = {{"stage", stage.name},
                                       {"depends_on_sha256", sha256_hex(inputs)},
                                       {"depends_on", nlohmann::json::parse(inputs)},
                                       {"seconds", seconds},
                                       {"finished_utc", utc_now()},
                                       {"makes", nlohmann::json::array()}};
              for (const auto &file : stage.makes)
                record["makes"].push_back(file.string());
              create_folder((context.output / "stages").string());
              write_file_atomically(record_file(context.output, stage.name).string(),
                                    record.dump(2) + "\n");
              return std::string();
            });
}

void tidy(const Stage &stage, const RunContext &context)
{
  on_rank_0(context.comm,
            [&]
            {
              if (stage.tidy)
                stage.tidy();
              return std::string();
            });
}

void end_if_asked(const std::string &moment, const RunContext &context)
{
  if (stop_requested(context.comm))
    throw Error(ExitCode::stopped, "The run was stopped " + stop_reason() + " " + moment +
                                     "; the same command continues it.");
}

StageResult run_stage(const Stage &stage, RunContext &context)
{
  StageResult result{stage.name, stage.products};
  const auto inputs = inputs_if_outdated(stage, context);
  if (inputs.empty())
  {
    result.skipped = true;
    tidy(stage, context); // an earlier run may have been killed before it could
    context.log.info(stage.name + ": up to date (" + context.output.string() + "), skipped" +
                     (context.resume == ResumeMode::fresh ? "; --force runs it again" : ""));
    return result;
  }
  remove_record(stage, context);
  context.log.info(stage.name + ": " + stage.sentence);
  {
    const auto scope = context.timing.scope("stage " + stage.name);
    stage.run();
    result.seconds = scope.seconds();
  }
  malloc_trim(0); // the next stage shall not look as large as the largest one before
  write_record(stage, inputs, result.seconds, context);
  tidy(stage, context);
  context.log.info(stage.name + ": done in " + duration(result.seconds));
  return result;
}
} // namespace

nlohmann::json stage_record(const std::filesystem::path &output, const std::string &stage)
{
  const auto file = record_file(output, stage);
  if (!std::filesystem::exists(file))
    return nullptr;
  // A damaged record is as good as none: the stage runs again.
  const auto record = nlohmann::json::parse(read_file(file.string()), nullptr, false);
  return record.is_object() ? record : nlohmann::json();
}

void check_stage_names(const std::vector<Stage> &stages, const std::vector<std::string> &requested)
{
  std::vector<std::string> known;
  for (const auto &stage : stages)
    known.push_back(stage.name);
  for (const auto &name : requested)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw UserError("There is no stage '" + name + "'" + suggestion(name, known) + ".");
}

void warn_of_outdated(const std::vector<Stage> &stages, const std::vector<std::string> &requested,
                      RunContext &context)
{
  if (!context.log.writes())
    return;
  for (const auto &stage : stages)
  {
    const auto record = stage_record(context.output, stage.name);
    if (is_requested(stage.name, requested) || !record.is_object())
      continue;
    std::string inputs;
    try
    {
      inputs = stage.depends_on().dump();
    }
    catch (const std::exception &)
    {
      // what it depends on is gone or of another kind
    }
    if (record.value("depends_on_sha256", std::string()) != sha256_hex(inputs))
      context.log.warning("what the stage '" + stage.name + "' made in " + context.output.string() +
                          " belongs to other parameters; run it again, too.");
  }
}

std::vector<StageResult> run_stages(const std::vector<Stage> &stages,
                                    const std::vector<std::string> &requested, RunContext &context)
{
  check_stage_names(stages, requested);
  std::vector<StageResult> results;
  for (const auto &stage : stages)
    if (is_requested(stage.name, requested))
    {
      end_if_asked("before the stage '" + stage.name + "'", context);
      results.push_back(run_stage(stage, context));
    }
  return results;
}
} // namespace understudy

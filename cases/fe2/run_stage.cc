// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/handover.h>
#include <cases/fe2/run_keeper.h>
#include <cases/fe2/stages.h>
#include <cases/versions.h>
#include <data/core/collective.h>
#include <data/core/sha256.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/strict_json.h>
#include <operators/maps/balanced_map.h>

#include <deal.II/base/mpi.h>

#include <algorithm>
#include <cstdio>

namespace understudy
{
namespace
{
/// Who answers in a macro run: the guarded chain or a single closure.
struct Player
{
  Guard guard;
  std::unique_ptr<PointMap> alone;

  Player(Fe2Workshop &workshop, const std::string &name)
  {
    if (name == guarded_name)
      guard = make_guard(workshop);
    else
      alone = workshop.playing_closure(name);
  }
  PointMap &map() { return guard.map ? *guard.map : *alone; }

  /// The exact model, be it spread over the ranks or not; null for another closure.
  const RveClosure *exact() const
  {
    const PointMap *map = alone.get();
    if (const auto *balanced = dynamic_cast<const BalancedMap *>(map))
      map = &balanced->inner();
    return dynamic_cast<const RveClosure *>(map);
  }
};

/// Whether run/<closure>/ holds the record of an equal run, and what it wrote still stands.
/// Collective.
bool is_up_to_date(Fe2Workshop &workshop, const std::string &name, const std::string &key)
{
  RunContext &context = workshop.context();
  const auto folder = workshop.run(name);
  const std::string stored =
    on_rank_0(context.comm,
              [&]() -> std::string
              {
                const auto fields = workshop.macro_fields(folder);
                const bool shown = fields.empty() || std::filesystem::exists(fields);
                if (!std::filesystem::exists(folder / "record.json") || !shown || context.force)
                  return "";
                return handovers_are_there(workshop, name)
                         ? read_json(folder / "record.json").value("key", "")
                         : "";
              });
  return stored == key;
}

/// What the hand-overs of a run are and cost.
struct Handovers
{
  std::size_t n_samples = 0;
  double time = 0.; ///< [s] to solve them once more for their fields
};

Handovers keep_handovers_of(Fe2Workshop &workshop, const RunKeeper &keeper)
{
  const double begin = seconds_now();
  const std::size_t n_samples = keep_handovers(workshop, keeper.all_fields());
  return {n_samples, dealii::Utilities::MPI::max(seconds_now() - begin, workshop.comm())};
}

constexpr const char *exact_counts[] = {"solves", "iterations", "factorizations", "retries"};

/// Numbers of @p player that the keeper adds up over the pieces of a run.
void count_with(RunKeeper &keeper, const Player &player)
{
  if (const GuardedMap *guard = player.guard.map.get())
  {
    keeper.also_total("time_checking_s", [guard] { return guard->counters().checking; });
    keeper.also_total("time_audit_s", [guard] { return guard->counters().audit; });
  }
  if (const RveClosure *exact = player.exact())
  {
    const auto &c = exact->counters();
    const std::size_t *const values[] = {&c.solves, &c.iterations, &c.factorizations, &c.retries};
    for (unsigned i = 0; i < 4; ++i)
      keeper.also_total(exact_counts[i],
                        [value = values[i]] { return static_cast<double>(*value); });
  }
}

/// What is remembered of a run that has ended; the folder is complete with it.
nlohmann::json make_record(Fe2Workshop &workshop, const std::string &name, const std::string &key,
                           Player &player, const TwoScaleResult &result, const RunKeeper &keeper,
                           const Handovers &handovers)
{
  const RunContext &context = workshop.context();
  const double memory =
    dealii::Utilities::MPI::max(resident_memory() - context.memory_at_start, context.comm);
  nlohmann::json record = {{"key", key},
                           {"closure", name},
                           {"answerers", player.map().answerers()},
                           {"time_total_s", keeper.total("time_total_s")},
                           {"time_closure_s", keeper.total("time_closure_s")},
                           {"points", keeper.total("points")},
                           {"n_dofs", result.n_dofs},
                           {"n_cells", result.n_cells},
                           {"ranks", dealii::Utilities::MPI::n_mpi_processes(context.comm)},
                           {"memory_MB", memory},
                           {"steps", keeper.all_steps()}};
  if (player.guard.map)
  {
    record["guard"] = guard_record(player.guard, workshop.parameters().guard, result.memory);
    record["guard"].update({{"time_checking_s", keeper.total("time_checking_s")},
                            {"time_audit_s", keeper.total("time_audit_s")},
                            {"handover_samples", handovers.n_samples},
                            {"time_handover_s", handovers.time}});
  }
  if (player.exact())
    for (const char *what : exact_counts)
      record["exact_busiest_rank"][what] = keeper.total(what);
  return record;
}

void tell(const nlohmann::json &record, Log &log)
{
  const std::string name = record["closure"];
  char line[160];
  std::snprintf(line, sizeof line,
                "run: %s: %zu load steps, %.0f points answered in %.3g s, %.3g s in all",
                name.c_str(), record["steps"].size(), record["points"].get<double>(),
                record["time_closure_s"].get<double>(), record["time_total_s"].get<double>());
  log.info(line);
  std::size_t outside = 0;
  for (const auto &step : record["steps"])
    outside +=
      step["health"][static_cast<unsigned>(Health::outside_training_range)].get<std::size_t>();
  if (outside > 0)
    log.warning("run: " + name + ": " + std::to_string(outside) +
                " converged point states left the training box; their answers are extrapolated, "
                "and nobody knows how well.");
}

/// One macro run with its record and fields in run/<closure>/, unless an equal one stands there.
/// @param depends run_dependencies(), on all ranks
void coupled_run(Fe2Workshop &workshop, const std::string &name, const nlohmann::json &depends)
{
  RunContext &context = workshop.context();
  const auto folder = workshop.run(name);
  const std::string key = sha256_hex(json_text(depends));
  RunKeeper keeper(workshop, name, folder, depends);
  if (is_up_to_date(workshop, name, key))
  {
    context.log.info("run: " + name + " is up to date (" + folder.string() + ")");
    keeper.clear();
    return;
  }
  on_rank_0(context.comm,
            [&]
            {
              create_folder(folder.string());
              remove_file((folder / "record.json").string());
              return std::string();
            });

  Player player(workshop, name);
  const auto scope = context.timing.scope("run: " + name);
  TwoScaleSolver solver(workshop.parameters().macro, player.map(), context.comm);
  solver.report_to([&](const std::string &line)
                   { context.log.info("run: " + name + ": " + line); });
  solver.write_to(folder, "macro");
  count_with(keeper, player);
  const bool resumed = keeper.find(player.map().info().hint_size);
  if (resumed)
    solver.resume(keeper.state());
  solver.keep_with(keeper.keeper());
  const TwoScaleResult result = solver.run();
  keeper.finish(result);
  context.timing.add("run: " + name + ": closure", result.time_closure);
  if (const auto &macro = workshop.parameters().macro; resumed && macro.output_fields)
    // The piece before may have left none, or another case may have written over them.
    write_macro_run(macro, keeper.all_fields(), {}, folder, "macro", context.comm);
  const Handovers handovers = player.guard.map ? keep_handovers_of(workshop, keeper) : Handovers();
  const nlohmann::json record = make_record(workshop, name, key, player, result, keeper, handovers);
  on_rank_0(context.comm,
            [&]
            {
              write_json(folder / "record.json", record);
              return std::string();
            });
  keeper.clear();
  tell(record, context.log);
}
} // namespace

nlohmann::json run_dependencies(Fe2Workshop &workshop, const std::string &closure)
{
  const TwoScaleParameters &m = workshop.parameters().macro;
  nlohmann::json depends = {{"closure", closure},
                            {"micro structure", workshop.micro()},
                            {"Macro/Macro mesh", m.mesh},
                            {"Macro/Cells per leg", m.resolution},
                            {"Macro/Load type", m.load_type},
                            {"Macro/Load", m.load},
                            {"Macro/Load steps", m.load_steps},
                            {"Macro/Minimum step fraction", m.minimum_step_fraction},
                            {"Macro/Newton absolute tolerance", m.absolute_tolerance},
                            {"Macro/Newton relative tolerance", m.relative_tolerance},
                            {"Macro/Maximum Newton iterations", m.maximum_iterations}};
  if (closure == guarded_name)
    depends.update(
      {{"Guard", guard_dependencies(workshop)},
       {"Coupling/Symmetric tangent", workshop.parameters().coupling.symmetric_tangent}});
  else if (closure != "rve")
    depends.update(
      {{"model", workshop.model_hash(closure, 1)},
       {"Coupling/Symmetric tangent", workshop.parameters().coupling.symmetric_tangent},
       {"Coupling/Indicator", workshop.parameters().coupling.indicator}});
  else
    depends["Micro/Tolerance"] = workshop.parameters().micro.rve.tolerance;
  return depends;
}

bool handovers_are_there(const Fe2Workshop &workshop, const std::string &closure)
{
  const auto file = workshop.run(closure) / "record.json";
  if (!std::filesystem::exists(file))
    return false;
  const nlohmann::json record = read_json(file);
  return !record.contains("guard") || record["guard"].value("handover_samples", 0u) == 0 ||
         std::filesystem::exists(workshop.handovers() / "manifest.json");
}

void run_stage(Fe2Workshop &workshop)
{
  const CouplingParameters &coupling = workshop.parameters().coupling;
  workshop.rve(); // made by all ranks before one of them asks for its fingerprint
  std::vector<std::string> names = {coupling.closure};
  if (coupling.reference != "none" && workshop.round() == 1)
    names.push_back(coupling.reference);
  std::vector<nlohmann::json> depends;
  for (const auto &name : names) // before the first of them is computed
  {
    depends.push_back(nlohmann::json::parse(
      on_rank_0(workshop.comm(), [&] { return json_text(run_dependencies(workshop, name)); })));
    RunKeeper(workshop, name, workshop.run(name), depends.back()).check();
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    coupled_run(workshop, names[i], depends[i]);
}

StoredRun read_run(Fe2Workshop &workshop, const std::string &closure)
{
  StoredRun run;
  const auto folder = workshop.run(closure);
  const std::string text =
    on_rank_0(workshop.comm(),
              [&]
              {
                if (!std::filesystem::exists(folder / "record.json"))
                  throw UserError("There is no macro run with '" + closure + "' in '" +
                                  folder.string() + "'; run the stage 'run'.");
                return read_json(folder / "record.json").dump();
              });
  run.record = nlohmann::json::parse(text);
  on_rank_0(
    workshop.comm(),
    [&]
    {
      if (run.record.value("key", "") != sha256_hex(json_text(run_dependencies(workshop, closure))))
        throw UserError("The macro run in '" + folder.string() +
                        "' belongs to other parameters or another model; run the stage 'run'.");
      return std::string();
    });
  on_rank_0(workshop.comm(),
            [&]
            {
              for (std::size_t i = 0; i < run.record["steps"].size(); ++i)
              {
                run.fields.push_back(read_fields(RunKeeper::fields_file(folder, i)));
              }
              return std::string();
            });
  run.fields.resize(run.record["steps"].size());
  return run;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/handover.h>
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
#include <cmath>
#include <cstdio>

namespace understudy
{
namespace
{
/// A number for JSON, which has no NaN.
nlohmann::json finite(double value)
{
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

nlohmann::json record_of(const LoadStepRecord &step)
{
  return {{"load_factor", step.load_factor},
          {"newton_iterations", step.newton_iterations},
          {"residual_norms", step.residual_norms},
          {"closure_calls", step.closure_calls},
          {"points", step.points},
          {"cuts", step.cuts},
          {"time_closure_s", step.time_closure},
          {"time_total_s", step.time_total},
          {"reaction_N_per_mm", step.reaction},
          {"mean_displacement_mm", step.mean_displacement},
          {"health", step.health},
          {"answered_by", step.answered_by},
          {"refusals", step.refusals},
          {"max_strain", step.max_strain},
          {"max_error_estimate", finite(step.max_error_estimate)}};
}

/// The exact model, be it spread over the ranks or not; null for another closure.
const RveClosure *exact_model(const PointMap *map)
{
  if (const auto *balanced = dynamic_cast<const BalancedMap *>(map))
    map = &balanced->inner();
  return dynamic_cast<const RveClosure *>(map);
}

std::filesystem::path fields_file(const std::filesystem::path &folder, std::size_t step)
{
  char name[32];
  std::snprintf(name, sizeof name, "step-%03zu.fields", step);
  return folder / name;
}

/// One macro run with its record and fields in run/<closure>/, unless an equal one stands there.
void coupled_run(Fe2Workshop &workshop, const std::string &name)
{
  RunContext &context = workshop.context();
  const auto folder = workshop.run(name);
  const std::string key = on_rank_0(
    context.comm, [&] { return sha256_hex(json_text(run_dependencies(workshop, name))); });
  const std::string stored =
    on_rank_0(context.comm,
              [&]() -> std::string
              {
                const auto fields = workshop.macro_fields(folder);
                const bool shown = fields.empty() || std::filesystem::exists(fields);
                if (!std::filesystem::exists(folder / "record.json") || !shown || context.force)
                  return "";
                return read_json(folder / "record.json").value("key", "");
              });
  if (stored == key)
  {
    context.log.info("run: " + name + " is up to date (" + folder.string() + ")");
    return;
  }
  on_rank_0(context.comm,
            [&]
            {
              create_folder(folder.string());
              remove_file((folder / "record.json").string());
              return std::string();
            });

  Guard guard;
  std::unique_ptr<PointMap> map;
  if (name == guarded_name)
    guard = make_guard(workshop);
  else
    map = workshop.playing_closure(name);
  PointMap &closure = guard.map ? *guard.map : *map;
  const auto scope = context.timing.scope("run: " + name);
  TwoScaleSolver solver(workshop.parameters().macro, closure, context.comm);
  solver.report_to([&](const std::string &line)
                   { context.log.info("run: " + name + ": " + line); });
  solver.write_to(folder, "macro");
  const TwoScaleResult result = solver.run();
  context.timing.add("run: " + name + ": closure", result.time_closure);
  const double memory =
    dealii::Utilities::MPI::max(resident_memory() - context.memory_at_start, context.comm);

  std::vector<MacroFields> all;
  for (const MacroFields &fields : result.fields)
    all.push_back(gather(fields, context.comm));
  std::size_t n_handovers = 0;
  double checking = 0., auditing = 0.;
  if (guard.map)
  {
    n_handovers = keep_handovers(workshop, all);
    checking = dealii::Utilities::MPI::max(guard.map->counters().checking, context.comm);
    auditing = dealii::Utilities::MPI::max(guard.map->counters().audit, context.comm);
  }
  on_rank_0(context.comm,
            [&]
            {
              nlohmann::json record = {
                {"key", key},
                {"closure", name},
                {"answerers", closure.answerers()},
                {"time_total_s", result.time_total},
                {"time_closure_s", result.time_closure},
                {"points", result.points},
                {"n_dofs", result.n_dofs},
                {"n_cells", result.n_cells},
                {"ranks", dealii::Utilities::MPI::n_mpi_processes(context.comm)},
                {"memory_MB", memory},
                {"steps", nlohmann::json::array()}};
              for (const auto &step : result.steps)
                record["steps"].push_back(record_of(step));
              if (guard.map)
              {
                record["guard"] =
                  guard_record(guard, workshop.parameters().guard, result.memory);
                record["guard"].update({{"time_checking_s", checking},
                                        {"time_audit_s", auditing},
                                        {"handover_samples", n_handovers}});
              }
              if (const RveClosure *exact = exact_model(map.get()))
                record["exact_rank_0"] = {{"solves", exact->counters().solves},
                                          {"iterations", exact->counters().iterations},
                                          {"factorizations", exact->counters().factorizations},
                                          {"retries", exact->counters().retries}};
              for (std::size_t i = 0; i < all.size(); ++i)
              {
                const auto bytes = pack(all[i]);
                write_file_atomically(fields_file(folder, i).string(),
                                      std::string_view(bytes.data(), bytes.size()));
              }
              write_json(folder / "record.json", record);
              return std::string();
            });
  char line[160];
  std::snprintf(
    line, sizeof line, "run: %s: %zu load steps, %zu points answered in %.3g s, %.3g s in all",
    name.c_str(), result.steps.size(), result.points, result.time_closure, result.time_total);
  context.log.info(line);
  std::size_t outside = 0;
  for (const auto &step : result.steps)
    outside += step.health[static_cast<unsigned>(Health::outside_training_range)];
  if (outside > 0)
    context.log.warning("run: " + name + ": " + std::to_string(outside) +
                        " converged point states left the training box; their answers are "
                        "extrapolated, and nobody knows how well.");
}
} // namespace

void generate_stage(Fe2Workshop &workshop)
{
  RunContext &context = workshop.context();
  const RveSamplingParameters &sampling = workshop.parameters().sampling;
  const auto scope = context.timing.scope("generate");
  const double start = seconds_now();
  const std::size_t solved =
    generate_rve_dataset(context.comm, workshop.data().string(), workshop.dataset_info(),
                         *workshop.rve(), sampling, context.log, context.force);
  const double elapsed = seconds_now() - start;
  on_rank_0(context.comm,
            [&]
            {
              const auto file = context.output / "generate.json";
              if (solved > 0 || !std::filesystem::exists(file))
                write_json(file,
                           {{"samples_solved", solved},
                            {"samples", sampling.n_train + sampling.n_validation + sampling.n_test},
                            {"seconds", elapsed}});
              return std::string();
            });
}

nlohmann::json run_dependencies(Fe2Workshop &workshop, const std::string &closure)
{
  const TwoScaleParameters &m = workshop.parameters().macro;
  nlohmann::json depends = {{"closure", closure},
                            {"micro", workshop.micro()},
                            {"mesh", m.mesh},
                            {"cells_per_leg", m.resolution},
                            {"load_type", m.load_type},
                            {"load", m.load},
                            {"load_steps", m.load_steps},
                            {"minimum_step_fraction", m.minimum_step_fraction},
                            {"tolerances", {m.absolute_tolerance, m.relative_tolerance}},
                            {"maximum_iterations", m.maximum_iterations}};
  if (closure == guarded_name)
    depends.update({{"guard", guard_dependencies(workshop)},
                    {"symmetric_tangent", workshop.parameters().coupling.symmetric_tangent}});
  else if (closure != "rve")
    depends.update({{"model", workshop.model_hash(closure)},
                    {"symmetric_tangent", workshop.parameters().coupling.symmetric_tangent},
                    {"indicator", workshop.parameters().coupling.indicator}});
  else
    depends["tolerance"] = workshop.parameters().micro.rve.tolerance;
  return depends;
}

void run_stage(Fe2Workshop &workshop)
{
  const CouplingParameters &coupling = workshop.parameters().coupling;
  workshop.rve(); // made by all ranks before one of them asks for its fingerprint
  coupled_run(workshop, coupling.closure);
  if (coupling.reference != "none" && workshop.round() == 1)
    coupled_run(workshop, coupling.reference);
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
  on_rank_0(
    workshop.comm(),
    [&]
    {
      for (std::size_t i = 0; i < run.record["steps"].size(); ++i)
      {
        const std::string bytes = read_file(fields_file(folder, i).string());
        run.fields.push_back(unpack({bytes.begin(), bytes.end()}, fields_file(folder, i).string()));
      }
      return std::string();
    });
  run.fields.resize(run.record["steps"].size());
  return run;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/comparison.h>
#include <cases/fe2/fe2_report.h>
#include <cases/fe2/stages.h>
#include <data/core/collective.h>
#include <data/store/atomic_file.h>
#include <solvers/rve_output.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace understudy
{
namespace
{
unsigned newton_iterations(const nlohmann::json &record)
{
  unsigned sum = 0;
  for (const auto &step : record["steps"])
    sum += step["newton_iterations"].get<unsigned>();
  return sum;
}

CoupledScore compare_runs(const StoredRun &run, const StoredRun &reference, MPI_Comm comm)
{
  CoupledScore score;
  for (const auto &[i, j] : common_steps(run.record, reference.record))
  {
    const MacroDifference d = compare(run.fields[i], reference.fields[j], comm);
    score.displacement = std::max(score.displacement, d.displacement);
    score.strain = std::max(score.strain, d.strain);
    score.stress = std::max(score.stress, d.stress);
    score.shear_stress = std::max(score.shear_stress, d.stress_parts[2]);
    const double force = run.record["steps"][i]["reaction_N_per_mm"];
    const double exact = reference.record["steps"][j]["reaction_N_per_mm"];
    score.force = std::max(score.force, std::abs(force - exact) / std::abs(exact));
  }
  score.newton_iterations = {newton_iterations(run.record), newton_iterations(reference.record)};
  return score;
}

using Reconstructors = std::map<std::string, std::unique_ptr<FieldReconstructor>>;

/// The point of largest strain, and the one of largest indicator where there is one.
std::array<const MacroPoint *, 2> points_of_interest(const MacroFields &fields)
{
  const MacroPoint *strained = nullptr, *doubtful = nullptr;
  const auto size = [](const MacroPoint &p)
  { return std::hypot(p.strain[0], p.strain[1], p.strain[2]); };
  for (const auto &cell : fields.cells)
    for (const auto &point : cell.points)
    {
      if (!strained || size(point) > size(*strained))
        strained = &point;
      if (std::isfinite(point.error_estimate) &&
          (!doubtful || point.error_estimate > doubtful->error_estimate))
        doubtful = &point;
    }
  return {strained, doubtful};
}

/// Micro fields at the macro points with the largest strain and with the largest indicator at the
/// end, of whoever answered there. Rank 0 knows all points; the reconstructors are made by all
/// ranks.
void write_chosen_micro_fields(Fe2Workshop &workshop, const StoredRun &run)
{
  Reconstructors fields;
  for (const std::string name : run.record["answerers"])
    fields[name] = workshop.fields(name);
  RveClosure exact(workshop.rve());
  const bool compare_exact = workshop.parameters().coupling.reference == "rve";
  on_rank_0(workshop.comm(),
            [&]
            {
              const MacroFields &last = run.fields.back();
              const auto [strained, doubtful] = points_of_interest(last);
              for (const auto &[file, point] : {std::pair("micro_largest_strain.vtu", strained),
                                                std::pair("micro_largest_indicator.vtu", doubtful)})
              {
                const std::string name = point ? last.answerers.at(point->answered_by) : "";
                if (!point || !fields[name])
                  continue;
                const std::vector<double> E(point->strain.begin(), point->strain.end());
                std::vector<MicroState> states(1);
                fields[name]->reconstruct(E, states[0].displacement, states[0].stress);
                if (compare_exact && name != "rve")
                {
                  states.push_back({"exact_", {}, {}});
                  exact.reconstruct(E, states[1].displacement, states[1].stress);
                }
                const auto unusable = [](const MicroState &state)
                { return !std::isfinite(state.stress.front()); };
                if (std::any_of(states.begin(), states.end(), unusable))
                {
                  workshop.context().log.warning(
                    std::string(file) + " is not written: a micro model has no answer there.");
                  continue;
                }
                write_micro_fields(workshop.context().output / file, workshop.mesh(),
                                   *workshop.rve(), states);
              }
              return std::string();
            });
}

/// The rounds of a guarded case against the reference. Collective.
std::vector<RoundFindings> compare_rounds(Fe2Workshop &workshop, const StoredRun *reference)
{
  std::vector<RoundFindings> rounds;
  for (unsigned r = 1; r <= workshop.parameters().guard.rounds; ++r)
  {
    workshop.at_round(r);
    const StoredRun run = read_run(workshop, workshop.parameters().coupling.closure);
    RoundFindings round{run.record, {}, {}, {}};
    if (reference)
      round.coupled = compare_runs(run, *reference, workshop.comm());
    on_rank_0(workshop.comm(),
              [&]
              {
                round.box = workshop.training_box();
                round.train = read_json(workshop.folder() / "train.json");
                return std::string();
              });
    rounds.push_back(std::move(round));
  }
  return rounds;
}
} // namespace

void compare_stage(Fe2Workshop &workshop)
{
  RunContext &context = workshop.context();
  const Fe2Parameters &p = workshop.parameters();
  const StoredRun run = read_run(workshop, p.coupling.closure);
  std::unique_ptr<StoredRun> reference;
  if (p.coupling.reference != "none")
    reference = std::make_unique<StoredRun>(read_run(workshop, p.coupling.reference));

  Fe2Findings findings;
  findings.run = run.record;
  if (reference)
  {
    findings.reference = reference->record;
    findings.coupled = compare_runs(run, *reference, context.comm);
  }
  if (p.macro.output_fields)
    write_macro_run(p.macro, run.fields, reference ? reference->fields : std::vector<MacroFields>(),
                    context.output, "macro", context.comm);
  write_chosen_micro_fields(workshop, run);

  // Making a closure is collective, so every rank scores all of them; rank 0 tells its figures.
  std::unique_ptr<DataSet> data;
  on_all_ranks(context.comm, [&] { data = std::make_unique<DataSet>(workshop.dataset()); });
  for (const auto &name : p.training.names())
  {
    workshop.at_last_round_of(name);
    context.log.info("compare: " + name + " on " + std::to_string(data->ids("test").size()) +
                     " test strains");
    findings.micro.push_back(score_closure(workshop, name, *data));
  }
  workshop.at_round(p.guard.rounds);
  findings.exact_seconds = time_exact(workshop, *data, 20);
  if (p.coupling.is_guarded())
  {
    findings.rounds = compare_rounds(workshop, reference.get());
    findings.gate = score_gate(workshop);
  }
  on_rank_0(context.comm,
            [&]
            {
              findings.generate = read_json(context.output / "generate.json");
              findings.train = read_json(context.output / "train.json");
              workshop.at_round(p.guard.rounds);
              write_fe2_report(workshop.parameters(), findings, context.output);
              return std::string();
            });
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What an operator does as the time stepper of a running flow.

#include <cases/mg_tfno/coarse_flow.h>
#include <cases/mg_tfno/stages.h>
#include <data/core/collective.h>
#include <data/core/progress.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>
#include <data/output/grid_vti.h>
#include <data/output/paraview_collection.h>
#include <data/output/statistics.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>
#include <meshes/grid_interpolation.h>
#include <surrogates/mg_tfno_field_map.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

/// Of the trajectories that the gate is calibrated on: a gigabyte.
constexpr std::size_t most_values = std::size_t(1) << 27;

constexpr const char *ways[] = {"exact", "guarded", "free", "coarse"};

/// States at 0, D, 2 D, ..., what they took, and who made the steps.
struct Rollout
{
  std::vector<std::vector<double>> states;
  double seconds = 0.;
  std::vector<std::string> makers;
  std::vector<std::string> reasons;
};

/// One trajectory in all ways.
class Runs
{
public:
  Runs(const StepperProblem &problem, std::shared_ptr<FieldMap> map, StepGate gate, MPI_Comm comm,
       std::vector<double> forcing)
    : p_(problem),
      map_(std::move(map)),
      gate_(std::move(gate)),
      comm_(comm),
      forcing_(std::move(forcing))
  {
  }

  Rollout exact(const std::vector<double> &start) const
  {
    TorusVorticity flow = begin(start);
    return record(flow, start, [&](Rollout &) { flow.advance(p_.data.steps_per_interval()); });
  }

  Rollout guarded(const std::vector<double> &start) const
  {
    TorusVorticity flow = begin(start);
    GuardedStepper stepper(flow, *map_, gate_, p_.stepper_parameters(), comm_);
    return record(flow, start,
                  [&](Rollout &rollout)
                  {
                    const StepOutcome step = stepper.advance_interval();
                    rollout.makers.emplace_back(to_string(step.maker));
                    rollout.reasons.push_back(step.reason);
                  });
  }

  /// The operator repeated without a gate, for comparison only.
  Rollout free(MgTfno &net, const std::vector<double> &start) const
  {
    Rollout rollout;
    rollout.states.push_back(start);
    const double begin = seconds_now();
    const std::size_t n = p_.data.flow.n;
    GridBatch w(1, 1, n, n);
    std::ranges::transform(start, w.values.begin(), [](double v) { return static_cast<float>(v); });
    for (unsigned t = 0; t < p_.data.n_intervals; ++t)
    {
      w = net.predict(w);
      rollout.states.emplace_back(w.values.begin(), w.values.end());
    }
    rollout.seconds = seconds_now() - begin;
    return rollout;
  }

  Rollout coarse(unsigned n, const std::vector<double> &start) const
  {
    Rollout rollout;
    rollout.states.push_back(start);
    CoarseFlow flow(p_.data.flow, n);
    flow.set_forcing(forcing_);
    flow.set_vorticity(start);
    SpectralInterpolation finer(n, n, p_.data.flow.n, p_.data.flow.n);
    for (unsigned t = 0; t < p_.data.n_intervals; ++t)
    {
      const double begin = seconds_now();
      flow.advance(p_.data.steps_per_interval());
      rollout.seconds += seconds_now() - begin;
      rollout.states.emplace_back(start.size());
      finer.apply(std::span<const double>(flow.vorticity()),
                  std::span<double>(rollout.states.back()));
    }
    return rollout;
  }

private:
  TorusVorticity begin(const std::vector<double> &start) const
  {
    TorusVorticity flow(p_.data.flow);
    flow.set_forcing(forcing_);
    flow.set_vorticity(start);
    return flow;
  }

  Rollout record(const TorusVorticity &flow, const std::vector<double> &start,
                 const std::function<void(Rollout &)> &advance) const
  {
    Rollout rollout;
    rollout.states.push_back(start);
    for (unsigned t = 0; t < p_.data.n_intervals; ++t)
    {
      const double begin = seconds_now();
      advance(rollout);
      rollout.seconds += seconds_now() - begin;
      rollout.states.emplace_back(start.size());
      flow.vorticity(rollout.states.back());
    }
    return rollout;
  }

  const StepperProblem &p_;
  std::shared_ptr<FieldMap> map_;
  StepGate gate_;
  MPI_Comm comm_;
  std::vector<double> forcing_;
};

/// Relative L2 of each state after the first; beyond 1e3 it is all the same.
std::vector<double> errors_of(const Rollout &found, const Rollout &exact)
{
  std::vector<double> errors;
  for (std::size_t t = 1; t < exact.states.size(); ++t)
  {
    const double e = relative_frobenius(found.states[t], exact.states[t]);
    errors.push_back(std::isfinite(e) ? std::min(e, 1e3) : 1e3);
  }
  return errors;
}

std::vector<double> persistence(const Rollout &exact)
{
  std::vector<double> errors;
  for (std::size_t t = 1; t < exact.states.size(); ++t)
    errors.push_back(relative_frobenius(exact.states[0], exact.states[t]));
  return errors;
}

Json entry(const Rollout &rollout, const std::vector<double> &errors)
{
  return {{"errors", errors},
          {"seconds", rollout.seconds},
          {"makers", rollout.makers},
          {"reasons", rollout.reasons}};
}

/// flow.pvd with flow/*.vti: a flow that was handed over and came back, beside the exact one.
void write_flow(const MgTfnoWorkshop &workshop, const StepperProblem &problem,
                const Rollout &guarded, const Rollout &exact)
{
  const auto folder = workshop.file("flow");
  remove_folder(folder);
  create_folder(folder.string());
  const auto n = static_cast<unsigned>(problem.data.flow.n);
  const GridView grid = MgTfnoFieldMap::grid_for(workshop.tasks().front().problem, n);
  ParaviewCollection all(workshop.file("flow.pvd"));
  for (std::size_t t = 0; t < exact.states.size(); ++t)
  {
    const std::vector<float> w(guarded.states[t].begin(), guarded.states[t].end()),
      truth(exact.states[t].begin(), exact.states[t].end());
    const bool learned = t > 0 && guarded.makers[t - 1] == to_string(StepMaker::learned);
    const std::vector<float> answered_by(w.size(), learned ? 0.f : 1.f);
    const auto file = folder / ("state_" + std::to_string(t) + ".vti");
    write_grid_vti(
      file.string(), grid,
      std::vector<GridImageField>{{"w", w}, {"w_exact", truth}, {"answered_by", answered_by}});
    all.add(problem.data.interval * static_cast<double>(t), file);
  }
  all.write();
}

double count(const Json &rollouts, const char *group, const char *maker)
{
  double n = 0.;
  for (const Json &rollout : rollouts)
    for (const Json &made : rollout.at(group).at("makers"))
      n += made == maker ? 1. : 0.;
  return n;
}

std::vector<double> at_time(const Json &rollouts, const std::string &way, std::size_t t)
{
  std::vector<double> all;
  for (const Json &rollout : rollouts)
    all.push_back(way == "persistence" ? rollout.at(way).at(t).get<double>()
                                       : rollout.at(way).at("errors").at(t).get<double>());
  return all;
}
} // namespace

Json StepperProblem::run(MgTfnoWorkshop &workshop) const
{
  RunContext &context = workshop.context();
  const MPI_Comm comm = workshop.comm();
  std::optional<DataSet> set;
  std::optional<StepGate> gate;
  on_all_ranks(comm,
               [&]
               {
                 set.emplace(workshop.dataset());
                 std::vector<std::vector<double>> trajectories;
                 auto ids = set->ids("train");
                 ids.resize(std::min(ids.size(), most_values / set->field("w").size() + 1));
                 for (const std::size_t id : ids)
                   trajectories.push_back(set->read(id, "w"));
                 gate.emplace(StepGate::calibrate(TorusVorticity(data.flow), data.interval,
                                                  trajectories, margin));
               });
  MgTfno net = workshop.model("operator");
  const Runs runs(*this, workshop.field_map("operator"), *gate, comm,
                  set->static_array("f").values);
  const auto ids = set->ids("test");
  const std::size_t n = std::min<std::size_t>(n_rollouts, ids.size()),
                    size = data.flow.n * data.flow.n;
  const unsigned coarse = coarse_points(n_points());
  Json record = {{"rollouts", Json::array()}, {"gate", gate->to_json()}};
  Rollout shown, shown_exact;
  Progress progress(context.log, "run: trajectories", "trajectories", n);
  for (std::size_t i = 0; i < n; ++i)
  {
    progress.update(i);
    throw_if_stop_requested(comm, "the stage begins anew next time.");
    std::vector<double> start;
    on_all_ranks(comm,
                 [&]
                 {
                   start = set->read(ids[i], "w");
                   start.resize(size);
                 });
    const Rollout exact = runs.exact(start), guarded = runs.guarded(start),
                  free = runs.free(net, start), coarsely = runs.coarse(coarse, start);
    Json rollout = {{"exact", entry(exact, {})},
                    {"guarded", entry(guarded, errors_of(guarded, exact))},
                    {"free", entry(free, errors_of(free, exact))},
                    {"coarse", entry(coarsely, errors_of(coarsely, exact))},
                    {"persistence", persistence(exact)}};
    for (double &v : start)
      v *= overload;
    const Rollout strong = runs.exact(start), handed = runs.guarded(start);
    rollout["overloaded"] = entry(handed, errors_of(handed, strong));
    record["rollouts"].push_back(rollout);
    if (i == 0)
    {
      shown = handed;
      shown_exact = strong;
    }
  }
  progress.update(n);
  progress.finish();
  on_rank_0(comm,
            [&]
            {
              if (n > 0)
                write_flow(workshop, *this, shown, shown_exact);
              else
                ParaviewCollection(workshop.file("flow.pvd")).write();
              return std::string();
            });
  return record;
}

void StepperProblem::report(const Json &record, Report &report) const
{
  const Json &rollouts = record.at("rollouts");
  if (rollouts.empty())
    return;
  report.heading("As the stepper of a running flow");
  const std::size_t last = data.n_intervals;
  report.number("n_rollouts", static_cast<double>(rollouts.size()));
  report.number("n_intervals", static_cast<double>(last));
  report.number("interval", data.interval);
  for (const char *group : {"guarded", "overloaded"})
    for (const char *maker : {"learned", "refused", "recovering", "anchoring"})
      report.number(std::string(group) + "_" + maker, count(rollouts, group, maker));
  report.number("overload", overload);
  std::vector<std::size_t> times = {1};
  for (std::size_t t = 5; t <= last; t += 5)
    times.push_back(t);
  std::vector<Report::Row> rows;
  for (const char *way : {"guarded", "free", "coarse", "persistence", "overloaded"})
  {
    Report::Row row{way, {}};
    for (const std::size_t t : times)
    {
      const std::string key = std::string("rollout_") + way + "_" + std::to_string(t);
      report.number(key, mean(at_time(rollouts, way, t - 1)));
      row.keys.push_back(key);
    }
    rows.push_back(row);
  }
  report.paragraph(
    "{n_rollouts} test trajectories over {n_intervals} intervals of {interval}, from their first "
    "state: *guarded*, the operator with its gate, the exact solver where the gate shuts; *free*, "
    "the operator repeated without a gate; *coarse*, the exact solver on a quarter of the points "
    "per direction with the same time step; *persistence*, the first state for ever; *overloaded*, "
    "guarded from {overload} "
    "times the first state, which the operator has not seen. Relative L2 error after so many "
    "intervals, mean over the trajectories:");
  std::vector<std::string> columns = {"way"};
  for (const std::size_t t : times)
    columns.push_back(std::to_string(t));
  report.table(columns, rows);
  report.paragraph(
    "Of the guarded intervals {guarded_learned} were learned, {guarded_refused} refused, "
    "{guarded_recovering} solved exactly after a refusal and {guarded_anchoring} to re-anchor; of "
    "the overloaded ones {overloaded_learned}, {overloaded_refused}, {overloaded_recovering} and "
    "{overloaded_anchoring}. `flow.pvd` shows the first overloaded flow beside the exact one; "
    "answered_by is 0 where the operator made the step.");
  for (const char *way : ways)
  {
    std::vector<double> seconds;
    for (const Json &rollout : rollouts)
      seconds.push_back(rollout.at(way).at("seconds").get<double>() / static_cast<double>(last));
    report.number(std::string("time_interval_") + way + "_s", median(seconds), "s");
  }
  report.paragraph(
    "An interval takes {time_interval_exact_s} exactly, {time_interval_guarded_s} guarded, "
    "{time_interval_free_s} without a gate, and {time_interval_coarse_s} on the coarse grid "
    "(medians).");
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/fe2_report.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
using Rows = std::vector<Report::Row>;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Converged point states of a run: all of them, per answerer, and per refusal of each answerer.
struct HandoverCounts
{
  double all = 0.;
  std::vector<double> answered;
  std::vector<std::array<double, 4>> refusals;
};

HandoverCounts count_handovers(const nlohmann::json &run)
{
  HandoverCounts counts;
  counts.answered.assign(run["answerers"].size(), 0.);
  counts.refusals.assign(run["answerers"].size(), {});
  for (const auto &step : run["steps"])
    for (std::size_t l = 0; l < counts.answered.size(); ++l)
    {
      counts.answered[l] += step["answered_by"][l].get<double>();
      counts.all += step["answered_by"][l].get<double>();
      for (unsigned why = 0; why < 4; ++why)
        counts.refusals[l][why] += step["refusals"][l][why].get<double>();
    }
  return counts;
}

void add_answers(Report &report, const nlohmann::json &run)
{
  const HandoverCounts counts = count_handovers(run);
  const double exact = counts.answered.back() / counts.all;
  const double handed = 1. - counts.answered.front() / counts.all;
  report.number("handover_share", handed);
  report.number("handover_share_rom", handed - exact);
  report.number("handover_share_exact", exact);
  report.number("n_point_states", counts.all);
  report.paragraph("Of the {n_point_states} converged point states of the last run, a share of "
                   "{handover_share} was handed on: {handover_share_exact} to the exact model. A "
                   "model is passed over when the strain leaves its training box, when its error "
                   "estimate exceeds the calibrated limit, or when it has no answer.");
  Rows rows;
  for (std::size_t l = 0; l < counts.answered.size(); ++l)
  {
    const std::string name = run["answerers"][l], k = "guard_" + key_of(name) + "_";
    const char *const whys[4] = {"answered", "outside_box", "indicator", "no_answer"};
    Report::Row row{name, {}};
    for (unsigned why = 0; why < 4; ++why)
    {
      report.number(k + whys[why], why == 0 ? counts.answered[l] : counts.refusals[l][why]);
      row.keys.push_back(k + whys[why]);
    }
    rows.push_back(row);
  }
  report.table({"model", "answered", "outside its box", "estimate above limit", "no answer"}, rows);
}

void add_calibration(Report &report, const nlohmann::json &guard)
{
  report.number("guard_tolerance", guard["tolerance"].get<double>());
  report.number("violation_rate_nominal", guard["violation_rate_nominal"].get<double>());
  double audited = 0., violations = 0.;
  Rows rows;
  for (const auto &level : guard["levels"])
  {
    const std::string name = level["closure"], k = "guard_" + key_of(name) + "_";
    Report::Row row{name, {}};
    for (const char *what :
         {"calibration_samples", "quantile", "limit", "limit_at_end", "splits_mean",
          "splits_smallest", "splits_largest", "audited", "violations"})
    {
      report.number(k + what, level[what].is_number() ? level[what].get<double>() : nan);
      row.keys.push_back(k + what);
    }
    audited += level["audited"].get<double>();
    violations += level["violations"].get<double>();
    rows.push_back(row);
  }
  report.number("n_audited", audited);
  report.number("violation_rate", audited > 0. ? violations / audited : nan);
  report.paragraph(
    "The error is promised to stay below quantile x estimate, but for a share "
    "{violation_rate_nominal}; an estimate passes up to the limit tolerance / quantile, the "
    "tolerance being {guard_tolerance}. The quantile is the split-conformal one of the "
    "calibration samples. Over 20 random halves of the validation and test samples, one half "
    "calibrating and the other counting, the promise fails for the shares given (mean, smallest, "
    "largest). The audit solved accepted points of the run exactly: {n_audited} of them" +
    std::string(audited > 0. ? ", and for a share of {violation_rate} the promise did not hold."
                             : "."));
  report.table({"model", "samples", "quantile", "limit", "limit at the end", "20 splits",
                "smallest", "largest", "audited", "violations"},
               rows);
}

void add_gate(Report &report, const GateScore &gate)
{
  report.number("gate_recall", gate.recall);
  report.number("gate_recall_without_box", gate.recall_blind);
  report.number("gate_false_alarm", gate.false_alarm);
  report.number("n_gate_outside", static_cast<double>(gate.n_outside));
  report.number("n_gate_inside", static_cast<double>(gate.n_inside));
  report.paragraph(
    "The gate before the first model, on strains of Latin hypercubes: of {n_gate_outside} beyond "
    "1.5 times the box it hands on a share {gate_recall} ({gate_recall_without_box} by the "
    "estimate alone, "
    "did it not know the box), of {n_gate_inside} inside the box {gate_false_alarm}.");
}

/// Sum of a number over the load steps.
double total(const nlohmann::json &run, const char *what)
{
  double sum = 0.;
  for (const auto &step : run["steps"])
    sum += step[what].get<double>();
  return sum;
}

void add_rounds(Report &report, const std::vector<RoundFindings> &rounds)
{
  Rows rows;
  for (std::size_t r = 0; r < rounds.size(); ++r)
  {
    const RoundFindings &round = rounds[r];
    const std::string label = std::to_string(r + 1), k = "round_" + label + "_";
    const HandoverCounts counts = count_handovers(round.run);
    report.number(k + "handover_share", 1. - counts.answered.front() / counts.all);
    report.number(k + "handover_share_exact", counts.answered.back() / counts.all);
    report.number(k + "displacement_error", round.coupled ? round.coupled->displacement : nan);
    report.number(k + "force_error", round.coupled ? round.coupled->force : nan);
    report.number(k + "newton_iterations", total(round.run, "newton_iterations"));
    report.number(k + "time_train_s", round.train["seconds"].get<double>(), "s");
    report.number(k + "time_run_s", round.run["time_total_s"].get<double>(), "s");
    report.number(k + "box", round.box.largest());
    report.number(k + "handover_samples", round.run["guard"]["handover_samples"].get<double>());
    Report::Row row{label, {}};
    for (const char *what :
         {"handover_share", "handover_share_exact", "displacement_error", "force_error",
          "newton_iterations", "time_train_s", "time_run_s", "box", "handover_samples"})
      row.keys.push_back(k + what);
    rows.push_back(row);
  }
  report.paragraph("Each round trains with the hand-overs of the rounds before and runs again. The "
                   "box is how far the training box reaches; the last column counts the samples "
                   "that the round leaves for the next: those of the rounds before, and those that "
                   "it handed over itself and that differ from them. Who answered where in round 1 "
                   "is the field answered_by of run/guarded/macro.pvd, in round n of "
                   "round-n/run/guarded/macro.pvd.");
  report.table({"round", "handed on", "to the exact model", "displacement error", "force error",
                "Newton iterations", "training", "run", "box", "samples"},
               rows);
}
} // namespace

void add_guard(Report &report, const Fe2Parameters &, const Fe2Findings &f)
{
  report.heading("The guard");
  add_answers(report, f.run);
  const nlohmann::json &guard = f.run["guard"];
  add_calibration(report, guard);
  const double closure = f.run["time_closure_s"], checking = guard["time_checking_s"],
               audit = guard["time_audit_s"];
  report.number("time_guard_s", checking, "s");
  report.number("time_audit_s", audit, "s");
  report.number("guard_share_of_closure", checking / (closure - audit));
  report.number("time_handover_s", guard["time_handover_s"].get<double>(), "s");
  report.paragraph("Checking states before they were accepted took {time_guard_s}, a share "
                   "{guard_share_of_closure} of the time in "
                   "the closures (answers of points handed on there included); the audit took "
                   "{time_audit_s} more. After the run the hand-overs were solved once more for "
                   "their fields, in {time_handover_s}.");
  if (f.gate)
    add_gate(report, *f.gate);
  add_rounds(report, f.rounds);
}
} // namespace understudy

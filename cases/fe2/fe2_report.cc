// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/csv.h>
#include <cases/fe2/fe2_report.h>
#include <data/output/report.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
using Rows = std::vector<Report::Row>;

double number(const nlohmann::json &value)
{
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// What the trainings of all rounds left, the last one last.
std::vector<nlohmann::json> trainings(const Fe2Findings &f)
{
  std::vector<nlohmann::json> all = {f.train};
  for (const RoundFindings &round : f.rounds)
    all.push_back(round.train);
  return all;
}

void add_micro(Report &report, const Fe2Parameters &p, const Fe2Findings &f)
{
  report.heading("Micro models on unseen strains");
  report.number("n_test_strains", p.sampling.n_test);
  report.paragraph(
    "Relative errors against the exact micro model over {n_test_strains} test strains "
    "(Frobenius norm over the set; 0.01 is one percent); times per point of value and "
    "tangent in batches on one core, alone and with the model's own error indicator.");
  const std::string played = model_of(p.coupling.closure);
  Rows rows;
  for (const MicroScore &s : f.micro)
  {
    const std::string k = key_of(s.closure) + "_";
    report.number(k + "micro_stress_error", s.stress);
    report.number(k + "micro_shear_error", s.shear);
    report.number(k + "micro_tangent_error", s.tangent);
    report.number(k + "time_per_point_s", s.seconds_per_point, "s");
    const bool indicates = s.seconds_with_indicator > 0.;
    if (indicates)
      report.number(k + "time_per_point_with_indicator_s", s.seconds_with_indicator, "s");
    double train = std::numeric_limits<double>::quiet_NaN();
    for (const nlohmann::json &record : trainings(f))
      if (record["models"].contains(s.closure))
        train = number(record["models"][s.closure]["seconds"]);
    report.number(k + "time_train_s", train, "s");
    rows.push_back({s.closure,
                    {k + "micro_stress_error", k + "micro_shear_error", k + "micro_tangent_error",
                     k + "time_per_point_s", indicates ? k + "time_per_point_with_indicator_s" : "",
                     k + "time_train_s"}});
    if (s.closure == played)
    {
      report.number("micro_stress_error", s.stress);
      report.number("micro_shear_error", s.shear);
      report.number("micro_tangent_error", s.tangent);
      report.number("time_per_point_surrogate_s", s.seconds_per_point, "s");
      if (indicates)
        report.number("time_per_point_surrogate_with_indicator_s", s.seconds_with_indicator, "s");
    }
  }
  report.table(
    {"micro model", "S", "Sxy", "tangent", "time per point", "with indicator", "training"}, rows);

  rows.clear();
  for (const MicroScore &s : f.micro)
  {
    if (!s.has_fields)
      continue;
    Report::Row row{s.closure, {}};
    const char *const names[3] = {"sxx", "syy", "sxy"};
    for (const bool over_set : {true, false})
      for (unsigned i = 0; i < 3; ++i)
      {
        const std::string key =
          key_of(s.closure) + "_local_" + names[i] + (over_set ? "_error" : "_median_error");
        report.number(key, (over_set ? s.local : s.local_median)[i]);
        row.keys.push_back(key);
      }
    rows.push_back(row);
  }
  if (!rows.empty())
  {
    report.paragraph(
      "Local stress fields: relative L2 error over the test set, and the median over "
      "its samples.");
    report.table({"micro model", "sxx", "syy", "sxy", "sxx median", "syy median", "sxy median"},
                 rows);
  }
}

void add_coupled(Report &report, const Fe2Parameters &p, const Fe2Findings &f)
{
  report.heading("The macro structure");
  report.number("n_macro_cells", number(f.run["n_cells"]));
  report.number("n_macro_dofs", number(f.run["n_dofs"]));
  report.number("n_load_steps", static_cast<double>(f.run["steps"].size()));
  report.number("n_ranks", number(f.run["ranks"]));
  double largest = 0.;
  for (const auto &step : f.run["steps"])
    for (const auto &e : step["max_strain"])
      largest = std::max(largest, e.get<double>());
  report.number("largest_strain_component", largest);
  report.number("strain_limit",
                f.rounds.empty() ? p.sampling.limit : f.rounds.back().box.largest());
  report.number("load", p.macro.load, p.macro.load_type == "traction" ? "N/mm2" : "mm");
  std::size_t outside = 0;
  for (const auto &step : f.run["steps"])
    outside += step["health"][1].get<std::size_t>();
  report.number("points_outside_training_box", static_cast<double>(outside));
  report.paragraph("`" + p.macro.mesh +
                   "`, {n_macro_cells} Q2 cells, {n_macro_dofs} unknowns, "
                   "{n_load_steps} load steps to a " +
                   p.macro.load_type +
                   " of {load}. The largest strain component is "
                   "{largest_strain_component} (training box {strain_limit}); "
                   "{points_outside_training_box} converged point states left the box.");
  report.number("time_run_surrogate_s", number(f.run["time_total_s"]), "s");
  report.number("memory_run_surrogate_mb", number(f.run["memory_MB"]), "MB");
  if (!f.coupled)
    return;
  const CoupledScore &c = *f.coupled;
  const std::string other = p.coupling.reference == "rve" ? "exact" : "reference";
  report.number("macro_displacement_error", c.displacement);
  report.number("macro_force_error", c.force);
  report.number("macro_strain_error", c.strain);
  report.number("macro_stress_error", c.stress);
  report.number("macro_shear_stress_error", c.shear_stress);
  report.number("newton_iterations_surrogate", c.newton_iterations[0]);
  report.number("newton_iterations_" + other, c.newton_iterations[1]);
  report.number("time_run_" + other + "_s", number(f.reference["time_total_s"]), "s");
  report.paragraph("Difference between the structure with `" + p.coupling.closure + "` and with `" +
                   p.coupling.reference +
                   "`, relative L2 over the body, the largest over the load steps.");
  report.table({"quantity", "error"}, {{"displacement", {"macro_displacement_error"}},
                                       {"reaction force", {"macro_force_error"}},
                                       {"strain", {"macro_strain_error"}},
                                       {"stress", {"macro_stress_error"}},
                                       {"shear stress", {"macro_shear_stress_error"}}});
  // A run that was up to date may stem from another number of ranks.
  report.number("n_ranks_" + other, number(f.reference["ranks"]));
  report.table(
    {"macro run", p.coupling.closure, p.coupling.reference},
    {{"ranks", {"n_ranks", "n_ranks_" + other}},
     {"Newton iterations", {"newton_iterations_surrogate", "newton_iterations_" + other}},
     {"wall time", {"time_run_surrogate_s", "time_run_" + other + "_s"}}});
}

void add_costs(Report &report, const Fe2Parameters &p, const Fe2Findings &f)
{
  report.heading("Costs");
  report.number("time_per_point_exact_s", f.exact_seconds[0], "s");
  report.number("time_per_point_exact_cold_s", f.exact_seconds[1], "s");
  const double solved = number(f.generate["samples_solved"]);
  const double generate = number(f.generate["seconds"]) * number(f.generate["samples"]) / solved;
  report.number("time_generate_s", generate, "s");
  double train = number(f.train["seconds"]);
  for (std::size_t i = 1; i < f.rounds.size(); ++i)
    train += number(f.rounds[i].train["seconds"]);
  report.number("time_train_s", train, "s");
  const bool surrogate = report.has("time_per_point_surrogate_s");
  std::string times =
    "The exact micro model takes {time_per_point_exact_s} per point with tangent from its first "
    "guess and {time_per_point_exact_cold_s} from the elastic one";
  if (surrogate)
  {
    report.number("speedup_per_point",
                  f.exact_seconds[0] / report.value("time_per_point_surrogate_s"));
    times += ", `" + p.coupling.closure +
             "` {time_per_point_surrogate_s}: a factor {speedup_per_point} per point";
  }
  if (report.has("time_per_point_surrogate_with_indicator_s"))
  {
    report.number("speedup_per_point_with_indicator",
                  f.exact_seconds[0] / report.value("time_per_point_surrogate_with_indicator_s"));
    times += " ({speedup_per_point_with_indicator} with its indicator)";
  }
  report.paragraph(times + ".");
  std::string text = "Exact samples took {time_generate_s}, training all models {time_train_s}";
  if (surrogate && f.coupled)
  {
    const double gain = number(f.reference["time_total_s"]) - number(f.run["time_total_s"]);
    if (gain > 0.)
    {
      report.number("break_even_runs", (generate + train) / gain);
      text += "; that is paid back after {break_even_runs} macro runs like this one";
    }
    else
      text += "; that is never paid back by macro runs like this one";
  }
  report.paragraph(text + ".");
}

void write_statistics(const Fe2Findings &f, const std::filesystem::path &folder)
{
  const bool both = !f.reference.is_null();
  std::vector<std::string> header;
  for (const std::string prefix : {"", "reference_"})
    if (prefix.empty() || both)
      for (const char *name :
           {"load_factor", "newton_iterations", "cuts", "reaction_N_per_mm", "mean_displacement_mm",
            "time_closure_s", "time_total_s", "max_error_estimate"})
        header.push_back(prefix + name);
  CsvWriter csv(header);
  for (const auto &[i, j] : common_steps(f.run, both ? f.reference : f.run))
  {
    for (const nlohmann::json *run : {&f.run, &f.reference})
      if (run == &f.run || both)
      {
        const nlohmann::json &step = (*run)["steps"][run == &f.run ? i : j];
        csv << number(step["load_factor"]) << number(step["newton_iterations"])
            << number(step["cuts"]) << number(step["reaction_N_per_mm"])
            << number(step["mean_displacement_mm"]) << number(step["time_closure_s"])
            << number(step["time_total_s"]) << number(step["max_error_estimate"]);
      }
    csv.end_row();
  }
  csv.write(folder / "statistics.csv");
}
} // namespace

std::string key_of(std::string name)
{
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void write_fe2_report(const Fe2Parameters &parameters, const Fe2Findings &findings,
                      const std::filesystem::path &folder)
{
  const MicroParameters &micro = parameters.micro;
  Report report("FE2 with " + parameters.coupling.closure + " on " + parameters.macro.mesh + ", " +
                (micro.mesh_file.empty() ? micro.geometry : micro.mesh_file));
  add_micro(report, parameters, findings);
  add_coupled(report, parameters, findings);
  if (parameters.coupling.is_guarded())
    add_guard(report, parameters, findings);
  add_costs(report, parameters, findings);
  report.write(folder);
  write_statistics(findings, folder);
}
} // namespace understudy

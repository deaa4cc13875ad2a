// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/report.h>
#include <data/output/report.h>
#include <data/output/statistics.h>
#include <surrogates/mmgp_rivals.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
using Rows = std::vector<Report::Row>;

/// RRMSE of Tensile2d as published: GCNN, MGN and MMGP (Casenave et al., NeurIPS 2023, table 2).
/// That data set is another one: other plates, meshes and material constants.
struct Published
{
  const char *output;
  double gcnn, mgn, mmgp;
};
constexpr Published published[] = {{"U1", 4.5e-2, 1.5e-2, 3.4e-3},
                                   {"U2", 7.4e-2, 9.7e-2, 5.5e-3},
                                   {"evrcum", 1.3e-1, 1.1e-1, 4.4e-2},
                                   {"sig11", 1.0e-1, 2.8e-2, 3.7e-3},
                                   {"sig12", 4.5e-2, 7.5e-3, 2.4e-3},
                                   {"sig22", 3.3e-2, 2.7e-2, 1.4e-3},
                                   {"max_sig22_top", 3.1e-3, 4.5e-3, 1.7e-3},
                                   {"max_von_mises", 4.4e-2, 5.8e-2, 5.0e-3},
                                   {"max_U2_top", 1.2e-1, 2.4e-2, 5.0e-3},
                                   {"max_evrcum", 1.6, 2.1e-1, 6.6e-1}};

std::string key_of(std::string name)
{
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void add_published(Report &report)
{
  Rows rows;
  for (const Published &p : published)
  {
    const std::string k = std::string("published_rrmse_") + p.output;
    report.number(k + "_gcnn", p.gcnn);
    report.number(k + "_mgn", p.mgn);
    report.number(k + "_mmgp", p.mmgp);
    rows.push_back(
      {p.output, {"rrmse_" + std::string(p.output), k + "_mmgp", k + "_mgn", k + "_gcnn"}});
  }
  report.paragraph("Beside the published RRMSE of Tensile2d. **Those belong to other data** (other "
                   "plates, meshes and material constants), so only the order of magnitude can be "
                   "compared.");
  report.table({"output", "here", "published MMGP", "published MGN", "published GCNN"}, rows);
}

void add_outputs(Report &report, const std::vector<MmgpOutput> &outputs, const MmgpFindings &f,
                 bool fields)
{
  Rows rows;
  for (std::size_t o = 0; o < outputs.size(); ++o)
  {
    const std::string name = outputs[o].quantity.name;
    Report::Row row{name, {}};
    for (std::size_t r = 0; r < f.predictors.size(); ++r)
    {
      const OutputScore &score = fields ? f.predictors[r].fields[o] : f.predictors[r].scalars[o];
      const std::string k =
        (r == 0 ? "" : key_of(MmgpRivals::names()[r - 1]) + "_") + "rrmse_" + name;
      report.number(k, score.rrmse());
      row.keys.push_back(k);
      if (r > 0)
        continue;
      report.number("q2_" + name, score.q2());
      if (outputs[o].is_logarithmic())
      {
        report.number("left_out_" + name, score.n_left_out());
        report.number("coverage_of_counted_" + name, score.coverage_of_counted());
      }
      report.number("coverage_" + name, score.coverage());
      report.number("band_" + name, f.train["bands"][name].get<double>());
      for (const char *what : {"q2_", "coverage_", "band_"})
        row.keys.push_back(what + name);
    }
    rows.push_back(std::move(row));
  }
  std::vector<std::string> columns = {fields ? "field" : "scalar", "RRMSE", "Q2", "in 95 % band",
                                      "half band in sd"};
  for (const auto &rival : MmgpRivals::names())
    columns.push_back(rival + " RRMSE");
  report.table(columns, rows);
}

/// Mean share of values between their bounds.
double mean_coverage(const std::vector<OutputScore> &scores)
{
  double sum = 0.;
  for (const OutputScore &score : scores)
    sum += score.coverage() / static_cast<double>(scores.size());
  return sum;
}

void add_definitions(Report &report)
{
  report.paragraph(
    "With the error e_i and the exact values y_i of test plate i at its N_i nodes,\n\n"
    "    RRMSE of a field  = sqrt( mean over i of |e_i|_2^2 / (N_i max|y_i|^2) )\n"
    "    RRMSE of a scalar = sqrt( mean over i of (e_i / y_i)^2 )\n"
    "    Q2                = 1 - sum of e^2 / sum of (y - mean of y)^2   over all values of all "
    "plates,\n\n"
    "as the benchmarks of Tensile2d define them: 0.01 is one percent, and the mean of the test "
    "plates has Q2 = 0.");
  report.paragraph(
    "The band is where 95 % of the truth should lie: the prediction -+ so many predicted standard "
    "deviations (sd; of evrcum: of its logarithm) as a cross-validation on the training plates "
    "found necessary, the split-conformal quantile of the errors in sd of plates that a model was "
    "not trained with, its hyper-parameters having been sought from those of all plates. 1.96 "
    "would be that of a normal error. The test plates have no part in it. "
    "{coverage_nodes} of the nodal values and {coverage_scalars} of the scalars lie in their "
    "bands, bounds included; an evrcum that the projection leaves a little below 0 counts as 0.");
}

void add_accuracy(Report &report, const MmgpCaseParameters &p, const MmgpFindings &f)
{
  report.heading("Plates not seen before");
  report.number("n_train", static_cast<double>(f.n_train));
  report.number("n_handovers_learned", static_cast<double>(f.n_handovers_learned));
  report.number("n_test", static_cast<double>(f.test.size()));
  report.number("not_morphed",
                static_cast<double>(std::ranges::count_if(f.test, [](const auto &plate)
                                                          { return plate["gate"] == "morph"; })));
  report.number("coverage_nodes", mean_coverage(f.predictors[0].fields));
  report.number("coverage_scalars", mean_coverage(f.predictors[0].scalars));
  report.number("n_common_nodes", f.train["n_common_nodes"].get<double>());
  report.paragraph(
    "Trained on {n_train} plates ({n_handovers_learned} of them handed over by earlier models), "
    "tested on {n_test}, all on meshes of their own; the common mesh has {n_common_nodes} nodes.");
  add_definitions(report);
  const MmgpProblem problem = p.problem();
  add_outputs(report, problem.fields, f, true);
  add_outputs(report, problem.scalars, f, false);
  report.paragraph(
    "Plates in which evrcum exceeds 1e-6 nowhere do not flow; {left_out_evrcum} such "
    "plates are left out of the RRMSE of evrcum and max_evrcum, but not of the shares in the band, "
    "which they fill: of the plates that flow, {coverage_of_counted_evrcum} of the nodal values of "
    "evrcum and {coverage_of_counted_max_evrcum} of max_evrcum lie in it. Plates that cannot be "
    "morphed have no prediction and are in none of these numbers ({not_morphed}).");
}

/// Scalars that are learned directly beside those of draws of the fields.
void add_derived(Report &report, const MmgpCaseParameters &p, const MmgpFindings &f)
{
  if (p.run.n_draws == 0)
    return;
  report.number("n_draws", p.run.n_draws);
  Rows rows;
  const MmgpProblem problem = p.problem();
  for (std::size_t s = 0; s < problem.scalars.size(); ++s)
  {
    const std::string name = problem.scalars[s].quantity.name;
    report.number("derived_rrmse_" + name, f.derived[s].rrmse());
    report.number("derived_coverage_" + name, f.derived[s].coverage());
    rows.push_back(
      {name,
       {"rrmse_" + name, "coverage_" + name, "derived_rrmse_" + name, "derived_coverage_" + name}});
  }
  report.paragraph(
    "The scalars are learned directly. They can also be read off the predicted fields, of which "
    "they are no linear functions: here from {n_draws} draws of the coefficients of the modes per "
    "plate, with the median as prediction and the quantiles of 2.5 and 97.5 % as band. That band "
    "knows of no cross-validation.");
  report.table({"scalar", "learned: RRMSE", "in band", "from fields: RRMSE", "in band"}, rows);
}

void add_gates(Report &report, const nlohmann::json &run)
{
  report.heading("Who is handed over");
  const char *const gates[] = {"none", "morph", "range", "shape", "distance", "deviation"};
  Rows rows;
  double handed[2] = {}, all[2] = {};
  for (const int side : {0, 1})
  {
    const char *group = side == 0 ? "test" : "unlike";
    const std::string label = side == 0 ? "of the family" : "with other notches";
    Report::Row row{label, {}};
    for (const char *gate : gates)
    {
      const std::string k = std::string("gate_") + group + "_" + gate;
      const auto n =
        std::ranges::count_if(run[group], [&](const auto &plate) { return plate["gate"] == gate; });
      report.number(k, static_cast<double>(n));
      row.keys.push_back(k);
    }
    std::vector<double> deviations; // of those that have a prediction
    for (const auto &plate : run[group])
      if (plate["gate"] != "morph" && plate["deviation"].is_number())
        deviations.push_back(plate["deviation"].get<double>());
    report.number(std::string("median_deviation_") + group,
                  deviations.empty() ? std::numeric_limits<double>::quiet_NaN()
                                     : median(deviations));
    row.keys.push_back(std::string("median_deviation_") + group);
    all[side] = static_cast<double>(run[group].size());
    handed[side] = all[side] - report.value(row.keys.front());
    rows.push_back(std::move(row));
  }
  report.number("gate_false_alarm", handed[0] / all[0]);
  report.number("gate_recall", handed[1] / all[1]);
  report.number("handed_over", handed[1]);
  report.number("handover_samples", run["handover_samples"].get<double>());
  report.paragraph(
    "A gate that shuts hands the plate to the exact solver: {handed_over} of the plates with other "
    "notches, a share of {gate_recall}, and a share of {gate_false_alarm} of the test plates.");
  report.number("unlike_learned",
                static_cast<double>(std::ranges::count_if(
                  run["unlike"], [](const auto &plate) { return plate.value("learned", false); })));
  if (report.value("unlike_learned") > 0.)
    report.paragraph(
      "**{unlike_learned} of the plates with other notches are among those that the "
      "model has learned from** ('Use handover samples'), so they are no test of it.");
  report.table({"plates", "answered", "morph", "range", "shape", "distance", "deviation",
                "largest sd / range (median)"},
               rows);
  report.paragraph(
    "The gates in their order, of which the first that shuts is counted: *morph*, the mesh has no "
    "image on the common shape; *range*, a scalar leaves its range; *shape*, the modes of the "
    "shape leave out more than the 'Shape factor' times the 99th percentile of plates that they "
    "were not made from; *distance*, shape and scalars together lie farther from the training "
    "plates (Mahalanobis) than all but the 'Distance share' of normally distributed ones would; "
    "*deviation*, a predicted sd exceeds the 'Deviation limit' as a share of the range of its "
    "field.");
  report.paragraph("{handover_samples} exact solutions of plates that were handed over stand in "
                   "`handover/` as labelled samples, each with gate and reason in the attribute "
                   "`handed_over` (`log.txt` has them, too); 'Use handover samples' in section "
                   "'Training' learns from them.");
}

void add_guesses(Report &report, const nlohmann::json &guessed)
{
  if (guessed.empty())
    return;
  report.heading("First guess of the exact solver");
  const auto mean = [&](const char *path, const char *who, const char *what)
  {
    double sum = 0.;
    for (const auto &plate : guessed)
      sum += plate[path][who][what].template get<double>() / static_cast<double>(guessed.size());
    return sum;
  };
  Rows rows = {{"Newton iterations", {}},
               {"of them in the last step", {}},
               {"solves to weigh guesses", {}},
               {"time", {}}};
  report.number("n_guessed", static_cast<double>(guessed.size()));
  for (const char *path : {"ramp", "one_step"})
  {
    const std::string prefix = path == std::string("ramp") ? "" : "one_step_";
    for (const char *who : {"default", "guess"})
    {
      std::size_t row = 0;
      for (const char *what : {"newton_iterations", "last_step_iterations", "guess_solves"})
      {
        rows[row].keys.push_back(prefix + what + "_" + who);
        report.number(rows[row++].keys.back(), mean(path, who, what));
      }
      rows[row].keys.push_back(prefix + "time_" + who + "_s");
      report.number(rows[row].keys.back(), mean(path, who, "seconds"), "s");
    }
    for (const char *what : {"guesses_taken", "guesses_discarded", "guesses_refused"})
      report.number(prefix + what,
                    mean(path, "guess", what) / mean(path, "guess", "guesses_asked"));
  }
  report.paragraph(
    "{n_guessed} test plates were solved on all ranks with the solver's own guesses and with "
    "MMGP's at full load, along the ramp, where the own guess is extrapolated from the steps "
    "before, and in a single step, where it is zero (means over the plates). A guess is taken when "
    "its residual is not larger. Along the ramp a share {guesses_taken} of the guesses was taken, "
    "{guesses_discarded} discarded and {guesses_refused} refused unseen; in a single step "
    "{one_step_guesses_taken}, {one_step_guesses_discarded} and {one_step_guesses_refused}. To "
    "weigh a guess takes two residuals and two solves with the factor in use; the second of these "
    "also smooths a guess that is taken, as a Newton iteration would, so that one iteration less "
    "is no gain yet.");
  report.table({"", "ramp, own", "ramp, MMGP", "one step, own", "one step, MMGP"}, rows);
}

/// Over the plates that have this number; NaN when none has.
double mean_over(const nlohmann::json &plates, const char *what)
{
  double sum = 0., n = 0.;
  for (const auto &plate : plates)
    if (plate[what].is_number())
    {
      sum += plate[what].get<double>();
      n += 1.;
    }
  return sum / n;
}

void add_costs(Report &report, const MmgpFindings &f)
{
  report.heading("Costs");
  const double generate = f.generate["seconds"], train = f.train["seconds"];
  const double morph = mean_over(f.test, "seconds_morph"),
               predict_morphed = mean_over(f.test, "seconds_predict"),
               exact = mean_over(f.test, "seconds_exact"), predict = morph + predict_morphed;
  report.number("time_generate_s", generate, "s");
  report.number("time_train_s", train, "s");
  for (const char *part : {"morph", "pod", "fit", "validate"})
    report.number(std::string("time_train_") + part + "_s",
                  f.train[std::string("seconds_") + part].get<double>(), "s");
  report.number("time_exact_s", exact, "s");
  report.number("time_predict_s", predict, "s");
  report.number("time_morph_s", morph, "s");
  report.number("time_predict_morphed_s", predict_morphed, "s");
  report.number("speedup", exact / predict);
  report.number("break_even_runs", exact > predict
                                     ? std::ceil((generate + train) / (exact - predict))
                                     : std::numeric_limits<double>::infinity());
  report.paragraph(
    "Data took {time_generate_s}, training {time_train_s}: morphing {time_train_morph_s}, modes "
    "{time_train_pod_s}, processes {time_train_fit_s}, cross-validation {time_train_validate_s}. "
    "An exact solution takes {time_exact_s} on "
    "one rank, a prediction {time_predict_s} ({time_morph_s} of it to morph the mesh): {speedup} "
    "times less, so data and training pay after {break_even_runs} predictions.");
}
} // namespace

void write_mmgp_report(const MmgpCaseParameters &parameters, const MmgpFindings &findings,
                       const std::filesystem::path &folder)
{
  Report report("MMGP on notched plates, variant " + parameters.plates.variant);
  add_accuracy(report, parameters, findings);
  add_derived(report, parameters, findings);
  add_published(report);
  add_gates(report, findings.run);
  add_guesses(report, findings.run["guessed"]);
  add_costs(report, findings);
  report.write(folder);
}
} // namespace understudy

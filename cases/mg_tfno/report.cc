// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/csv.h>
#include <cases/mg_tfno/report.h>
#include <data/output/grid_errors.h>
#include <data/output/statistics.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
using Json = nlohmann::json;
using Rows = std::vector<Report::Row>;

double number(const Json &value)
{
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// The key of an error: relative_l2, relative_l2_2x, ...
std::string key_of(const std::string &predictor, const std::string &error, std::size_t resolution)
{
  return (predictor == "operator" ? "" : predictor + "_") + error +
         (resolution == 0 ? "" : "_" + std::to_string(1u << resolution) + "x");
}

std::string times(std::size_t resolution)
{
  return std::to_string(1u << resolution) + "x";
}

/// Errors of a predictor at a resolution over all pairs: 0: L2, 1: H1.
std::vector<double> errors_of(const Json &pairs, const std::string &predictor,
                              std::size_t resolution, std::size_t which)
{
  std::vector<double> all;
  for (const Json &pair : pairs)
  {
    const Json &errors = pair.at("errors");
    if (const auto found = errors.find(predictor);
        found != errors.end() && resolution < found->size())
      all.push_back(number((*found)[resolution][which]));
  }
  return all;
}

std::string grid_text(unsigned n)
{
  return std::to_string(n) + "^2";
}

const Json *trained(const MgTfnoFindings &f, const std::string &name)
{
  for (const Json &model : f.train.at("models"))
    if (model.at("name") == name)
      return &model;
  return nullptr;
}

void add_networks(Report &report, const MgTfnoFindings &f)
{
  report.heading("Networks");
  Rows rows;
  for (const Json &model : f.train.at("models"))
  {
    const std::string name = model.at("name"), prefix = name == "operator" ? "" : name + "_";
    report.number(prefix + "parameters", model.at("parameters"));
    const Json &epochs = model.at("epochs");
    const std::size_t best = model.at("best_epoch");
    report.number(prefix + "time_train_s", model.at("seconds"), "s");
    report.number(prefix + "time_step_s",
                  number(model.at("seconds")) / number(model.value("steps", Json())), "s");
    report.number(prefix + "epochs", static_cast<double>(epochs.size()));
    report.number(prefix + "best_epoch", static_cast<double>(best));
    report.number(prefix + "train_loss", number(epochs.back()[0]));
    report.number(prefix + "validation_error", number(epochs[best - 1][1]));
    report.number(prefix + "expected_error", number(model.at("expected_error")));
    rows.push_back({"**" + name + "**: " + model.at("sentence").get<std::string>(),
                    {prefix + "parameters", prefix + "time_train_s", prefix + "time_step_s",
                     prefix + "best_epoch", prefix + "train_loss", prefix + "validation_error",
                     prefix + "expected_error"}});
  }
  report.table({"network", "parameters", "training", "a step with its share of validation",
                "best epoch", "last loss", "validation error", "95 % of validation within"},
               rows);
  const Json *dense = trained(f, "dense");
  if (dense == nullptr)
    return;
  const double all = dense->at("parameters");
  for (const std::string &name : f.predictors)
    if (const Json *model = trained(f, name); model != nullptr && model != dense)
      report.number(name == "operator" ? "compression" : name + "_compression",
                    all / model->at("parameters").get<double>());
  report.paragraph("The operator has {compression} times fewer parameters than the dense network "
                   "of the same width, modes and layers, trained on the same data with the same "
                   "recipe" +
                   std::string(trained(f, "small") != nullptr
                                 ? ", the small one {small_compression} times fewer."
                                 : "."));
}

void add_operator(Report &report, const MgTfnoFindings &f)
{
  Rows rows;
  for (std::size_t r = 0; r < f.resolutions.size(); ++r)
  {
    Report::Row row{times(r) + ", " + grid_text(f.resolutions[r]), {}};
    for (std::size_t which = 0; which < 2; ++which)
    {
      const auto errors = errors_of(f.pairs, "operator", r, which);
      if (errors.empty())
        continue;
      const std::string key = key_of("operator", which == 0 ? "relative_l2" : "relative_h1", r);
      const ErrorSummary s = summary_of(errors);
      report.number(key, s.mean);
      report.number(key + "_95", s.q95);
      report.number(key + "_max", s.max);
      row.keys.insert(row.keys.end(), {key, key + "_95", key + "_max"});
    }
    if (!row.keys.empty())
      rows.push_back(row);
  }
  report.paragraph("Relative errors |p - y| / |y| of the operator on {n_test} test fields, trained "
                   "at 1x only: mean, 95 % of the fields stay below, and largest. H1 adds central "
                   "differences to both norms.");
  report.table({"grid", "L2", "L2, 95 %", "L2, max", "H1", "H1, 95 %", "H1, max"}, rows);
}

void add_rivals(Report &report, const MgTfnoCaseParameters &p, const MgTfnoFindings &f)
{
  const unsigned coarse = p.problem().coarse_points(p.n_points);
  report.number("n_train_rivals", static_cast<double>(f.n_for_rivals));
  report.number("coarse_points", coarse);
  report.paragraph(
    "Beside other networks and rivals. *training_mean*, *nearest_neighbour* (in the L2 norm of the "
    "inputs) and *pod_ridge* (linear, between modes of inputs and outputs) know {n_train_rivals} "
    "training fields; *coarse_interpolation* is the exact solver on " +
    grid_text(coarse) + " points" +
    (p.problem().has_persistence() ? "; *persistence* says that nothing changes" : "") +
    ". On finer grids than their own these answers are interpolated (" +
    (p.problem().tasks().front().problem.is_periodic() ? "trigonometrically" : "by cubics") + ").");
  Rows rows;
  for (const std::string &name : f.predictors)
  {
    Report::Row row{name, {}};
    for (std::size_t r = 0; r < f.resolutions.size(); ++r)
    {
      const auto errors = errors_of(f.pairs, name, r, 0);
      const std::string key = key_of(name, "relative_l2", r);
      if (!errors.empty() && !report.has(key))
        report.number(key, mean(errors));
      row.keys.push_back(errors.empty() ? "" : key);
    }
    for (std::size_t r = 0; r < f.resolutions.size(); ++r)
    {
      const std::string key = key_of(name, "relative_h1", r);
      const auto errors = errors_of(f.pairs, name, r, 1);
      if (!errors.empty() && !report.has(key))
        report.number(key, mean(errors));
      if (r == 0)
        row.keys.push_back(key);
    }
    rows.push_back(row);
  }
  std::vector<std::string> columns = {"predictor"};
  for (std::size_t r = 0; r < f.resolutions.size(); ++r)
    columns.push_back("L2 at " + times(r) + ", " + grid_text(f.resolutions[r]));
  columns.emplace_back("H1 at 1x");
  report.table(columns, rows);
}

void add_bands(Report &report, const MgTfnoFindings &f)
{
  report.heading("Error by wave numbers");
  Rows rows;
  for (std::size_t b = 0; b < f.first_wave_numbers.size(); ++b)
  {
    std::vector<double> mine, coarse;
    for (const Json &pair : f.pairs)
    {
      mine.push_back(number(pair.at("bands")[b]));
      coarse.push_back(number(pair.at("bands_coarse")[b]));
    }
    const auto first = static_cast<unsigned>(f.first_wave_numbers[b]);
    const std::string key = "error_band_" + std::to_string(first);
    report.number(key, mean(mine));
    report.number("coarse_interpolation_" + key, mean(coarse));
    rows.push_back({first < 2 ? std::to_string(first)
                              : std::to_string(first) + " to below " + std::to_string(2 * first),
                    {key, "coarse_interpolation_" + key}});
  }
  report.paragraph("Share of each octave of wave numbers in the error, relative to the whole "
                   "field, on the grid of the training. Of one field their squares add up to the "
                   "square of its relative L2 error; these are means over the test fields.");
  report.table({"wave number", "operator", "coarse grid, interpolated"}, rows);
}

void add_seams(Report &report, const MgTfnoFindings &f)
{
  if (!f.pairs.front().contains("seam_jump"))
    return;
  std::vector<double> mine, exact;
  for (const Json &pair : f.pairs)
  {
    mine.push_back(number(pair.at("seam_jump")));
    exact.push_back(number(pair.at("seam_jump_exact")));
  }
  report.number("seam_jump", mean(mine));
  report.number("seam_jump_exact", mean(exact));
  report.paragraph("Across the seams between patches neighbouring values of the operator differ "
                   "more than elsewhere by a share of {seam_jump}; of the exact fields by "
                   "{seam_jump_exact}.");
}

void add_trust(Report &report, const MgTfnoFindings &f)
{
  const auto shut = std::ranges::count_if(f.pairs, [](const Json &pair)
                                          { return !pair.at("gate").get<std::string>().empty(); });
  report.number("gate_false_alarm",
                static_cast<double>(shut) / static_cast<double>(f.pairs.size()));
  report.paragraph("The gate, which compares an input with the ranges of the training, would hand "
                   "a share of {gate_false_alarm} of the test fields to the exact solver.");
}

void add_costs(Report &report, const MgTfnoCaseParameters &p, const MgTfnoFindings &f)
{
  report.heading("Costs");
  const Json &data = f.generate.at(p.problem().tasks().front().folder),
             &net = *trained(f, "operator");
  report.number("time_generate_s", data.at("seconds"), "s");
  report.number("ranks", net.at("ranks"));
  // of one rank, as the times of single answers are
  const double invested = data.at("seconds").get<double>() * data.at("ranks").get<double>() +
                          net.at("seconds").get<double>() * net.at("ranks").get<double>();
  std::vector<double> seconds, coarse;
  for (const Json &pair : f.pairs)
  {
    if (!pair.at("seconds").empty())
      seconds.push_back(pair.at("seconds").back());
    coarse.push_back(pair.at("seconds_coarse"));
  }
  const double exact = f.seconds_exact / static_cast<double>(f.pairs_per_sample),
               surrogate =
                 seconds.empty() ? std::numeric_limits<double>::quiet_NaN() : median(seconds);
  report.number("time_exact_s", exact, "s");
  report.number("time_surrogate_s", surrogate, "s");
  report.number("time_coarse_s", median(coarse), "s");
  report.number("speedup", exact / surrogate);
  report.number("speedup_over_coarse", median(coarse) / surrogate);
  report.number("break_even_runs", exact > surrogate ? std::ceil(invested / (exact - surrogate))
                                                     : std::numeric_limits<double>::infinity());
  report.paragraph(
    "Data took {time_generate_s}, the training of the operator {time_train_s} on {ranks} ranks. An "
    "exact answer on the grid of the data set, " +
    grid_text(p.problem().n_points()) +
    ", takes {time_exact_s} on one rank; one of the operator on the finest grid of the "
    "comparison, " +
    grid_text(f.resolutions.back()) +
    ", {time_surrogate_s}: the exact one takes {speedup} times as long" +
    std::string(exact > surrogate ? ", and data and training pay after {break_even_runs} answers."
                                  : ", so that data and training never pay.") +
    " The exact solver on the coarse grid, without the interpolation, takes {time_coarse_s}, "
    "{speedup_over_coarse} times as long as the operator on that finest grid.");
}
} // namespace

void write_mg_tfno_report(const MgTfnoCaseParameters &parameters, const MgTfnoFindings &findings,
                          const std::filesystem::path &folder)
{
  Report report("Neural operator, problem " + parameters.problem_name);
  report.number("n_train", static_cast<double>(trained(findings, "operator")->at("samples")));
  report.number("n_test", static_cast<double>(findings.pairs.size()));
  report.heading("Fields not seen before");
  report.paragraph("Trained on {n_train} fields of " + grid_text(parameters.n_points) +
                   " points; exact answers on " + grid_text(parameters.problem().n_points()) +
                   " points.");
  report.number("points", parameters.n_points);
  report.number("points_exact", parameters.problem().n_points());
  add_operator(report, findings);
  add_rivals(report, parameters, findings);
  add_trust(report, findings);
  add_seams(report, findings);
  add_networks(report, findings);
  add_bands(report, findings);
  parameters.problem().report(findings.run, report);
  add_costs(report, parameters, findings);
  report.write(folder);
}

void write_mg_tfno_statistics(const MgTfnoFindings &findings, const std::filesystem::path &file)
{
  std::vector<std::string> header = {"sample", "gate"};
  for (const unsigned n : findings.resolutions)
    for (const char *what : {"relative_l2_", "relative_h1_", "time_surrogate_s_"})
      header.push_back(what + std::to_string(n));
  header.emplace_back("coarse_interpolation_relative_l2");
  CsvWriter csv(header);
  for (const Json &pair : findings.pairs)
  {
    csv << number(pair.at("sample")) << pair.at("gate").get<std::string>();
    const Json &errors = pair.at("errors").at("operator");
    for (std::size_t r = 0; r < findings.resolutions.size(); ++r)
      if (r < errors.size())
        csv << number(errors[r][0]) << number(errors[r][1]) << number(pair.at("seconds")[r]);
      else
        csv << number(nullptr) << number(nullptr) << number(nullptr);
    csv << number(pair.at("errors").at("coarse_interpolation")[0][0]);
    csv.end_row();
  }
  csv.write(file);
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/pictures.h>
#include <cases/mmgp/report.h>
#include <cases/mmgp/stages.h>
#include <cases/mmgp/unlike_plates.h>
#include <cases/over_ranks.h>
#include <data/core/errors.h>
#include <data/core/timing.h>
#include <data/output/paraview_collection.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>
#include <data/store/strict_json.h>
#include <surrogates/mmgp_draws.h>
#include <surrogates/mmgp_rivals.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

/// Below its floor a quantity has no relative error worth the name.
std::vector<OutputScore> scores_of(const std::vector<MmgpOutput> &outputs)
{
  std::vector<OutputScore> all;
  for (const MmgpOutput &output : outputs)
    all.emplace_back(output.floor);
  return all;
}

std::vector<double> one(double value)
{
  return {value};
}

double root_mean_square(const std::vector<double> &values)
{
  double sum = 0.;
  for (const double v : values)
    sum += v * v;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

void add_scalars(const MmgpValues &found, const MmgpProblem &problem, const MmgpSample &truth,
                 std::vector<OutputScore> &scores)
{
  for (std::size_t s = 0; s < truth.scalars.size(); ++s)
  {
    scores[s].add(one(found.mean[s]), one(truth.scalars[s]));
    scores[s].add_bounds(one(found.lower[s]), one(found.upper[s]),
                         bounded_truth(problem.scalars[s], one(truth.scalars[s])));
  }
}

void add_answer(const MmgpRivals::Answer &answer, const MmgpSample &truth, PredictorScore &score)
{
  for (std::size_t f = 0; f < answer.fields.size(); ++f)
    score.fields[f].add(answer.fields[f], truth.fields[f]);
  for (std::size_t s = 0; s < truth.scalars.size(); ++s)
    score.scalars[s].add(one(answer.scalars[s]), one(truth.scalars[s]));
}

/// Adds what was found of a test plate to the score of MMGP, and returns it field by field and
/// scalar by scalar, as write_mmgp_statistics() wants it.
Json add_prediction(const MmgpPrediction &p, const MmgpProblem &problem, const MmgpSample &truth,
                    PredictorScore &score)
{
  Json row = {{"n_nodes", truth.mesh.n_nodes()},
              {"gate", to_string(p.gate)},
              {"largest_deviation", p.deviation}};
  for (std::size_t f = 0; f < p.fields.size(); ++f)
  {
    const MmgpValues &found = p.fields[f];
    const MmgpOutput &output = problem.fields[f];
    const auto bounded = bounded_truth(output, truth.fields[f]);
    score.fields[f].add(found.mean, truth.fields[f]);
    score.fields[f].add_bounds(found.lower, found.upper, bounded);
    row["fields"].push_back({relative_error(found.mean, truth.fields[f], output.floor),
                             root_mean_square(found.deviation),
                             share_inside(found.lower, found.upper, bounded)});
  }
  add_scalars(p.scalars, problem, truth, score.scalars);
  for (std::size_t s = 0; s < truth.scalars.size(); ++s)
    row["scalars"].push_back({truth.scalars[s], p.scalars.mean[s], p.scalars.deviation[s],
                              p.scalars.lower[s], p.scalars.upper[s]});
  return row;
}

std::optional<CommonMesh::Morphed> morphed_if_possible(const Mmgp &model, const TriangleMesh &mesh)
{
  try
  {
    return model.state().common.morph(mesh);
  }
  catch (const UserError &)
  {
    return std::nullopt;
  }
}

/// What there is to say of a test plate that has no prediction.
Json row_without_prediction(const MmgpSample &plate, bool with_draws)
{
  Json row = {
    {"n_nodes", plate.mesh.n_nodes()}, {"gate", to_string(MmgpGate::morph)},
    {"largest_deviation", nullptr},    {"seconds_morph", nullptr},
    {"seconds_predict", nullptr},      {"fields", Json(plate.fields.size(), Json(3, nullptr))}};
  for (const double truth : plate.scalars)
  {
    row["scalars"].push_back({truth, nullptr, nullptr, nullptr, nullptr});
    if (with_draws)
      row["derived"].push_back(Json(3, nullptr));
  }
  return row;
}

/// plates.pvd with plates/*.vtu: test plates, then the two unlike plates of the paper.
/// @param unlike what the run found of unlike_plates()
void write_pictures(const MmgpWorkshop &workshop, const Mmgp &model, const DataSet &data,
                    const Json &unlike)
{
  RunContext &context = workshop.context();
  const MmgpProblem problem = model.problem();
  const auto folder = workshop.file("plates");
  remove_folder(folder); // an earlier run may have written more
  remove_file(workshop.file("plates.pvd").string());
  if (workshop.pictures().empty())
    return;
  ParaviewCollection all(workshop.pictures());
  const auto write = [&](const std::string &name, const TriangleMesh &mesh,
                         const std::vector<double> &inputs,
                         const std::vector<std::vector<double>> &exact, double number)
  {
    const MmgpPrediction found = model.predict(mesh, inputs);
    if (found.gate != MmgpGate::none && exact.empty())
    {
      context.log.warning("plates/" + name + " is not written: the exact solver has no solution.");
      return;
    }
    write_plate(folder / name, problem, mesh, found, exact);
    all.add(number, folder / name);
  };
  create_folder(folder.string());
  const auto test = data.ids("test");
  const std::size_t n = std::min<std::size_t>(workshop.parameters().run.n_pictures, test.size());
  for (std::size_t i = 0; i < n; ++i)
  {
    const StoredPlate plate = read_plate(data, test[i]);
    write("test_" + std::to_string(i) + ".vtu", plate.mesh, plate.inputs, plate.fields,
          static_cast<double>(i));
  }
  const auto plates = unlike_plates(workshop.parameters());
  for (std::size_t i = 0; i < n_unlike_of_paper; ++i)
  {
    std::vector<std::vector<double>> exact;
    if (unlike[i].contains("handover"))
    {
      const DataSet handed = DataSet::open(workshop.handovers().string());
      const std::size_t id = unlike[i]["handover"];
      if (std::ranges::count(handed.crashed(), id) == 0)
        exact = read_plate(handed, id).fields;
    }
    write(plates[i].what + ".vtu", mesh_of(plates[i].design, workshop.parameters().plates),
          plates[i].design.inputs, exact, static_cast<double>(n + i));
  }
  all.write();
}

Json read_record(const std::filesystem::path &file)
{
  return parse_strictly(read_file(file.string()));
}
} // namespace

void mmgp_compare_stage(MmgpWorkshop &workshop)
{
  RunContext &context = workshop.context();
  const MmgpCaseParameters &p = workshop.parameters();
  const Mmgp model = workshop.model();
  const MmgpProblem problem = model.problem();
  std::optional<DataSet> data;
  std::optional<MmgpTrainingSamples> samples;
  on_all_ranks(context.comm,
               [&]
               {
                 data.emplace(workshop.dataset());
                 samples.emplace(workshop.training_data());
               });
  const auto test = data->ids("test");
  const MmgpRivals rivals(context.comm, model, samples->size(),
                          [&](std::size_t i) { return (*samples)(i); });

  MmgpFindings findings;
  findings.n_train = samples->size();
  findings.n_handovers_learned = samples->size() - data->ids("train").size();
  const std::size_t n_predictors = 1 + MmgpRivals::names().size();
  findings.predictors.assign(n_predictors, {scores_of(problem.fields), scores_of(problem.scalars)});
  findings.derived = scores_of(problem.scalars);
  findings.test = over_ranks(
    context.comm, test.size(),
    [&](std::size_t i)
    {
      const MmgpSample plate = mmgp_sample(*data, test[i]);
      const double begin = seconds_now();
      const auto morphing = morphed_if_possible(model, plate.mesh);
      if (!morphing)
      {
        Json row = row_without_prediction(plate, p.run.n_draws > 0);
        row["id"] = test[i];
        row["seconds_exact"] = data->read(test[i], "seconds").at(0);
        return row;
      }
      const CommonMesh::Morphed &morphed = *morphing;
      const double middle = seconds_now();
      const MmgpPrediction found = model.predict(plate.mesh, morphed, plate.inputs);
      const double end = seconds_now();
      Json row = add_prediction(found, problem, plate, findings.predictors[0]);
      row["id"] = test[i];
      row["seconds_morph"] = middle - begin;
      row["seconds_predict"] = end - middle;
      row["seconds_exact"] = data->read(test[i], "seconds").at(0);
      if (p.run.n_draws > 0)
      {
        double residual = 0.;
        const auto X = one_point(model.input_of(plate.mesh, morphed, plate.inputs, residual));
        const MmgpValues derived =
          derive_scalars(MmgpDraws(model, morphed, X, p.plates.seed + test[i]), p.run.n_draws,
                         problem.scalars.size(),
                         [&](const auto &fields, double *scalars)
                         { scalars_of_fields(plate.mesh, fields, scalars); });
        add_scalars(derived, problem, plate, findings.derived);
        for (std::size_t s = 0; s < problem.scalars.size(); ++s)
          row["derived"].push_back({derived.mean[s], derived.lower[s], derived.upper[s]});
        row["seconds_draws"] = seconds_now() - end;
      }
      for (std::size_t r = 1; r < n_predictors; ++r)
        add_answer(rivals.predict(r - 1, plate.mesh, morphed, plate.inputs), plate,
                   findings.predictors[r]);
      return row;
    });
  for (auto &predictor : findings.predictors)
    for (auto *scores : {&predictor.fields, &predictor.scalars})
      for (OutputScore &score : *scores)
        score.add_up(context.comm);
  for (OutputScore &score : findings.derived)
    score.add_up(context.comm);
  on_rank_0(context.comm,
            [&]
            {
              findings.generate = read_record(workshop.file("generate.json"));
              findings.train = read_record(workshop.file("train.json"));
              findings.run = read_record(workshop.file("run") / "record.json");
              write_pictures(workshop, model, *data, findings.run["unlike"]);
              write_mmgp_report(p, findings, context.output);
              write_mmgp_statistics(problem, findings.test, context.output / "statistics.csv");
              return std::string();
            });
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/report.h>
#include <cases/mmgp/stages.h>
#include <data/core/collective.h>
#include <data/core/timing.h>
#include <data/output/mesh_vtu.h>
#include <data/store/atomic_file.h>
#include <data/store/strict_json.h>
#include <surrogates/mmgp_rivals.h>

#include <optional>

namespace understudy
{
namespace
{
/// Mean, deviation, truth and error of all fields of a plate.
void write_picture(const std::filesystem::path &file, const MmgpProblem &problem,
                   const MmgpSample &plate, const MmgpPrediction &prediction)
{
  MeshFields picture;
  picture.points = plate.mesh.nodes;
  picture.triangles = plate.mesh.triangles;
  for (std::size_t f = 0; f < problem.fields.size(); ++f)
  {
    const std::string &name = problem.fields[f].quantity.name;
    std::vector<double> error = prediction.fields[f].mean;
    for (std::size_t i = 0; i < error.size(); ++i)
      error[i] -= plate.fields[f][i];
    picture.point_fields.push_back({name + "_mean", 1, prediction.fields[f].mean});
    picture.point_fields.push_back({name + "_deviation", 1, prediction.fields[f].deviation});
    picture.point_fields.push_back({name + "_exact", 1, plate.fields[f]});
    picture.point_fields.push_back({name + "_error", 1, std::move(error)});
  }
  write_mesh_vtu(file.string(), picture);
}

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

void add_prediction(const MmgpPrediction &p, const MmgpSample &truth, PredictorScore &score)
{
  for (std::size_t f = 0; f < p.fields.size(); ++f)
  {
    score.fields[f].add(p.fields[f].mean, truth.fields[f]);
    score.fields[f].add_bounds(p.fields[f].lower, p.fields[f].upper, truth.fields[f]);
  }
  for (std::size_t s = 0; s < truth.scalars.size(); ++s)
  {
    score.scalars[s].add(one(p.scalars.mean[s]), one(truth.scalars[s]));
    score.scalars[s].add_bounds(one(p.scalars.lower[s]), one(p.scalars.upper[s]),
                                one(truth.scalars[s]));
  }
}

void add_answer(const MmgpRivals::Answer &answer, const MmgpSample &truth, PredictorScore &score)
{
  for (std::size_t f = 0; f < answer.fields.size(); ++f)
    score.fields[f].add(answer.fields[f], truth.fields[f]);
  for (std::size_t s = 0; s < truth.scalars.size(); ++s)
    score.scalars[s].add(one(answer.scalars[s]), one(truth.scalars[s]));
}

nlohmann::json read_record(const std::filesystem::path &file)
{
  return parse_strictly(read_file(file.string()));
}
} // namespace

void mmgp_compare_stage(MmgpWorkshop &workshop)
{
  RunContext &context = workshop.context();
  const MmgpCaseParameters &p = workshop.parameters();
  const auto scope = context.timing.scope("compare");
  const MmgpProblem problem = p.problem();
  const Mmgp model = workshop.model();
  std::optional<DataSet> data;
  on_all_ranks(context.comm, [&] { data.emplace(workshop.dataset()); });
  const auto train = data->ids("train"), test = data->ids("test");
  const MmgpRivals rivals(context.comm, model, train.size(),
                          [&](std::size_t i) { return mmgp_sample(*data, train[i]); });

  MmgpFindings findings;
  const std::size_t n_predictors = 1 + MmgpRivals::names().size();
  findings.predictors.assign(n_predictors, {scores_of(problem.fields), scores_of(problem.scalars)});
  double times[4] = {}; // morphing, prediction, exact solution, plates
  int n_ranks = 1;
  MPI_Comm_size(context.comm, &n_ranks);
  on_all_ranks(context.comm,
               [&]
               {
                 for (std::size_t i = rank_in(context.comm); i < test.size(); i += n_ranks)
                 {
                   const MmgpSample plate = mmgp_sample(*data, test[i]);
                   const double begin = seconds_now();
                   const auto morphed = model.state().common.morph(plate.mesh);
                   const double middle = seconds_now();
                   const MmgpPrediction found = model.predict(plate.mesh, morphed, plate.inputs);
                   times[0] += middle - begin;
                   times[1] += seconds_now() - middle;
                   times[2] += data->read(test[i], "seconds").at(0);
                   times[3] += 1.;
                   add_prediction(found, plate, findings.predictors[0]);
                   for (std::size_t r = 1; r < n_predictors; ++r)
                     add_answer(rivals.predict(r - 1, plate.mesh, morphed, plate.inputs), plate,
                                findings.predictors[r]);
                   if (i < p.run.n_pictures)
                     write_picture(workshop.file("plate_" + std::to_string(i) + ".vtu"), problem,
                                   plate, found);
                 }
               });
  for (auto &predictor : findings.predictors)
    for (auto *scores : {&predictor.fields, &predictor.scalars})
      for (OutputScore &score : *scores)
        score.add_up(context.comm);
  MPI_Allreduce(MPI_IN_PLACE, times, 4, MPI_DOUBLE, MPI_SUM, context.comm);
  findings.seconds_morph = times[0] / times[3];
  findings.seconds_predict = times[1] / times[3];
  findings.seconds_exact = times[2] / times[3];
  on_rank_0(context.comm,
            [&]
            {
              findings.generate = read_record(workshop.file("generate.json"));
              findings.train = read_record(workshop.file("train.json"));
              findings.run = read_record(workshop.file("run") / "record.json");
              write_mmgp_report(p, findings, context.output);
              return std::string();
            });
}
} // namespace understudy

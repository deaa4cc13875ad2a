// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/stages.h>
#include <cases/stage_inputs.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/model_file.h>
#include <data/store/provenance.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace understudy
{
namespace
{
/// The answer of the model to its own middle sample: shape, first field and scalars in a few
/// numbers, to be compared at every load.
std::vector<double> probe_of(const Mmgp &model, const MmgpSample &sample)
{
  const MmgpPrediction p = model.predict(sample.mesh, sample.inputs);
  std::vector<double> probe = p.scalars.mean;
  probe.insert(probe.end(), p.scalars.deviation.begin(), p.scalars.deviation.end());
  for (const MmgpValues &field : p.fields)
    for (const auto *values : {&field.mean, &field.deviation})
    {
      double sum = 0.;
      for (const double v : *values)
        sum += std::abs(v);
      probe.push_back(sum / static_cast<double>(values->size()));
    }
  return probe;
}

nlohmann::json record_of(const MmgpTraining &training, double seconds, std::size_t n_samples,
                         const Mmgp &model)
{
  nlohmann::json processes = nlohmann::json::array();
  for (const auto &p : training.processes)
    processes.push_back({{"output", p.output},
                         {"log_likelihood", p.log_likelihood},
                         {"noise_variance", p.noise_variance},
                         {"evaluations", p.evaluations},
                         {"at_bound", p.at_bound}});
  return {{"seconds", seconds},
          {"seconds_morph", training.seconds_morph},
          {"seconds_pod", training.seconds_pod},
          {"seconds_fit", training.seconds_fit},
          {"n_samples", n_samples},
          {"n_common_nodes", model.state().common.n_nodes()},
          {"processes", processes}};
}

void tell(const MmgpTraining &training, const Mmgp &model, Log &log)
{
  char line[200];
  std::snprintf(line, sizeof line,
                "train: common mesh of %zu nodes; morphing %.3g s, modes %.3g s, processes %.3g s",
                model.state().common.n_nodes(), training.seconds_morph, training.seconds_pod,
                training.seconds_fit);
  log.info(line);
  for (const auto &p : training.processes)
    if (p.noise_variance > 0.5)
      log.warning("train: " + p.output + " is mostly noise to the model (noise variance " +
                  std::to_string(p.noise_variance) + " of 1); do not rely on it.");
}
} // namespace

MmgpSample mmgp_sample(const DataSet &data, std::size_t id)
{
  StoredPlate plate = read_plate(data, id);
  return {std::move(plate.mesh), std::move(plate.inputs), std::move(plate.fields),
          std::move(plate.scalars)};
}

DataSet MmgpWorkshop::dataset() const
{
  DataSet opened = DataSet::open(data().string());
  opened.require(describe_plate_dataset(parameters_.plates, parameters_.solver));
  require_complete(opened, parameters_.plates.n_train + parameters_.plates.n_test);
  return opened;
}

std::string MmgpWorkshop::model_hash() const
{
  if (!std::filesystem::exists(model_file()))
    throw UserError("There is no model '" + model_file().string() +
                    "' yet; run the stage 'train'.");
  return ModelFile::read(model_file().string()).tensor_hash();
}

Mmgp MmgpWorkshop::model() const
{
  std::optional<Mmgp> loaded;
  on_all_ranks(comm(),
               [&]
               {
                 const ModelFile file = ModelFile::read(model_file().string());
                 loaded.emplace(Mmgp::load(file));
                 const DataSet data = dataset();
                 if (file.meta().value("dataset_hash", "") != data.hash())
                   throw UserError("The model '" + model_file().string() +
                                   "' was trained on another data set; run the stage 'train'.");
                 const auto ids = data.ids("train");
                 const auto probe = probe_of(*loaded, mmgp_sample(data, ids[ids.size() / 2]));
                 const auto &stored = file.tensor("probe", {probe.size()});
                 for (std::size_t i = 0; i < probe.size(); ++i)
                   if (!(std::abs(probe[i] - stored[i]) <= 1e-6 * std::abs(stored[i]) + 1e-12))
                     throw UserError("The model '" + model_file().string() +
                                     "' does not answer its probe as it did when it was trained; "
                                     "run the stage 'train' with --force.");
               });
  return std::move(*loaded);
}

void mmgp_train_stage(MmgpWorkshop &workshop)
{
  RunContext &context = workshop.context();
  const MmgpCaseParameters &p = workshop.parameters();
  const auto scope = context.timing.scope("train");
  const double start = seconds_now();
  std::optional<DataSet> data;
  on_all_ranks(context.comm, [&] { data.emplace(workshop.dataset()); });
  const auto ids = data->ids("train");
  MmgpTraining training;
  const Mmgp model = train_mmgp(
    context.comm, p.training, p.problem(), {plate_features.begin(), plate_features.end()},
    ids.size(), [&](std::size_t i) { return mmgp_sample(*data, ids[i]); }, training);
  const double seconds = seconds_now() - start;
  on_rank_0(context.comm,
            [&]
            {
              ModelFile file;
              model.save(file);
              const auto probe = probe_of(model, mmgp_sample(*data, ids[ids.size() / 2]));
              file.add("probe", {probe.size()}, probe);
              file.meta()["kind"] = "mmgp";
              file.meta()["dataset_hash"] = data->hash();
              file.meta()["provenance"] = provenance(context.comm);
              create_folder(workshop.model_file().parent_path().string());
              file.write(workshop.model_file().string());
              write_file_atomically(workshop.file("train.json").string(),
                                    record_of(training, seconds, ids.size(), model).dump(2) + "\n");
              return std::string();
            });
  tell(training, model, context.log);
}
} // namespace understudy

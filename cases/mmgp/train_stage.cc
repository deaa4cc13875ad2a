// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/stages.h>
#include <data/core/collective.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/model_file.h>
#include <data/store/provenance.h>
#include <surrogates/mmgp_field_map.h>

#include <cstdio>
#include <optional>

namespace understudy
{
namespace
{
nlohmann::json record_of(const MmgpTraining &training, double seconds, std::size_t n_samples,
                         const Mmgp &model)
{
  nlohmann::json processes = nlohmann::json::array();
  for (const auto &p : training.processes)
    processes.push_back({{"output", p.output},
                         {"mode", p.mode},
                         {"log_likelihood", p.log_likelihood},
                         {"noise_variance", p.noise_variance},
                         {"evaluations", p.evaluations},
                         {"at_bound", p.at_bound}});
  nlohmann::json bands = nlohmann::json::object();
  for (const auto &band : training.bands)
    bands[band.output] = band.width;
  return {{"seconds", seconds},
          {"seconds_morph", training.seconds_morph},
          {"seconds_pod", training.seconds_pod},
          {"seconds_fit", training.seconds_fit},
          {"seconds_validate", training.seconds_validate},
          {"n_samples", n_samples},
          {"n_common_nodes", model.state().common.n_nodes()},
          {"bands", bands},
          {"processes", processes}};
}

void tell(const MmgpTraining &training, const Mmgp &model, Log &log)
{
  char line[200];
  std::snprintf(line, sizeof line,
                "train: common mesh of %zu nodes; morphing %.3g s, modes %.3g s, processes %.3g s, "
                "cross-validation %.3g s",
                model.state().common.n_nodes(), training.seconds_morph, training.seconds_pod,
                training.seconds_fit, training.seconds_validate);
  log.info(line);
  for (const auto &p : training.processes)
    if (p.noise_variance > 0.5)
      log.warning("train: " + p.output + (p.mode == 0 ? "" : ", mode " + std::to_string(p.mode)) +
                  ", is mostly noise to the model (noise variance " +
                  std::to_string(p.noise_variance) + " of 1); do not rely on it.");
}
} // namespace

void mmgp_train_stage(MmgpWorkshop &workshop)
{
  RunContext &context = workshop.context();
  const MmgpCaseParameters &p = workshop.parameters();
  const double start = seconds_now();
  workshop.take_handovers();
  std::optional<MmgpTrainingSamples> samples;
  on_all_ranks(context.comm, [&] { samples.emplace(workshop.training_data()); });
  MmgpTraining training;
  const Mmgp model = train_mmgp(
    context.comm, p.training, p.problem(), {plate_features.begin(), plate_features.end()},
    samples->size(), [&](std::size_t i) { return (*samples)(i); }, training, &context.log);
  const double seconds = seconds_now() - start;
  on_rank_0(context.comm,
            [&]
            {
              ModelFile file;
              model.save(file);
              const MmgpSample middle = (*samples)(samples->size() / 2);
              add_mmgp_probe(file, model, middle.mesh, middle.inputs);
              file.meta()["kind"] = "mmgp";
              file.meta()["dataset_hash"] = samples->data().hash();
              file.meta()["provenance"] = provenance(context.comm);
              create_folder(workshop.model_file().parent_path().string());
              file.write(workshop.model_file().string());
              write_file_atomically(workshop.file("train.json").string(),
                                    record_of(training, seconds, samples->size(), model).dump(2) +
                                      "\n");
              return std::string();
            });
  tell(training, model, context.log);
}
} // namespace understudy

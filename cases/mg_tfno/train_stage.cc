// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/stages.h>
#include <cases/resume.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/progress.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/checkpoint.h>
#include <data/store/provenance.h>
#include <surrogates/mg_tfno_field_map.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

/// The checkpoints of one model: states of its training, and at the end its record. Rank 0 reads
/// and writes; all ranks know the same.
class ModelKeeper
{
public:
  ModelKeeper(const MgTfnoWorkshop &workshop, const std::string &name)
    : workshop_(workshop), name_(name), store_(workshop.checkpoints(), name)
  {
  }

  /// Looks for what was left of the training that @p key describes. Collective.
  void find(const Json &key)
  {
    key_ = key.dump();
    RunContext &context = workshop_.context();
    const std::string bytes =
      on_rank_0(context.comm,
                [&]
                {
                  const auto found =
                    find_checkpoint(store_, key, context.resume, "train: " + name_, context.log);
                  return found ? found->state.to_bytes() : std::string();
                });
    if (!bytes.empty())
      from_ = std::make_shared<const ModelFile>(ModelFile::from_bytes(bytes, "checkpoint"));
  }

  /// The record of a training that had ended, when its model still stands there; else null.
  /// Collective.
  Json finished()
  {
    if (!from_ || !from_->meta().contains("finished"))
      return nullptr;
    const Json record = from_->meta()["finished"];
    const std::string there =
      on_rank_0(workshop_.comm(),
                [&]
                {
                  try
                  {
                    return ModelFile::read(workshop_.model_file(name_).string()).tensor_hash();
                  }
                  catch (const UserError &)
                  {
                    return std::string();
                  }
                });
    const bool intact = there == from_->meta().value("model", "-");
    workshop_.context().log.info("train: " + name_ +
                                 (intact
                                    ? ": was finished before"
                                    : ": its model is gone or was replaced, it is trained again"));
    from_.reset();
    return intact ? record : nullptr;
  }

  TrainingCheckpoint checkpoint()
  {
    return {from_, [this] { return is_wanted(); }, [this](const ModelFile &state) { keep(state); }};
  }

  /// Local: rank 0 only.
  void write_finished(const Json &record)
  {
    ModelFile state;
    state.meta()["finished"] = record;
    state.meta()["model"] = ModelFile::read(workshop_.model_file(name_).string()).tensor_hash();
    store_.write(std::move(state), key_);
  }

private:
  /// After a request to stop, and else so often that writing takes at most a fiftieth of the time.
  bool is_wanted()
  {
    int wanted = stop_requested_here() || (rank_in(workshop_.comm()) == 0 &&
                                           seconds_now() - last_ > std::max(2., 50. * cost_));
    MPI_Allreduce(MPI_IN_PLACE, &wanted, 1, MPI_INT, MPI_MAX, workshop_.comm());
    return wanted != 0;
  }

  void keep(const ModelFile &state)
  {
    const double begin = seconds_now();
    on_rank_0(workshop_.comm(),
              [&]
              {
                store_.write(state, key_);
                return std::string();
              });
    last_ = seconds_now();
    cost_ = last_ - begin;
    if (stop_requested(workshop_.comm()))
      throw Error(ExitCode::stopped, "The training of '" + name_ + "' was stopped " +
                                       stop_reason() + "; the same command continues it.");
  }

  const MgTfnoWorkshop &workshop_;
  std::string name_, key_;
  CheckpointStore store_;
  std::shared_ptr<const ModelFile> from_;
  double last_ = seconds_now(), cost_ = 0.;
};

MgTfnoSamples read_samples(const MgTfnoWorkshop &workshop, const PlannedModel &model,
                           const DataSet &data)
{
  const LearningTask &task = workshop.tasks()[model.task];
  MgTfnoSamples samples;
  task.read(data, data.ids("train"), model.n_points, samples.x, samples.y);
  task.read(data, data.ids("val"), model.n_points, samples.x_valid, samples.y_valid);
  return samples;
}

Json record_of(const MgTfnoTraining &training, const PlannedModel &model, const MgTfno &net,
               std::size_t n_samples, int n_ranks)
{
  Json epochs = Json::array();
  for (const auto &e : training.epochs)
    epochs.push_back({e.loss, std::isfinite(e.validation_error) ? Json(e.validation_error) : Json(),
                      e.learning_rate});
  return {
    {"name", model.name},
    {"sentence", model.sentence},
    {"parameters", training.n_parameters},
    {"samples", n_samples},
    {"points", model.n_points},
    {"ranks", n_ranks},
    {"seconds", training.seconds},
    {"steps", training.n_steps},
    {"best_epoch", training.best_epoch},
    {"stopped_by", training.stopped_by},
    {"expected_error", net.state().expected_error > 0. ? Json(net.state().expected_error) : Json()},
    {"epochs", epochs}};
}

/// Trains a model, or recalls one that was finished before. Collective.
Json train(MgTfnoWorkshop &workshop, const PlannedModel &model, const Json &depends)
{
  RunContext &context = workshop.context();
  ModelKeeper keeper(workshop, model.name);
  keeper.find(depends);
  if (const Json record = keeper.finished(); !record.is_null())
    return record;
  throw_if_stop_requested(context.comm, "the same command continues the training.");
  std::optional<DataSet> data;
  MgTfnoSamples samples;
  on_all_ranks(context.comm,
               [&]
               {
                 data.emplace(workshop.dataset(model.task));
                 samples = read_samples(workshop, model, *data);
               });
  const MgTfnoProblem &problem = workshop.tasks()[model.task].problem;
  context.log.info("train: " + model.name + ", " + model.sentence + ": " +
                   std::to_string(n_parameters(model.parameters.network_for(problem))) +
                   " parameters");
  MgTfnoTraining training;
  const MgTfno net = train_mg_tfno(context.comm, model.parameters, problem, samples, training,
                                   &context.log, keeper.checkpoint());
  int n_ranks = 1;
  MPI_Comm_size(context.comm, &n_ranks);
  const Json record = record_of(training, model, net, samples.x.n_samples, n_ranks);
  on_rank_0(context.comm,
            [&]
            {
              ModelFile file;
              net.save(file);
              add_mg_tfno_probe(file, net, model.n_points, samples.x.sample(0));
              file.meta()["dataset_hash"] = data->hash();
              file.meta()["provenance"] = provenance(context.comm);
              create_folder(workshop.file("models").string());
              file.write(workshop.model_file(model.name).string());
              keeper.write_finished(record);
              return std::string();
            });
  std::string told = "train: " + model.name + " took " + duration(training.seconds) +
                     ", best epoch " + std::to_string(training.best_epoch) + " of " +
                     std::to_string(training.epochs.size());
  if (net.state().expected_error > 0.)
    told += "; 95 % of the validation samples are within " +
            number_text(100. * net.state().expected_error, 3) + " %";
  context.log.info(told);
  return record;
}
} // namespace

void mg_tfno_train_stage(MgTfnoWorkshop &workshop, const std::function<Json()> &depends_on)
{
  RunContext &context = workshop.context();
  const Json depends = Json::parse(on_rank_0(context.comm, [&] { return depends_on().dump(); }));
  Json record = {{"models", Json::array()}};
  for (const PlannedModel &model : workshop.models())
    record["models"].push_back(train(workshop, model, depends.at(model.task)));
  on_rank_0(context.comm,
            [&]
            {
              write_file_atomically(workshop.file("train.json").string(), record.dump(2) + "\n");
              return std::string();
            });
}
} // namespace understudy

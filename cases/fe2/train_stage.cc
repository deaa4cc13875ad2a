// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/stages.h>
#include <cases/resume.h>
#include <data/core/collective.h>
#include <data/core/progress.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/checkpoint.h>
#include <data/store/provenance.h>
#include <surrogates/baselines.h>

#include <deal.II/base/mpi.h>

#include <algorithm>

namespace understudy
{
namespace
{
std::filesystem::path checkpoint_folder(const Fe2Workshop &workshop)
{
  return workshop.models() / "checkpoint";
}

/// The checkpoints of one model: states of its training, and at the end what is worth remembering
/// of it, so that a model that is finished is not trained again when the stage is broken off later.
/// Local.
class ModelKeeper
{
public:
  /// @param stage_start when the stage would have begun without a break, on the clock of
  /// seconds_now()
  ModelKeeper(const std::filesystem::path &folder, const std::string &name, std::string key,
              double stage_start)
    : store_(folder, name), name_(name), key_(std::move(key)), stage_start_(stage_start)
  {
  }

  /// Takes up what is there, which was found to belong to this case.
  void resume()
  {
    std::vector<std::string> told_before;
    auto found = store_.read_newest(told_before);
    if (!found)
      return;
    start_ -= found->state.meta().at("seconds").get<double>();
    from_ = std::make_shared<const ModelFile>(std::move(found->state));
  }

  /// The record of the finished model, or null.
  nlohmann::json finished() const
  {
    return from_ ? from_->meta().value("finished", nlohmann::json()) : nlohmann::json();
  }

  /// Of the training, with what was spent before a checkpoint [s].
  double seconds() const { return seconds_now() - start_; }

  TrainingCheckpoint checkpoint()
  {
    return {from_, [this] { return stop_requested_here() || is_due(); },
            [this](const ModelFile &state)
            {
              write(state);
              end_if_asked();
            }};
  }

  void write_finished(const nlohmann::json &record, const std::filesystem::path &model)
  {
    ModelFile state;
    state.meta()["finished"] = record;
    state.meta()["model"] = ModelFile::read(model.string()).tensor_hash();
    write(state);
  }

  void end_if_asked() const
  {
    if (stop_requested_here())
      throw Error(ExitCode::stopped, "The training of '" + name_ + "' was stopped " +
                                       stop_reason() + "; the same command continues it.");
  }

private:
  /// Writing takes at most a fiftieth of the time.
  bool is_due() const { return seconds_now() - last_ > std::max(0.5, 50. * cost_); }

  void write(ModelFile state)
  {
    const double begin = seconds_now();
    state.meta()["seconds"] = seconds();
    state.meta()["stage_seconds"] = begin - stage_start_;
    store_.write(std::move(state), key_);
    last_ = seconds_now();
    cost_ = last_ - begin;
  }

  CheckpointStore store_;
  std::string name_, key_;
  double stage_start_;
  double start_ = seconds_now(), last_ = start_, cost_ = 0.;
  std::shared_ptr<const ModelFile> from_;
};

/// Trains one model; returns what is worth remembering of it. Local.
nlohmann::json train_model(Fe2Workshop &workshop, const std::string &name, const DataSets &data,
                           const MicroBasis &basis, const std::string &basis_hash,
                           ModelKeeper &keeper)
{
  const Fe2Parameters &p = workshop.parameters();
  MicroModelCard card = workshop.card(name);
  card.dataset_hash = data.hash();
  const auto file = workshop.model(name);
  nlohmann::json record = {{"name", name}};
  if (name == "equino-mlp" || name == "equino-rbf")
  {
    const auto report = train_equino(
      p.equino, name == "equino-mlp" ? "mlp" : "odd-rbf", basis, *workshop.rve(), card, basis_hash,
      file,
      [&](const std::string &line)
      {
        if (!line.empty())
          workshop.context().log.info(line);
      },
      keeper.checkpoint());
    record["label_misfit"] = report.label_misfit;
    record["validation_error_a"] = report.validation_a;
    record["validation_error_b"] = report.validation_b;
    record["evaluations"] = report.evaluations;
    record["stopped_by"] = report.stopped_by;
  }
  else if (name == "pod-galerkin")
  {
    GalerkinParameters galerkin;
    galerkin.cubature.tolerance = p.training.cubature_tolerance;
    galerkin.cubature.max_points = p.training.cubature_points;
    const GalerkinRom rom = train_galerkin_rom(galerkin, basis, data, *workshop.rve(), card, file);
    record["points"] = rom.n_points;
    record["cubature_residual"] = rom.cubature_residual;
  }
  else if (name == "training-mean")
    train_training_mean(data, card, file);
  else if (name == "linear")
    train_linear(data, card, file);
  else if (name == "snapshot-rbf")
    train_snapshot_rbf(data, card, file);
  else if (name == "snapshot-mlp")
  {
    SnapshotMlpParameters mlp;
    mlp.max_evaluations = p.training.snapshot_mlp_evaluations;
    mlp.seed = p.equino.seed;
    const auto report = train_snapshot_mlp(data, card, file, mlp, {}, keeper.checkpoint());
    record["evaluations"] = report.evaluations;
    record["stopped_by"] = report.stopped_by;
  }
  else
    throw UserError("The stage 'train' knows no training for the closure '" + name + "'.");
  record["seconds"] = keeper.seconds();
  keeper.write_finished(record, file);
  return record;
}

/// Costly models first, so that the ranks end at about the same time.
std::vector<std::string> by_cost(std::vector<std::string> names)
{
  const auto cost = [](const std::string &name) {
    return name == "equino-mlp" ? 2 : name == "snapshot-mlp" ? 1 : 0;
  };
  std::stable_sort(names.begin(), names.end(),
                   [&](const std::string &a, const std::string &b) { return cost(a) > cost(b); });
  return names;
}

/// The model that a checkpoint says is finished stands there and was not replaced.
bool is_still_there(const Checkpoint &found, const std::filesystem::path &model)
{
  try
  {
    return ModelFile::read(model.string()).tensor_hash() == found.state.meta().value("model", "");
  }
  catch (const UserError &)
  {
    return false;
  }
}

/// What the models go on from. Equal on all ranks.
struct Beginning
{
  std::string key;                  ///< of all checkpoints
  std::vector<std::string> resumed; ///< names of models
  double seconds = 0.;              ///< that the stage took before
};

Beginning find_beginning(Fe2Workshop &workshop, const std::vector<std::string> &names,
                         const std::function<nlohmann::json()> &depends_on)
{
  RunContext &context = workshop.context();
  const std::string text = on_rank_0(
    context.comm,
    [&]
    {
      const nlohmann::json depends = depends_on();
      nlohmann::json key = depends.at("training");
      key.erase("Training/Closures"); // one more leaves the others as they are
      key["data set"] = depends.at("dataset");
      key["micro structure"] = depends.at("micro");
      auto resumed = nlohmann::json::array();
      double seconds = 0.;
      for (const auto &name : names)
      {
        CheckpointStore store(checkpoint_folder(workshop), name);
        const auto found =
          find_checkpoint(store, key, context.resume, "train: " + name, context.log);
        if (!found)
          continue;
        if (found->state.meta().contains("finished"))
        {
          const bool there = is_still_there(*found, workshop.model(name));
          context.log.info("train: " + name +
                           (there ? ": was finished before"
                                  : ": its model is gone or was replaced, it is trained again"));
          if (!there)
            continue;
        }
        resumed.push_back(name);
        seconds = std::max(seconds, found->state.meta().at("stage_seconds").get<double>());
      }
      return nlohmann::json{{"key", key.dump()}, {"resumed", resumed}, {"seconds", seconds}}.dump();
    });
  const auto found = nlohmann::json::parse(text);
  return {found["key"], found["resumed"], found["seconds"]};
}

/// The modes of the data set, written by rank 0. Collective.
/// @param hash tensor hash of their file
MicroBasis make_basis(Fe2Workshop &workshop, const DataSets &data, std::string &hash)
{
  MicroBasis basis;
  on_all_ranks(workshop.comm(),
               [&]
               {
                 basis =
                   MicroBasis::compute(data, *workshop.rve(), workshop.parameters().equino.modes);
                 ModelFile file;
                 basis.save(file);
                 hash = file.tensor_hash();
                 if (rank_in(workshop.comm()) == 0)
                 {
                   create_folder(workshop.models().string());
                   file.meta()["kind"] = "micro-basis";
                   file.meta()["dataset_hash"] = data.hash();
                   file.meta()["provenance"] = provenance(workshop.comm());
                   file.write(workshop.basis().string());
                 }
               });
  return basis;
}

/// The record of a model, trained here or finished before. Local.
nlohmann::json train_or_recall(Fe2Workshop &workshop, const std::string &name, const DataSets &data,
                               const MicroBasis &basis, const std::string &basis_hash,
                               const Beginning &beginning, double stage_start)
{
  ModelKeeper keeper(checkpoint_folder(workshop), name, beginning.key, stage_start);
  if (std::count(beginning.resumed.begin(), beginning.resumed.end(), name) > 0)
    keeper.resume();
  if (const auto record = keeper.finished(); !record.is_null())
    return record;
  keeper.end_if_asked();
  workshop.context().log.info("train: " + name);
  return train_model(workshop, name, data, basis, basis_hash, keeper);
}
} // namespace

void train_stage(Fe2Workshop &workshop, const std::function<nlohmann::json()> &depends_on)
{
  RunContext &context = workshop.context();
  double start = seconds_now();
  workshop.rve(); // made by all ranks before one of them asks for its fingerprint
  workshop.take_handovers();
  std::unique_ptr<DataSets> data;
  on_all_ranks(context.comm, [&] { data = std::make_unique<DataSets>(workshop.training_data()); });
  const auto names = by_cost(workshop.trained_closures());
  const Beginning beginning = find_beginning(workshop, names, depends_on);
  start -= beginning.seconds;
  std::string basis_hash;
  const MicroBasis basis = make_basis(workshop, *data, basis_hash);

  const unsigned rank = rank_in(context.comm);
  const unsigned n_ranks = dealii::Utilities::MPI::n_mpi_processes(context.comm);
  std::string mine = "[]";
  on_all_ranks(context.comm,
               [&]
               {
                 auto records = nlohmann::json::array();
                 for (std::size_t i = 0; i < names.size(); ++i)
                   // Rank 0 has the costliest one and, with several ranks, no other.
                   if ((n_ranks == 1 ? 0 : i == 0 ? 0 : 1 + (i - 1) % (n_ranks - 1)) == rank)
                     records.push_back(train_or_recall(workshop, names[i], *data, basis, basis_hash,
                                                       beginning, start));
                 mine = records.dump();
               });
  const auto everybody = dealii::Utilities::MPI::gather(context.comm, mine, 0);
  on_rank_0(context.comm,
            [&]
            {
              nlohmann::json record = {{"seconds", seconds_now() - start},
                                       {"singular_values_displacement", basis.singular_w},
                                       {"singular_values_stress", basis.singular_s},
                                       {"models", nlohmann::json::object()}};
              for (const auto &text : everybody)
                for (const auto &model : nlohmann::json::parse(text))
                {
                  record["models"][model["name"].get<std::string>()] = model;
                  context.log.info("train: " + model["name"].get<std::string>() + " took " +
                                   duration(model["seconds"].get<double>()));
                }
              write_json(workshop.folder() / "train.json", record);
              return std::string();
            });
}

void remove_training_checkpoints(Fe2Workshop &workshop)
{
  std::error_code error;
  std::filesystem::remove_all(checkpoint_folder(workshop), error);
  if (error)
    throw WriteError("Cannot remove '" + checkpoint_folder(workshop).string() +
                     "': " + error.message() + ".");
}
} // namespace understudy

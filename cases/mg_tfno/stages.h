// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>
#include <cases/mg_tfno/parameters.h>
#include <operators/maps/field_map.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// What the stages of a case share: where things stand, and what is in them. Each stage is
/// collective; what it leaves for later stages stands in files.
class MgTfnoWorkshop
{
public:
  MgTfnoWorkshop(const MgTfnoCaseParameters &parameters, RunContext &context)
    : parameters_(parameters),
      context_(context),
      tasks_(parameters.problem().tasks()),
      models_(parameters.models())
  {
  }

  const MgTfnoCaseParameters &parameters() const { return parameters_; }
  const GridProblem &problem() const { return parameters_.problem(); }
  RunContext &context() const { return context_; }
  MPI_Comm comm() const { return context_.comm; }
  const std::vector<LearningTask> &tasks() const { return tasks_; }
  const std::vector<PlannedModel> &models() const { return models_; }

  std::filesystem::path file(const std::string &name) const { return context_.output / name; }
  std::filesystem::path data(std::size_t task = 0) const { return file(tasks_[task].folder); }
  std::filesystem::path grid_files(std::size_t task = 0) const
  {
    return file(tasks_[task].folder + "_grid");
  }
  std::filesystem::path checkpoints() const { return file("models") / "checkpoint"; }
  std::filesystem::path model_file(const std::string &name) const
  {
    return file("models") / (name + ".safetensors");
  }

  /// The complete data set. UserError when it is another one or a part is missing.
  DataSet dataset(std::size_t task = 0) const;

  /// A trained model, its probe checked. UserError, on all ranks, when there is none, or it was
  /// trained on other data or for another problem. Collective.
  MgTfno model(const std::string &name) const;
  std::shared_ptr<FieldMap> field_map(const std::string &name) const;

  /// Of all models of the case, in one text. UserError when one is missing. Local.
  std::string model_hashes() const;

private:
  const PlannedModel &plan(const std::string &name) const;

  const MgTfnoCaseParameters &parameters_;
  RunContext &context_;
  std::vector<LearningTask> tasks_;
  std::vector<PlannedModel> models_;
};

void mg_tfno_generate_stage(MgTfnoWorkshop &workshop);
/// @param depends_on what the networks of each task depend on; called on rank 0
void mg_tfno_train_stage(MgTfnoWorkshop &workshop,
                         const std::function<nlohmann::json()> &depends_on);
void mg_tfno_run_stage(MgTfnoWorkshop &workshop);
void mg_tfno_compare_stage(MgTfnoWorkshop &workshop);
} // namespace understudy

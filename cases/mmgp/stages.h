// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>
#include <cases/mmgp/parameters.h>
#include <data/store/datasets.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace understudy
{
/// What the stages of an MMGP case share: where things stand, and what is in them. Each stage is
/// collective; what it leaves for later stages stands in files.
class MmgpWorkshop
{
public:
  MmgpWorkshop(const MmgpCaseParameters &parameters, RunContext &context)
    : parameters_(parameters), context_(context)
  {
  }

  const MmgpCaseParameters &parameters() const { return parameters_; }
  RunContext &context() const { return context_; }
  MPI_Comm comm() const { return context_.comm; }

  std::filesystem::path data() const { return context_.output / "data"; }
  std::filesystem::path model_file() const
  {
    return context_.output / "models" / "mmgp.safetensors";
  }
  /// Exact solutions of what the model handed over.
  std::filesystem::path handovers() const { return context_.output / "handover"; }
  /// Those of an earlier model that this one was trained with.
  std::filesystem::path handovers_of_model() const
  {
    return model_file().parent_path() / "handover";
  }
  std::filesystem::path file(const std::string &name) const { return context_.output / name; }
  /// The ParaView collection of all plates; empty when the case writes none.
  std::filesystem::path pictures() const
  {
    return parameters_.run.n_pictures > 0 ? file("plates.pvd") : std::filesystem::path();
  }

  /// The complete data set. UserError when it is another one or a part is missing.
  DataSet dataset() const;
  /// What describes a data set of hand-overs.
  DataSetInfo handover_info() const;
  /// Hand-overs that the model was trained with; none: without. UserError when they belong to other
  /// plates.
  std::optional<DataSet> trained_handovers() const;
  /// The data set and, where the model was trained with them, the hand-overs.
  DataSets training_data() const;
  /// Hash of what a training would use now: hand-overs may have come since the last.
  std::string hash_for_training() const;
  /// Puts the hand-overs that a training is to use beside its model, where training_data() finds
  /// them whatever later runs hand over. Collective.
  void take_handovers();
  /// Hash of the tensors of the model. UserError naming the stage 'train' when there is none.
  std::string model_hash() const;
  /// The model. Collective; UserError on all ranks.
  Mmgp model() const;

private:
  DataSet open_handovers(const std::filesystem::path &folder) const;

  const MmgpCaseParameters &parameters_;
  RunContext &context_;
};

/// A sample of a data set as MMGP wants it.
MmgpSample mmgp_sample(const DataSet &data, std::size_t id);

/// The samples of the split "train" of all data sets, one after the other.
class MmgpTrainingSamples
{
public:
  explicit MmgpTrainingSamples(DataSets data);
  std::size_t size() const { return places_.size(); }
  MmgpSample operator()(std::size_t i) const;
  const DataSets &data() const { return data_; }

private:
  DataSets data_;
  std::vector<DataSets::Place> places_;
};

/// Whether the hand-overs that the record of the stage 'run' speaks of are still there. Local.
bool handovers_are_there(const MmgpWorkshop &workshop);

/// Solves the plates of the design: data/, generate.json.
void mmgp_generate_stage(MmgpWorkshop &workshop);
/// Morphs, reduces and regresses: models/mmgp.safetensors, train.json.
void mmgp_train_stage(MmgpWorkshop &workshop);
/// Plugs the model back in: gates in and out of the family, hand-overs, first guesses:
/// run/record.json, handover/.
void mmgp_run_stage(MmgpWorkshop &workshop);
/// Errors and coverage on the test plates, rivals, costs: report.md, results.json,
/// statistics.csv, plates.pvd with plates/*.vtu.
void mmgp_compare_stage(MmgpWorkshop &workshop);
} // namespace understudy

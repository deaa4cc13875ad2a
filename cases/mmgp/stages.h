// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>
#include <cases/mmgp/parameters.h>
#include <data/store/dataset.h>
#include <surrogates/mmgp.h>

#include <filesystem>
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
  std::filesystem::path handovers() const { return context_.output / "handover"; }
  std::filesystem::path file(const std::string &name) const { return context_.output / name; }

  /// The complete data set. UserError when it is another one or a part is missing.
  DataSet dataset() const;
  /// Hash of the tensors of the model. UserError naming the stage 'train' when there is none.
  std::string model_hash() const;
  /// The model. Collective; UserError on all ranks.
  Mmgp model() const;

private:
  const MmgpCaseParameters &parameters_;
  RunContext &context_;
};

/// Samples of a data set as MMGP wants them.
MmgpSample mmgp_sample(const DataSet &data, std::size_t id);

/// Solves the plates of the design: data/, generate.json.
void mmgp_generate_stage(MmgpWorkshop &workshop);
/// Morphs, reduces and regresses: models/mmgp.safetensors, train.json.
void mmgp_train_stage(MmgpWorkshop &workshop);
/// Plugs the model back in: gates in and out of the family, hand-overs, first guesses:
/// run/record.json, handover/.
void mmgp_run_stage(MmgpWorkshop &workshop);
/// Errors and coverage on the test plates, rivals, costs: report.md, results.json, plate_*.vtu.
void mmgp_compare_stage(MmgpWorkshop &workshop);
} // namespace understudy

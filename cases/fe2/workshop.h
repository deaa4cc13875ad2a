// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>
#include <cases/fe2/parameters.h>
#include <data/store/datasets.h>
#include <surrogates/closure_request.h>
#include <surrogates/register.h>

#include <filesystem>
#include <memory>
#include <string>

namespace understudy
{
/// The name of a stage in round 1, 2, ...: "train", "train-2", ...
std::string numbered_stage(const std::string &stage, unsigned round);

/// What all stages of an FE2 case share: where its files lie, its micro structure (made when first
/// asked for) and its closures. A case of several rounds trains and runs again and again: from the
/// second round on, models, runs and hand-overs have a folder of their own, and the training uses
/// the hand-overs of the round before.
class Fe2Workshop
{
public:
  Fe2Workshop(const Fe2Parameters &parameters, RunContext &context);

  const Fe2Parameters &parameters() const { return parameters_; }
  RunContext &context() { return context_; }
  MPI_Comm comm() const { return context_.comm; }

  unsigned round() const { return round_; }
  /// From now on all paths and models are those of round @p r = 1, 2, ...
  Fe2Workshop &at_round(unsigned r)
  {
    round_ = r;
    return *this;
  }
  /// The last round that trained @p closure.
  Fe2Workshop &at_last_round_of(const std::string &closure);
  std::filesystem::path folder() const { return folder_of(round_); }
  std::filesystem::path data() const { return context_.output / "data"; }
  std::filesystem::path models() const { return folder() / "models"; }
  /// Where the macro run with a closure lies; that with the reference is made once.
  std::filesystem::path run(const std::string &closure) const;
  std::filesystem::path model(const std::string &closure) const;
  /// Hash of the tensors of a model of round @p round; UserError when it is not there.
  std::string model_hash(const std::string &closure, unsigned round) const;
  /// Exact answers that runs were handed; those of a round include those of the rounds before.
  std::filesystem::path handovers() const { return folder() / "handover"; }
  /// The models that this round trains: all, or later on those that play.
  std::vector<std::string> trained_closures() const;
  /// The ParaView collection of the structure in @p folder; empty when the case writes none.
  std::filesystem::path macro_fields(const std::filesystem::path &folder) const;
  std::filesystem::path basis() const { return models() / "basis.safetensors"; }

  const RveMesh &mesh();
  std::shared_ptr<Rve> rve();
  DataSetInfo dataset_info();
  /// The data set of this case; UserError when it is missing, incomplete or another one.
  DataSet dataset();
  /// The data set and, where this round trained with them, the hand-overs.
  DataSets training_data();
  /// Hash of what a training of this round would use now: hand-overs may have come since the last.
  std::string hash_for_training();
  /// Puts the hand-overs that the training of this round is to use beside its models, where
  /// training_data() finds them whatever later runs hand over. Collective.
  void take_handovers();
  /// Strains of the hand-overs that this round trained with, Exx, Eyy, Gxy in turn.
  std::vector<double> known_handovers();
  /// Strains that the training covers: the box of the data set, grown to hold the hand-overs and a
  /// margin of a twentieth.
  StrainBox training_box();
  MicroModelCard card(const std::string &kind);
  /// Fingerprint of the micro structure. rve() must have been called.
  const std::string &micro() const { return micro_; }
  ClosureRequest request();

  /// A closure by its name in the case; the exact one starts from the first guess of the case when
  /// that model is there.
  /// @param indicator whether it estimates its own error, where it can
  std::unique_ptr<PointMap> closure(const std::string &name, bool indicator);
  /// With or without indicator as the case says.
  std::unique_ptr<PointMap> closure(const std::string &name)
  {
    return closure(name, parameters_.coupling.indicator);
  }

  /// The same for a structure, where all ranks ask together: the points of the exact model are
  /// spread over them, because those that are handed over lie close to each other, on few ranks.
  std::unique_ptr<PointMap> playing_closure(const std::string &name);

  /// The fields behind the answers of "rve", "equino*" and "pod-galerkin"; null for other closures.
  std::unique_ptr<FieldReconstructor> fields(const std::string &name);

private:
  std::filesystem::path folder_of(unsigned round) const;
  /// The hand-overs that a training of this round would use; empty: none.
  std::filesystem::path handovers_for_training() const;
  /// Hand-overs in @p folder; UserError when they belong to another micro structure.
  DataSet open_handovers(const std::filesystem::path &folder);
  std::shared_ptr<const MicroBasis> micro_basis();
  /// The Galerkin ROM as first guess of the exact model; null without one.
  std::shared_ptr<const RveGuess> first_guess(const ClosureRequest &wanted);

  const Fe2Parameters &parameters_;
  RunContext &context_;
  std::unique_ptr<RveMesh> mesh_;
  std::shared_ptr<Rve> rve_;
  std::string micro_;
  unsigned round_ = 1;
};

/// Reads a JSON file of this program's own; UserError when it is missing or malformed.
nlohmann::json read_json(const std::filesystem::path &file);
void write_json(const std::filesystem::path &file, const nlohmann::json &value);
} // namespace understudy

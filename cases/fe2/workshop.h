// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/family.h>
#include <cases/fe2/parameters.h>
#include <surrogates/closure_request.h>
#include <surrogates/register.h>

#include <filesystem>
#include <memory>
#include <string>

namespace understudy
{
/// What all stages of an FE2 case share: where its files lie, its micro structure (made when first
/// asked for) and its closures.
class Fe2Workshop
{
public:
  Fe2Workshop(const Fe2Parameters &parameters, RunContext &context);

  const Fe2Parameters &parameters() const { return parameters_; }
  RunContext &context() { return context_; }
  MPI_Comm comm() const { return context_.comm; }

  std::filesystem::path data() const { return context_.output / "data"; }
  std::filesystem::path models() const { return context_.output / "models"; }
  std::filesystem::path runs() const { return context_.output / "run"; }
  std::filesystem::path model(const std::string &closure) const;
  /// The ParaView collection of the structure in @p folder; empty when the case writes none.
  std::filesystem::path macro_fields(const std::filesystem::path &folder) const;
  std::filesystem::path basis() const { return models() / "basis.safetensors"; }

  const RveMesh &mesh();
  std::shared_ptr<Rve> rve();
  DataSetInfo dataset_info();
  /// The data set of this case; UserError when it is missing, incomplete or another one.
  DataSet dataset();
  MicroModelCard card(const std::string &kind);
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

  /// The fields behind the answers of "rve", "equino*" and "pod-galerkin"; null for other closures.
  std::unique_ptr<FieldReconstructor> fields(const std::string &name);

private:
  std::shared_ptr<const MicroBasis> micro_basis();
  /// The Galerkin ROM as first guess of the exact model; null without one.
  std::shared_ptr<const RveGuess> first_guess(const ClosureRequest &wanted);

  const Fe2Parameters &parameters_;
  RunContext &context_;
  std::unique_ptr<RveMesh> mesh_;
  std::shared_ptr<Rve> rve_;
  std::string micro_;
};

/// Reads a JSON file of this program's own; UserError when it is missing or malformed.
nlohmann::json read_json(const std::filesystem::path &file);
void write_json(const std::filesystem::path &file, const nlohmann::json &value);
} // namespace understudy

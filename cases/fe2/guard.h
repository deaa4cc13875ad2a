// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/conformal.h>
#include <operators/maps/guarded_map.h>
#include <surrogates/guard_calibration.h>

#include <deal.II/base/parameter_handler.h>
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
class Fe2Workshop;

/// The closure "guarded": who stands in it and how far each is trusted.
struct GuardParameters
{
  std::string chain = "equino, pod-galerkin, rve";
  double tolerance = 1e-3;
  double violation_rate = 0.05;
  double audit_share = 0.005;
  std::uint64_t seed = 24;
  unsigned rounds = 1;
  unsigned handover_samples = 200;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> names() const; ///< of the chain
  std::vector<std::string> problems(bool used, unsigned n_validation,
                                    const std::vector<std::string> &trained) const;
};

/// What a calibration found of one model of the chain.
struct GuardCalibration
{
  std::string closure;
  double quantile = 0.; ///< of error / estimate; the limit is tolerance / quantile
  double limit = 0.;
  std::size_t n_samples = 0;
  SplitStudy splits; ///< 20 random halves of the validation and test samples
};

/// The guarded chain of a case and how it was calibrated.
struct Guard
{
  std::unique_ptr<GuardedMap> map;
  std::vector<GuardCalibration> calibration; ///< of all but the exact model
};

/// Loads the models of the chain and calibrates them on the validation samples, those of the
/// hand-overs included where the training used hand-overs. Collective.
Guard make_guard(Fe2Workshop &workshop);

/// What the guard depends on beside its models.
nlohmann::json guard_dependencies(Fe2Workshop &workshop);

/// Calibration, audit and times of a run, for its record. @param memory at the end of the run
nlohmann::json guard_record(const Guard &guard, const GuardParameters &parameters,
                            const std::vector<double> &memory);

/// How well the gate before the first model tells strains apart, without asking the exact model.
struct GateScore
{
  std::size_t n_outside = 0, n_inside = 0;
  double recall = 0.;       ///< share of the strains beyond 1.5 times the box that are handed on
  double recall_blind = 0.; ///< the same by the estimate alone, did the gate not know the box
  double false_alarm = 0.;  ///< share of the strains inside the box that are handed on
};
GateScore score_gate(Fe2Workshop &workshop);
} // namespace understudy

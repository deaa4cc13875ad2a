// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/fe2/guard.h>
#include <cases/fe2/workshop.h>

#include <nlohmann/json.hpp>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
/// How well a micro model answers the test strains, against the exact solutions of the data set.
/// Errors are relative, in the Frobenius norm over the whole set.
struct MicroScore
{
  std::string closure;
  double stress = 0.;                 ///< all components of S
  double shear = 0.;                  ///< Sxy
  double tangent = 0.;                ///< all components of C
  double seconds_per_point = 0.;      ///< value and tangent of a batch on one core
  double seconds_with_indicator = 0.; ///< the same with the error indicator; 0 where it has none
  bool has_fields = false;
  std::array<double, 3> local{};        ///< sxx, syy, sxy of the micro fields over the set
  std::array<double, 3> local_median{}; ///< the same, median over the samples
};

/// Scores one trained closure on the test split. Collective, because making a closure is; only rank
/// 0 computes and gets figures. Throws UserError when the closure cannot be loaded.
MicroScore score_closure(Fe2Workshop &workshop, const std::string &name, const DataSet &data);

/// Seconds per point with tangent of the exact model on the first test strains: from the first
/// guess of the case, and cold. Collective like score_closure().
std::array<double, 2> time_exact(Fe2Workshop &workshop, const DataSet &data, std::size_t n_points);

/// Load steps (index in the one and in the other record) that ended at the same load factor: a run
/// that had to cut a step has others in between.
std::vector<std::pair<std::size_t, std::size_t>> common_steps(const nlohmann::json &run,
                                                              const nlohmann::json &reference);

/// How a macro run differs from the reference, the largest value over the load steps.
struct CoupledScore
{
  double displacement = 0., strain = 0., stress = 0., shear_stress = 0.; ///< relative L2
  double force = 0.;                                                     ///< relative
  std::array<unsigned, 2> newton_iterations{}; ///< of the run and of the reference, all steps
};
} // namespace understudy

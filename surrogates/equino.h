// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/head.h>
#include <surrogates/model_closure.h>

#include <array>
#include <memory>
#include <vector>

namespace understudy
{
class EquinoIndicator;

/// EquiNO as a closure:
///
///   S = H b(E),  C = H db/dE,  indicator = |s_nn - s_law| at a few points,
///   s_nn = phi_s b(E),  s_law = law(E + phi_e a(E)).
///
/// H is folded into the head. The indicator is the energy norm of the misfit at the indicator
/// points, relative to the root mean square of s_nn over the training strains there; S is the same
/// to the bit whether it is wanted or not.
class Equino final : public PointMap
{
public:
  /// The laws of the indicator are those of the card.
  Equino(const CardedModel &model, const ClosureOptions &options);
  ~Equino() override;

  const PointMapInfo &info() const override { return info_; }
  void evaluate(const PointQuery &query, PointAnswer &answer) override;

  /// The displacement branch: fluctuation coefficients a(E), [n_modes].
  std::vector<double> displacement_coefficients(const std::array<double, 3> &E) const;
  /// The stress branch b(E), [n_modes].
  std::vector<double> stress_coefficients(const std::array<double, 3> &E) const;

private:
  PointMapInfo info_;
  std::unique_ptr<MaterialLaw> matrix_law_, fibre_law_;
  bool symmetrise_;
  std::unique_ptr<Head> a_, b_, stress_;       ///< branches, and H b
  std::unique_ptr<EquinoIndicator> indicator_; ///< null: not wanted
  std::vector<double> scratch_;
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>
#include <operators/nn/head.h>
#include <solvers/strain_box.h>

#include <memory>
#include <string>

namespace understudy
{
/// Where the model files of the baselines hold their head, S = f(E).
inline const std::string baseline_prefix = "S/";

/// A head with 3 inputs and 3 outputs as a closure in plane strain, S = f(E) with C = df/dE.
///
/// Points outside the training box are answered and marked; an input that is not finite never
/// reaches the head; an answer that is not finite has the health not_converged. Nothing is
/// allocated once the largest batch has been seen.
class HeadClosure : public PointMap
{
public:
  /// @param box              of the training strains
  /// @param symmetric_tangent the tangent is (C + C^T) / 2
  /// Throws UserError when the head does not have 3 inputs and 3 outputs.
  HeadClosure(const std::string &name, std::unique_ptr<const Head> head, const StrainBox &box,
              bool symmetric_tangent);

  const PointMapInfo &info() const override { return info_; }
  void evaluate(const PointQuery &query, PointAnswer &answer) override;

private:
  const PointBatch &finite_inputs(const PointQuery &query, const PointAnswer &answer);

  std::unique_ptr<const Head> head_;
  PointMapInfo info_;
  PointBatch screened_; ///< inputs with zeros at the points that are not finite
};
} // namespace understudy

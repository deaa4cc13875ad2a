// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>
#include <solvers/plane_strain.h>
#include <solvers/rve.h>

#include <functional>
#include <memory>
#include <vector>

namespace understudy
{
/// A first guess for the fluctuation of an RVE that something else offers, e.g. a learned model. It
/// changes how long a solve takes, never what it finds.
class RveGuess
{
public:
  virtual ~RveGuess() = default;
  /// @param w [n_dofs], overwritten. False: no guess for this strain.
  virtual bool guess(const std::array<double, 3> &E, std::vector<double> &w) const = 0;
};

/// The exact micro model as a closure, "rve". The hint of a point is its last fluctuation, so a
/// neighbouring strain needs one factorization; with an RveGuess there are no hints. Error
/// estimate: the relative residual.
class RveClosure final : public PointMap, public FieldReconstructor
{
public:
  /// @param guess may be null
  explicit RveClosure(std::shared_ptr<Rve> rve, std::shared_ptr<const RveGuess> guess = nullptr);

  const PointMapInfo &info() const override { return info_; }
  void evaluate(const PointQuery &query, PointAnswer &answer) override;
  void reconstruct(const std::vector<double> &x, std::vector<double> &displacement,
                   std::vector<double> &stress) override;

  /// Over all points so far.
  struct Counters
  {
    std::size_t solves = 0, iterations = 0, factorizations = 0, retries = 0;
  };
  const Counters &counters() const { return counters_; }

private:
  RveAnswer solve(const std::array<double, 3> &E, std::vector<double> &w, bool want_tangent);

  std::shared_ptr<Rve> rve_;
  std::shared_ptr<const RveGuess> guess_;
  PointMapInfo info_;
  Counters counters_;
};
} // namespace understudy

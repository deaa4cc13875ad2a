// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/torus_vorticity.h>

#include <span>
#include <vector>

namespace understudy
{
/// The exact solver on a coarser grid than that of its parameters, which keeps the time step.
/// Fields come from square grids of any size; modes that the coarse grid has not are dropped.
class CoarseFlow
{
public:
  CoarseFlow(TorusVorticityParameters parameters, unsigned n);

  void set_forcing(const std::vector<double> &f);
  void set_vorticity(const std::vector<double> &w);
  void advance(std::size_t n_steps) { flow_.advance(n_steps); }
  /// At the n x n points.
  void write(std::span<float> w) const;
  std::vector<double> vorticity() const;

private:
  std::vector<double> coarse(const std::vector<double> &field) const;

  TorusVorticity flow_;
};
} // namespace understudy

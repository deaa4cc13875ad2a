// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/sampling/gaussian_random_field.h>
#include <solvers/darcy_grid.h>

#include <deal.II/base/parameter_handler.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
/// Random media of two phases: the coefficient is `above` where a Gaussian random field is >= 0,
/// else `below`. The defaults are those of the Darcy data of Li et al. (2021), arXiv 2010.08895.
struct DarcySamplingParameters
{
  double alpha = 2., tau = 3.; ///< see GaussianCovariance
  double above = 12., below = 3.;
  /// Modes per direction, so that grids of any size carry the same media; 0: as many as the grid
  /// has, with which finer grids have rougher boundaries between the phases.
  std::size_t n_modes = 0;
  std::uint64_t seed = 31;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
};

/// Draws coefficients at darcy_nodes(n_cells). Medium `number` depends on the parameters and the
/// number alone, whichever process draws it and whatever was drawn before; with the same n_modes,
/// the grid of 2 n_cells has the same values at the nodes that both have. (The field is evaluated
/// at the nodes themselves, where the published data interpolate between cell centres.)
class DarcySamples
{
public:
  /// Throws UserError with the problems() of @p parameters, or for n_cells beyond 1 to 32767.
  DarcySamples(const DarcySamplingParameters &parameters, unsigned n_cells);

  const GridView &nodes() const { return nodes_; }

  /// Overwrites @p a, one value for each node.
  void draw(std::uint64_t number, std::span<double> a);

private:
  DarcySamplingParameters parameters_;
  GridView nodes_;
  GaussianRandomField field_;
};
} // namespace understudy

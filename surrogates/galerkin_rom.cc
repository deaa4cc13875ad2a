// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <surrogates/galerkin_rom.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
/// A number of things that a file holds as a double.
std::size_t count_of(double value)
{
  return static_cast<std::size_t>(std::clamp(value, 0., 1e15));
}
} // namespace

void GalerkinRom::save(ModelFile &file) const
{
  file.add("rom/points", {n_points}, points);
  file.add("rom/rve_points", {2},
           {static_cast<double>(n_rve_points), static_cast<double>(n_rve_matrix_points)});
  file.add("rom/weights", {n_points}, weights);
  file.add("rom/phi_e", {n_modes, 3, n_points}, phi_e);
  file.add("rom/phi_s", {n_modes, 3, n_points}, phi_s);
  file.add("rom/cubature", {2}, {cubature_residual, static_cast<double>(n_functions)});
}

GalerkinRom GalerkinRom::load(const CardedModel &carded)
{
  const ModelFile &file = carded.file;
  const std::vector<std::size_t> shape = file.shape("rom/phi_e");
  const std::string model = "The model '" + file.path() + "' ";
  if (shape.size() != 3 || shape[0] == 0 || shape[0] > max_modes || shape[2] == 0)
    throw UserError(model + "has a tensor 'rom/phi_e' that does not hold 1 to " +
                    std::to_string(max_modes) + " strain modes at quadrature points.");
  GalerkinRom rom;
  rom.n_modes = shape[0];
  rom.n_points = shape[2];
  rom.points = file.tensor("rom/points", {rom.n_points});
  rom.weights = file.tensor("rom/weights", {rom.n_points});
  rom.phi_e = file.tensor("rom/phi_e", {rom.n_modes, 3, rom.n_points});
  rom.phi_s = file.tensor("rom/phi_s", {rom.n_modes, 3, rom.n_points});
  const std::vector<double> &cubature = file.tensor("rom/cubature", {2});
  rom.cubature_residual = cubature[0];
  rom.n_functions = count_of(cubature[1]);
  rom.matrix = carded.card.matrix;
  rom.fibre = carded.card.fibre;

  const std::vector<double> &of_rve = file.tensor("rom/rve_points", {2});
  rom.n_rve_points = count_of(of_rve[0]);
  rom.n_rve_matrix_points = count_of(of_rve[1]);
  double last = -1., sum = 0.;
  for (std::size_t q = 0; q < rom.n_points; ++q)
  {
    const double p = rom.points[q];
    if (!(p > last) || p != std::floor(p) || p >= of_rve[0])
      throw UserError(model + "names quadrature points that the RVE does not have.");
    if (!(rom.weights[q] > 0.))
      throw UserError(model + "has a weight that is not positive.");
    last = p;
    sum += rom.weights[q];
    rom.n_matrix_points += p < of_rve[1];
  }
  if (std::abs(sum - 1.) > 1e-10)
    throw UserError(model + "has weights whose sum is not 1.");
  return rom;
}
} // namespace understudy

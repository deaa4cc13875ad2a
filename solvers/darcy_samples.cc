// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/parameters.h>
#include <solvers/darcy_samples.h>

#include <cmath>

namespace understudy
{
namespace
{
const DarcySamplingParameters &checked(const DarcySamplingParameters &parameters)
{
  if (const auto found = parameters.problems(); !found.empty())
    throw UserError(found.front());
  return parameters;
}

GaussianCovariance covariance(const DarcySamplingParameters &parameters)
{
  return {.alpha = parameters.alpha, .tau = parameters.tau, .side = 1., .scale = 1.};
}
} // namespace

void DarcySamplingParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  add_number(prm, "Alpha", alpha,
             "Exponent of the covariance tau^(2 alpha - 2) (-Laplacian + tau^2)^-alpha of the "
             "Gaussian random field; larger: smoother boundaries between the phases [1]",
             Double(1.000001, 10.));
  add_number(prm, "Tau", tau, "Inverse of the length over which phases are alike [1]",
             Double(1e-3, 1e3));
  add_number(prm, "Coefficient above", above, "Where the field is >= 0 [1]", Double(1e-12));
  add_number(prm, "Coefficient below", below, "Where the field is < 0 [1]", Double(1e-12));
  prm.add_parameter("Modes", n_modes,
                    "Of the field per direction, so that all grids carry the same media; 0: as "
                    "many as the grid has [1]",
                    Integer(0, 32768));
  prm.add_parameter("Seed", seed, "Of the media [1]", Integer(0));
}

std::vector<std::string> DarcySamplingParameters::problems() const
{
  std::vector<std::string> found = covariance(*this).problems();
  for (const auto &[name, value] : {std::pair("above", above), std::pair("below", below)})
    if (!(std::isfinite(value) && value > 0.))
      found.push_back("The coefficient " + std::string(name) + " of the Darcy samples is " +
                      number_text(value) + "; it must be finite and > 0.");
  if (n_modes == 1)
    found.emplace_back("With one mode per direction, the mean that is left out, all media of the "
                       "Darcy samples would be the same.");
  return found;
}

DarcySamples::DarcySamples(const DarcySamplingParameters &parameters, unsigned n_cells)
  : parameters_(checked(parameters)),
    nodes_(darcy_nodes(n_cells)),
    field_(GaussianRandomField::Boundary::neumann_nodes, n_cells + 1, covariance(parameters),
           parameters.n_modes)
{
}

void DarcySamples::draw(std::uint64_t number, std::span<double> a)
{
  field_.draw(parameters_.seed, number, a);
  to_two_phase(a, parameters_.below, parameters_.above);
}
} // namespace understudy

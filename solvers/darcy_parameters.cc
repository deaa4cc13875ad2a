// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/number_text.h>
#include <data/core/parameters.h>
#include <solvers/darcy.h>

namespace understudy
{
namespace
{
constexpr unsigned most_cells = 8192;
}

void DarcyParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.add_parameter("Cells per direction", n_cells, "Bilinear elements along each side [1]",
                    Integer(2, most_cells));
  add_number(prm, "Relative tolerance", relative_tolerance,
             "Of the residual of the linear system, relative to its right-hand side [1]",
             Double(1e-15, 0.1));
  prm.add_parameter("Maximum iterations", maximum_iterations,
                    "Of the conjugate gradients, after which the solver has failed [1]",
                    Integer(1, 100000));
}

std::vector<std::string> DarcyParameters::problems() const
{
  std::vector<std::string> found;
  if (n_cells < 2 || n_cells > most_cells)
    found.push_back("The Darcy problem has " + std::to_string(n_cells) +
                    " cells per direction; there must be 2 to " + std::to_string(most_cells) + ".");
  if (!(relative_tolerance > 0. && relative_tolerance < 1.))
    found.push_back("The relative tolerance of the Darcy problem is " +
                    number_text(relative_tolerance) + "; it must lie between 0 and 1.");
  if (maximum_iterations == 0)
    found.emplace_back("The Darcy problem is allowed 0 iterations; there must be 1 at least.");
  return found;
}
} // namespace understudy

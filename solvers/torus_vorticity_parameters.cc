// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/parameters.h>
#include <solvers/torus_vorticity.h>

namespace understudy
{
GridView TorusVorticityParameters::grid() const
{
  const double h = side / static_cast<double>(n);
  const auto points = static_cast<unsigned>(n);
  return {2, {points, points, 1}, {0., 0., 0.}, {h, h, 1.}};
}

void TorusVorticityParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.add_parameter("Grid points", n,
                    "Per direction, an even number; products of 2, 3 and 5 are fastest [1]",
                    Integer(8, 32768));
  prm.add_parameter("Cutoff", cutoff,
                    "Largest wave number per direction that is kept; 0: the most without aliasing, "
                    "(grid points - 1) / 3 [1]",
                    Integer(0, 16383));
  add_number(prm, "Side", side, "Of the periodic square [unit of length]", Double(1e-12));
  add_number(prm, "Viscosity", viscosity,
             "Kinematic; 1 / Re where velocity and length are of order 1 "
             "[unit of length^2 / unit of time]",
             Double(0.));
  add_number(prm, "Drag", drag, "Linear friction, alpha in -alpha w [1 / unit of time]",
             Double(0.));
  add_number(prm, "Beta", beta,
             "Gradient of the Coriolis parameter [1 / (unit of length unit of time)]", Double());
  add_number(prm, "Time step", time_step,
             "Constant; the Courant number should stay below 0.7 [unit of time]", Double(1e-12));
  prm.add_parameter("Order", order, "Of the Adams-Bashforth formula [1]", Integer(2, 3));
}
} // namespace understudy

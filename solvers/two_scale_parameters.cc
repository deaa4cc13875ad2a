// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <meshes/macro_meshes.h>
#include <solvers/two_scale.h>

namespace understudy
{
void TwoScaleParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii;
  std::string names;
  for (const auto &name : macro_meshes())
    names += (names.empty() ? "" : "|") + name;
  prm.add_parameter("Macro mesh", mesh, "The macro structure.", Patterns::Selection(names));
  prm.add_parameter("Cells per leg", resolution,
                    "Quadratic cells along one leg or side of the structure.",
                    Patterns::Integer(1, 4096));
  prm.add_parameter("Load type", load_type,
                    "What is given on the loaded boundary: a displacement or a traction.",
                    Patterns::Selection("displacement|traction"));
  prm.add_parameter("Load", load,
                    "Displacement in mm, or traction in N/mm2, on the loaded boundary in the load "
                    "direction at the end of the run.",
                    Patterns::Double());
  prm.add_parameter("Load steps", load_steps, "Equal load steps.", Patterns::Integer(1, 1000000));
  prm.add_parameter("Minimum step fraction", minimum_step_fraction,
                    "A step that fails is halved, down to this fraction of the regular one.",
                    Patterns::Double(1e-6, 1.));
  prm.add_parameter("Newton absolute tolerance", absolute_tolerance,
                    "Norm of the residual at which a step has converged [N/mm]",
                    Patterns::Double(0.));
  prm.add_parameter("Newton relative tolerance", relative_tolerance,
                    "The same, as a fraction of the norm of all nodal forces, reactions included.",
                    Patterns::Double(0., 1.));
  prm.add_parameter("Maximum Newton iterations", maximum_iterations,
                    "A step that needs more is halved.", Patterns::Integer(1, 1000));
  prm.add_parameter("Write macro fields", output_fields,
                    "Whether each load step is written for ParaView.");
}

std::vector<std::string> TwoScaleParameters::problems() const
{
  std::vector<std::string> out;
  if (absolute_tolerance <= 0. && relative_tolerance <= 0.)
    out.emplace_back(
      "'Newton absolute tolerance' and 'Newton relative tolerance' must not both be 0.");
  if (load == 0.)
    out.emplace_back("'Load' must not be 0.");
  return out;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <surrogates/equino_joint.h>

#include <deal.II/base/patterns.h>

namespace understudy
{
void EquinoJointParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.add_parameter("Hidden layers", hidden_layers,
                    "Widths of the hidden layers of both branches [1]",
                    List(Integer(1, 1024), 1, 10));
  prm.add_parameter("Odd", odd, "Branches that satisfy f(-E) = -f(E) by construction", Bool());
  prm.add_parameter("Strains", strains, "Training strains [1]", Integer(1, 100000));
  prm.add_parameter("Points", points, "Quadrature points of the loss [1]", Integer(1, 1000000));
  prm.add_parameter("Adam steps", adam_steps, "First steps, each on one batch, before L-BFGS [1]",
                    Integer(0, 1000000));
  prm.add_parameter("Batch", batch, "Strains of one Adam step [1]", Integer(1, 100000));
  prm.add_parameter("Evaluations", max_evaluations,
                    "Most evaluations of the loss of all strains, by L-BFGS [1]",
                    Integer(1, 10000000));
  prm.add_parameter("Norm", norm,
                    "Norm of the misfit: 'energy' weighs it by the inverse of the initial tangent, "
                    "'stress' not at all",
                    Selection("energy|stress"));
  prm.add_parameter("Output scaling", scaling,
                    "Scale of the outputs: 'per-mode' from the snapshots, 'global' one for all",
                    Selection("per-mode|global"));
  prm.add_parameter("Time limit", max_minutes,
                    "Guard on the training time; a run that meets it is not reproducible [min]",
                    Double(1e-3, 1e6));
  prm.add_parameter("Seed", seed, "Seed of strains, points, weights and batches [1]", Integer(0));
}

std::vector<std::string> EquinoJointParameters::problems() const
{
  std::vector<std::string> all;
  if (batch > strains)
    all.push_back("'Batch' = " + std::to_string(batch) +
                  " exceeds 'Strains' = " + std::to_string(strains) + ".");
  if (norm != "energy" && norm != "stress")
    all.push_back("'Norm' = '" + norm + "' is neither 'energy' nor 'stress'.");
  if (scaling != "per-mode" && scaling != "global")
    all.push_back("'Output scaling' = '" + scaling + "' is neither 'per-mode' nor 'global'.");
  return all;
}
} // namespace understudy

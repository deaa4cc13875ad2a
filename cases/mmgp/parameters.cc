// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/parameters.h>
#include <data/core/parameters.h>

#include <deal.II/base/patterns.h>

#include <algorithm>

namespace understudy
{
using namespace dealii::Patterns;

namespace
{
void declare_plates(dealii::ParameterHandler &prm, PlateSamplingParameters &p)
{
  prm.add_parameter("Variant", p.variant,
                    "Ranges of the material: 'paper', those of Tensile2d, of which few flow; "
                    "'plastic' with R0 from 100 to 150 MPa, of which half flow with a 'Norton "
                    "exponent' of 3; 'flowing', which nearly all do with one of 4.",
                    Selection("paper|plastic|flowing"));
  prm.add_parameter("Training samples", p.n_train, "Plates to learn from [1]", Integer(10, 100000));
  prm.add_parameter("Test samples", p.n_test, "Plates to test with [1]", Integer(1, 100000));
  prm.add_parameter("Nodes", p.n_nodes, "Corners of triangles of a mesh with the mean size [1]",
                    Integer(100, 1000000));
  add_number(prm, "Size variation", p.h_variation,
             "The size of the elements of a mesh varies by this share [1]", Double(0., 0.5));
  add_number(prm, "Smallest radius", p.radius_lower,
             "Of the notches; the plate has the side 2 [mm]", Double(0.05, 0.95));
  add_number(prm, "Largest radius", p.radius_upper, "Likewise [mm]", Double(0.05, 0.95));
  prm.add_parameter("Seed", p.seed, "Seed of the designs and meshes [1]", Integer(0));
  prm.add_parameter("Samples per shard", p.samples_per_shard,
                    "Of each rank and round: so many are lost at most when a run is killed [1]",
                    Integer(1, 10000));
  prm.add_parameter("Owner", p.owner,
                    "Who owns the data, for the file infos.yaml beside them; empty: not stated.",
                    Anything());
  prm.add_parameter("License", p.license, "Of the data, likewise.", Anything());
}

void declare_solver(dealii::ParameterHandler &prm, PlateParameters &p)
{
  add_number(prm, "Poisson ratio", p.material.poisson, "Of all plates [1]", Double(0., 0.49));
  add_number(prm, "Norton exponent", p.material.n, "Of all plates [1]", Double(1., 200.));
  add_number(prm, "Duration", p.duration, "Of the ramp of the load [s]", Double(1e-12));
  prm.add_parameter("Load steps", p.n_steps, "Equal steps of the ramp [1]", Integer(1, 100000));
  add_number(prm, "Newton relative tolerance", p.relative_tolerance,
             "Of the residual, relative to the forces in the nodes [1]", Double(1e-14, 1e-2));
  prm.add_parameter("Maximum Newton iterations", p.maximum_iterations,
                    "Of a step before it is halved [1]", Integer(1, 1000));
}
} // namespace

void MmgpRunParameters::declare(dealii::ParameterHandler &prm)
{
  prm.add_parameter("Plates unlike", n_unlike,
                    "Plates with elliptical or V-shaped notches that the gates must recognise, "
                    "beside one of each kind in the middle of all ranges [1]",
                    Integer(0, 10000));
  prm.add_parameter("Plates guessed", n_guessed,
                    "Test plates that are solved with and without MMGP's first guess [1]",
                    Integer(0, 100000));
  prm.add_parameter("Pictures", n_pictures,
                    "Test plates that are written for ParaView, and with them the ellipse and the "
                    "wedge in the middle of all ranges; 0: no pictures [1]",
                    Integer(0, 1000));
  prm.add_parameter("Draws", n_draws,
                    "Of the predicted fields of each test plate, from which the distribution of "
                    "their largest values is found; 0: none [1]",
                    Integer(0, 1000000));
}

void MmgpCaseParameters::declare(dealii::ParameterHandler &prm)
{
  const auto section = [&prm](const std::string &name, const auto &declare)
  {
    prm.enter_subsection(name);
    declare();
    prm.leave_subsection();
  };
  section("Plates", [&] { declare_plates(prm, plates); });
  section("Solver", [&] { declare_solver(prm, solver); });
  section("Training",
          [&]
          {
            training.declare(prm);
            prm.add_parameter("Use handover samples", use_handovers,
                              "Train with the plates that an earlier run of this case handed over, "
                              "too.");
          });
  section("Run", [&] { run.declare(prm); });
}

std::vector<std::string> MmgpCaseParameters::problems() const
{
  std::vector<std::string> all = training.problems();
  if (plates.radius_lower >= plates.radius_upper)
    all.push_back("'Smallest radius' must be smaller than 'Largest radius' in section 'Plates'.");
  if (run.n_guessed > plates.n_test)
    all.push_back("'Plates guessed' = " + std::to_string(run.n_guessed) +
                  " in section 'Run' exceeds the 'Test samples' of section 'Plates'.");
  if (run.n_pictures > plates.n_test)
    all.push_back("'Pictures' = " + std::to_string(run.n_pictures) +
                  " in section 'Run' exceeds the 'Test samples' of section 'Plates'.");
  for (const auto &problem : solver.problems())
    all.push_back(problem);
  return all;
}

MmgpProblem MmgpCaseParameters::problem() const
{
  MmgpProblem p;
  for (const PlateRange &range : plate_ranges(plates.variant))
    p.inputs.push_back({{range.name, range.unit}, range.lower, range.upper});
  // Plastic strains span decades; below 1e-6 nothing flows to speak of.
  const auto output = [](const std::string &name)
  {
    return MmgpOutput{{name, plate_unit(name)},
                      name == "evrcum" || name == "max_evrcum" ? 1e-6 : 0.};
  };
  for (const char *name : plate_fields)
    p.fields.push_back(output(name));
  for (const char *name : plate_scalars)
    p.scalars.push_back(output(name));
  return p;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/parameters.h>
#include <data/core/parameters.h>

#include <deal.II/base/patterns.h>

#include <algorithm>

namespace understudy
{
using namespace dealii::Patterns;

void MgTfnoCaseParameters::declare(dealii::ParameterHandler &prm)
{
  prm.add_parameter("Problem", problem_name,
                    "Flow through a porous medium from its permeability; vorticity on a torus from "
                    "the forcing; vorticity after a while from that now.",
                    Selection("darcy|forcing|stepper"));
  darcy.declare(prm);
  forcing.declare(prm);
  stepper.declare(prm);
  prm.enter_subsection("Training");
  prm.add_parameter("Points", n_points, "Of the training grid, per direction [1]",
                    Integer(8, 4096));
  training.declare(prm);
  prm.add_parameter("Compare with dense", compare_dense,
                    "Train the network with all entries of the spectral weights, too.");
  prm.add_parameter(
    "Compare with whole fields", compare_whole,
    "Where fields are cut in patches, train the same network on whole fields, too.");
  add_number(prm, "Small rank", small_rank,
             "Rank of one more network, on whole fields; 0: none [1]", Double(0., 1.));
  prm.leave_subsection();
  prm.enter_subsection("Comparison");
  prm.add_parameter("Resolutions", n_finer,
                    "Grids at which operators are compared: that of the training, twice, four "
                    "times as fine, ... [1]",
                    Integer(1, 8));
  prm.add_parameter("Pictures", n_pictures, "Test samples that are written for ParaView [1]",
                    Integer(0, 1000));
  prm.add_parameter("Grid files", grid_files, "Write the data set in the layout of The Well, too.");
  prm.leave_subsection();
}

const GridProblem &MgTfnoCaseParameters::problem() const
{
  if (problem_name == "forcing")
    return forcing;
  return problem_name == "stepper" ? static_cast<const GridProblem &>(stepper) : darcy;
}

std::vector<unsigned> MgTfnoCaseParameters::resolutions() const
{
  std::vector<unsigned> all;
  for (unsigned k = 0, n = n_points; k < n_finer && problem().n_points() % n == 0; ++k, n *= 2)
    all.push_back(n);
  return all;
}

std::vector<PlannedModel> MgTfnoCaseParameters::models() const
{
  const MgTfnoProblem fields = problem().tasks().front().problem;
  std::vector<PlannedModel> all;
  const auto add =
    [&](const std::string &name, const std::string &sentence, const MgTfnoParameters &p)
  {
    all.push_back({name, sentence, 0, n_points, p});
    all.back().parameters.patching.periodic = fields.is_periodic();
  };
  MgTfnoParameters whole = training; // as is best for whole fields
  whole.patching.levels = 0;
  if (fields.is_periodic())
    whole.window_coordinates = whole.random_shifts = false;
  add("operator", "the operator of the case", training);
  if (compare_whole && training.patching.levels > 0)
    add("whole", "the same network on whole fields", whole);
  const bool has_rank = training.factorisation != "dense";
  if (compare_dense && has_rank)
  {
    MgTfnoParameters dense = whole;
    dense.factorisation = "dense";
    dense.network.joint = false;
    add("dense", "all entries of the spectral weights, whole fields", dense);
  }
  if (small_rank > 0. && has_rank)
  {
    MgTfnoParameters small = whole;
    small.network.rank = small_rank;
    add("small", "a lower rank, whole fields", small);
  }
  if (problem_name == "darcy" && darcy.with_correction)
  {
    all.push_back({"correction", "answers residuals, as a preconditioner", 1,
                   darcy.residuals.solver.n_cells, darcy.correction});
    all.back().parameters.patching.periodic = false;
  }
  return all;
}

std::vector<std::string> MgTfnoCaseParameters::problems() const
{
  std::vector<std::string> all = problem().problems();
  const unsigned n = problem().n_points();
  const unsigned n_test = problem_name == "darcy"     ? darcy.data.n_test
                          : problem_name == "forcing" ? forcing.data.sampling.n_test
                                                      : stepper.data.sampling.n_test;
  if (n_test == 0)
    all.emplace_back("A case needs a test sample at least, to compare with.");
  if (n % n_points != 0)
    all.push_back("'Points' = " + std::to_string(n_points) +
                  " in section 'Training' must divide the " + std::to_string(n) +
                  " points per direction of the exact solver.");
  if (n_points % 8 != 0 && problem_name != "darcy")
    all.push_back(
      "'Points' = " + std::to_string(n_points) +
      " in section 'Training' must be a multiple of 8, since the exact solver is a rival "
      "on a quarter of them.");
  const auto tasks = problem().tasks();
  for (const PlannedModel &m : models())
    for (std::string p : m.parameters.problems(tasks[m.task].problem, m.n_points))
    {
      if (m.task > 0)
        p = "Section 'Correction': " + p;
      if (std::ranges::find(all, p) == all.end()) // networks that are compared share much
        all.push_back(p);
    }
  return all;
}
} // namespace understudy

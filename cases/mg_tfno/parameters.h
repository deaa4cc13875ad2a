// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/mg_tfno/darcy_problem.h>
#include <cases/mg_tfno/forcing_problem.h>
#include <cases/mg_tfno/stepper_problem.h>
#include <surrogates/mg_tfno_training.h>

#include <deal.II/base/parameter_handler.h>

#include <string>
#include <vector>

namespace understudy
{
/// A network of a case.
struct PlannedModel
{
  std::string name;         ///< of its file and in keys of the report
  std::string sentence;     ///< what it is for
  std::size_t task = 0;     ///< see GridProblem::tasks()
  std::size_t n_points = 0; ///< of its training grid
  MgTfnoParameters parameters;
};

/// A case of fields on grids and neural operators.
struct MgTfnoCaseParameters
{
  std::string problem_name = "darcy";
  DarcyProblem darcy;
  ForcingProblem forcing;
  StepperProblem stepper;

  unsigned n_points = 32; ///< of the training grid
  MgTfnoParameters training;
  bool compare_dense = true; ///< with the network that has all entries of the spectral weights
  bool compare_whole = true; ///< with the network that sees whole fields, where there are patches
  double small_rank = 0.;    ///< of one more network, with whole fields; 0: none
  unsigned n_finer = 3;      ///< resolutions in the comparison: 1 x, 2 x, 4 x, ...
  unsigned n_pictures = 4;
  bool grid_files = true; ///< data in the layout of The Well, too

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const;

  const GridProblem &problem() const;
  /// The operator first, then those it is compared with, then further networks of the problem.
  std::vector<PlannedModel> models() const;
  /// Points per direction at which models are compared: those of the training, twice as many, ...
  std::vector<unsigned> resolutions() const;
};
} // namespace understudy

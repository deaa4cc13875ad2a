// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/plate_dataset.h>
#include <surrogates/mmgp_training.h>

#include <deal.II/base/parameter_handler.h>

#include <string>
#include <vector>

namespace understudy
{
/// What the stage 'run' tries out.
struct MmgpRunParameters
{
  unsigned n_unlike = 20;  ///< plates out of the family, beside the two of the paper
  unsigned n_guessed = 20; ///< test plates that are solved with and without a first guess
  /// Test plates that are written for ParaView, beside the two plates of the paper that are unlike
  unsigned n_pictures = 4;
  unsigned n_draws = 1000; ///< of the fields, for scalars that are derived from them; 0: none

  void declare(dealii::ParameterHandler &prm);
};

/// A case of notched plates and MMGP.
struct MmgpCaseParameters
{
  PlateSamplingParameters plates;
  PlateParameters solver;
  MmgpParameters training;
  bool use_handovers = false; ///< of an earlier run, for the training
  MmgpRunParameters run;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const;

  /// Inputs with the ranges of the design, fields and scalars: plastic strains span decades.
  MmgpProblem problem() const;
};
} // namespace understudy

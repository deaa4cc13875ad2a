// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <operators/nn/mlp.h>
#include <operators/nn/training_checkpoint.h>
#include <solvers/rve.h>
#include <surrogates/micro_basis.h>

#include <deal.II/base/parameter_handler.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// How both branches of EquiNO are trained together, as Eivazi et al. (arXiv 2504.07976) do. Their
/// own choices are odd = false, norm = "stress" and scaling = "global"; the defaults here are more
/// accurate.
struct EquinoJointParameters
{
  std::string hidden_layers = "64, 64, 64, 64"; ///< widths, equal in both branches
  bool odd = true;                              ///< f(-E) = -f(E) by construction
  unsigned strains = 1000;                      ///< training strains, a Latin hypercube in the box
  unsigned points = 512;                        ///< quadrature points of the loss
  unsigned adam_steps = 1000;                   ///< first steps at 1e-3, each on one batch
  unsigned batch = 10;                          ///< strains of one Adam step
  unsigned max_evaluations = 3000;              ///< of loss and gradient on all strains, by L-BFGS
  std::string norm = "energy";      ///< of the misfit, see EquinoMisfit: "energy" or "stress"
  std::string scaling = "per-mode"; ///< of the outputs: "per-mode", or "global": one number for all
  double max_minutes = 3.;          ///< guard; a run that meets it is not reproducible
  std::uint64_t seed = 24;          ///< of strains, points, weights and batches

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const;
};

/// Both branches and how their training ended.
struct EquinoBranches
{
  Mlp a, b;                 ///< E -> coefficients of displacement and of stress, [n_modes]
  double loss = 0.;         ///< EquinoMisfit of all training strains
  unsigned evaluations = 0; ///< of loss and gradient on all strains
  std::string stopped_by;   ///< "evaluations", "time" or "stall"
};

/// Minimises EquinoMisfit over the weights of both branches: Adam on batches, then L-BFGS (50
/// pairs, strong Wolfe conditions) on all strains, in double on one thread, so that equal seeds
/// give equal weights on one machine. No labels: only the modes know solutions of the RVE. Local:
/// call it on one rank.
/// @param limit    half side of the box of training strains, |E_i| <= limit [-]
/// @param progress gets a line every few seconds and an empty one in between; may be empty
/// @param checkpoint may be taken between two steps of Adam and every 20 iterations of L-BFGS
/// Throws UserError where problems() would state any, or when a mode of the basis is zero.
EquinoBranches train_equino_joint(const EquinoJointParameters &parameters, const MicroBasis &basis,
                                  const Rve &rve, double limit,
                                  const std::function<void(const std::string &line)> &progress,
                                  const TrainingCheckpoint &checkpoint = {});

/// The loss that train_equino_joint() minimises as a function of all weights; public for its test.
class EquinoJointLoss
{
public:
  EquinoJointLoss(const EquinoJointParameters &parameters, const MicroBasis &basis, const Rve &rve,
                  double limit);
  ~EquinoJointLoss();
  EquinoJointLoss(const EquinoJointLoss &) = delete;
  EquinoJointLoss &operator=(const EquinoJointLoss &) = delete;

  /// All weights and biases: those of branch a, layer by layer, then those of b.
  std::vector<double> parameters() const;
  void set_parameters(const std::vector<double> &values);
  /// The loss of all training strains; @p gradient is filled unless null.
  double evaluate(std::vector<double> *gradient) const;
  /// Both branches at @p E [3][n], computed by LibTorch: [2 n_modes][n], a above b.
  PointBatch coefficients(const PointBatch &E) const;
  /// Trains from the current parameters on, or from where a checkpoint was taken.
  EquinoBranches train(const std::function<void(const std::string &line)> &progress,
                       const TrainingCheckpoint &checkpoint = {});

private:
  struct Data;
  std::unique_ptr<Data> data_;
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <operators/nn/mlp.h>
#include <operators/nn/training_checkpoint.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace understudy
{
/// How an Mlp is fitted.
struct MlpRecipe
{
  std::vector<std::size_t> hidden = {48, 48, 48}; ///< widths of the hidden layers
  bool odd = true;                                ///< f(-x) = -f(x) by construction
  std::vector<double> input_scale;                ///< [n_inputs]; empty: largest |x| per input
  std::vector<double> output_weight; ///< [n_outputs] factors W of the misfit; empty: all 1
  double sobolev = 1.;               ///< lambda, weight of the derivative misfit where dy is given
  unsigned max_evaluations = 2000;   ///< of loss and gradient
  double max_seconds =
    std::numeric_limits<double>::infinity(); ///< guard; makes results machine dependent
  unsigned history = 50;                     ///< pairs of L-BFGS
  unsigned report_every = 50; ///< evaluations between two calls of progress and validations
  std::uint64_t seed = 24;
};

/// Labels. With W = output_weight, s_j = input_scale, and <.> the mean over samples,
///   loss = < |W (f - y)|^2 > / < |W y|^2 >
///        + sobolev * < sum_j |W (df/dx_j - dy/dx_j) s_j|^2 > / < sum_j |W dy/dx_j s_j|^2 >.
/// Training minimises loss + rho * size * |W A|^2, where A are weights and bias of the last layer,
/// rho = 1e-10, and size is the mean over the units h of the last hidden layer (and 1 for the bias)
/// of the loss without its y that h in place of f would have, W = 1 in the numerators. Measured by
/// the units, the ridge does not depend on how a net shares a factor among its layers.
struct MlpLabels
{
  const PointBatch *x = nullptr;  ///< [n_inputs][n]
  const PointBatch *y = nullptr;  ///< [n_outputs][n]
  const PointBatch *dy = nullptr; ///< [n_outputs * n_inputs][n], row-major dy_i/dx_j; may be null
};

struct MlpProgress
{
  unsigned evaluation = 0;
  double loss = 0.;
  double validation_loss = 0.; ///< NaN without validation labels
  double seconds = 0.;
};

/// Why training ended and what came out.
struct MlpTrainingReport
{
  unsigned evaluations = 0;
  double loss = 0.;            ///< of the weights that were kept
  double validation_loss = 0.; ///< likewise; NaN without validation labels
  double seconds = 0.;
  std::string stopped_by; ///< "evaluations", "time", "stall" or "caller"
};

/// Called every report_every evaluations; returning false stops the training.
using MlpProgressCallback = std::function<bool(const MlpProgress &)>;

/// Fits an Mlp to values and, if given, derivatives by variable projection (Golub and Pereyra, SIAM
/// J. Numer. Anal. 10, 1973): the last layer is linear, so for given hidden weights the best one is
/// the solution of a linear least-squares problem, and L-BFGS with strong Wolfe line search looks
/// for the hidden weights alone: in equal time at most a quarter of the error of L-BFGS on all
/// weights (tests/benchmark/bench_training). All is full-batch in double on one thread, so that
/// equal seeds give equal weights on one machine. The weights with the smallest validation loss are
/// kept (training loss without validation labels). Each output is scaled by its own root mean
/// square, which ends up in the last layer. A checkpoint may be taken before every line search; its
/// names begin with "mlp/". Throws UserError when shapes do not fit, or labels are not finite or
/// all zero.
Mlp train_mlp(const MlpRecipe &recipe, const MlpLabels &train,
              const MlpLabels *validation = nullptr, const MlpProgressCallback &progress = {},
              MlpTrainingReport *report = nullptr, const TrainingCheckpoint &checkpoint = {});

/// Loss above and its gradient as functions of all weights; public for its test.
class MlpLoss
{
public:
  MlpLoss(const MlpRecipe &recipe, const MlpLabels &labels);
  ~MlpLoss();
  MlpLoss(const MlpLoss &) = delete;
  MlpLoss &operator=(const MlpLoss &) = delete;

  std::size_t n_parameters() const;
  /// Random start of @p recipe.seed, in scaled outputs.
  std::vector<double> initial_parameters() const;
  /// @param gradient [n_parameters], may be null
  double evaluate(const double *parameters, double *gradient);

  /// The first parameters, those of the hidden layers.
  std::size_t n_hidden_parameters() const;
  /// Overwrites the last layer in @p parameters by the one that minimises loss and ridge term.
  void fit_last_layer(double *parameters);
  /// Loss and ridge term as a function of the hidden layers alone, with the best last layer, which
  /// is written into @p parameters. Being the best it adds nothing to the derivative, so the first
  /// n_hidden_parameters() entries of @p gradient are the gradient of this function.
  double evaluate_reduced(double *parameters, double *gradient);
  /// Uses the output scales of @p other, so that both read the same parameters; their input scales
  /// must be equal, which input_scale() in the recipe of this one ensures.
  void share_output_scale(const MlpLoss &other);
  const std::vector<double> &input_scale() const;
  /// The net with physical outputs.
  Mlp network(const double *parameters) const;

private:
  struct Data;
  std::unique_ptr<Data> data_;
};
} // namespace understudy

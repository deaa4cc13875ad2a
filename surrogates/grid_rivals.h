// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/grid_batch.h>
#include <operators/nn/weighted_pod.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
struct GridRivalsParameters
{
  double energy = 0.999; ///< share of the squared deviations from the mean that modes keep [1]
  std::size_t max_modes = 100; ///< of the inputs, and of the outputs
};

/// What a neural operator from fields to fields must beat: the same training samples on their grid,
/// without a network.
///   training-mean      the mean of all outputs,
///   nearest-neighbour  the output of the sample whose input is nearest in L2, the first of equally
///                      near ones,
///   pod-ridge          linear: inputs and outputs are expanded in the modes of their proper
///                      orthogonal decompositions about the mean, and the output coefficients c are
///                      regressed on the input coefficients z with a penalty lambda |W|^2,
///                        c = W z,  W = C^T Z diag(1 / (s_k^2 + lambda)),
///                      where Z^T Z = diag(s_k^2) by construction of the modes. Of the decades from
///                      1e-10 to 1e2 times s_1^2 lambda is the one with the smallest sum of squared
///                      errors when each sample in turn is left out of the regression (the modes
///                      stay), in closed form (Allen, Technometrics 16, 1974):
///                        e_i = (c_i - W z_i) / (1 - 1/n - sum_k z_ik^2 / (s_k^2 + lambda)).
///
/// Distances and modes weigh each channel with 1 / its root mean square deviation from the mean
/// field, so that units do not matter; channels that are the same in all samples (coordinates) have
/// no weight. A single sample, or inputs or outputs that never differ, leave pod-ridge the mean.
///
/// Serial. For n samples of N values of inputs and outputs together the construction costs
/// 2 n^2 N + 20 n^3 operations and the memory of about 5 n N doubles; a prediction n N_in
/// operations by the nearest neighbour and some 2 max_modes N by pod-ridge.
class GridRivals
{
public:
  static const std::vector<std::string> &names();

  /// @param x [n][n_in][n1][n2]   @param y [n][n_out][n1][n2], sample by sample the answer to x
  /// Throws UserError for no samples or channels, another number of samples or another grid in
  /// @p y, a value that is not finite (with its sample and channel), and wrong parameters.
  GridRivals(const GridBatch &x, const GridBatch &y, const GridRivalsParameters &parameters = {});

  /// Samples of a batch do not depend on each other (pod-ridge: to rounding).
  /// @param rival index into names()
  /// @return [n][n_out][n1][n2]
  /// Throws UserError for inputs on another grid or with other channels than those of the training,
  /// and for a value that is not finite; std::out_of_range for an index that names no rival.
  GridBatch predict(std::size_t rival, const GridBatch &x) const;

  /// What pod-ridge has found; 0 where it is the mean.
  std::size_t n_input_modes() const { return n_input_modes_; }
  std::size_t n_output_modes() const { return n_output_modes_; }
  double penalty() const { return penalty_; } ///< lambda / s_1^2

private:
  void fit_ridge(const std::vector<double> &scaled_x, const std::vector<double> &scaled_y,
                 const GridRivalsParameters &parameters);
  std::size_t nearest(std::span<const float> x) const;
  void predict_by_ridge(const GridBatch &x, GridBatch &y) const;

  GridBatch x_, y_;
  std::vector<double> mean_y_;             ///< [n_out][n1][n2]
  std::vector<double> weight_x_, scale_y_; ///< per channel; 0 for one that never differs
  std::optional<WeightedPod> pod_x_, pod_y_;
  std::size_t n_input_modes_ = 0, n_output_modes_ = 0;
  double penalty_ = 0.;
  std::vector<double> slopes_; ///< W, [n_output_modes][n_input_modes]
};
} // namespace understudy

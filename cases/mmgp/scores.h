// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/mmgp.h>

#include <mpi.h>

#include <cstddef>
#include <vector>

namespace understudy
{
/// |error| / (sqrt(N) max|truth|) of the N values of one sample: what RRMSE is the root mean square
/// of. NaN for a sample whose truth exceeds @p smallest nowhere.
double relative_error(const std::vector<double> &found, const std::vector<double> &truth,
                      double smallest);

/// Share of values between their bounds, which count as inside.
double share_inside(const std::vector<double> &lower, const std::vector<double> &upper,
                    const std::vector<double> &truth);

/// What bounds are compared with: where the output is logarithmic, 0 for the little that the
/// projection of a quantity which is never negative undershoots 0 by.
std::vector<double> bounded_truth(const MmgpOutput &output, std::vector<double> truth);

/// Errors of one output over the test samples, added up sample by sample.
///
///   RRMSE = sqrt(mean over samples of |error|^2 / (N max|truth|^2)),  N the values of a sample,
///   Q2    = 1 - sum error^2 / sum (truth - mean truth)^2 over all values of all samples
///
/// as the benchmarks of Tensile2d have them; for a scalar N = 1.
class OutputScore
{
public:
  /// @param smallest samples whose truth exceeds it nowhere have no relative error worth the name
  /// and are left out of RRMSE
  explicit OutputScore(double smallest = 0.) : smallest_(smallest) {}

  void add(const std::vector<double> &found, const std::vector<double> &truth);
  /// Counts values between bounds; see bounded_truth().
  void add_bounds(const std::vector<double> &lower, const std::vector<double> &upper,
                  const std::vector<double> &truth);

  /// The sums of all ranks. Collective.
  void add_up(MPI_Comm comm);

  double rrmse() const;
  double q2() const;       ///< NaN when all samples are left out: there is nothing to tell apart
  double coverage() const; ///< share of values between their bounds
  /// The same over the samples that are not left out; NaN when all are.
  double coverage_of_counted() const;
  double n_left_out() const { return sums_[left_out]; }

private:
  enum Sum
  {
    samples,
    left_out,
    relative,
    squares,
    values,
    truths,
    truth_squares,
    bounded,
    inside,
    counted_bounded,
    counted_inside,
    n_sums
  };
  double smallest_;
  double sums_[n_sums] = {};
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/scores.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
double relative_error(const std::vector<double> &found, const std::vector<double> &truth,
                      double smallest)
{
  double largest = 0., square = 0.;
  for (std::size_t i = 0; i < truth.size(); ++i)
  {
    largest = std::max(largest, std::abs(truth[i]));
    square += (found[i] - truth[i]) * (found[i] - truth[i]);
  }
  return largest > smallest ? std::sqrt(square / static_cast<double>(truth.size())) / largest
                            : std::numeric_limits<double>::quiet_NaN();
}

double share_inside(const std::vector<double> &lower, const std::vector<double> &upper,
                    const std::vector<double> &truth)
{
  double inside = 0.;
  for (std::size_t i = 0; i < truth.size(); ++i)
    inside += truth[i] >= lower[i] && truth[i] <= upper[i] ? 1. : 0.;
  return inside / static_cast<double>(truth.size());
}

std::vector<double> bounded_truth(const MmgpOutput &output, std::vector<double> truth)
{
  if (output.is_logarithmic())
    for (double &value : truth)
      value = std::max(value, 0.);
  return truth;
}

void OutputScore::add(const std::vector<double> &found, const std::vector<double> &truth)
{
  for (std::size_t i = 0; i < truth.size(); ++i)
  {
    sums_[truths] += truth[i];
    sums_[truth_squares] += truth[i] * truth[i];
    sums_[squares] += (found[i] - truth[i]) * (found[i] - truth[i]);
  }
  sums_[values] += static_cast<double>(truth.size());
  const double error = relative_error(found, truth, smallest_);
  const bool counts = !std::isnan(error);
  sums_[counts ? samples : left_out] += 1.;
  sums_[relative] += counts ? error * error : 0.;
}

void OutputScore::add_bounds(const std::vector<double> &lower, const std::vector<double> &upper,
                             const std::vector<double> &truth)
{
  const auto n = static_cast<double>(truth.size());
  const double n_inside = n * share_inside(lower, upper, truth);
  sums_[inside] += n_inside;
  sums_[bounded] += n;
  if (std::isnan(relative_error(truth, truth, smallest_)))
    return;
  sums_[counted_inside] += n_inside;
  sums_[counted_bounded] += n;
}

void OutputScore::add_up(MPI_Comm comm)
{
  MPI_Allreduce(MPI_IN_PLACE, sums_, n_sums, MPI_DOUBLE, MPI_SUM, comm);
}

double OutputScore::rrmse() const
{
  return std::sqrt(sums_[relative] / sums_[samples]);
}

double OutputScore::q2() const
{
  if (sums_[samples] == 0.)
    return std::numeric_limits<double>::quiet_NaN();
  const double about_mean = sums_[truth_squares] - sums_[truths] * sums_[truths] / sums_[values];
  return 1. - sums_[squares] / about_mean;
}

double OutputScore::coverage() const
{
  return sums_[inside] / sums_[bounded];
}

double OutputScore::coverage_of_counted() const
{
  return sums_[counted_inside] / sums_[counted_bounded];
}
} // namespace understudy

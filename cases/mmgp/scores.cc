// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/scores.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
void OutputScore::add(const std::vector<double> &found, const std::vector<double> &truth)
{
  double largest = 0., square = 0.;
  for (std::size_t i = 0; i < truth.size(); ++i)
  {
    largest = std::max(largest, std::abs(truth[i]));
    square += (found[i] - truth[i]) * (found[i] - truth[i]);
    sums_[truths] += truth[i];
    sums_[truth_squares] += truth[i] * truth[i];
  }
  sums_[values] += static_cast<double>(truth.size());
  sums_[squares] += square;
  if (largest > smallest_)
  {
    sums_[samples] += 1.;
    sums_[relative] += square / (static_cast<double>(truth.size()) * largest * largest);
  }
  else
    sums_[left_out] += 1.;
}

void OutputScore::add_bounds(const std::vector<double> &lower, const std::vector<double> &upper,
                             const std::vector<double> &truth)
{
  for (std::size_t i = 0; i < truth.size(); ++i)
    sums_[inside] += truth[i] >= lower[i] && truth[i] <= upper[i] ? 1. : 0.;
  sums_[bounded] += static_cast<double>(truth.size());
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
  const double about_mean = sums_[truth_squares] - sums_[truths] * sums_[truths] / sums_[values];
  return 1. - sums_[squares] / about_mean;
}

double OutputScore::coverage() const
{
  return sums_[inside] / sums_[bounded];
}
} // namespace understudy

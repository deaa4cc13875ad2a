// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/output/statistics.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace understudy
{
namespace
{
void require_values(std::span<const double> a)
{
  if (a.empty())
    throw std::invalid_argument("statistics of no value");
}
} // namespace

double max_abs(std::span<const double> a)
{
  double largest = 0.;
  for (const double x : a)
  {
    if (std::isnan(x))
      return x;
    largest = std::max(largest, std::abs(x));
  }
  return largest;
}

double frobenius(std::span<const double> a)
{
  const double scale = max_abs(a);
  if (scale == 0. || !std::isfinite(scale))
    return scale;
  double sum = 0.;
  for (const double x : a)
    sum += (x / scale) * (x / scale);
  return scale * std::sqrt(sum);
}

double relative_frobenius(std::span<const double> a, std::span<const double> b)
{
  if (a.size() != b.size())
    throw std::invalid_argument("relative_frobenius: " + std::to_string(a.size()) + " and " +
                                std::to_string(b.size()) + " values");
  std::vector<double> difference(a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    difference[i] = a[i] - b[i];
  const double error = frobenius(difference);
  const double truth = frobenius(b);
  if (truth == 0. && error == 0.)
    return 0.;
  return error / truth;
}

double mean(std::span<const double> a)
{
  require_values(a);
  double sum = 0.;
  for (const double x : a)
    sum += x;
  return sum / static_cast<double>(a.size());
}

double median(std::span<const double> a)
{
  require_values(a);
  if (std::any_of(a.begin(), a.end(), [](double x) { return std::isnan(x); }))
    return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> sorted(a.begin(), a.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  return n % 2 == 1 ? sorted[n / 2] : 0.5 * sorted[n / 2 - 1] + 0.5 * sorted[n / 2];
}

double sorted_quantile(std::span<const double> sorted, double p)
{
  require_values(sorted);
  const double place = std::ceil(p * static_cast<double>(sorted.size()) - 1e-9);
  return sorted[static_cast<std::size_t>(std::max(place, 1.)) - 1];
}

std::vector<double> every(std::span<const double> a, std::size_t stride, std::size_t offset)
{
  if (stride == 0)
    throw std::invalid_argument("every: the stride must be positive");
  std::vector<double> picked;
  picked.reserve(a.size() / stride + 1);
  for (std::size_t i = offset; i < a.size(); i += stride)
    picked.push_back(a[i]);
  return picked;
}
} // namespace understudy

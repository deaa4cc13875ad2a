// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/output/grid_errors.h>
#include <data/output/statistics.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

namespace understudy
{
namespace
{
std::vector<double> doubles(std::span<const float> f)
{
  return {f.begin(), f.end()};
}

void require_size(std::size_t n_values, std::size_t n_points)
{
  if (n_values != n_points)
    throw std::invalid_argument("A field of " + std::to_string(n_values) + " values does not fit " +
                                std::to_string(n_points) + " points.");
}

std::vector<double> difference(std::span<const double> p, std::span<const double> y)
{
  require_size(p.size(), y.size());
  std::vector<double> e(p.size());
  std::ranges::transform(p, y, e.begin(), std::minus<>());
  return e;
}

double ratio(double error, double truth)
{
  return error == 0. && truth == 0. ? 0. : error / truth;
}

/// Derivative of a line of @p n numbers that stand @p pitch apart.
void differentiate(std::size_t n, std::size_t pitch, bool periodic, const double *f, double *df)
{
  const double h = 1. / static_cast<double>(n);
  for (std::size_t i = 1; i + 1 < n; ++i)
    df[i * pitch] = (f[(i + 1) * pitch] - f[(i - 1) * pitch]) / (2. * h);
  const std::size_t end = (n - 1) * pitch;
  if (periodic)
  {
    df[0] = (f[(1 % n) * pitch] - f[end]) / (2. * h);
    df[end] = (f[0] - f[((n - 1 + n - 1) % n) * pitch]) / (2. * h);
    return;
  }
  df[0] = (-11. * f[0] + 18. * f[pitch] - 9. * f[2 * pitch] + 2. * f[3 * pitch]) / (6. * h);
  df[end] =
    (11. * f[end] - 18. * f[end - pitch] + 9. * f[end - 2 * pitch] - 2. * f[end - 3 * pitch]) /
    (6. * h);
}

/// sqrt(S(f^2 + f_1^2 + f_2^2))
double h1_norm(const FieldGrid &grid, std::span<const double> f)
{
  const GridDerivatives derivatives = grid_derivatives(grid, f);
  const double parts[] = {frobenius(f), frobenius(derivatives.d1), frobenius(derivatives.d2)};
  return frobenius(parts);
}
} // namespace

GridDerivatives grid_derivatives(const FieldGrid &grid, std::span<const double> f)
{
  require_size(f.size(), grid.n_points());
  if (!grid.periodic && std::min(grid.n1, grid.n2) < 4)
    throw UserError("Derivatives on a grid that is not periodic need 4 points along each "
                    "direction; there are " +
                    std::to_string(grid.n1) + " x " + std::to_string(grid.n2) + ".");
  GridDerivatives derivatives{std::vector<double>(f.size()), std::vector<double>(f.size())};
  if (f.empty())
    return derivatives;
  for (std::size_t j = 0; j < grid.n2; ++j)
    differentiate(grid.n1, grid.n2, grid.periodic, f.data() + j, derivatives.d1.data() + j);
  for (std::size_t i = 0; i < grid.n1; ++i)
    differentiate(grid.n2, 1, grid.periodic, f.data() + i * grid.n2,
                  derivatives.d2.data() + i * grid.n2);
  return derivatives;
}

GridDerivatives grid_derivatives(const FieldGrid &grid, std::span<const float> f)
{
  return grid_derivatives(grid, doubles(f));
}

double relative_l2(std::span<const double> p, std::span<const double> y)
{
  return ratio(frobenius(difference(p, y)), frobenius(y));
}

double relative_l2(std::span<const float> p, std::span<const float> y)
{
  return relative_l2(doubles(p), doubles(y));
}

double relative_h1(const FieldGrid &grid, std::span<const double> p, std::span<const double> y)
{
  // The error is differentiated, not the two fields, whose difference would lose digits.
  return ratio(h1_norm(grid, difference(p, y)), h1_norm(grid, y));
}

double relative_h1(const FieldGrid &grid, std::span<const float> p, std::span<const float> y)
{
  return relative_h1(grid, doubles(p), doubles(y));
}

BandErrors::BandErrors(const FieldGrid &grid) : grid_(grid)
{
  constexpr std::size_t largest = std::size_t(1) << 15;
  if (grid.n_points() == 0 || std::max(grid.n1, grid.n2) > largest)
    throw UserError("Errors by wave number need a grid of 1 to " + std::to_string(largest) +
                    " points along each direction, not " + std::to_string(grid.n1) + " x " +
                    std::to_string(grid.n2) + ".");
  const std::size_t n1 = grid.n1, n2 = grid.n2, n_columns = grid.periodic ? n2 / 2 + 1 : n2;
  const int size1 = static_cast<int>(n1), size2 = static_cast<int>(n2);
  band_.resize(n1 * n_columns);
  weight_.resize(n1 * n_columns);
  values_ = FftArray<double>(n1 * n2);
  const double points = static_cast<double>(n1 * n2), squared = points * points;
  for (std::size_t i = 0; i < n1; ++i)
    for (std::size_t j = 0; j < n_columns; ++j)
      if (grid.periodic)
      {
        // Of a real field half of the coefficients suffice; all columns but that of k2 = 0 and of
        // the Nyquist mode stand for two.
        const bool once = j == 0 || 2 * j == n2;
        classify(i * n_columns + j, static_cast<double>(std::min(i, n1 - i)),
                 static_cast<double>(j), (once ? 1. : 2.) / squared);
      }
      else
        // Per direction FFTW's sum is 2 sum_j x_j cos(..), so that mean x^2 = (X_0^2 / 2 + X_1^2 +
        // ...) / (2 n^2).
        classify(i * n_columns + j, static_cast<double>(i), static_cast<double>(j),
                 (i == 0 ? 0.5 : 1.) * (j == 0 ? 0.5 : 1.) / (4. * squared));
  if (grid.periodic)
  {
    waves_ = FftArray<std::complex<double>>(n1 * n_columns);
    plan_ = own_fft_plan(
      fftw_plan_dft_r2c_2d(size1, size2, values_.data(), fft_cast(waves_.data()), fft_planning));
  }
  else
  {
    cosines_ = FftArray<double>(n1 * n2);
    plan_ = own_fft_plan(fftw_plan_r2r_2d(size1, size2, values_.data(), cosines_.data(),
                                          FFTW_REDFT10, FFTW_REDFT10, fft_planning));
  }
}

void BandErrors::classify(std::size_t place, double k1, double k2, double weight)
{
  const double square = k1 * k1 + k2 * k2; // whole numbers: comparisons with 4^b are exact
  std::uint8_t band = 0;
  for (double limit = 1.; square >= limit; limit *= 4.)
    ++band;
  band_[place] = band;
  weight_[place] = weight;
  n_bands_ = std::max<std::size_t>(n_bands_, band + 1u);
}

double BandErrors::first_wave_number(std::size_t band)
{
  return band == 0 ? 0. : std::ldexp(1., static_cast<int>(band) - 1);
}

std::vector<double> BandErrors::energies(std::span<const double> f)
{
  require_size(f.size(), grid_.n_points());
  std::ranges::copy(f, values_.begin());
  fftw_execute(plan_.get());
  std::vector<double> sums(n_bands_, 0.);
  for (std::size_t c = 0; c < band_.size(); ++c)
    sums[band_[c]] +=
      weight_[c] * (grid_.periodic ? std::norm(waves_[c]) : cosines_[c] * cosines_[c]);
  return sums;
}

BandErrors::Errors BandErrors::operator()(std::span<const double> p, std::span<const double> y)
{
  const std::vector<double> error = energies(difference(p, y)), truth = energies(y);
  const double whole = std::sqrt(std::accumulate(truth.begin(), truth.end(), 0.));
  Errors errors;
  for (std::size_t b = 0; b < n_bands_; ++b)
  {
    errors.of_band.push_back(ratio(std::sqrt(error[b]), std::sqrt(truth[b])));
    errors.of_whole.push_back(ratio(std::sqrt(error[b]), whole));
  }
  return errors;
}

BandErrors::Errors BandErrors::operator()(std::span<const float> p, std::span<const float> y)
{
  return (*this)(doubles(p), doubles(y));
}

ErrorSummary summary_of(std::span<const double> errors)
{
  if (std::ranges::any_of(errors, [](double e) { return std::isnan(e); }))
  {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {nan, nan, nan};
  }
  const double average = mean(errors); // throws for no errors
  std::vector<double> sorted(errors.begin(), errors.end());
  std::ranges::sort(sorted);
  return {average, sorted_quantile(sorted, 0.95), sorted.back()};
}
} // namespace understudy

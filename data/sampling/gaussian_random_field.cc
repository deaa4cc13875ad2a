// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/sampling/gaussian_random_field.h>
#include <data/sampling/random_numbers.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <random>
#include <sstream>
#include <stdexcept>
#include <tuple>

namespace understudy
{
namespace
{
std::mt19937_64 generator_of(std::uint64_t seed, std::uint64_t number)
{
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                         static_cast<std::uint32_t>(number),
                         static_cast<std::uint32_t>(number >> 32)};
  return std::mt19937_64(sequence);
}
} // namespace

std::vector<std::string> GaussianCovariance::problems() const
{
  std::vector<std::string> found;
  const auto require = [&](double value, double limit, const char *name)
  {
    std::ostringstream sentence;
    sentence << "The " << name << " of a Gaussian random field is " << value
             << "; it must be a finite number > " << limit << ".";
    if (!(std::isfinite(value) && value > limit))
      found.push_back(sentence.str());
  };
  require(alpha, 1., "exponent alpha");
  require(tau, 0., "inverse length tau");
  require(side, 0., "side");
  require(scale, 0., "scale");
  return found;
}

GaussianRandomField::GaussianRandomField(Boundary boundary, std::size_t n,
                                         const GaussianCovariance &covariance, std::size_t n_modes)
  : boundary_(boundary), n_(n), covariance_(covariance)
{
  const std::size_t fewest = boundary == Boundary::neumann_nodes ? 2 : 1;
  if (n < fewest || n > 32768)
    throw UserError("A Gaussian random field on " + std::to_string(n) +
                    " points per direction was asked for; " + std::to_string(fewest) +
                    " to 32768 are possible.");
  if (const auto found = covariance.problems(); !found.empty())
    throw UserError(found.front());
  n_modes_ = boundary == Boundary::periodic ? (n + 1) / 2 : n + 1 - fewest;
  if (n_modes != 0)
    n_modes_ = std::min(n_modes_, n_modes);

  amplitude_.resize(n_modes_ * n_modes_);
  for (std::size_t k1 = 0; k1 < n_modes_; ++k1)
    for (std::size_t k2 = 0; k2 < n_modes_; ++k2)
      amplitude_[k1 * n_modes_ + k2] =
        std::sqrt(mode_variance(static_cast<int>(k1), static_cast<int>(k2)));

  values_ = FftArray<double>(n * n);
  const int size = static_cast<int>(n);
  if (boundary != Boundary::periodic)
  {
    coefficients_ = FftArray<double>(n * n);
    const auto kind = boundary == Boundary::neumann ? FFTW_REDFT01 : FFTW_REDFT00;
    plan_ = own_fft_plan(
      fftw_plan_r2r_2d(size, size, coefficients_.data(), values_.data(), kind, kind, fft_planning));
  }
  else
  {
    spectrum_ = FftArray<std::complex<double>>(n * (n / 2 + 1));
    plan_ = own_fft_plan(
      fftw_plan_dft_c2r_2d(size, size, fft_cast(spectrum_.data()), values_.data(), fft_planning));
  }
}

double GaussianRandomField::mode_variance(int k1, int k2) const
{
  const auto m = static_cast<int>(n_modes_);
  const bool neumann = boundary_ != Boundary::periodic;
  if ((k1 == 0 && k2 == 0) || std::max(std::abs(k1), std::abs(k2)) >= m ||
      (neumann && (k1 < 0 || k2 < 0)))
    return 0.;
  const double tau = covariance_.tau, alpha = covariance_.alpha;
  const double unit = (neumann ? 1. : 2.) * std::numbers::pi / covariance_.side;
  const double q2 = unit * unit * (static_cast<double>(k1) * k1 + static_cast<double>(k2) * k2);
  // tau^(2 alpha - 2) (q2 + tau^2)^-alpha without powers that may overflow
  const double lambda = std::pow(1. + q2 / (tau * tau), -alpha) / (tau * tau);
  return (neumann ? 1. : 2.) * covariance_.scale * covariance_.scale * lambda;
}

/// Neumann: @p xi alone is used. FFTW's REDFT01 is X_0 + 2 sum_k>0 X_k cos(pi k (i + 1/2) / n)
/// along each axis, so that c_k = sqrt 2 leaves 1 / sqrt 2 to X_k; so is REDFT00 with
/// cos(pi k i / (n - 1)), but for the mode n - 1, which stays out.
void GaussianRandomField::place(int k1, int k2, double xi, double eta)
{
  const auto row = static_cast<std::size_t>(k1 < 0 ? k1 + static_cast<int>(n_) : k1);
  const auto column = static_cast<std::size_t>(k2);
  const double amplitude = amplitude_[static_cast<std::size_t>(std::abs(k1)) * n_modes_ + column];
  if (boundary_ != Boundary::periodic)
  {
    const double half = 1. / std::numbers::sqrt2;
    coefficients_[row * n_ + column] =
      amplitude * xi * (k1 == 0 ? 1. : half) * (k2 == 0 ? 1. : half);
    return;
  }
  const std::complex<double> u = amplitude / std::numbers::sqrt2 * std::complex<double>(xi, eta);
  const std::size_t pitch = n_ / 2 + 1;
  spectrum_[row * pitch + column] = u;
  if (k2 == 0)
    spectrum_[(n_ - row) * pitch] = std::conj(u);
}

void GaussianRandomField::draw(std::uint64_t seed, std::uint64_t number, std::span<double> field)
{
  if (field.size() != n_ * n_)
    throw std::invalid_argument("A Gaussian random field of " + std::to_string(n_ * n_) +
                                " values was asked for in " + std::to_string(field.size()) + ".");
  std::fill(coefficients_.begin(), coefficients_.end(), 0.);
  std::fill(spectrum_.begin(), spectrum_.end(), 0.); // the transform has destroyed it
  std::mt19937_64 generator = generator_of(seed, number);
  double xi = 0., eta = 0.;
  // Rings max(|k1|, |k2|) = s in the upper half plane; of two opposite modes one is drawn.
  for (int s = 1; s < static_cast<int>(n_modes_); ++s)
    if (boundary_ != Boundary::periodic)
      for (int k = 0; k <= s; ++k)
      {
        std::tie(xi, eta) = normal_pair(generator);
        place(s, k, xi, 0.);
        if (k < s)
          place(k, s, eta, 0.);
      }
    else
    {
      for (int k2 = 0; k2 < s; ++k2)
        for (const int k1 : {s, -s})
          if (k2 > 0 || k1 > 0)
          {
            std::tie(xi, eta) = normal_pair(generator);
            place(k1, k2, xi, eta);
          }
      for (int k1 = -s; k1 <= s; ++k1)
      {
        std::tie(xi, eta) = normal_pair(generator);
        place(k1, s, xi, eta);
      }
    }
  fftw_execute(plan_.get());
  std::copy(values_.begin(), values_.end(), field.begin());
}

void to_two_phase(std::span<double> field, double below, double above)
{
  for (double &value : field)
    value = value < 0. ? below : above;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Errors of a predicted field p against the truth y on a regular grid of the unit square, as
/// neural operators are judged by. Everything is computed in double precision. All ratios keep one
/// rule: 0 when error and truth are both zero, infinite when only the truth is, NaN when a value is
/// NaN or the truth is infinite. Arrays of other lengths than the grid's throw
/// std::invalid_argument.
namespace understudy
{
/// n1 x n2 points with the spacing h = 1 / n of a unit square along each direction; the second
/// index runs fastest.
struct FieldGrid
{
  std::size_t n1 = 0, n2 = 0;
  bool periodic = true;

  std::size_t n_points() const { return n1 * n2; }
};

struct GridDerivatives
{
  std::vector<double> d1, d2; ///< along the first and the second index, [n1][n2]
};

/// Differences of a field f as the H1 loss of the neuraloperator library takes them: the central
/// (f_(i+1) - f_(i-1)) / (2 h), of second order, with the neighbour across the boundary when the
/// grid is periodic. Otherwise the two ends have (-11 f_0 + 18 f_1 - 9 f_2 + 2 f_3) / (6 h) and its
/// mirror image, of third order, and a direction of fewer than 4 points throws UserError.
GridDerivatives grid_derivatives(const FieldGrid &grid, std::span<const double> f);
GridDerivatives grid_derivatives(const FieldGrid &grid, std::span<const float> f);

/// ||p - y|| / ||y|| over all points.
double relative_l2(std::span<const double> p, std::span<const double> y);
double relative_l2(std::span<const float> p, std::span<const float> y);

/// sqrt(S(e^2 + e_1^2 + e_2^2)) / sqrt(S(y^2 + y_1^2 + y_2^2)) with e = p - y, the derivatives of
/// grid_derivatives() and the sum S over all points. h is 1 / n even where the boundary belongs to
/// the grid (spacing 1 / (n - 1)), as published errors have it.
double relative_h1(const FieldGrid &grid, std::span<const double> p, std::span<const double> y);
double relative_h1(const FieldGrid &grid, std::span<const float> p, std::span<const float> y);

/// Errors by octaves of the wave number |k| = sqrt(k1^2 + k2^2): band 0 is the mean, k = 0; band
/// b > 0 holds 2^(b-1) <= |k| < 2^b. Fields that are periodic are split into exp(2 pi i k.x), k
/// being whole waves per side; others into cos(pi k1 x_1) cos(pi k2 x_2) with x = (i + 1/2) / n
/// (the DCT-II: the transform of the even mirror image, which has no jump), k being half waves per
/// side.
///
/// Holds the plan and the memory of one transform: make one for many fields of a grid. Two
/// transforms per call, O(n1 n2 log(n1 n2)). Not for several threads at once.
class BandErrors
{
public:
  /// Throws UserError for a grid without points or with more than 2^15 along a direction.
  explicit BandErrors(const FieldGrid &grid);

  std::size_t n_bands() const { return n_bands_; }

  /// Lowest wave number of a band: 0, 1, 2, 4, 8, ...
  static double first_wave_number(std::size_t band);

  struct Errors
  {
    /// Per band sqrt(sum |E_k|^2 / sum |Y_k|^2): how well its part of the truth is met. Large
    /// where the truth has next to nothing.
    std::vector<double> of_band;
    /// Per band sqrt(sum |E_k|^2 / sum over all bands |Y_k|^2): the squares add up to the square
    /// of the relative L2 error (Parseval).
    std::vector<double> of_whole;
  };
  Errors operator()(std::span<const double> p, std::span<const double> y);
  Errors operator()(std::span<const float> p, std::span<const float> y);

  /// Mean square of the part of a field in each band; they add up to the mean square of the field.
  std::vector<double> energies(std::span<const double> f);

private:
  void classify(std::size_t place, double k1, double k2, double weight);

  FieldGrid grid_;
  std::size_t n_bands_ = 0;
  std::vector<std::uint8_t> band_; ///< of each coefficient of the transform
  std::vector<double> weight_;     ///< its share of the mean square is weight * |coefficient|^2
  FftArray<double> values_, cosines_;
  FftArray<std::complex<double>> waves_; ///< [n1][n2 / 2 + 1]
  FftPlan plan_;
};

/// One error over many samples.
struct ErrorSummary
{
  double mean = 0.;
  double q95 = 0.; ///< the ceil(0.95 n)-th smallest, see sorted_quantile()
  double max = 0.;
};

/// All NaN when one error is NaN. Throws std::invalid_argument for no errors.
ErrorSummary summary_of(std::span<const double> errors);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>
#include <data/core/grid_batch.h>
#include <data/core/mesh_view.h>

#include <array>
#include <complex>
#include <cstddef>
#include <span>
#include <vector>

/// Values on one regular grid of the plane from those on another. A field is stored node by node as
/// GridView numbers them, the second index fastest.
namespace understudy
{
enum class GridStencil
{
  linear, ///< two points along each direction: order 2, exact for products of linear functions
  cubic   ///< the Lagrange polynomial of four points, two on each side: order 4, exact for products
          ///< of cubics
};

enum class GridEnds
{
  open,    ///< the stencil stays inside and is one-sided at the ends, of the same order
  periodic ///< node n is node 0, the period n * spacing
};

/// Tensor-product interpolation from a grid to a fixed set of points. At a node of the grid itself
/// the value is that of the node, to the bit. A value that is not finite spoils all points whose
/// stencil holds it.
///
/// With open ends, points up to half a spacing outside the nodes are extrapolated by the stencil of
/// the end (as needed from the middles of cells to their corners); points farther out are refused.
class GridInterpolation
{
public:
  /// To the nodes of another grid. Per field 2 s (n1 m2 + m1 m2) operations for s points in a
  /// stencil, n1 rows before and m1 x m2 nodes afterwards.
  ///
  /// Throws UserError for a grid that is not of the plane, has a spacing that is not positive or no
  /// nodes, for open ends with fewer nodes along a direction than the stencil has, and with the
  /// place of the first point too far outside.
  GridInterpolation(const GridView &from, const GridView &to, GridStencil stencil, GridEnds ends);

  /// To points [n_points][2]. 2 s^2 operations per field and point. Throws UserError likewise, and
  /// for coordinates that are not finite or not pairs.
  GridInterpolation(const GridView &from, std::span<const double> points, GridStencil stencil,
                    GridEnds ends);

  std::size_t n_from() const { return n1_ * n2_; } ///< values that a field has on the grid
  std::size_t n_to() const;                        ///< values that it gets

  /// Interpolates one field. @p to may not overlap @p from. Sums are formed in double precision.
  /// Throws UserError when one of the lengths is not n_from() or n_to().
  void apply(std::span<const double> from, std::span<double> to) const;
  void apply(std::span<const float> from, std::span<float> to) const;

  /// All fields of a batch, to a grid only. Throws UserError when @p from is not on this grid, and
  /// std::logic_error when the targets are points.
  GridBatch apply(const GridBatch &from) const;

private:
  /// Indices and weights of one coordinate; a linear stencil has two of weight 0.
  struct Line
  {
    std::array<std::size_t, 4> node = {0, 0, 0, 0};
    std::array<double, 4> weight = {0., 0., 0., 0.};
  };
  Line line(const GridView &from, unsigned direction, double x) const;
  void check_grid(const GridView &grid) const;
  template <class T>
  void interpolate(std::span<const T> from, std::span<T> to) const;

  std::size_t n1_ = 0, n2_ = 0;
  std::size_t width_ = 2; ///< points of the stencil that are used
  bool periodic_ = false, to_grid_ = false;
  std::vector<Line> lines1_, lines2_; ///< per row and column of a grid, or both per point
};

/// Trigonometric interpolation between periodic grids of n1 x n2 and m1 x m2 points with the same
/// first node and the same periods: the transform is cut or filled up with zeros in each direction.
/// Exact to rounding for fields of wave numbers below half of both numbers of points. The Nyquist
/// mode of an even number is treated symmetrically, as half a wave of either sign: to more points
/// it becomes the cosine of least oscillation, to fewer points both signs are added, so that going
/// to a finer grid and back changes nothing.
///
/// Two transforms per field. Not for several threads at once.
class SpectralInterpolation
{
public:
  /// Throws UserError for a direction without points or with more than 2^15.
  SpectralInterpolation(std::size_t n1, std::size_t n2, std::size_t m1, std::size_t m2);

  /// Throws UserError for arrays of other lengths than n1 n2 and m1 m2. They may overlap.
  void apply(std::span<const double> from, std::span<double> to);
  void apply(std::span<const float> from, std::span<float> to);

  /// All fields of a batch. Throws UserError when it is not on the first grid.
  GridBatch apply(const GridBatch &from);

private:
  /// Adds weight times the coefficient of wave number @p from to that of @p to.
  struct Transfer
  {
    std::size_t to = 0;
    int from = 0;
    double weight = 1.;
  };
  static std::vector<Transfer> transfers(std::size_t n, std::size_t m);
  std::complex<double> coefficient(int k1, int k2) const;
  template <class T>
  void interpolate(std::span<const T> from, std::span<T> to);

  std::size_t n1_, n2_, m1_, m2_;
  std::vector<Transfer> transfers1_, transfers2_;
  FftArray<double> values_from_, values_to_;                   ///< n1 x n2, m1 x m2
  FftArray<std::complex<double>> spectrum_from_, spectrum_to_; ///< [n1][n2 / 2 + 1], [m1][m2/2+1]
  FftPlan forward_, backward_;
};
} // namespace understudy

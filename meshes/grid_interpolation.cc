// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <meshes/grid_interpolation.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace understudy
{
namespace
{
std::string size_text(std::size_t n1, std::size_t n2)
{
  return std::to_string(n1) + " x " + std::to_string(n2);
}

void check_lengths(std::size_t from, std::size_t to, std::size_t n_from, std::size_t n_to)
{
  if (from != n_from || to != n_to)
    throw UserError("An interpolation from " + std::to_string(n_from) + " to " +
                    std::to_string(n_to) + " values is asked to go from " + std::to_string(from) +
                    " to " + std::to_string(to) + ".");
}

void check_batch(const GridBatch &batch, std::size_t n1, std::size_t n2)
{
  if (batch.n1 != n1 || batch.n2 != n2 ||
      batch.values.size() != batch.n_samples * batch.sample_size())
    throw UserError("Fields on " + size_text(batch.n1, batch.n2) + " points with " +
                    std::to_string(batch.values.size()) +
                    " values cannot be interpolated from a grid of " + size_text(n1, n2) + ".");
}

/// Applies @p one to every field of a batch.
template <class Apply>
GridBatch apply_to_all(const GridBatch &from, std::size_t m1, std::size_t m2, const Apply &one)
{
  GridBatch to(from.n_samples, from.n_channels, m1, m2);
  for (std::size_t s = 0; s < from.n_samples; ++s)
    for (std::size_t c = 0; c < from.n_channels; ++c)
      one(from.field(s, c), to.field(s, c));
  return to;
}

/// Values at place t of the Lagrange polynomials of the nodes 0, ..., width - 1.
std::array<double, 4> lagrange(std::size_t width, double t)
{
  if (width == 2)
    return {1. - t, t, 0., 0.};
  const double a = t, b = t - 1., c = t - 2., d = t - 3.;
  return {-b * c * d / 6., a * c * d / 2., -a * b * d / 2., a * b * c / 6.};
}
} // namespace

void GridInterpolation::check_grid(const GridView &grid) const
{
  bool good = grid.dimension == 2 && grid.n_nodes[2] == 1;
  for (unsigned d = 0; d < 2; ++d)
    good = good && grid.n_nodes[d] > 0 && std::isfinite(grid.origin[d]) &&
           std::isfinite(grid.spacing[d]) && grid.spacing[d] > 0.;
  if (!good)
    throw UserError("An interpolation needs grids of the plane with nodes, a finite origin and "
                    "positive spacings.");
}

GridInterpolation::GridInterpolation(const GridView &from, const GridView &to, GridStencil stencil,
                                     GridEnds ends)
  : n1_(from.n_nodes[0]),
    n2_(from.n_nodes[1]),
    width_(stencil == GridStencil::linear ? 2 : 4),
    periodic_(ends == GridEnds::periodic),
    to_grid_(true)
{
  check_grid(from);
  check_grid(to);
  for (unsigned i = 0; i < to.n_nodes[0]; ++i)
    lines1_.push_back(line(from, 0, to.origin[0] + i * to.spacing[0]));
  for (unsigned j = 0; j < to.n_nodes[1]; ++j)
    lines2_.push_back(line(from, 1, to.origin[1] + j * to.spacing[1]));
}

GridInterpolation::GridInterpolation(const GridView &from, std::span<const double> points,
                                     GridStencil stencil, GridEnds ends)
  : n1_(from.n_nodes[0]),
    n2_(from.n_nodes[1]),
    width_(stencil == GridStencil::linear ? 2 : 4),
    periodic_(ends == GridEnds::periodic)
{
  check_grid(from);
  if (points.size() % 2 != 0)
    throw UserError("Points of the plane need two coordinates each; there are " +
                    std::to_string(points.size()) + " numbers.");
  for (std::size_t p = 0; p < points.size(); p += 2)
  {
    lines1_.push_back(line(from, 0, points[p]));
    lines2_.push_back(line(from, 1, points[p + 1]));
  }
}

GridInterpolation::Line GridInterpolation::line(const GridView &from, unsigned direction,
                                                double x) const
{
  const std::size_t n = from.n_nodes[direction];
  const double last = static_cast<double>(n - 1), spacing = from.spacing[direction];
  if (!periodic_ && n < width_)
    throw UserError("An interpolation from " + std::to_string(width_) +
                    " points along each direction needs as many nodes; there are " +
                    size_text(n1_, n2_) + ".");
  double u = (x - from.origin[direction]) / spacing;
  // What rounding of the coordinates can make of a node is that node.
  const double rounding = 4. * std::numeric_limits<double>::epsilon() *
                          (std::abs(x) + std::abs(from.origin[direction]) + spacing) / spacing;
  if (std::abs(u - std::round(u)) <= rounding)
    u = std::round(u);
  if (!std::isfinite(u) || (!periodic_ && (u < -0.5 - rounding || u > last + 0.5 + rounding)))
    throw UserError("The coordinate " + number_text(x) +
                    " of a point lies more than half a "
                    "spacing outside the grid, which reaches from " +
                    number_text(from.origin[direction]) + " to " +
                    number_text(from.origin[direction] + last * spacing) + " in direction " +
                    std::to_string(direction) + ".");
  const double half = static_cast<double>(width_ / 2 - 1); // nodes below the interval of the point
  double first = std::floor(u) - half;
  if (!periodic_)
    first = std::clamp(first, 0., last + 1. - static_cast<double>(width_));
  Line line;
  line.weight = lagrange(width_, u - first);
  const double period = static_cast<double>(n);
  for (std::size_t a = 0; a < width_; ++a)
  {
    const double node = first + static_cast<double>(a);
    line.node[a] = static_cast<std::size_t>(node - period * std::floor(node / period)) % n;
  }
  return line;
}

std::size_t GridInterpolation::n_to() const
{
  return to_grid_ ? lines1_.size() * lines2_.size() : lines1_.size();
}

template <class T>
void GridInterpolation::interpolate(std::span<const T> from, std::span<T> to) const
{
  check_lengths(from.size(), to.size(), n_from(), n_to());
  const auto along2 = [&](const T *row, const Line &line)
  {
    double sum = 0.;
    for (std::size_t b = 0; b < width_; ++b)
      sum += line.weight[b] * row[line.node[b]];
    return sum;
  };
  if (!to_grid_)
  {
    for (std::size_t p = 0; p < lines1_.size(); ++p)
    {
      double sum = 0.;
      for (std::size_t a = 0; a < width_; ++a)
        sum += lines1_[p].weight[a] * along2(&from[lines1_[p].node[a] * n2_], lines2_[p]);
      to[p] = static_cast<T>(sum);
    }
    return;
  }
  const std::size_t m2 = lines2_.size();
  std::vector<double> rows(n1_ * m2);
  for (std::size_t i = 0; i < n1_; ++i)
    for (std::size_t j = 0; j < m2; ++j)
      rows[i * m2 + j] = along2(&from[i * n2_], lines2_[j]);
  for (std::size_t i = 0; i < lines1_.size(); ++i)
    for (std::size_t j = 0; j < m2; ++j)
    {
      double sum = 0.;
      for (std::size_t a = 0; a < width_; ++a)
        sum += lines1_[i].weight[a] * rows[lines1_[i].node[a] * m2 + j];
      to[i * m2 + j] = static_cast<T>(sum);
    }
}

void GridInterpolation::apply(std::span<const double> from, std::span<double> to) const
{
  interpolate(from, to);
}

void GridInterpolation::apply(std::span<const float> from, std::span<float> to) const
{
  interpolate(from, to);
}

GridBatch GridInterpolation::apply(const GridBatch &from) const
{
  if (!to_grid_)
    throw std::logic_error("Fields of a grid are interpolated to points, which are no grid.");
  check_batch(from, n1_, n2_);
  return apply_to_all(from, lines1_.size(), lines2_.size(),
                      [&](std::span<const float> a, std::span<float> b) { interpolate(a, b); });
}

SpectralInterpolation::SpectralInterpolation(std::size_t n1, std::size_t n2, std::size_t m1,
                                             std::size_t m2)
  : n1_(n1), n2_(n2), m1_(m1), m2_(m2)
{
  constexpr std::size_t largest = std::size_t(1) << 15;
  if (std::min({n1, n2, m1, m2}) == 0 || std::max({n1, n2, m1, m2}) > largest)
    throw UserError("Trigonometric interpolation needs 1 to " + std::to_string(largest) +
                    " points along each direction, not " + size_text(n1, n2) + " and " +
                    size_text(m1, m2) + ".");
  transfers1_ = transfers(n1, m1);
  transfers2_ = transfers(n2, m2);
  // Of the second direction the spectrum of a real field holds 0 <= k <= m / 2 only.
  std::erase_if(transfers2_, [m2](const Transfer &t) { return t.to > m2 / 2; });
  values_from_ = FftArray<double>(n1 * n2);
  values_to_ = FftArray<double>(m1 * m2);
  spectrum_from_ = FftArray<std::complex<double>>(n1 * (n2 / 2 + 1));
  spectrum_to_ = FftArray<std::complex<double>>(m1 * (m2 / 2 + 1));
  forward_ = own_fft_plan(fftw_plan_dft_r2c_2d(static_cast<int>(n1), static_cast<int>(n2),
                                               values_from_.data(), fft_cast(spectrum_from_.data()),
                                               fft_planning));
  backward_ = own_fft_plan(fftw_plan_dft_c2r_2d(static_cast<int>(m1), static_cast<int>(m2),
                                                fft_cast(spectrum_to_.data()), values_to_.data(),
                                                fft_planning));
}

std::vector<SpectralInterpolation::Transfer> SpectralInterpolation::transfers(std::size_t n,
                                                                              std::size_t m)
{
  std::vector<Transfer> all;
  const std::size_t common = std::min(n, m);
  for (std::size_t k = 0; 2 * k < common; ++k)
  {
    all.push_back({k, static_cast<int>(k), 1.});
    if (k > 0)
      all.push_back({m - k, -static_cast<int>(k), 1.});
  }
  if (common % 2 == 1)
    return all;
  const int nyquist = static_cast<int>(common / 2);
  if (n == m)
    all.push_back({common / 2, nyquist, 1.});
  else if (n < m) // half a wave of either sign
  {
    all.push_back({common / 2, nyquist, 0.5});
    all.push_back({m - common / 2, nyquist, 0.5});
  }
  else // both signs look alike on the coarse grid
  {
    all.push_back({common / 2, nyquist, 1.});
    all.push_back({common / 2, -nyquist, 1.});
  }
  return all;
}

/// The spectrum of a real field at any signed wave numbers: X(-k) = conj X(k).
std::complex<double> SpectralInterpolation::coefficient(int k1, int k2) const
{
  const int n1 = static_cast<int>(n1_), sign = k2 < 0 ? -1 : 1;
  const std::size_t row = static_cast<std::size_t>((sign * k1 % n1 + n1) % n1);
  const std::complex<double> value =
    spectrum_from_[row * (n2_ / 2 + 1) + static_cast<std::size_t>(sign * k2)];
  return k2 < 0 ? std::conj(value) : value;
}

template <class T>
void SpectralInterpolation::interpolate(std::span<const T> from, std::span<T> to)
{
  check_lengths(from.size(), to.size(), n1_ * n2_, m1_ * m2_);
  std::ranges::copy(from, values_from_.begin());
  fftw_execute(forward_.get());
  std::ranges::fill(spectrum_to_, 0.);
  const double scale = 1. / static_cast<double>(n1_ * n2_);
  for (const Transfer &a : transfers1_)
    for (const Transfer &b : transfers2_)
      spectrum_to_[a.to * (m2_ / 2 + 1) + b.to] +=
        a.weight * b.weight * scale * coefficient(a.from, b.from);
  fftw_execute(backward_.get());
  std::ranges::transform(values_to_, to.begin(),
                         [](double value) { return static_cast<T>(value); });
}

void SpectralInterpolation::apply(std::span<const double> from, std::span<double> to)
{
  interpolate(from, to);
}

void SpectralInterpolation::apply(std::span<const float> from, std::span<float> to)
{
  interpolate(from, to);
}

GridBatch SpectralInterpolation::apply(const GridBatch &from)
{
  check_batch(from, n1_, n2_);
  return apply_to_all(from, m1_, m2_,
                      [&](std::span<const float> a, std::span<float> b) { interpolate(a, b); });
}
} // namespace understudy

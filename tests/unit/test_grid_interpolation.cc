// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <meshes/grid_interpolation.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr double pi = std::numbers::pi;

GridView grid(unsigned n1, unsigned n2, double h1, double h2, double x = 0., double y = 0.)
{
  return {2, {n1, n2, 1}, {x, y, 0.}, {h1, h2, 1.}};
}

/// n x n nodes i / n of the unit torus.
GridView torus(unsigned n)
{
  return grid(n, n, 1. / n, 1. / n);
}

/// n x n middles of cells of the unit square.
GridView middles(unsigned n)
{
  return grid(n, n, 1. / n, 1. / n, 0.5 / n, 0.5 / n);
}

/// (n + 1)^2 corners of cells of the unit square.
GridView corners(unsigned n)
{
  return grid(n + 1, n + 1, 1. / n, 1. / n);
}

template <class Function>
std::vector<double> sampled(const GridView &g, const Function &f)
{
  std::vector<double> values;
  for (unsigned i = 0; i < g.n_nodes[0]; ++i)
    for (unsigned j = 0; j < g.n_nodes[1]; ++j)
      values.push_back(f(g.origin[0] + i * g.spacing[0], g.origin[1] + j * g.spacing[1]));
  return values;
}

double largest_difference(const std::vector<double> &a, const std::vector<double> &b)
{
  double largest = a.size() == b.size() ? 0. : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

std::vector<double> applied(const GridInterpolation &map, const std::vector<double> &from)
{
  std::vector<double> to(map.n_to());
  map.apply(from, to);
  return to;
}

std::vector<double> spectral(std::size_t n1, std::size_t n2, std::size_t m1, std::size_t m2,
                             const std::vector<double> &from)
{
  std::vector<double> to(m1 * m2);
  SpectralInterpolation(n1, n2, m1, m2).apply(from, to);
  return to;
}

/// Error of @p f between two grids.
template <class Function>
double error_of(const GridView &from, const GridView &to, GridStencil stencil, GridEnds ends,
                const Function &f)
{
  return largest_difference(applied(GridInterpolation(from, to, stencil, ends), sampled(from, f)),
                            sampled(to, f));
}

double no_structure(std::size_t i)
{
  return std::sin(1. + 78.233 * double(i) * double(i));
}
} // namespace

TEST(GridInterpolation, IsExactForPolynomialsOfItsDegree)
{
  const GridView from = grid(5, 7, 0.3, 0.2, -1., 2.);
  // 0.5 spacings outside on all sides, and between
  const GridView to = grid(16, 29, 0.1, 0.05, -1.15, 1.9);
  const auto linear = [](double x, double y) { return 1. + 2. * x - y + 0.5 * x * y; };
  const auto cubic = [](double x, double y)
  { return (1. + x - x * x + 2. * x * x * x) * (2. - y + y * y * y); };
  EXPECT_LT(error_of(from, to, GridStencil::linear, GridEnds::open, linear), 1e-14);
  EXPECT_LT(error_of(from, to, GridStencil::cubic, GridEnds::open, linear), 1e-13);
  EXPECT_LT(error_of(from, to, GridStencil::cubic, GridEnds::open, cubic), 1e-12);
  EXPECT_GT(error_of(from, to, GridStencil::linear, GridEnds::open, cubic), 1e-2);
}

TEST(GridInterpolation, OrdersAreTwoAndFour)
{
  const auto smooth = [](double x, double y) { return std::exp(x) * std::cos(2. * y + x); };
  const auto wave = [](double x, double y)
  { return std::exp(std::sin(2. * pi * x)) * std::cos(2. * pi * (y - x)); };
  const GridView fine = grid(97, 89, 1. / 97., 1. / 89., 0.003, 0.001);
  for (const auto &[stencil, order] :
       {std::pair{GridStencil::linear, 2.}, std::pair{GridStencil::cubic, 4.}})
  {
    // Cells to corners is extrapolation at the boundary.
    const double open1 = error_of(middles(32), corners(31), stencil, GridEnds::open, smooth);
    const double open2 = error_of(middles(64), corners(63), stencil, GridEnds::open, smooth);
    EXPECT_NEAR(std::log2(open1 / open2), order, 0.1) << open1 << ' ' << open2;
    const double torus1 = error_of(torus(64), fine, stencil, GridEnds::periodic, wave);
    const double torus2 = error_of(torus(128), fine, stencil, GridEnds::periodic, wave);
    EXPECT_NEAR(std::log2(torus1 / torus2), order, 0.1) << torus1 << ' ' << torus2;
  }
}

TEST(GridInterpolation, NodesKeepTheirValuesToTheBit)
{
  for (const GridStencil stencil : {GridStencil::linear, GridStencil::cubic})
    for (const GridEnds ends : {GridEnds::open, GridEnds::periodic})
    {
      const GridView coarse = grid(10, 7, 0.1, 0.1, 0.3, -0.7);
      const GridView fine = grid(28, 19, 0.1 / 3., 0.1 / 3., 0.3, -0.7);
      std::vector<double> values(70);
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = no_structure(i);
      const auto to = applied(GridInterpolation(coarse, fine, stencil, ends), values);
      for (std::size_t i = 0; i < 10; ++i)
        for (std::size_t j = 0; j < 7; ++j)
          EXPECT_EQ(to[3 * i * 19 + 3 * j], values[i * 7 + j]);
    }
}

TEST(GridInterpolation, PeriodicFieldsGoAround)
{
  const GridView from = grid(6, 5, 0.5, 0.2, 1., 0.); // periods 3 and 1
  std::vector<double> values(30), shifted_points;
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = no_structure(i);
  const std::vector<double> points = {1.1, 0.93, 3.9, 0.01, 2.77, 0.5, 3.5, 0.8};
  for (std::size_t p = 0; p < points.size(); p += 2)
  {
    shifted_points.push_back(points[p] + 12.);
    shifted_points.push_back(points[p + 1] - 7.);
  }
  for (const GridStencil stencil : {GridStencil::linear, GridStencil::cubic})
  {
    const auto at = [&](const std::vector<double> &x)
    { return applied(GridInterpolation(from, x, stencil, GridEnds::periodic), values); };
    EXPECT_LT(largest_difference(at(points), at(shifted_points)), 1e-13);
  }
  // Between the last node and the first one of the next period.
  const std::vector<double> seam = {3.75, 0.2};
  EXPECT_NEAR(
    applied(GridInterpolation(from, seam, GridStencil::linear, GridEnds::periodic), values)[0],
    0.5 * (values[26] + values[1]), 1e-15);
  EXPECT_NEAR(
    applied(GridInterpolation(from, seam, GridStencil::cubic, GridEnds::periodic), values)[0],
    (-values[21] + 9. * values[26] + 9. * values[1] - values[6]) / 16., 1e-15);
}

TEST(GridInterpolation, PointsAndGridsAgreeAndBatchesAreFieldByField)
{
  const GridView from = middles(9), to = grid(11, 4, 0.05, 0.2, 0.2, 0.1);
  std::vector<double> points;
  for (unsigned i = 0; i < 11; ++i)
    for (unsigned j = 0; j < 4; ++j)
    {
      points.push_back(0.2 + i * 0.05);
      points.push_back(0.1 + j * 0.2);
    }
  GridBatch batch(3, 2, 9, 9);
  for (std::size_t i = 0; i < batch.values.size(); ++i)
    batch.values[i] = float(no_structure(i));
  const GridInterpolation to_grid(from, to, GridStencil::cubic, GridEnds::open);
  const GridInterpolation to_points(from, points, GridStencil::cubic, GridEnds::open);
  EXPECT_EQ(to_points.n_to(), 44u);
  const GridBatch result = to_grid.apply(batch);
  ASSERT_EQ(result.n_samples * result.n_channels, 6u);
  ASSERT_EQ(result.n1 * 100 + result.n2, 1104u);
  const auto field = batch.field(2, 1);
  const auto single = applied(to_grid, std::vector<double>(field.begin(), field.end()));
  EXPECT_LT(
    largest_difference(single, applied(to_points, std::vector<double>(field.begin(), field.end()))),
    1e-14);
  for (std::size_t i = 0; i < single.size(); ++i)
    EXPECT_EQ(result.field(2, 1)[i], float(single[i]));
  EXPECT_THROW(to_points.apply(batch), std::logic_error);
}

TEST(GridInterpolation, RefusesWhatDoesNotFit)
{
  const auto refusal = [](const GridView &from, const GridView &to, GridStencil stencil)
  { return sentence_of<UserError>([&] { GridInterpolation(from, to, stencil, GridEnds::open); }); };
  const GridView good = middles(8);
  EXPECT_EQ(refusal(good, corners(8), GridStencil::cubic), ""); // half a spacing outside
  EXPECT_THAT(refusal(good, corners(7), GridStencil::cubic), testing::IsEmpty());
  EXPECT_THAT(refusal(good, grid(2, 2, 0.1, 0.1, -0.001, 0.1), GridStencil::linear),
              HasSubstr("-0.001"));
  EXPECT_THAT(refusal(good, grid(2, 3, 0.1, 0.1, 0.2, 0.801), GridStencil::linear),
              HasSubstr("direction 1"));
  EXPECT_THAT(refusal(middles(3), middles(3), GridStencil::cubic), HasSubstr("there are 3 x 3"));
  GridView space = good;
  space.n_nodes[2] = 2;
  EXPECT_THAT(refusal(space, good, GridStencil::linear), HasSubstr("of the plane"));
  GridView flat = good;
  flat.spacing[1] = 0.;
  EXPECT_THAT(refusal(good, flat, GridStencil::linear), HasSubstr("positive spacings"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::vector<double> &points : {std::vector<double>{0.1, nan}, {0.1, 0.2, 0.3}})
    EXPECT_NE(sentence_of<UserError>(
                [&] { GridInterpolation(good, points, GridStencil::linear, GridEnds::periodic); }),
              "");
  const GridInterpolation map(good, good, GridStencil::linear, GridEnds::open);
  std::vector<double> to(64);
  EXPECT_THAT(sentence_of<UserError>([&] { map.apply(std::vector<double>(63), to); }),
              HasSubstr("from 63 to 64"));
  EXPECT_THAT(sentence_of<UserError>([&] { map.apply(GridBatch(1, 1, 4, 16)); }),
              HasSubstr("4 x 16"));
}

TEST(SpectralInterpolation, IsExactForBandLimitedFields)
{
  // Wave numbers up to 3: 7 points are enough.
  const auto f = [](double x, double y)
  {
    return 0.3 + std::cos(2. * pi * (3. * x - 2. * y)) - 2. * std::sin(2. * pi * (x + 3. * y)) +
           std::sin(6. * pi * y);
  };
  const auto on = [&](unsigned n1, unsigned n2)
  { return sampled(grid(n1, n2, 1. / n1, 1. / n2), f); };
  for (const auto &[n1, n2, m1, m2] : {std::array{8u, 8u, 16u, 16u},
                                       {7u, 9u, 12u, 8u},
                                       {16u, 15u, 8u, 7u},
                                       {7u, 16u, 21u, 7u},
                                       {10u, 8u, 10u, 8u}})
    EXPECT_LT(largest_difference(spectral(n1, n2, m1, m2, on(n1, n2)), on(m1, m2)), 1e-14)
      << n1 << ' ' << n2 << ' ' << m1 << ' ' << m2;
}

TEST(SpectralInterpolation, TheNyquistModeIsACosine)
{
  // (-1)^i (-1)^j of 4 x 4 points is cos(4 pi x) cos(4 pi y) on 12 x 10.
  const auto checks = [](double x, double y)
  { return std::cos(4. * pi * x) * std::cos(4. * pi * y); };
  const auto on = [&](unsigned n1, unsigned n2)
  { return sampled(grid(n1, n2, 1. / n1, 1. / n2), checks); };
  EXPECT_LT(largest_difference(spectral(4, 4, 12, 10, on(4, 4)), on(12, 10)), 1e-14);
  // Mixed with another wave the column of the Nyquist mode is complex.
  const auto mixed = [](double x, double y)
  {
    return std::sin(2. * pi * x) * std::cos(4. * pi * y) +
           std::cos(4. * pi * x) * std::sin(2. * pi * y);
  };
  const auto mixed_on = [&](unsigned n1, unsigned n2)
  { return sampled(grid(n1, n2, 1. / n1, 1. / n2), mixed); };
  EXPECT_LT(largest_difference(spectral(4, 4, 9, 8, mixed_on(4, 4)), mixed_on(9, 8)), 1e-14);
  EXPECT_LT(largest_difference(spectral(9, 8, 4, 4, mixed_on(9, 8)), mixed_on(4, 4)), 1e-14);
}

TEST(SpectralInterpolation, ThereAndBackChangesNothingAndModesAboveAreDropped)
{
  for (const auto &[n1, n2, m1, m2] :
       {std::array{8u, 6u, 16u, 9u}, {5u, 8u, 8u, 8u}, {1u, 2u, 4u, 3u}})
  {
    std::vector<double> values(n1 * n2);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = no_structure(i);
    const auto there = spectral(n1, n2, m1, m2, values);
    EXPECT_LT(largest_difference(spectral(m1, m2, n1, n2, there), values), 1e-14);
  }
  const auto high = [](double x, double y)
  { return 2. + std::cos(10. * pi * x) + std::sin(12. * pi * (x + y)); };
  EXPECT_LT(largest_difference(spectral(16, 16, 8, 8, sampled(torus(16), high)),
                               std::vector<double>(64, 2.)),
            1e-14);
}

TEST(SpectralInterpolation, BatchesAndRefusals)
{
  GridBatch batch(2, 3, 8, 6);
  for (std::size_t i = 0; i < batch.values.size(); ++i)
    batch.values[i] = float(no_structure(i));
  SpectralInterpolation map(8, 6, 12, 12);
  const GridBatch result = map.apply(batch);
  ASSERT_EQ(result.values.size(), 2u * 3u * 144u);
  const auto field = batch.field(1, 2);
  const auto single = spectral(8, 6, 12, 12, {field.begin(), field.end()});
  for (std::size_t i = 0; i < single.size(); ++i)
    EXPECT_EQ(result.field(1, 2)[i], float(single[i]));
  EXPECT_THAT(sentence_of<UserError>([&] { map.apply(GridBatch(1, 1, 6, 8)); }),
              HasSubstr("6 x 8"));
  std::vector<double> from(48), to(143);
  EXPECT_THAT(sentence_of<UserError>([&] { map.apply(from, to); }), HasSubstr("143"));
  EXPECT_THAT(sentence_of<UserError>([] { SpectralInterpolation(4, 0, 4, 4); }),
              HasSubstr("4 x 0"));
}

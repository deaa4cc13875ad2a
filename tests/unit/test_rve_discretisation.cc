// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <meshes/rve_generator.h>
#include <solvers/rve_discretisation.h>
#include <solvers/sparse_factor.h>
#include <tests/random_numbers.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace understudy;
using test::random_numbers;

namespace
{
PointBatch random_field(std::size_t n_components, std::size_t n_points, unsigned seed)
{
  PointBatch field(n_components, n_points);
  const auto numbers = random_numbers(n_components * n_points, seed);
  std::copy(numbers.begin(), numbers.end(), field.data());
  return field;
}

/// Tangents without any structure, or symmetric ones.
PointBatch random_tangent(std::size_t n_points, bool symmetric)
{
  PointBatch c = random_field(9, n_points, 5);
  if (symmetric)
    for (std::size_t p = 0; p < n_points; ++p)
      for (unsigned i = 0; i < 3; ++i)
        for (unsigned j = 0; j < i; ++j)
          c(3 * i + j, p) = c(3 * j + i, p);
  return c;
}

/// s = C e (or C^T e) point by point.
PointBatch apply(const PointBatch &c, const PointBatch &e, bool transposed = false)
{
  PointBatch s(3, e.n_points());
  for (std::size_t p = 0; p < e.n_points(); ++p)
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < 3; ++j)
        s(i, p) += c(transposed ? 3 * j + i : 3 * i + j, p) * e(j, p);
  return s;
}

double dot(const std::vector<double> &a, const std::vector<double> &b)
{
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.);
}

double weighted(const RveDiscretisation &d, const PointBatch &a, const PointBatch &b)
{
  double sum = 0.;
  for (std::size_t p = 0; p < d.n_points(); ++p)
    for (unsigned i = 0; i < 3; ++i)
      sum += d.weights()[p] * a(i, p) * b(i, p);
  return sum;
}

/// Distance of two vectors relative to the longer one.
double relative_distance(const std::vector<double> &a, const std::vector<double> &b)
{
  double difference = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(difference / std::max(dot(a, a), dot(b, b)));
}

class RveDiscretisationOf : public testing::TestWithParam<bool>
{
protected:
  const RveMesh mesh_ = make_rve("rve3", 1);
  const RveDiscretisation d_{mesh_, GetParam()};
  const std::array<double, 3> zero_{};
};
} // namespace

TEST(RveDiscretisation, CountsPointsOfBothPhases)
{
  for (const char *geometry : {"rve1", "rve2", "rve3", "laminate", "homogeneous"})
  {
    const RveMesh mesh = make_rve(geometry, 1);
    const RveDiscretisation d(mesh, true);
    EXPECT_EQ(d.n_cells(), mesh.cells.size());
    EXPECT_EQ(d.n_points(), 9 * mesh.cells.size());
    EXPECT_EQ(d.n_nodes(), mesh.nodes.size());
    const auto &w = d.weights();
    EXPECT_GT(*std::min_element(w.begin(), w.end()), 0.);
    EXPECT_NEAR(std::accumulate(w.begin(), w.end(), 0.), 1., 1e-13);
    // Matrix points come first, so the weights of the others are the fibre fraction.
    EXPECT_NEAR(std::accumulate(w.begin() + d.n_matrix_points(), w.end(), 0.), fibre_fraction(mesh),
                1e-12);
  }
}

TEST(RveDiscretisation, PointsIntegrateTheSquare)
{
  const RveDiscretisation d(make_rve("rve2", 1), true);
  double x = 0., xx = 0., xy = 0.;
  for (std::size_t p = 0; p < d.n_points(); ++p)
  {
    const auto &[px, py] = d.point_places()[p];
    x += d.weights()[p] * px;
    xx += d.weights()[p] * px * px;
    xy += d.weights()[p] * px * py;
  }
  // Exact up to the rational shape of curved cells.
  EXPECT_NEAR(x, 0., 1e-8);
  EXPECT_NEAR(xx, 1. / 12., 1e-6);
  EXPECT_NEAR(xy, 0., 1e-6);
}

TEST_P(RveDiscretisationOf, GradientsReproduceAnyAffineDisplacement)
{
  const std::array<double, 3> E = {0.7, -0.4, 0.9};
  std::vector<double> u;
  const std::vector<double> w(d_.n_dofs(), 0.);
  d_.nodal_displacement(E, w.data(), u);
  // The points of a cell are found by their places; nodes by the mesh, in its order of phases.
  std::vector<std::size_t> order;
  for (const Phase phase : {Phase::matrix, Phase::fibre})
    for (std::size_t c = 0; c < mesh_.cells.size(); ++c)
      if (mesh_.phase[c] == phase)
        order.push_back(c);
  for (std::size_t p = 0; p < d_.n_points(); ++p)
  {
    const auto &nodes = mesh_.cells[order[p / 9]];
    const double *g = d_.gradients(p);
    std::array<double, 3> e{};
    for (unsigned a = 0; a < 8; ++a)
    {
      const double ux = u[2 * nodes[a]], uy = u[2 * nodes[a] + 1];
      e[0] += g[a] * ux;
      e[1] += g[8 + a] * uy;
      e[2] += g[8 + a] * ux + g[a] * uy;
    }
    for (unsigned i = 0; i < 3; ++i)
      ASSERT_NEAR(e[i], E[i], 1e-12) << "point " << p;
  }
}

TEST_P(RveDiscretisationOf, StrainsWithoutFluctuationAreTheMacroscopicStrain)
{
  PointBatch e;
  const std::vector<double> w(d_.n_dofs(), 0.);
  d_.strains({0.01, 0.02, -0.03}, w.data(), e);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_THAT(e.component(i), testing::Each(std::array<double, 3>{0.01, 0.02, -0.03}[i]));
}

TEST_P(RveDiscretisationOf, PeriodicFluctuationsHaveNoMeanStrain)
{
  PointBatch e;
  d_.strains(zero_, random_numbers(d_.n_dofs(), 1).data(), e);
  double largest = 0.;
  for (unsigned i = 0; i < 3; ++i)
    for (const double v : e.component(i))
      largest = std::max(largest, std::abs(v));
  for (const double m : d_.mean(e))
    EXPECT_NEAR(m, 0., 1e-13 * largest);
}

TEST_P(RveDiscretisationOf, ResidualIsTheAdjointOfStrains)
{
  const PointBatch s = random_field(3, d_.n_points(), 2);
  const auto w = random_numbers(d_.n_dofs(), 3);
  PointBatch e;
  d_.strains(zero_, w.data(), e);
  std::vector<double> r(d_.n_dofs()), magnitude(d_.n_dofs());
  d_.residual(s, r.data(), magnitude.data());
  double scale = 0.;
  for (std::size_t i = 0; i < r.size(); ++i)
  {
    EXPECT_GE(magnitude[i] * (1 + 1e-14), std::abs(r[i]));
    scale += magnitude[i] * std::abs(w[i]);
  }
  EXPECT_NEAR(dot(r, w), weighted(d_, s, e), 1e-14 * scale);
}

TEST_P(RveDiscretisationOf, StiffnessIsTheDerivativeOfTheResidual)
{
  // The stress C e is linear in w, so one difference quotient has no truncation error.
  const PointBatch c = random_tangent(d_.n_points(), GetParam());
  const auto w = random_numbers(d_.n_dofs(), 3);
  PointBatch e;
  d_.strains(zero_, w.data(), e);
  std::vector<double> r(d_.n_dofs()), product(d_.n_dofs()), values;
  d_.residual(apply(c, e), r.data(), nullptr);
  d_.stiffness(c, values);
  ASSERT_EQ(values.size(), d_.pattern().row.size());
  multiply(d_.pattern(), values, 1, w.data(), product.data());
  EXPECT_LE(relative_distance(r, product), 1e-14);
}

TEST_P(RveDiscretisationOf, LoadColumnsAreTheDerivativeByTheMacroscopicStrain)
{
  const PointBatch c = random_tangent(d_.n_points(), GetParam());
  const std::size_t n = d_.n_dofs();
  std::vector<double> L(3 * n), Lt(3 * n), r(n);
  std::array<double, 9> mean;
  d_.load_columns(c, L.data(), mean);
  d_.transposed_load_columns(c, Lt.data());
  const std::vector<double> zero(n, 0.);
  for (unsigned j = 0; j < 3; ++j)
  {
    std::array<double, 3> unit{};
    unit[j] = 1.;
    PointBatch e;
    d_.strains(unit, zero.data(), e);
    const PointBatch s = apply(c, e);
    d_.residual(s, r.data(), nullptr);
    EXPECT_LE(relative_distance(r, {L.begin() + j * n, L.begin() + (j + 1) * n}), 1e-14);
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_NEAR(mean[3 * i + j], d_.mean(s)[i], 1e-14);
    d_.residual(apply(c, e, true), r.data(), nullptr);
    EXPECT_LE(relative_distance(r, {Lt.begin() + j * n, Lt.begin() + (j + 1) * n}), 1e-14);
  }
}

TEST_P(RveDiscretisationOf, DisplacementIsPeriodicUpToItsAffinePart)
{
  const std::array<double, 3> E = {0.02, -0.01, 0.03};
  const auto w = random_numbers(d_.n_dofs(), 7);
  std::vector<double> u;
  d_.nodal_displacement(E, w.data(), u);
  const auto affine = [&E](const std::array<double, 2> &x) -> std::array<double, 2> {
    return {x[0] * E[0] + x[1] * E[2] / 2, x[1] * E[1] + x[0] * E[2] / 2};
  };
  const auto representative = periodic_representatives(mesh_);
  std::size_t images = 0;
  for (std::size_t node = 0; node < mesh_.nodes.size(); ++node)
  {
    const std::size_t other = representative[node];
    images += other != node;
    const auto here = affine(mesh_.nodes[node]), there = affine(mesh_.nodes[other]);
    for (unsigned i = 0; i < 2; ++i)
    {
      const double fluctuation = u[2 * node + i] - here[i];
      EXPECT_NEAR(fluctuation, u[2 * other + i] - there[i], 1e-15);
      if (std::abs(mesh_.nodes[node][0] * mesh_.nodes[node][1]) > 0.25 - 1e-9)
      {
        EXPECT_NEAR(fluctuation, 0., 1e-15) << "corner";
      }
    }
  }
  EXPECT_GT(images, 0u);
  EXPECT_EQ(d_.n_dofs(), 2 * (mesh_.nodes.size() - images - 1));
}

INSTANTIATE_TEST_SUITE_P(Both, RveDiscretisationOf, testing::Bool(),
                         [](const auto &info)
                         { return std::string(info.param ? "Symmetric" : "Unsymmetric"); });

TEST(RveDiscretisation, RefusesACellThatSpansThePeriod)
{
  RveMesh mesh;
  mesh.name = "one cell";
  mesh.nodes = {{-.5, -.5}, {.5, -.5}, {.5, .5}, {-.5, .5}, {0, -.5}, {.5, 0}, {0, .5}, {-.5, 0}};
  mesh.cells = {{0, 1, 2, 3, 4, 5, 6, 7}};
  mesh.phase = {Phase::matrix};
  EXPECT_THAT(testing_tools::sentence_of<UserError>([&] { RveDiscretisation(mesh, true); }),
              testing::HasSubstr("The mesh 'one cell' has a cell that spans the whole period"));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <solvers/l2_projection.h>
#include <solvers/plate_viscoplastic.h>
#include <tests/small_plates.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

using namespace understudy;
using test::Place;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr double pi = std::numbers::pi;

/// All displacements of the nodes for which @p where is true, held to @p u.
void hold(PlateConditions &conditions, const QuadraticTriangles &triangles,
          const std::function<bool(Place)> &where, const std::function<Place(Place)> &u)
{
  for (unsigned node = 0; node < triangles.nodes().size(); ++node)
    if (where(triangles.nodes()[node]))
      for (unsigned c = 0; c < 2; ++c)
        conditions.held.push_back({node, c, u(triangles.nodes()[node])[c]});
}

bool on_rim(Place x)
{
  return std::min({x[0], x[1], 1. - x[0], 1. - x[1]}) < 1e-12;
}
} // namespace

// Source: plane strain, s11 = 0: e22 = (1 - nu^2) s22 / E, e11 = -nu (1 + nu) s22 / E.
TEST(PlateViscoplastic, TensionIsHomogeneous)
{
  const TriangleMesh mesh = test::mapped_square(5, 4, test::wavy);
  const PlateParameters p = test::elastic_plate(2);
  const PlateResult r = PlateViscoplastic(mesh, p, MPI_COMM_SELF).run();
  const double E = p.material.young, nu = p.material.poisson, s = -p.pressure;
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
  {
    EXPECT_NEAR(r.sig22[i], s, 1e-9 * s);
    EXPECT_NEAR(r.sig11[i], 0., 1e-9 * s);
    EXPECT_NEAR(r.sig12[i], 0., 1e-9 * s);
    EXPECT_NEAR(r.U1[i], -nu * (1. + nu) / E * s * mesh.nodes[i][0], 1e-9 * s / E);
    EXPECT_NEAR(r.U2[i], (1. - nu * nu) / E * s * mesh.nodes[i][1], 1e-9 * s / E);
  }
  EXPECT_NEAR(r.max_von_mises, s, 1e-8);
  EXPECT_NEAR(r.max_U2_top, (1. - nu * nu) / E * s, 1e-12);
  EXPECT_NEAR(r.max_sig22_top, s, 1e-8);
  EXPECT_EQ(r.max_evrcum, 0.);
  EXPECT_EQ(r.steps[1].newton_iterations, 0u); // the extrapolation is exact
  EXPECT_EQ(r.factorizations, 1u);
}

TEST(PlateViscoplastic, PatchTestOfAllStrains)
{
  const TriangleMesh mesh = test::mapped_square(4, 5, test::wavy);
  const QuadraticTriangles triangles(mesh);
  const auto linear = [](Place x) {
    return Place{1e-3 * x[0] - 4e-4 * x[1], 7e-4 * x[0] + 2e-3 * x[1]};
  };
  PlateConditions conditions;
  conditions.force.assign(2 * triangles.nodes().size(), 0.);
  hold(conditions, triangles, on_rim, linear);
  const PlateResult r =
    PlateViscoplastic(mesh, conditions, test::elastic_plate(), MPI_COMM_SELF).run();
  for (std::size_t i = 0; i < triangles.nodes().size(); ++i)
    for (unsigned c = 0; c < 2; ++c)
      EXPECT_NEAR(r.displacement[2 * i + c], linear(triangles.nodes()[i])[c], 1e-12);
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    EXPECT_NEAR(r.sig12[i], test::elastic_plate().material.shear() * 3e-4, 1e-8);
}

// The plate as one point: s22 = t P, s11 = 0 and the strain s33 holds, by Runge-Kutta.
TEST(PlateViscoplastic, HomogeneousFlowFollowsTheDifferentialEquations)
{
  PlateParameters p;
  p.pressure = -100.;
  p.material.R0 = 20.;
  p.material.K = 100.;
  p.material.n = 8.;
  const PlateMaterial &m = p.material;
  using Y = std::array<double, 5>; // ep22, ep33, a22, a33, p
  const auto rate = [&](double t, const Y &y)
  {
    const double s22 = -p.pressure * t, s33 = m.poisson * s22 - m.young * y[1];
    const double mean = (s22 + s33) / 3., h = 2. / 3. * m.C;
    const double b22 = s22 - mean - h * y[2], b33 = s33 - mean - h * y[3];
    const double J = std::sqrt(1.5 * (b22 * b22 + b33 * b33 + (b22 + b33) * (b22 + b33)));
    if (J <= m.R0)
      return Y{};
    const double dp = std::pow((J - m.R0) / m.K, m.n), f22 = 1.5 * dp * b22 / J,
                 f33 = 1.5 * dp * b33 / J;
    return Y{f22, f33, f22 - m.D * y[2] * dp, f33 - m.D * y[3] * dp, dp};
  };
  Y y{};
  const unsigned fine = 200000;
  for (unsigned k = 0; k < fine; ++k) // the midpoint rule
  {
    const Y k1 = rate(double(k) / fine, y);
    Y middle = y;
    for (unsigned i = 0; i < 5; ++i)
      middle[i] += 0.5 / fine * k1[i];
    const Y k2 = rate((k + 0.5) / fine, middle);
    for (unsigned i = 0; i < 5; ++i)
      y[i] += k2[i] / fine;
  }
  ASSERT_GT(y[4], 1e-3);
  const TriangleMesh mesh = test::mapped_square(2, 2, test::wavy);
  // Row k: results with 20 * 2^k steps, then with one power of the step length after the other
  // taken out (Richardson).
  std::vector<std::vector<double>> limits;
  for (unsigned n_steps = 20; n_steps <= 1280; n_steps *= 2)
  {
    p.n_steps = n_steps;
    const PlateResult r = PlateViscoplastic(mesh, p, MPI_COMM_SELF).run();
    EXPECT_LT(r.max_evrcum - *std::min_element(r.evrcum.begin(), r.evrcum.end()), 1e-10);
    EXPECT_NEAR(r.max_sig22_top, 100., 1e-6);
    std::vector<double> row = {r.max_evrcum / y[4] - 1.};
    for (std::size_t power = 1; power <= limits.size(); ++power)
      row.push_back(row.back() + (row.back() - limits.back()[power - 1]) / (std::exp2(power) - 1.));
    if (n_steps >= 80)
    {
      EXPECT_NEAR(std::log2(limits.back()[0] / row[0]), 1., 0.1) << n_steps;
    }
    limits.push_back(row);
  }
  EXPECT_LT(std::abs(limits[2][0]), 0.1);
  EXPECT_LT(std::abs(limits.back().back()), 1e-6);
}

namespace
{
/// Points and weights (sum 1) of degree five; Strang and Fix 1973.
struct SevenPoints
{
  std::vector<std::array<double, 3>> L = {{1. / 3., 1. / 3., 1. / 3.}};
  std::vector<double> weights = {0.225};

  SevenPoints()
  {
    const double root = std::sqrt(15.);
    for (const double sign : {-1., 1.})
    {
      const double a = (6. + sign * root) / 21., w = (155. + sign * root) / 1200.;
      for (unsigned k = 0; k < 3; ++k)
      {
        std::array<double, 3> point = {a, a, a};
        point[k] = 1. - 2. * a;
        L.push_back(point);
        weights.push_back(w);
      }
    }
  }
};

std::array<double, 6> shapes(const std::array<double, 3> &L)
{
  return {L[0] * (2. * L[0] - 1.), L[1] * (2. * L[1] - 1.), L[2] * (2. * L[2] - 1.),
          4. * L[0] * L[1],        4. * L[1] * L[2],        4. * L[2] * L[0]};
}

/// f(cell, shape functions, place, weight) at all points of all triangles.
template <class Function>
void integrate(const QuadraticTriangles &triangles, const Function &f)
{
  const SevenPoints rule;
  double gradients[3][2];
  for (std::size_t c = 0; c < triangles.cells().size(); ++c)
  {
    const double area = triangles.area(c, gradients);
    const auto &cell = triangles.cells()[c];
    for (std::size_t q = 0; q < rule.L.size(); ++q)
    {
      Place x = {0., 0.};
      for (unsigned i = 0; i < 3; ++i)
        for (unsigned d = 0; d < 2; ++d)
          x[d] += rule.L[q][i] * triangles.nodes()[cell[i]][d];
      f(cell, shapes(rule.L[q]), x, area * rule.weights[q]);
    }
  }
}

/// L2 error of the displacement for u = A (sin pi x sin pi y, sin 2 pi x sin pi y).
double manufactured_error(unsigned n)
{
  const double A = 1e-3;
  const auto exact = [A](Place x)
  {
    return Place{A * std::sin(pi * x[0]) * std::sin(pi * x[1]),
                 A * std::sin(2. * pi * x[0]) * std::sin(pi * x[1])};
  };
  const PlateParameters p = test::elastic_plate();
  const double mu = p.material.shear(), lambda = p.material.bulk() - 2. / 3. * mu;
  const auto body = [&](Place x) // -div sigma = -mu lap u - (lambda + mu) grad div u
  {
    const double s1 = std::sin(pi * x[0]), c1 = std::cos(pi * x[0]), s2 = std::sin(2. * pi * x[0]),
                 c2 = std::cos(2. * pi * x[0]), sy = std::sin(pi * x[1]), cy = std::cos(pi * x[1]);
    const double q = A * pi * pi;
    const double div_x = q * (-s1 * sy + 2. * c2 * cy), div_y = q * (c1 * cy - s2 * sy);
    return Place{2. * mu * q * s1 * sy - (lambda + mu) * div_x,
                 5. * mu * q * s2 * sy - (lambda + mu) * div_y};
  };
  const TriangleMesh mesh = test::mapped_square(n, n, test::wavy);
  const QuadraticTriangles triangles(mesh);
  PlateConditions conditions;
  conditions.force.assign(2 * triangles.nodes().size(), 0.);
  hold(conditions, triangles, on_rim, [](Place) { return Place{0., 0.}; });
  integrate(triangles,
            [&](const auto &cell, const auto &N, Place x, double w)
            {
              const Place b = body(x);
              for (unsigned i = 0; i < 6; ++i)
                for (unsigned c = 0; c < 2; ++c)
                  conditions.force[2 * cell[i] + c] += w * N[i] * b[c];
            });
  const PlateResult r = PlateViscoplastic(mesh, conditions, p, MPI_COMM_SELF).run();
  double squares = 0.;
  integrate(triangles,
            [&](const auto &cell, const auto &N, Place x, double w)
            {
              const Place u = exact(x);
              for (unsigned c = 0; c < 2; ++c)
              {
                double difference = -u[c];
                for (unsigned i = 0; i < 6; ++i)
                  difference += N[i] * r.displacement[2 * cell[i] + c];
                squares += w * difference * difference;
              }
            });
  return std::sqrt(squares) / A;
}
} // namespace

TEST(PlateViscoplastic, DisplacementConvergesWithOrderThree)
{
  double before = 0.;
  for (const unsigned n : {16, 32, 64})
  {
    const double error = manufactured_error(n);
    if (before > 0.)
    {
      EXPECT_NEAR(std::log2(before / error), 3., 0.1) << n << ' ' << error;
    }
    before = error;
  }
}

namespace
{
/// Stress sig22 in the node (r, 0) of a quarter plate with an arc round the origin under unit
/// tension. @param axis the name of the side on which u1 = 0
double stress_at_arc(double width, double height, double r, const char *axis)
{
  const TriangleMesh mesh = test::quarter_with_arc(width, height, r, 40, 40);
  const QuadraticTriangles triangles(mesh);
  TriangleMesh with_corner = mesh;
  with_corner.features["bottom_left"] = mesh.edges.at(axis)[0][0];
  PlateConditions conditions = tensile_conditions(with_corner, triangles, -1.);
  for (const auto &side : mesh.edges.at(axis))
    for (const unsigned node : {side[0], triangles.middle(side), side[1]})
      conditions.held.push_back({node, 0, 0.});
  const PlateResult result =
    PlateViscoplastic(mesh, conditions, test::elastic_plate(), MPI_COMM_SELF).run();
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    if (std::abs(mesh.nodes[i][0] - r) < 1e-9 && std::abs(mesh.nodes[i][1]) < 1e-9)
      return result.sig22[i];
  return 0.;
}
} // namespace

// Source: Kirsch 1898, 3 at a hole in an infinite plate; Howland 1930: 3.00 for 2r/D = 0.05, 3.03
// for 0.1, of the stress far away.
TEST(PlateViscoplastic, SmallHoleConcentratesTheStressThreeTimes)
{
  EXPECT_NEAR(stress_at_arc(1., 1., 0.05, "left"), 3., 0.05);
}

// Source: Pilkey, Peterson's Stress Concentration Factors, chart 2.3/2.4: opposite semicircular
// notches in a long strip, of the net section, Kt = 3.065 - 3.472 x + 1.009 x^2 + 0.405 x^3,
// x = 2r/D, which is said to be accurate to some per cent.
TEST(PlateViscoplastic, SemicircularNotchesConcentrateAsPublished)
{
  for (const double x : {0.2, 0.4, 0.6})
  {
    const double kt = 3.065 - 3.472 * x + 1.009 * x * x + 0.405 * x * x * x;
    // The notch is at the origin and the axis of the strip at the right.
    EXPECT_NEAR(stress_at_arc(1., 2.5, x, "right") * (1. - x) / kt, 1., 0.03) << x;
  }
}

TEST(PlateViscoplastic, FieldsOfAFlowingPlateAreBalanced)
{
  const TriangleMesh mesh = test::notched_plate(16, 0.75);
  const PlateParameters p = test::flowing_plate();
  const PlateResult r = PlateViscoplastic(mesh, p, MPI_COMM_SELF).run();
  EXPECT_GT(r.max_evrcum, 1e-3);
  EXPECT_LT(r.max_evrcum, 1e-2);
  EXPECT_EQ(r.steps.size(), 10u);
  // What flows takes part in the whole displacement: the plate is longer than the elastic one.
  PlateParameters stiff = p;
  stiff.material.R0 = 1e9;
  const PlateResult e = PlateViscoplastic(mesh, stiff, MPI_COMM_SELF).run();
  EXPECT_GT(r.max_U2_top, 1.02 * e.max_U2_top);
  EXPECT_LT(r.max_von_mises, 0.9 * e.max_von_mises);
  // Mirror images: x -> -x up to the rigid motion, sig12 is odd.
  const unsigned row = 17;
  for (unsigned j = 0; j < row; ++j)
    EXPECT_NEAR(r.U2[j * row], r.U2[j * row + row - 1], 1e-3 * r.max_U2_top);
}

TEST(PlateViscoplastic, ImpossiblePlatesAreRefused)
{
  const TriangleMesh good = test::mapped_square(2, 2, test::wavy);
  const auto refusal = [](const TriangleMesh &mesh, const PlateParameters &p = {})
  { return sentence_of<UserError>([&] { PlateViscoplastic(mesh, p, MPI_COMM_SELF); }); };
  EXPECT_EQ(refusal(good), "");
  TriangleMesh mesh = good;
  mesh.edges.erase("top");
  EXPECT_THAT(refusal(mesh), HasSubstr("no edges named 'top'"));
  mesh = good;
  mesh.features.clear();
  EXPECT_THAT(refusal(mesh), HasSubstr("no node named 'bottom_left'"));
  mesh = good;
  std::swap(mesh.triangles[3][0], mesh.triangles[3][1]);
  EXPECT_THAT(refusal(mesh), HasSubstr("Triangle 3"));
  mesh = good;
  mesh.triangles[1][2] = 99;
  EXPECT_THAT(refusal(mesh), HasSubstr("Triangle 1 of the plate names a node"));
  mesh = good;
  mesh.edges["top"].push_back({0, 8});
  EXPECT_THAT(refusal(mesh), HasSubstr("is no side of a triangle"));
  mesh = good;
  mesh.nodes.push_back({3., 3.});
  EXPECT_THAT(refusal(mesh), HasSubstr("Node 9"));
  mesh = good;
  mesh.triangles.clear();
  EXPECT_THAT(refusal(mesh), HasSubstr("no triangles"));
  PlateParameters p;
  p.n_steps = 0;
  p.pressure = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal(good, p), testing::AllOf(HasSubstr("a step"), HasSubstr("pressure")));
}

TEST(L2Projection, IsExactForLinearFields)
{
  const TriangleMesh mesh = test::mapped_square(6, 5, test::wavy);
  const QuadraticTriangles triangles(mesh);
  const auto f = [](Place x) { return 3. - 2. * x[0] + 5. * x[1]; };
  std::vector<double> values;
  std::vector<unsigned> cells;
  for (unsigned c = 0; c < triangles.cells().size(); ++c)
  {
    cells.push_back(c);
    for (const auto &L : QuadraticTriangles::points)
    {
      Place x = {0., 0.};
      for (unsigned i = 0; i < 3; ++i)
        for (unsigned d = 0; d < 2; ++d)
          x[d] += L[i] * mesh.nodes[triangles.cells()[c][i]][d];
      values.push_back(f(x));
    }
  }
  const PointBatch projected =
    project_to_vertices(triangles, cells, {values.data(), values.data()}, MPI_COMM_SELF);
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
  {
    EXPECT_NEAR(projected(0, i), f(mesh.nodes[i]), 1e-12);
    EXPECT_EQ(projected(1, i), projected(0, i));
  }
  values[4] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(sentence_of<SolverError>(
                [&] { project_to_vertices(triangles, cells, {values.data()}, MPI_COMM_SELF); }),
              HasSubstr("finite"));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <solvers/l2_projection.h>
#include <solvers/plate_newton.h>
#include <solvers/plate_viscoplastic.h>
#include <tests/random_numbers.h>
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

/// Never flows.
PlateParameters elastic(unsigned n_steps = 1)
{
  PlateParameters p;
  p.material.R0 = 1e9;
  p.n_steps = n_steps;
  return p;
}

/// Flows in the ligament of notched_plate(n, 0.75).
PlateParameters flowing()
{
  PlateParameters p;
  p.pressure = -50.;
  p.material.R0 = 120.;
  p.material.K = 100.;
  return p;
}

/// Identity with moved inner points.
Place wavy(Place s)
{
  const double bump = 0.08 * std::sin(pi * s[0]) * std::sin(pi * s[1]);
  return {s[0] + bump * std::sin(7. * s[1]), s[1] + bump * std::cos(5. * s[0])};
}

double largest(const std::vector<double> &values)
{
  double value = 0.;
  for (const double v : values)
    value = std::max(value, std::abs(v));
  return value;
}

double distance(const std::vector<double> &a, const std::vector<double> &b)
{
  double value = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
    value = std::max(value, std::abs(a[i] - b[i]));
  return value;
}

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
  const TriangleMesh mesh = test::mapped_square(5, 4, wavy);
  const PlateParameters p = elastic(2);
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
  const TriangleMesh mesh = test::mapped_square(4, 5, wavy);
  const QuadraticTriangles triangles(mesh);
  const auto linear = [](Place x) {
    return Place{1e-3 * x[0] - 4e-4 * x[1], 7e-4 * x[0] + 2e-3 * x[1]};
  };
  PlateConditions conditions;
  conditions.force.assign(2 * triangles.nodes().size(), 0.);
  hold(conditions, triangles, on_rim, linear);
  const PlateResult r = PlateViscoplastic(mesh, conditions, elastic(), MPI_COMM_SELF).run();
  for (std::size_t i = 0; i < triangles.nodes().size(); ++i)
    for (unsigned c = 0; c < 2; ++c)
      EXPECT_NEAR(r.displacement[2 * i + c], linear(triangles.nodes()[i])[c], 1e-12);
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    EXPECT_NEAR(r.sig12[i], elastic().material.shear() * 3e-4, 1e-8);
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
  const TriangleMesh mesh = test::mapped_square(2, 2, wavy);
  std::vector<double> errors;
  for (const unsigned n_steps : {20, 40, 80})
  {
    p.n_steps = n_steps;
    const PlateResult r = PlateViscoplastic(mesh, p, MPI_COMM_SELF).run();
    EXPECT_LT(r.max_evrcum - *std::min_element(r.evrcum.begin(), r.evrcum.end()), 1e-10);
    EXPECT_NEAR(r.max_sig22_top, 100., 1e-6);
    errors.push_back(std::abs(r.max_evrcum / y[4] - 1.));
  }
  EXPECT_LT(errors.back(), 0.1);
  EXPECT_NEAR(std::log2(errors[1] / errors[2]), 1., 0.1);
}

TEST(PlateViscoplastic, GlobalTangentIsTheDerivative)
{
  const TriangleMesh mesh = test::notched_plate(4, 0.5);
  const QuadraticTriangles triangles(mesh);
  const PlateConditions conditions = tensile_conditions(mesh, triangles, -50.);
  PlateDiscretisation discretisation(triangles, conditions, MPI_COMM_SELF);
  PlateMaterial material;
  material.K = 60.;
  const ViscoplasticLaw law(material);
  PlateNewton newton(discretisation, law, {1e-12, 1e-10, 25});
  PetscVector u;
  discretisation.make_vector(u);
  PointBatch rest(ViscoplasticLaw::n_state, discretisation.n_points());
  ASSERT_TRUE(newton.solve({&rest, 0.5, 0.5}, u).converged);
  const PointBatch before = newton.state();
  const auto equilibrium = discretisation.gather(u);
  const auto noise = test::random_numbers(equilibrium.size(), 3, 2e-5);
  const auto direction = test::random_numbers(equilibrium.size(), 4);
  const PlateNewton::Step step = {&before, 0.5, 1.};
  const auto at = [&](double along)
  {
    auto values = equilibrium;
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = 1.5 * values[i] + noise[i] + along * direction[i];
    discretisation.scatter(values, u);
    discretisation.hold(1., u);
    EXPECT_TRUE(newton.linearise(step, u));
    return discretisation.gather(newton.residual());
  };
  const double h = 1e-9;
  const auto above = at(h), below = at(-h);
  at(0.);
  EXPECT_GT(std::count(newton.status().begin(), newton.status().end(), FlowStatus::plastic), 40);
  discretisation.scatter(direction, u);
  discretisation.hold(0., u);
  PetscVector product;
  discretisation.make_vector(product);
  check_petsc(MatMult(newton.matrix(), u, product));
  const auto derivative = discretisation.gather(product);
  for (std::size_t i = 0; i < derivative.size(); ++i)
    EXPECT_NEAR(derivative[i], (above[i] - below[i]) / (2. * h), 1e-6 * largest(derivative)) << i;
}

// Requirement: triangles keep their part of the matrix only as long as nothing flows in them.
TEST(PlateViscoplastic, MatrixForgetsTheFlow)
{
  const TriangleMesh mesh = test::notched_plate(4, 0.75);
  const QuadraticTriangles triangles(mesh);
  PlateDiscretisation discretisation(triangles, tensile_conditions(mesh, triangles, -50.),
                                     MPI_COMM_SELF);
  const ViscoplasticLaw law(flowing().material);
  PlateNewton used(discretisation, law, {1e-12, 1e-10, 25});
  PetscVector u, x, product;
  for (PetscVector *vector : {&u, &x, &product})
    discretisation.make_vector(*vector);
  const PointBatch rest(ViscoplasticLaw::n_state, discretisation.n_points());
  ASSERT_TRUE(used.solve({&rest, 1., 1.}, u).converged);
  ASSERT_GT(std::count(used.status().begin(), used.status().end(), FlowStatus::plastic), 10);
  discretisation.scatter(test::random_numbers(2 * triangles.nodes().size(), 5), x);
  check_petsc(VecSet(u, 0.));
  std::vector<std::vector<double>> products;
  for (const bool again : {true, false})
  {
    PlateNewton fresh(discretisation, law, {1e-12, 1e-10, 25});
    PlateNewton &newton = again ? used : fresh;
    ASSERT_TRUE(newton.linearise({&rest, 1., 0.}, u));
    check_petsc(MatMult(newton.matrix(), x, product));
    products.push_back(discretisation.gather(product));
  }
  EXPECT_EQ(products[0], products[1]);
}

// Requirement: the factor is kept as long as it serves, a little flow included.
TEST(PlateViscoplastic, OneFactorizationDoesWhileLittleFlows)
{
  PlateParameters p;
  p.pressure = -50.;
  const PlateResult r = PlateViscoplastic(test::notched_plate(16, 0.75), p, MPI_COMM_SELF).run();
  EXPECT_GT(r.max_evrcum, 1e-7);
  EXPECT_GT(r.newton_iterations, 3u);
  EXPECT_EQ(r.factorizations, 1u);
  EXPECT_LT(r.linear_iterations, 3 * r.newton_iterations);
}

TEST(PlateViscoplastic, NewtonConvergesQuadratically)
{
  PlateParameters p = flowing();
  p.n_steps = 2;
  p.relative_tolerance = 1e-12;
  const TriangleMesh mesh = test::notched_plate(12, 0.75);
  const PlateResult r = PlateViscoplastic(mesh, p, MPI_COMM_SELF).run();
  const auto &norms = r.steps.back().residual_norms;
  ASSERT_GE(norms.size(), 5u);
  EXPECT_GT(r.steps.back().plastic_points, 100u);
  // The order log(r3 / r2) / log(r2 / r1), before rounding takes part.
  double order = 0.;
  for (std::size_t k = 2; k < norms.size(); ++k)
    if (norms[k - 1] < 1e-2 * norms[0] && norms[k] > 1e-11 * norms[0])
      order =
        std::max(order, std::log(norms[k] / norms[k - 1]) / std::log(norms[k - 1] / norms[k - 2]));
  EXPECT_GT(order, 1.6) << testing::PrintToString(norms);
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
  const PlateParameters p = elastic();
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
  const TriangleMesh mesh = test::mapped_square(n, n, wavy);
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
  const PlateResult result = PlateViscoplastic(mesh, conditions, elastic(), MPI_COMM_SELF).run();
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
  const PlateParameters p = flowing();
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

TEST(PlateViscoplastic, StepsAreCutAndTheEndIsTheSame)
{
  const TriangleMesh mesh = test::notched_plate(8, 0.75);
  PlateParameters p = flowing();
  p.n_steps = 2;
  p.maximum_iterations = 3;
  std::vector<std::string> lines;
  PlateViscoplastic plate(mesh, p, MPI_COMM_SELF);
  plate.report_to([&lines](const std::string &line) { lines.push_back(line); });
  const PlateResult cut = plate.run();
  unsigned cuts = 0;
  for (const auto &step : cut.steps)
    cuts += step.cuts;
  EXPECT_GT(cuts, 0u);
  EXPECT_EQ(lines.size(), cut.steps.size() + cuts);
  EXPECT_THAT(lines, testing::Contains(HasSubstr("it is halved")));
  EXPECT_EQ(cut.steps.back().load_factor, 1.);
  p.maximum_iterations = 25;
  p.n_steps = 16;
  const PlateResult fine = PlateViscoplastic(mesh, p, MPI_COMM_SELF).run();
  EXPECT_NEAR(cut.max_U2_top / fine.max_U2_top, 1., 0.02);
}

TEST(PlateViscoplastic, FailureNamesStepAndTriangle)
{
  const TriangleMesh mesh = test::notched_plate(6, 0.75);
  PlateParameters p = flowing();
  p.maximum_iterations = 1;
  EXPECT_THAT(sentence_of<SolverError>([&] { PlateViscoplastic(mesh, p, MPI_COMM_SELF).run(); }),
              testing::AllOf(testing::StartsWith("Step 10 of 10 of the plate, to load factor 0.9"),
                             HasSubstr("Newton's method stopped"), HasSubstr("at triangle "),
                             HasSubstr("cannot be halved more than 6 times")));

  const QuadraticTriangles triangles(mesh);
  PlateDiscretisation discretisation(triangles, tensile_conditions(mesh, triangles, -50.),
                                     MPI_COMM_SELF);
  const ViscoplasticLaw law(p.material);
  PlateNewton newton(discretisation, law, {1e-12, 1e-10, 25});
  PetscVector u;
  discretisation.make_vector(u);
  PointBatch broken(ViscoplasticLaw::n_state, discretisation.n_points());
  broken(ViscoplasticLaw::a_xy, 3 * 41 + 1) = std::numeric_limits<double>::quiet_NaN();
  const auto outcome = newton.solve({&broken, 0.1, 0.1}, u);
  EXPECT_FALSE(outcome.converged);
  EXPECT_THAT(outcome.trouble, HasSubstr("no answer in triangle 41"));
}

TEST(PlateViscoplastic, GoodGuessIsTakenAndABadOneDiscarded)
{
  const TriangleMesh mesh = test::notched_plate(8, 0.75);
  const PlateParameters p = flowing();
  PlateViscoplastic plate(mesh, p, MPI_COMM_SELF);
  const PlateResult own = plate.run();
  const auto last_step_guess = [](const std::vector<double> &values)
  {
    return [values](unsigned, double factor)
    { return factor == 1. ? values : std::vector<double>(); };
  };
  ASSERT_GT(own.steps.back().newton_iterations, 0u);
  EXPECT_EQ(own.steps.back().guess, GuessUse::none);

  plate.guess_with(last_step_guess(own.displacement));
  const PlateResult good = plate.run();
  EXPECT_EQ(good.steps[8].guess, GuessUse::none);
  EXPECT_EQ(good.steps.back().guess, GuessUse::taken);
  EXPECT_EQ(good.steps.back().newton_iterations, 0u);
  EXPECT_LT(good.steps.back().guess_distance, good.steps.back().own_distance);

  std::vector<double> bad = own.displacement;
  for (double &value : bad)
    value *= 1.5;
  const std::vector<double> none(bad.size(), std::numeric_limits<double>::quiet_NaN());
  for (const auto &values : {bad, none})
  {
    plate.guess_with(last_step_guess(values));
    const PlateResult same = plate.run();
    EXPECT_EQ(same.steps.back().guess, GuessUse::discarded);
    EXPECT_EQ(same.newton_iterations, own.newton_iterations);
    EXPECT_EQ(same.displacement, own.displacement);
  }
  plate.guess_with([](unsigned, double) { return std::vector<double>(7); });
  EXPECT_THAT(sentence_of<UserError>([&] { plate.run(); }), HasSubstr("has 7 values"));
}

// Requirement: a guess at the vertices alone is good enough to help where there is no other one.
TEST(PlateViscoplastic, GuessAtTheVerticesIsCompleted)
{
  const auto largest_error = [](unsigned n, const std::function<double(Place)> &f)
  {
    const TriangleMesh mesh = test::mapped_square(n, n, wavy);
    const QuadraticTriangles triangles(mesh);
    std::vector<double> values;
    for (const auto &x : mesh.nodes)
      values.insert(values.end(), {f(x), -f(x)});
    const auto all = complete_sides(triangles, values);
    double error = 0.;
    for (std::size_t i = 0; i < triangles.nodes().size(); ++i)
      for (unsigned c = 0; c < 2; ++c)
        if (const auto &x = triangles.nodes()[i];
            std::min({x[0], x[1], 1. - x[0], 1. - x[1]}) > 0.2)
          error = std::max(error, std::abs(all[2 * i + c] - (c == 0 ? f(x) : -f(x))));
    return error;
  };
  EXPECT_LT(largest_error(5, [](Place x) { return 1. + 2. * x[0] - x[1]; }), 1e-14);
  const auto wave = [](Place x) { return std::sin(3. * x[0]) * std::cos(2. * x[1]); };
  EXPECT_GT(std::log2(largest_error(16, wave) / largest_error(32, wave)), 2.5);

  const TriangleMesh mesh = test::notched_plate(24, 0.75);
  PlateParameters p = flowing();
  p.n_steps = 1;
  PlateViscoplastic plate(mesh, p, MPI_COMM_SELF);
  const PlateResult own = plate.run();
  for (const double error : {0., 3e-2}) // smooth ones, as a learned field makes them
  {
    std::vector<double> vertices;
    for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
      vertices.insert(vertices.end(), {own.U1[i] * (1. + error * std::sin(3. * mesh.nodes[i][1])),
                                       own.U2[i] * (1. - error * std::sin(2. * mesh.nodes[i][0]))});
    plate.guess_with([&vertices](unsigned, double) { return vertices; });
    const PlateResult guessed = plate.run();
    EXPECT_EQ(guessed.steps[0].guess, GuessUse::taken);
    EXPECT_LT(guessed.newton_iterations, own.newton_iterations) << error;
    EXPECT_LT(distance(guessed.displacement, own.displacement), 1e-8 * largest(own.displacement));
  }
}

TEST(PlateViscoplastic, ImpossiblePlatesAreRefused)
{
  const TriangleMesh good = test::mapped_square(2, 2, wavy);
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
  const TriangleMesh mesh = test::mapped_square(6, 5, wavy);
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

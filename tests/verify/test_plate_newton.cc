// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// How the viscoplastic plate is solved: tangent, Newton's method, step cutting, first guesses.
#include <data/core/errors.h>
#include <solvers/plate_newton.h>
#include <solvers/plate_viscoplastic.h>
#include <tests/random_numbers.h>
#include <tests/small_plates.h>
#include <tests/temporary_folder.h>
#include <tests/toy_field_maps.h>

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
} // namespace

TEST(PlateNewton, GlobalTangentIsTheDerivative)
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
TEST(PlateNewton, MatrixForgetsTheFlow)
{
  const TriangleMesh mesh = test::notched_plate(4, 0.75);
  const QuadraticTriangles triangles(mesh);
  PlateDiscretisation discretisation(triangles, tensile_conditions(mesh, triangles, -50.),
                                     MPI_COMM_SELF);
  const ViscoplasticLaw law(test::flowing_plate().material);
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
TEST(PlateNewton, OneFactorizationDoesWhileLittleFlows)
{
  PlateParameters p;
  p.pressure = -50.;
  const PlateResult r = PlateViscoplastic(test::notched_plate(16, 0.75), p, MPI_COMM_SELF).run();
  EXPECT_GT(r.max_evrcum, 1e-7);
  EXPECT_GT(r.newton_iterations, 3u);
  EXPECT_EQ(r.factorizations, 1u);
  EXPECT_LT(r.linear_iterations, 3 * r.newton_iterations);
}

TEST(PlateNewton, NewtonConvergesQuadratically)
{
  PlateParameters p = test::flowing_plate();
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

TEST(PlateNewton, StepsAreCutAndTheEndIsTheSame)
{
  const TriangleMesh mesh = test::notched_plate(8, 0.75);
  PlateParameters p = test::flowing_plate();
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

TEST(PlateNewton, FailureNamesStepAndTriangle)
{
  const TriangleMesh mesh = test::notched_plate(6, 0.75);
  PlateParameters p = test::flowing_plate();
  p.maximum_iterations = 1;
  PlateViscoplastic plate(mesh, p, MPI_COMM_SELF);
  std::vector<std::string> lines;
  plate.report_to([&lines](const std::string &line) { lines.push_back(line); });
  EXPECT_THAT(sentence_of<SolverError>([&] { plate.run(); }),
              testing::AllOf(testing::StartsWith("Step 10 of 10 of the plate, to load factor 0.9"),
                             HasSubstr("Newton's method stopped"), HasSubstr("at triangle "),
                             HasSubstr("cannot be halved more than 6 times")));
  // Each time it got smaller, six times before the last try.
  const auto halved = [](const std::string &line)
  { return line.find("it is halved") != std::string::npos; };
  EXPECT_GE(std::count_if(lines.begin(), lines.end(), halved), 6);
  p.most_cuts = 0;
  PlateViscoplastic hasty(mesh, p, MPI_COMM_SELF);
  lines.clear();
  hasty.report_to([&lines](const std::string &line) { lines.push_back(line); });
  EXPECT_THAT(sentence_of<SolverError>([&] { hasty.run(); }), HasSubstr("more than 0 times"));
  EXPECT_THAT(lines, testing::Each(testing::Not(HasSubstr("it is halved"))));

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

TEST(PlateNewton, GoodGuessIsTakenAndABadOneDiscarded)
{
  const TriangleMesh mesh = test::notched_plate(8, 0.75);
  const PlateParameters p = test::flowing_plate();
  PlateViscoplastic plate(mesh, p, MPI_COMM_SELF);
  const PlateResult own = plate.run();
  ASSERT_GT(own.steps.back().newton_iterations, 0u);
  EXPECT_EQ(own.steps.back().guess.use, GuessUse::none);
  EXPECT_EQ(own.guesses.asked, 0u);
  EXPECT_EQ(own.guess_solves, 0u);
  const auto guess_with = [&](const std::vector<double> &values, Health health = Health::ok) {
    plate.guess_with({testing_maps::given_displacement(MPI_COMM_SELF, 6, values, health), {}});
  };

  guess_with(own.displacement);
  const PlateResult good = plate.run();
  EXPECT_EQ(good.steps[8].guess.use, GuessUse::none);
  const PlateStepRecord &last = good.steps.back();
  EXPECT_EQ(last.guess.use, GuessUse::taken);
  EXPECT_EQ(last.newton_iterations, 0u);
  EXPECT_LT(last.guess.guess_norm, last.guess.own_norm);
  EXPECT_EQ(last.guess_solves, 2u);
  EXPECT_EQ(good.guesses.asked, 1u);
  EXPECT_EQ(good.guesses.taken, 1u);
  EXPECT_EQ(plate.run().guesses.asked, 1u);

  std::vector<double> bad = own.displacement;
  for (double &value : bad)
    value *= 1.5;
  std::vector<double> broken = own.displacement;
  broken[77] = std::numeric_limits<double>::quiet_NaN();
  const auto expect_own = [&](GuessUse use, const std::string &reason)
  {
    const PlateResult same = plate.run();
    EXPECT_EQ(same.steps.back().guess.use, use);
    EXPECT_EQ(same.steps.back().guess.reason, reason);
    EXPECT_EQ(same.newton_iterations, own.newton_iterations);
    EXPECT_EQ(same.displacement, own.displacement);
  };
  guess_with(bad);
  expect_own(GuessUse::discarded, "");
  guess_with(broken);
  expect_own(GuessUse::refused, "'given' gave values of 'U2' that are not finite.");
  guess_with(own.displacement, Health::outside_training_range);
  expect_own(GuessUse::refused, "It was told not to answer.");
  EXPECT_EQ(plate.run().guesses.refused, 1u);
}

TEST(PlateNewton, AMapThatIsNotForThePlateIsRefused)
{
  PlateViscoplastic plate(test::notched_plate(4, 0.5), test::elastic_plate(), MPI_COMM_SELF);
  const auto refusal = [&](const std::vector<Quantity> &outputs)
  {
    FieldMapInfo info;
    info.name = "toy";
    info.output_fields = outputs;
    const auto map = std::make_shared<testing_maps::GivenFields>(
      MPI_COMM_SELF, info, [](std::size_t, std::size_t) { return 0.; });
    return sentence_of<UserError>([&] { plate.guess_with({map, {}}); });
  };
  EXPECT_EQ(refusal({{"U1", "mm"}, {"V2", "mm"}}),
            "'toy' does not predict 'U2', of which a first guess is wanted; did you mean 'U1'? "
            "Known: U1, V2.");
  EXPECT_EQ(refusal({{"U1", "mm"}, {"U2", "m"}}),
            "'toy' predicts 'U2' in m, but a first guess in mm is wanted.");
}

// Requirement: a guess at the vertices alone is good enough to help where there is no other one.
TEST(PlateNewton, GuessAtTheVerticesIsCompleted)
{
  const auto largest_error = [](unsigned n, const std::function<double(Place)> &f)
  {
    const TriangleMesh mesh = test::mapped_square(n, n, test::wavy);
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
  PlateParameters p = test::flowing_plate();
  p.n_steps = 1;
  PlateViscoplastic plate(mesh, p, MPI_COMM_SELF);
  const PlateResult own = plate.run();
  for (const double error : {0., 3e-2}) // smooth ones, as a learned field makes them
  {
    std::vector<double> vertices;
    for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
      vertices.insert(vertices.end(), {own.U1[i] * (1. + error * std::sin(3. * mesh.nodes[i][1])),
                                       own.U2[i] * (1. - error * std::sin(2. * mesh.nodes[i][0]))});
    plate.guess_with({testing_maps::given_displacement(MPI_COMM_SELF, 3, vertices), {}});
    const PlateResult guessed = plate.run();
    EXPECT_EQ(guessed.steps[0].guess.use, GuessUse::taken);
    EXPECT_LT(guessed.newton_iterations, own.newton_iterations) << error;
    EXPECT_LT(distance(guessed.displacement, own.displacement), 1e-8 * largest(own.displacement));
  }
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The macro solver against analytic solutions, and its Newton and load stepping.

#include <data/core/errors.h>
#include <operators/maps/guarded_map.h>
#include <solvers/load_stepping.h>
#include <solvers/two_scale.h>
#include <tests/toy_point_maps.h>
#include <tests/vtu_reader.h>

#include <deal.II/grid/grid_generator.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vtkDataArray.h>
#include <vtkPointData.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

namespace understudy
{
namespace
{
using dealii::Point;
using dealii::Tensor;
using testing_maps::LinearLaw;
using testing_maps::SofteningLaw;
using Mesh = dealii::parallel::distributed::Triangulation<2>;

constexpr double lambda = 100., mu = 40.; // [N/mm2]

Tensor<1, 2> vector_of(double x, double y)
{
  Tensor<1, 2> v;
  v[0] = x;
  v[1] = y;
  return v;
}

TwoScaleParameters one_step()
{
  TwoScaleParameters p;
  p.load_steps = 1;
  return p;
}

/// L2 error at the Gauss points for u = 0.01 sin(pi x) sin(pi y) (1, 1) on the unit square.
double manufactured_error(unsigned n)
{
  constexpr double a = 0.01, pi = dealii::numbers::PI;
  Mesh mesh(MPI_COMM_SELF);
  dealii::GridGenerator::subdivided_hyper_cube(mesh, n);
  MacroConditions conditions;
  conditions.loaded = 0;
  conditions.displacements = {{0, {{true, true}}, {}}};
  conditions.body_force = [](const Point<2> &x)
  {
    const double same = -pi * pi * std::sin(pi * x[0]) * std::sin(pi * x[1]);
    const double mixed = pi * pi * std::cos(pi * x[0]) * std::cos(pi * x[1]);
    const double f = -a * ((lambda + 3 * mu) * same + (lambda + mu) * mixed);
    return vector_of(f, f);
  };
  LinearLaw law(LinearLaw::isotropic(lambda, mu));
  const auto result = TwoScaleSolver(one_step(), mesh, conditions, law).run();
  double error = 0.;
  for (const auto &cell : result.fields.back().cells)
    for (const auto &point : cell.points)
    {
      const double u = a * std::sin(pi * point.position[0]) * std::sin(pi * point.position[1]);
      error += point.weight *
               (std::pow(point.displacement[0] - u, 2) + std::pow(point.displacement[1] - u, 2));
    }
  return std::sqrt(error);
}

TEST(TwoScale, DisplacementConvergesWithOrderThree)
{
  const double coarse = manufactured_error(8), fine = manufactured_error(16);
  EXPECT_NEAR(std::log2(coarse / fine), 3., 0.15) << coarse << " -> " << fine;
}

// Requirement: a linear displacement is met exactly on a distorted mesh, with any tangent.
TEST(TwoScale, PatchTest)
{
  const std::array<double, 9> unsymmetric{{200., 90., 5., 60., 180., -7., 3., 8., 50.}};
  for (const auto &c : {LinearLaw::isotropic(lambda, mu), unsymmetric})
  {
    Mesh mesh(MPI_COMM_SELF);
    dealii::GridGenerator::subdivided_hyper_cube(mesh, 3);
    for (const auto &cell : mesh.active_cell_iterators())
      for (const unsigned v : cell->vertex_indices())
        if (auto &x = cell->vertex(v); (x - Point<2>(1. / 3, 1. / 3)).norm() < 1e-6)
          x += vector_of(0.08, -0.05);
    MacroConditions conditions;
    conditions.loaded = 0;
    const auto exact = [](const Point<2> &x)
    { return vector_of(0.01 * x[0] + 0.02 * x[1], -0.03 * x[0] + 0.015 * x[1]); };
    conditions.displacements = {{0, {{true, true}}, exact}};
    LinearLaw law(c);
    const auto result = TwoScaleSolver(one_step(), mesh, conditions, law).run();
    for (const auto &cell : result.fields.back().cells)
      for (const auto &point : cell.points)
      {
        const auto u = exact(Point<2>(point.position[0], point.position[1]));
        EXPECT_NEAR(point.displacement[0], u[0], 1e-12);
        EXPECT_NEAR(point.displacement[1], u[1], 1e-12);
        EXPECT_NEAR(point.strain[0], 0.01, 1e-10);
        EXPECT_NEAR(point.strain[1], 0.015, 1e-10);
        EXPECT_NEAR(point.strain[2], -0.01, 1e-10);
      }
  }
}

// Requirement: every Newton step is quadratic down to rounding, at most 6 of them are needed, and
// each residual evaluation is one call. The load steps are so large that all steps have three
// residuals above rounding.
TEST(TwoScale, NewtonEndsQuadratically)
{
  for (const bool unsymmetric : {false, true})
    for (const std::string mesh : {"cook", "l_profile", "plate_with_hole"})
    {
      TwoScaleParameters p;
      p.mesh = mesh;
      p.load = mesh == "plate_with_hole" ? 8. : 24.;
      p.load_steps = 2;
      SofteningLaw law(unsymmetric);
      const auto result = TwoScaleSolver(p, law, MPI_COMM_SELF).run();
      unsigned calls = 1; // the prediction of the first step
      for (const auto &step : result.steps)
      {
        calls += step.newton_iterations + 1;
        EXPECT_LE(step.newton_iterations, 6u) << mesh;
        // r' = 1.6e-3 r^2 at most; a tangent that is wrong by 1e-3 breaks twice that.
        constexpr double factor = 3e-3, rounding = 1e-9; // [mm/N], [N/mm]
        const auto &r = step.residual_norms;
        ASSERT_GE(r.size(), 4u) << mesh;
        EXPECT_GT(r[2], 1e4 * rounding) << mesh;
        for (std::size_t i = 1; i < r.size(); ++i)
          EXPECT_LE(r[i], std::max(factor * r[i - 1] * r[i - 1], rounding)) << mesh << ' ' << i;
      }
      EXPECT_EQ(calls, result.closure_calls);
      EXPECT_EQ(calls, law.n_calls);
      EXPECT_EQ(result.steps.size(), 2u);
    }
}

// Requirement: a traction gives back its resultant; the displacement it causes gives back the
// force.
TEST(TwoScale, TractionAndDisplacementAgree)
{
  TwoScaleParameters p;
  p.mesh = "cook";
  p.resolution = 3;
  p.load_type = "traction";
  p.load = 0.5;
  p.load_steps = 2;
  SofteningLaw law;
  const auto pulled = TwoScaleSolver(p, law, MPI_COMM_SELF).run();
  EXPECT_NEAR(pulled.last().reaction, 0.5 * 16., 1e-8); // the edge is 16 mm long
  p.mesh = "square";
  p.load = 3.;
  const auto square = TwoScaleSolver(p, law, MPI_COMM_SELF).run();
  EXPECT_NEAR(square.last().reaction, 3., 1e-8);
  p.load_type = "displacement";
  p.load = square.last().mean_displacement;
  const auto moved = TwoScaleSolver(p, law, MPI_COMM_SELF).run();
  EXPECT_NEAR(moved.last().mean_displacement, p.load, 1e-12);
  EXPECT_NEAR(moved.last().reaction, 3., 0.1); // uniform stress against uniform displacement
}

// Requirement: a step whose points fail is cut; at the smallest step point and strain are named.
TEST(TwoScale, FailureIsCutThenNamed)
{
  for (const Health health : {Health::not_converged, Health::not_finite})
  {
    TwoScaleParameters p;
    p.mesh = "square";
    p.load = 0.02;
    p.load_steps = 4;
    p.minimum_step_fraction = 0.125;
    SofteningLaw law(false, 0.012, health);
    std::vector<std::string> lines;
    TwoScaleSolver solver(p, law, MPI_COMM_SELF);
    solver.report_to([&](const std::string &line) { lines.push_back(line); });
    std::string message;
    try
    {
      solver.run();
    }
    catch (const SolverError &error)
    {
      message = error.what();
    }
    EXPECT_THAT(message, testing::HasSubstr("strain (Exx, Eyy, Gxy) = ("));
    EXPECT_THAT(message, testing::HasSubstr("at the point ("));
    EXPECT_THAT(message, testing::HasSubstr(to_string(health)));
    EXPECT_THAT(message, testing::HasSubstr("at load factor"));
    EXPECT_THAT(lines, testing::Contains(testing::HasSubstr("the step is halved")));
    EXPECT_THAT(lines, testing::Contains(testing::HasSubstr("Newton iterations")));
  }
}

/// Hint = number of evaluations since a cold start; fails the evaluation number @p bad.
class CountingLaw : public SofteningLaw
{
public:
  explicit CountingLaw(unsigned bad)
    : SofteningLaw(false, std::numeric_limits<double>::infinity(), Health::ok, 1), bad_(bad)
  {
  }
  std::vector<double> seen; ///< hint of point 0 at each call

protected:
  Health law(const std::array<double, 3> &e, std::array<double, 3> &s,
             std::array<double, 9> &c) override
  {
    SofteningLaw::law(e, s, c);
    return n_calls == bad_ ? Health::not_converged : Health::ok;
  }
  void use_hint(PointBatch &hints, std::size_t p, const PointQuery &) override
  {
    if (p == 0)
      seen.push_back(hints(0, 0));
    hints(0, p) += 1.;
  }

private:
  unsigned bad_;
};

// Requirement: a failed step gives back the hints of the accepted one, and the run goes on.
TEST(TwoScale, HintsAreRolledBack)
{
  TwoScaleParameters p;
  p.load_steps = 2;
  CountingLaw plain(0);
  const auto smooth = TwoScaleSolver(p, plain, MPI_COMM_SELF).run();
  const unsigned first = smooth.steps[0].closure_calls;
  CountingLaw law(first + 2);
  const auto result = TwoScaleSolver(p, law, MPI_COMM_SELF).run();
  ASSERT_EQ(result.steps.size(), 3u); // 1/2, 3/4, 1
  EXPECT_EQ(result.steps[1].cuts, 1u);
  EXPECT_DOUBLE_EQ(result.steps[1].load_factor, 0.75);
  EXPECT_DOUBLE_EQ(law.seen[first], first);
  EXPECT_DOUBLE_EQ(law.seen[first + 1], first + 1.);
  EXPECT_DOUBLE_EQ(law.seen[first + 2], first); // after the failed evaluation
  EXPECT_NEAR(result.last().reaction, smooth.last().reaction, 1e-7);
  const auto d = compare(result.fields.back(), smooth.fields.back(), MPI_COMM_SELF);
  EXPECT_LT(d.displacement, 1e-9);
  EXPECT_GT(compare(result.fields[0], smooth.fields[1], MPI_COMM_SELF).displacement, 0.1);
}

TEST(LoadStepping, HalvesAndMeetsTheRegularFactors)
{
  LoadStepping steps(4, 0.25);
  EXPECT_DOUBLE_EQ(steps.target(), 0.25);
  EXPECT_TRUE(steps.cut());
  EXPECT_TRUE(steps.cut());
  EXPECT_DOUBLE_EQ(steps.target(), 0.0625);
  EXPECT_FALSE(steps.cut());
  std::set<double> met;
  while (!steps.finished())
  {
    steps.accept();
    met.insert(steps.accepted());
  }
  EXPECT_THAT(met, testing::ElementsAre(0.0625, 0.1875, 0.25, 0.5, 0.75, 1.));
}

TEST(TwoScale, RefusesWhatDoesNotFit)
{
  EXPECT_THROW(macro_conditions("coock", MacroLoadType::traction, 1.), UserError);
  TwoScaleParameters p;
  p.load = 0.;
  p.absolute_tolerance = p.relative_tolerance = 0.;
  EXPECT_EQ(p.problems().size(), 2u);
  EXPECT_TRUE(TwoScaleParameters().problems().empty());
}

TEST(MacroFields, BytesRoundTripAndTruncationIsRefused)
{
  SofteningLaw law;
  const auto result = TwoScaleSolver(one_step(), law, MPI_COMM_SELF).run();
  auto bytes = pack(result.fields.back());
  const auto back = unpack(bytes, "fields");
  EXPECT_EQ(compare(back, result.fields.back(), MPI_COMM_SELF).stress, 0.);
  EXPECT_EQ(pack(back), bytes);
  bytes.pop_back();
  EXPECT_THROW(unpack(bytes, "fields"), UserError);
}

TEST(MacroOutput, WritesACollection)
{
  const auto folder = std::filesystem::path(UNDERSTUDY_BINARY_DIR) / "tests" / "two_scale_output";
  std::filesystem::remove_all(folder);
  TwoScaleParameters p;
  p.load_steps = 2;
  SofteningLaw law;
  TwoScaleSolver solver(p, law, MPI_COMM_SELF);
  solver.write_to(folder, "macro");
  const auto result = solver.run();
  EXPECT_EQ(result.collection, folder / "macro.pvd");
  const auto text = [&](const std::string &file)
  {
    std::ifstream in(folder / file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  for (const char *file : {"macro.pvd", "macro_0000.pvtu", "macro_0001.pvtu", "macro_0001.0.vtu"})
    EXPECT_TRUE(std::filesystem::exists(folder / file)) << file;
  EXPECT_EQ(text("macro_0001.pvtu").find("displacement_error"), std::string::npos);

  // Requirement: a finished run is written again from its fields alone, with errors against a
  // reference where that has the step. This one is a quarter of the run itself.
  MacroFields quarter = result.fields.back();
  for (auto &cell : quarter.cells)
  {
    for (auto &node : cell.node_displacement)
      for (double &u : node)
        u *= 0.25;
    for (auto &point : cell.points)
      for (double &s : point.stress)
        s *= 0.25;
  }
  write_macro_run(p, result.fields, {quarter}, folder, "again", MPI_COMM_SELF);
  EXPECT_EQ(text("again_0000.pvtu").find("displacement_error"), std::string::npos);
  const auto grid = testing_tools::read_vtu(folder / "again_0001.0.vtu");
  const auto first = testing_tools::read_vtu(folder / "macro_0001.0.vtu");
  const auto check = [&](const char *name, const char *error)
  {
    // deal.II writes values of cells at their nodes too.
    vtkDataArray *const value = grid->GetPointData()->GetArray(name),
                        *const difference = grid->GetPointData()->GetArray(error),
                        *const before = first->GetPointData()->GetArray(name);
    ASSERT_TRUE(value && difference && before) << error;
    EXPECT_GT(value->GetMaxNorm(), 0.) << name;
    for (vtkIdType i = 0; i < value->GetNumberOfTuples(); ++i)
      for (int c = 0; c < value->GetNumberOfComponents(); ++c)
      {
        const double v = value->GetComponent(i, c);
        EXPECT_EQ(v, before->GetComponent(i, c)) << name;
        EXPECT_NEAR(difference->GetComponent(i, c), 0.75 * v, 1e-5 * std::abs(v)) << error;
      }
  };
  check("displacement", "displacement_error");
  check("stress_xy", "stress_error_xy");
}

/// The softening law with an error that grows with |Gxy| and an estimate that says so.
class Approximate final : public SofteningLaw
{
public:
  void evaluate(const PointQuery &query, PointAnswer &answer) override
  {
    SofteningLaw::evaluate(query, answer);
    for (std::size_t p = 0; p < query.inputs->n_points(); ++p)
    {
      for (unsigned c = 0; c < 3; ++c)
        answer.outputs(c, p) *= 1. + error;
      for (unsigned c = 0; c < answer.tangent.n_components(); ++c)
        answer.tangent(c, p) *= 1. + error;
      if (query.want_estimate)
        answer.error_estimate[p] = std::abs((*query.inputs)(2, p));
    }
  }
  static constexpr double error = 1e-3;
};

unsigned newton_iterations(const TwoScaleResult &result)
{
  unsigned sum = 0;
  for (const auto &step : result.steps)
    sum += step.newton_iterations;
  return sum;
}

// Requirement: points that sit on the threshold of a guard cost at most one iteration a step more
// than the exact model alone, and all points of an accepted state are within it. The threshold is
// put, in turn, at the estimates that points of an unguarded run have at the end.
TEST(TwoScale, PointsOnTheThresholdOfAGuardDoNotKeepNewtonFromConverging)
{
  TwoScaleParameters p;
  p.resolution = 2;
  p.load = 4.;
  p.load_steps = 4;
  auto exact = std::make_shared<SofteningLaw>();
  const auto reference = TwoScaleSolver(p, *exact, MPI_COMM_SELF).run();
  std::vector<double> estimates;
  for (const auto &cell : reference.fields.back().cells)
    for (const auto &point : cell.points)
      estimates.push_back(std::abs(point.strain[2]));
  std::sort(estimates.begin(), estimates.end());
  for (std::size_t i = 5; i < estimates.size(); i += 7)
  {
    const double threshold = estimates[i];
    SCOPED_TRACE(threshold);
    GuardedMap guard("guarded", {{std::make_shared<Approximate>(), 1.}, {exact, 0.}},
                     {threshold, 0.05, 0., 1, {}}, MPI_COMM_SELF);
    const auto result = TwoScaleSolver(p, guard, MPI_COMM_SELF).run();
    EXPECT_LE(newton_iterations(result), newton_iterations(reference) + p.load_steps);
    std::size_t handed_over = 0;
    for (const auto &fields : result.fields)
      for (const auto &cell : fields.cells)
        for (const auto &point : cell.points)
        {
          handed_over += point.answered_by;
          if (point.answered_by == 0)
          {
            EXPECT_LE(point.error_estimate, threshold);
          }
          else
            EXPECT_EQ(refusal_of(point.refusals, 0), Refusal::indicator);
        }
    EXPECT_GT(handed_over, 0u);
    for (const auto &step : result.steps)
      EXPECT_EQ(step.answered_by[1], step.refusals[0][static_cast<unsigned>(Refusal::indicator)]);
  }
}
} // namespace
} // namespace understudy

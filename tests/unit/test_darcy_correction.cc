// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a map from residual to error preconditions the Darcy solver: a good one in few
// iterations, any other without harm to the solution.
#include <data/core/errors.h>
#include <solvers/darcy_correction.h>
#include <solvers/darcy_residuals.h>
#include <tests/darcy_fields.h>
#include <tests/five_point_map.h>
#include <tests/temporary_folder.h>
#include <tests/toy_field_maps.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace understudy;
using namespace understudy::test;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr unsigned n = 32;

std::shared_ptr<FieldMap> given(const std::function<double(std::size_t)> &values,
                                std::vector<Quantity> inputs = {{"r", "1"}},
                                std::vector<Quantity> outputs = {{"e", "1"}},
                                Health health = Health::ok)
{
  FieldMapInfo info;
  info.name = "given";
  info.domain = FieldMapInfo::Domain::grid;
  info.input_fields = std::move(inputs);
  info.output_fields = std::move(outputs);
  return std::make_shared<testing_maps::GivenFields>(
    MPI_COMM_SELF, info, [values](std::size_t i, std::size_t) { return values(i); }, health);
}

DarcySolution solve(DarcySolver &solver, std::shared_ptr<FieldMap> map,
                    const SurrogateParameters &parameters = {})
{
  SurrogatePreconditioner preconditioner(solver.system().A,
                                         darcy_correction(solver, std::move(map)), parameters);
  return solver.solve(preconditioner);
}
} // namespace

TEST(DarcyCorrection, AnIdealNetworkNeedsFewIterations)
{
  std::vector<unsigned> iterations;
  for (const unsigned cells : {16u, 32u, 64u})
  {
    DarcySolver solver({.n_cells = cells}, MPI_COMM_SELF);
    DarcySamples media({.n_modes = 16}, cells);
    std::vector<double> a(media.nodes().size());
    media.draw(3, a);
    solver.set_coefficient(media.nodes(), a);
    const auto map = std::make_shared<FivePointMap>(MPI_COMM_SELF, cells);
    const DarcySolution learned = solve(solver, map);
    EXPECT_FALSE(learned.surrogate.fell_back) << learned.surrogate.reason;
    EXPECT_EQ(learned.surrogate.exact_iterations, 0u);
    EXPECT_EQ(learned.iterations, learned.surrogate.surrogate_iterations);
    EXPECT_LE(learned.final_residual, 2e-10 * learned.right_norm);
    EXPECT_EQ(learned.initial_residual, learned.right_norm);
    EXPECT_EQ(learned.setup_seconds, 0.);    // BoomerAMG was not needed
    EXPECT_GT(learned.assembly_seconds, 0.); // by system(), before
    EXPECT_GT(learned.solve_seconds, 0.);
    const DarcySolution own = solver.solve();
    EXPECT_GT(own.setup_seconds, 0.); // and is set up when it is
    EXPECT_LT(relative_difference(learned.u, own.u), 1e-9);
    iterations.push_back(learned.iterations);
  }
  RecordProperty("iterations", static_cast<int>(iterations[2]));
  EXPECT_LE(iterations[0], 10u);
  EXPECT_LE(iterations[2], iterations[0] + 2);
}

// Requirement: the fields have the scales of the residuals that networks are trained with.
TEST(DarcyCorrection, ResidualsHaveTheScaleOfTheData)
{
  DarcySolver solver({.n_cells = n, .relative_tolerance = 1e-12}, MPI_COMM_SELF);
  const auto a = random_phases(darcy_nodes(n));
  solver.set_coefficient(darcy_nodes(n), a);
  const auto pair = darcy_residual_pairs(solver, 1, 0.5).at(0);

  // Without a smoother the first residual is b: e of the pair solves the system at once.
  class Exact final : public GatheredFieldMap
  {
  public:
    Exact(std::vector<double> a, DarcyResidualPair pair)
      : GatheredFieldMap(MPI_COMM_SELF), a_(std::move(a)), pair_(std::move(pair))
    {
      info_.name = "exact";
      info_.domain = FieldMapInfo::Domain::grid;
      info_.input_fields = {{"r", "1"}, {"a", "1"}};
      info_.output_fields = {{"e", "1"}};
    }
    const FieldMapInfo &info() const override { return info_; }

  protected:
    void predict(const WholeQuestion &question, FieldAnswer &answer) const override
    {
      EXPECT_LT(relative_difference(question.fields[0], pair_.r), 1e-12);
      EXPECT_EQ(question.fields[1], a_);
      answer.fields[0].mean = pair_.e;
      for (unsigned k = 0; k <= n; ++k)
        answer.fields[0].mean[k] = 7.; // on the boundary
    }

  private:
    std::vector<double> a_;
    DarcyResidualPair pair_;
    FieldMapInfo info_;
  };
  const DarcySolution solution =
    solve(solver, std::make_shared<Exact>(a, pair), {.smoother = "none"});
  EXPECT_LT(solution.surrogate.surrogate_residual, 1e-10 * solution.right_norm);
  EXPECT_EQ(solution.surrogate.surrogate_iterations, 1u);
}

TEST(DarcyCorrection, OtherMapsDoNoHarm)
{
  DarcySolver solver({.n_cells = n}, MPI_COMM_SELF);
  solver.set_coefficient(darcy_nodes(n), random_phases(darcy_nodes(n)));
  const DarcySolution own = solver.solve();
  const auto check = [&](const DarcySolution &solution)
  {
    EXPECT_TRUE(solution.surrogate.fell_back);
    EXPECT_EQ(solution.iterations,
              solution.surrogate.surrogate_iterations + solution.surrogate.exact_iterations);
    EXPECT_LE(solution.final_residual, 1e-10 * solution.right_norm);
    EXPECT_LT(relative_difference(solution.u, own.u), 1e-9);
    return solution.surrogate.reason;
  };
  const auto nan = [](std::size_t) { return std::numeric_limits<double>::quiet_NaN(); };
  const auto rough = [](std::size_t i) { return i % 2 == 0 ? 1. : -1.; };
  EXPECT_EQ(check(solve(solver, given(nan))), "'given' gave values of 'e' that are not finite.");
  EXPECT_THAT(check(solve(solver, given(rough))), HasSubstr("iterations before; at most 0.5"));
  EXPECT_EQ(
    check(solve(solver, given(rough, {{"r", "1"}}, {{"e", "1"}}, Health::outside_training_range))),
    "It was told not to answer.");
  // A new coefficient after a fall-back.
  solver.set_coefficient(darcy_nodes(n), random_phases(darcy_nodes(n), 9));
  DarcySolver fresh({.n_cells = n}, MPI_COMM_SELF);
  fresh.set_coefficient(darcy_nodes(n), random_phases(darcy_nodes(n), 9));
  const DarcySolution fallen = solve(solver, given(nan));
  EXPECT_LT(relative_difference(fallen.u, fresh.solve().u), 1e-9);
  EXPECT_EQ(solver.solve().setup_seconds, 0.); // it was set up then
  EXPECT_EQ(solver.solve().u, fresh.solve().u);
}

TEST(DarcyCorrection, MapsThatDoNotFit)
{
  DarcySolver solver({.n_cells = n}, MPI_COMM_SELF);
  const auto refuse = [&](std::shared_ptr<FieldMap> map)
  { return sentence_of<UserError>([&] { darcy_correction(solver, std::move(map)); }); };
  const auto one = [](std::size_t) { return 1.; };
  EXPECT_EQ(refuse(given(one, {{"r", "1"}}, {{"u", "1"}})),
            "'given' does not predict 'e' [1], the error that belongs to a residual of the Darcy "
            "problem.");
  EXPECT_THAT(refuse(given(one, {{"r", "1"}}, {{"e", "m"}})), HasSubstr("does not predict 'e'"));
  EXPECT_EQ(refuse(given(one, {{"f", "1"}})),
            "'given' needs the field 'f' [1]; to correct residuals of the Darcy problem 'a' [1] "
            "and 'r' [1] are given.");
  EXPECT_THAT(refuse(std::make_shared<testing_maps::ToyMeshMap>(MPI_COMM_SELF)),
              HasSubstr("is no map of plane grids"));
  EXPECT_EQ(refuse(std::make_shared<FivePointMap>(MPI_COMM_SELF, n)), "");

  solver.set_coefficient(darcy_cells(n), random_phases(darcy_cells(n)));
  EXPECT_EQ(sentence_of<UserError>(
              [&] { solve(solver, std::make_shared<FivePointMap>(MPI_COMM_SELF, n)); }),
            "'five-point' needs the field 'a', which it was not given.");
  EXPECT_GT(solver.solve().iterations, 0u);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a head becomes a closure that screens its inputs, symmetrises on demand, tells
// overflow, and allocates nothing once it has seen its largest batch. The fingerprint of a micro
// model changes with everything that changes its answers, and with nothing else.

#include <data/core/errors.h>
#include <meshes/rve_generator.h>
#include <surrogates/closure_request.h>
#include <surrogates/head_closure.h>
#include <tests/count_allocations.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
/// y_i = (i + 1) exp(1000 x_0) + x_1; counts inputs that are not finite.
class ExponentialHead final : public Head
{
public:
  explicit ExponentialHead(std::size_t n_outputs = 3) : n_outputs_(n_outputs) {}
  std::string kind() const override { return "exponential"; }
  std::size_t n_inputs() const override { return 3; }
  std::size_t n_outputs() const override { return n_outputs_; }
  void evaluate(std::size_t n, const double *x, double *y, double *dy) const override
  {
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t i = 0; i < n_outputs_; ++i)
      {
        n_strange += !std::isfinite(x[p]);
        const double value = static_cast<double>(i + 1) * std::exp(1000. * x[p]);
        y[i * n + p] = value + x[n + p];
        if (dy != nullptr)
        {
          dy[3 * i * n + p] = 1000. * value;
          dy[(3 * i + 1) * n + p] = 1.;
          dy[(3 * i + 2) * n + p] = 0.;
        }
      }
  }
  std::unique_ptr<Head> folded(const double *, std::size_t) const override { return nullptr; }
  void save(ModelFile &, const std::string &) const override {}

  mutable std::size_t n_strange = 0;

private:
  std::size_t n_outputs_;
};

PointBatch strains(const std::vector<double> &Exx)
{
  PointBatch E(3, Exx.size());
  std::copy(Exx.begin(), Exx.end(), E.data());
  return E;
}

PointAnswer ask(PointMap &map, const PointBatch &E)
{
  PointQuery query;
  query.inputs = &E;
  PointAnswer answer;
  map.evaluate(query, answer);
  return answer;
}

TEST(HeadClosure, ScreensWhatEntersAndLeaves)
{
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  auto owned = std::make_unique<ExponentialHead>();
  const ExponentialHead &head = *owned;
  HeadClosure map("test", std::move(owned), 0.04, false);
  const PointAnswer answer = ask(map, strains({0.01, nan, 0.05, 1., 0.04}));
  EXPECT_EQ(answer.health,
            (std::vector<Health>{Health::ok, Health::not_finite, Health::outside_training_range,
                                 Health::not_converged, Health::ok}));
  EXPECT_EQ(head.n_strange, 0u);
  for (const std::size_t p : {0, 2, 4})
    EXPECT_TRUE(std::isfinite(answer.outputs(2, p)) && std::isfinite(answer.tangent(0, p)));
  for (const std::size_t p : {1, 3})
    for (unsigned c = 0; c < 9; ++c)
      EXPECT_TRUE(std::isnan(answer.tangent(c, p)) && std::isnan(answer.outputs(c % 3, p)));
}

// The stress is about 2e307 and finite, the tangent 1000 times that and not.
TEST(HeadClosure, TangentAloneMayOverflow)
{
  HeadClosure map("test", std::make_unique<ExponentialHead>(), 1., false);
  const PointBatch E = strains({0.7065});
  EXPECT_EQ(ask(map, E).health[0], Health::not_converged);
  PointQuery query;
  query.inputs = &E;
  query.want_tangent = false;
  PointAnswer answer;
  map.evaluate(query, answer);
  EXPECT_EQ(answer.health[0], Health::ok);
  EXPECT_TRUE(std::isfinite(answer.outputs(0, 0)));
}

TEST(HeadClosure, Symmetrises)
{
  const PointBatch E = strains({0.001, 0.002});
  HeadClosure plain("test", std::make_unique<ExponentialHead>(), 0.04, false);
  HeadClosure symmetric("test", std::make_unique<ExponentialHead>(), 0.04, true);
  EXPECT_FALSE(plain.info().symmetric_tangent);
  EXPECT_TRUE(symmetric.info().symmetric_tangent);
  const PointBatch C = ask(plain, E).tangent, D = ask(symmetric, E).tangent;
  for (std::size_t p = 0; p < 2; ++p)
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < 3; ++j)
        EXPECT_DOUBLE_EQ(D(3 * i + j, p), 0.5 * (C(3 * i + j, p) + C(3 * j + i, p)));
}

TEST(HeadClosure, AllocatesNothingTheSecondTime)
{
  HeadClosure map("test", std::make_unique<ExponentialHead>(), 0.04, true);
  const PointBatch large = strains({0.01, std::nan(""), 0.05, 1.}), small = strains({0.02, 0.03});
  PointQuery query;
  query.inputs = &large;
  PointAnswer answer;
  map.evaluate(query, answer);
  const std::size_t before = n_allocations;
  map.evaluate(query, answer);
  query.inputs = &small;
  map.evaluate(query, answer);
  EXPECT_EQ(n_allocations, before);
}

TEST(HeadClosure, OtherShapesAreRefused)
{
  EXPECT_EQ(testing_tools::sentence_of<UserError>(
              [] { HeadClosure("test", std::make_unique<ExponentialHead>(16), 0.04, true); }),
            "The closure 'test' needs a head with 3 inputs and 3 outputs, not 3 and 16.");
}

TEST(MicroFingerprint, ChangesWithTheMicroModelOnly)
{
  const RveMesh mesh = make_rve("laminate", 1);
  const RveParameters parameters;
  const std::string original = micro_fingerprint(mesh, parameters);

  RveMesh other = mesh;
  other.name = "renamed";
  RveParameters solver = parameters;
  solver.maximum_iterations = 7;
  EXPECT_EQ(micro_fingerprint(other, solver), original);

  other.nodes[5][0] += 1e-12;
  EXPECT_NE(micro_fingerprint(other, parameters), original);
  other = mesh;
  other.phase[0] = other.phase[0] == Phase::matrix ? Phase::fibre : Phase::matrix;
  EXPECT_NE(micro_fingerprint(other, parameters), original);
  other = mesh;
  std::swap(other.cells[0][0], other.cells[0][1]);
  EXPECT_NE(micro_fingerprint(other, parameters), original);

  RveParameters changed = parameters;
  changed.matrix.norm = "inplane";
  EXPECT_NE(micro_fingerprint(mesh, changed), original);
  changed = parameters;
  changed.fibre.shear *= 1.0001;
  EXPECT_NE(micro_fingerprint(mesh, changed), original);
  changed = parameters;
  std::swap(changed.matrix, changed.fibre);
  EXPECT_NE(micro_fingerprint(mesh, changed), original);
}
} // namespace
} // namespace understudy

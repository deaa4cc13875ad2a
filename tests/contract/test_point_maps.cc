// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: every closure of the register keeps the contract of PointMap, whatever stands behind
// it, and a model file that is not the one that was trained is refused by a sentence.

#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <tests/contract/micro_fixture.h>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

namespace understudy
{
namespace
{
using testing::AllOf;
using testing::HasSubstr;
using namespace testing_tools;

[[maybe_unused]] const auto *environment = testing::AddGlobalTestEnvironment(new MicroEnvironment);
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string readable(const testing::TestParamInfo<std::string> &info)
{
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::vector<std::string> trained_closures()
{
  std::vector<std::string> names;
  for (const auto &[name, traits] : closure_traits())
    if (traits.train)
      names.push_back(name);
  return names;
}

class EveryPointMap : public testing::TestWithParam<std::string>
{
protected:
  std::unique_ptr<PointMap> make(bool symmetric_tangent = true) const
  {
    return micro().make(GetParam(), symmetric_tangent);
  }
  const ClosureTraits &traits() const { return closure_traits().at(GetParam()); }

  /// Equal to the precision the closure promises, relative to the largest entry.
  void expect_same(const PointBatch &a, const PointBatch &b, double factor_b = 1.) const
  {
    EXPECT_LE(largest_difference(a, b, factor_b), traits().exact * largest(b));
  }
  void expect_same(const PointAnswer &a, const PointAnswer &b) const
  {
    expect_same(a.outputs, b.outputs);
    expect_same(a.tangent, b.tangent);
    EXPECT_EQ(a.health, b.health);
  }
};

/// dS_i/dE_j by central differences, [9][n].
PointBatch difference_quotients(PointMap &map, const PointBatch &E, double h)
{
  PointBatch C(9, E.n_points());
  for (unsigned j = 0; j < 3; ++j)
  {
    PointBatch up = E, down = E;
    for (std::size_t p = 0; p < E.n_points(); ++p)
    {
      up(j, p) += h;
      down(j, p) -= h;
    }
    const PointBatch plus = ask(map, up, false).outputs, minus = ask(map, down, false).outputs;
    for (unsigned i = 0; i < 3; ++i)
      for (std::size_t p = 0; p < E.n_points(); ++p)
        C(3 * i + j, p) = (plus(i, p) - minus(i, p)) / (2. * h);
  }
  return C;
}

/// (C + C^T) / 2 at every point.
PointBatch symmetric_part(const PointBatch &C)
{
  PointBatch result(9, C.n_points());
  for (unsigned i = 0; i < 3; ++i)
    for (unsigned j = 0; j < 3; ++j)
      for (std::size_t p = 0; p < C.n_points(); ++p)
        result(3 * i + j, p) = 0.5 * (C(3 * i + j, p) + C(3 * j + i, p));
  return result;
}

TEST(ClosureRegister, EveryClosureHasALineInTheFixture)
{
  for (const auto &[name, entry] : closures().entries())
  {
    EXPECT_TRUE(closure_traits().contains(name)) << name;
    EXPECT_FALSE(entry.sentence.empty()) << name;
  }
  for (const auto &[name, traits] : closure_traits())
    EXPECT_TRUE(closures().entries().contains(name)) << name;
}

TEST(ClosureRegister, MisspeltNameGetsTheNearestOne)
{
  const std::string sentence =
    sentence_of<UserError>([] { closures().create("snapshot-rfb", micro().request); });
  EXPECT_THAT(sentence, AllOf(HasSubstr("no closure 'snapshot-rfb'"),
                              HasSubstr("did you mean 'snapshot-rbf'?")));
}

TEST_P(EveryPointMap, SpeaksOfPlaneStrain)
{
  const auto map = make();
  const PointMapInfo &info = map->info();
  EXPECT_EQ(info.name, GetParam());
  ASSERT_EQ(info.inputs.size(), 3u);
  ASSERT_EQ(info.outputs.size(), 3u);
  EXPECT_EQ(info.inputs[2].name, "Gxy");
  EXPECT_EQ(info.outputs[2].unit, "N/mm2");
  ASSERT_EQ(info.lower.size(), 3u);
  ASSERT_EQ(info.upper.size(), 3u);
  for (unsigned c = 0; c < 3; ++c)
  {
    EXPECT_EQ(info.upper[c], traits().train ? MicroFixture::limit : infinity);
    EXPECT_EQ(info.lower[c], -info.upper[c]);
  }
}

TEST_P(EveryPointMap, TangentMatchesCentralDifferences)
{
  const PointBatch E = test_strains(7);
  for (const bool symmetric : {true, false})
  {
    const auto map = make(symmetric);
    const PointAnswer answer = ask(*map, E);
    ASSERT_EQ(answer.tangent.n_components(), 9u);
    PointBatch C = difference_quotients(*map, E, 2e-6);
    if (map->info().symmetric_tangent)
      C = symmetric_part(C);
    EXPECT_LE(largest_difference(answer.tangent, C), 1e-6 * largest(answer.tangent) + 1e-12);
  }
}

TEST_P(EveryPointMap, SymmetricTangentIsSymmetric)
{
  const auto map = make();
  const PointBatch C = ask(*map, test_strains(7)).tangent;
  EXPECT_TRUE(map->info().symmetric_tangent);
  EXPECT_LE(largest_difference(C, symmetric_part(C)), 1e-12 * largest(C));
}

TEST_P(EveryPointMap, StressDoesNotDependOnTheTangent)
{
  const PointBatch E = test_strains(5);
  const auto map = make();
  const PointAnswer with = ask(*map, E), without = ask(*map, E, false);
  expect_same(without.outputs, with.outputs);
  EXPECT_EQ(without.tangent.n_components(), 0u);
}

// The guard asks for estimates when it accepts an answer that it was given without.
TEST_P(EveryPointMap, AnswerDoesNotDependOnTheEstimate)
{
  const PointBatch E = test_strains(70);
  const auto map = make();
  PointQuery query;
  query.inputs = &E;
  for (const bool tangent : {true, false})
  {
    query.want_tangent = tangent;
    PointAnswer with, without;
    query.want_estimate = true;
    map->evaluate(query, with);
    query.want_estimate = false;
    map->evaluate(query, without);
    expect_same(with, without);
  }
}

TEST_P(EveryPointMap, EstimateIsTheSameOneByOneAndWithoutTangentOrOutputs)
{
  const PointBatch E = test_strains(70);
  const auto map = make();
  const PointAnswer batch = ask(*map, E), values = ask(*map, E, false);
  PointQuery query;
  query.inputs = &E;
  query.want_tangent = query.want_outputs = false;
  PointAnswer alone;
  map->evaluate(query, alone);
  for (std::size_t p = 0; p < E.n_points(); ++p)
  {
    const double estimate = batch.error_estimate[p];
    const PointAnswer single = ask(*map, points_of(E, p, 1));
    for (const double other :
         {single.error_estimate[0], values.error_estimate[p], alone.error_estimate[p]})
      if (std::isnan(estimate))
        EXPECT_TRUE(std::isnan(other)) << p;
      else
        EXPECT_NEAR(other, estimate, 1e-9 * estimate) << p;
  }
}

TEST_P(EveryPointMap, BatchIsTheSameAsOneByOne)
{
  const PointBatch E = test_strains(9);
  const auto map = make();
  const PointAnswer batch = ask(*map, E);
  for (std::size_t p = 0; p < E.n_points(); ++p)
  {
    const PointAnswer single = ask(*map, points_of(E, p, 1));
    EXPECT_LE(largest_difference(single.outputs, points_of(batch.outputs, p, 1)),
              traits().exact * largest(batch.outputs));
    EXPECT_LE(largest_difference(single.tangent, points_of(batch.tangent, p, 1)),
              traits().exact * largest(batch.tangent));
  }
}

TEST_P(EveryPointMap, HasNoHiddenState)
{
  const PointBatch E = test_strains(5);
  const auto map = make();
  const PointAnswer before = ask(*map, E);
  ask(*map, test_strains(11, 2. * MicroFixture::limit));
  ask(*map, test_strains(3, 1e-4), false);
  expect_same(ask(*map, E), before);
  expect_same(ask(*make(), E), before);
}

TEST_P(EveryPointMap, HintsOnlySaveTime)
{
  const PointBatch E = test_strains(4);
  const auto map = make();
  const PointAnswer cold = ask(*map, E);
  PointBatch hints(map->info().hint_size, E.n_points());
  PointQuery query;
  query.inputs = &E;
  query.hints = &hints;
  PointAnswer answer;
  for (query.iteration = 0; query.iteration < 2; ++query.iteration)
  {
    map->evaluate(query, answer);
    expect_same(answer, cold);
  }
}

TEST_P(EveryPointMap, WrongNumbersOfInputsOrHintsAreRefused)
{
  const auto map = make();
  const std::size_t n_hints = map->info().hint_size;
  const PointBatch two(2, 4), three(3, 4);
  PointBatch hints(n_hints + 1, 4), fewer(n_hints, 3);
  const auto refusal = [&](const PointBatch &inputs, PointBatch *given)
  {
    PointQuery query;
    query.inputs = &inputs;
    query.hints = given;
    PointAnswer answer;
    return testing_tools::sentence_of<UserError>([&] { map->evaluate(query, answer); });
  };
  EXPECT_THAT(refusal(two, nullptr), HasSubstr("has 3 inputs, but was asked with 2."));
  EXPECT_THAT(refusal(three, &hints), HasSubstr("numbers for each of the 4 points"));
  EXPECT_THAT(refusal(three, &fewer), HasSubstr("for 3."));
}

TEST_P(EveryPointMap, NoPointsNoTrouble)
{
  const auto map = make();
  const PointAnswer answer = ask(*map, PointBatch(3, 0));
  EXPECT_EQ(answer.outputs.n_components(), 3u);
  EXPECT_EQ(answer.outputs.n_points(), 0u);
  EXPECT_TRUE(answer.health.empty());
  EXPECT_TRUE(answer.error_estimate.empty());
}

TEST_P(EveryPointMap, AnswersNameTheAnswerer)
{
  const auto map = make();
  const PointAnswer answer = ask(*map, test_strains(3));
  ASSERT_EQ(answer.answered_by.size(), 3u);
  for (const auto index : answer.answered_by)
    EXPECT_LT(index, map->answerers().size());
}

TEST_P(EveryPointMap, OddWhereClaimed)
{
  if (!traits().odd)
    GTEST_SKIP() << GetParam() << " is not odd";
  const PointBatch E = test_strains(6);
  PointBatch minus_E = E;
  for (std::size_t i = 0; i < 3 * E.n_points(); ++i)
    minus_E.data()[i] *= -1.;
  const auto map = make();
  const PointAnswer plus = ask(*map, E), minus = ask(*map, minus_E);
  expect_same(minus.outputs, plus.outputs, -1.);
  expect_same(minus.tangent, plus.tangent);
  EXPECT_LE(largest(ask(*map, PointBatch(3, 1)).outputs), traits().exact * largest(plus.outputs));
}

TEST_P(EveryPointMap, HostileInputIsTold)
{
  constexpr std::size_t n_bad = 5;
  const double bad[n_bad] = {nan, infinity, -infinity, 1e300, 1.5 * MicroFixture::limit};
  const PointBatch good = test_strains(2 * n_bad);
  PointBatch mixed = good;
  for (std::size_t k = 0; k < n_bad; ++k)
    mixed(k % 3, 2 * k + 1) = bad[k];
  const auto map = make();
  const PointAnswer clean = ask(*map, good), answer = ask(*map, mixed);
  for (std::size_t p = 0; p < mixed.n_points(); ++p)
  {
    SCOPED_TRACE("point " + std::to_string(p));
    const PointBatch S = points_of(answer.outputs, p, 1), C = points_of(answer.tangent, p, 1);
    if (p % 2 == 0)
    {
      EXPECT_EQ(answer.health[p], Health::ok);
      EXPECT_LE(largest_difference(S, points_of(clean.outputs, p, 1)),
                traits().exact * largest(clean.outputs));
      EXPECT_LE(largest_difference(C, points_of(clean.tangent, p, 1)),
                traits().exact * largest(clean.tangent));
      continue;
    }
    const double value = bad[p / 2];
    EXPECT_EQ(answer.health[p] == Health::not_finite, !std::isfinite(value));
    // The exact model has no box and may well answer for a moderate strain.
    if (traits().train || value > 1.)
    {
      EXPECT_NE(answer.health[p], Health::ok);
    }
    const bool usable = answer.health[p] < Health::not_converged;
    for (std::size_t i = 0; i < 12; ++i)
      EXPECT_EQ(std::isfinite(i < 3 ? S.data()[i] : C.data()[i - 3]), usable);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryPointMap, testing::ValuesIn(closures().names()), readable);

/// Closures with a model file, and what happens to a copy of it.
class EveryModelFile : public testing::TestWithParam<std::string>
{
protected:
  /// The sentence with which the closure refuses the folder of this test.
  std::string refusal(ClosureRequest request) const
  {
    request.models = folder_.path();
    return sentence_of<UserError>([&] { closures().create(GetParam(), request); });
  }
  std::string refusal() const { return refusal(micro().request); }
  std::string copy() const { return folder_ / (GetParam() + ".safetensors"); }
  ModelFile original() const { return ModelFile::read(micro().model(GetParam()).string()); }

private:
  TemporaryFolder folder_;
};

TEST_P(EveryModelFile, CopyAnswersTheSame)
{
  original().write(copy());
  ClosureRequest request = micro().request;
  request.models = std::filesystem::path(copy()).parent_path();
  const auto moved = closures().create(GetParam(), request), first = micro().make(GetParam());
  const PointBatch E = test_strains(5);
  const PointAnswer a = ask(*moved, E), b = ask(*first, E);
  EXPECT_EQ(largest_difference(a.outputs, b.outputs), 0.);
  EXPECT_EQ(largest_difference(a.tangent, b.tangent), 0.);
}

TEST_P(EveryModelFile, MissingFileIsNamed)
{
  EXPECT_EQ(refusal(), "There is no model file '" + copy() + "'.");
}

TEST_P(EveryModelFile, ChangedByteIsRefused)
{
  std::string bytes = original().to_bytes();
  bytes[bytes.size() - 2] = static_cast<char>(bytes[bytes.size() - 2] ^ 1);
  std::ofstream(copy(), std::ios::binary) << bytes;
  EXPECT_THAT(refusal(), HasSubstr(copy()));
}

TEST_P(EveryModelFile, ChangedWeightIsRefusedByTheProbe)
{
  ModelFile file = original();
  const std::string &name = closure_traits().at(GetParam()).weight;
  std::vector<double> values = file.tensor(name, file.shape(name));
  *std::max_element(values.begin(), values.end(),
                    [](double a, double b) { return std::abs(a) < std::abs(b); }) *= 1.01;
  file.add(name, file.shape(name), values);
  file.write(copy());
  EXPECT_THAT(refusal(), AllOf(HasSubstr("The model " + copy()),
                               HasSubstr("does not give the answers stored in its probe"),
                               HasSubstr("run the stage 'train' again")));
}

TEST_P(EveryModelFile, OtherNormIsRefusedByName)
{
  original().write(copy());
  ClosureRequest request = micro().request;
  RveParameters parameters;
  parameters.matrix = default_matrix("inplane");
  request.norm = parameters.matrix.norm;
  request.micro = micro_fingerprint(micro().mesh, parameters);
  EXPECT_EQ(refusal(request), "The model " + copy() +
                                " was trained for norm 'full', the case has 'inplane'; run the "
                                "stage 'train' again or change 'Norm'.");
}

TEST_P(EveryModelFile, OtherMeshIsRefused)
{
  original().write(copy());
  ClosureRequest request = micro().request;
  RveMesh mesh = micro().mesh;
  mesh.phase[0] = Phase::fibre;
  request.micro = micro_fingerprint(mesh, request.rve->parameters());
  EXPECT_THAT(refusal(request), HasSubstr("was trained for another RVE"));
}

TEST_P(EveryModelFile, OtherKindIsRefused)
{
  ModelFile file = original();
  file.meta()["card"]["kind"] = "crystal-ball";
  file.write(copy());
  EXPECT_THAT(refusal(),
              HasSubstr("is of kind 'crystal-ball', but '" + GetParam() + "' is wanted"));
}

TEST_P(EveryModelFile, OtherInputsOrUnitsAreRefused)
{
  ModelFile file = original();
  file.meta()["card"]["inputs"][2]["name"] = "Exy";
  file.write(copy());
  EXPECT_THAT(refusal(), HasSubstr("has the inputs Exx [1], Eyy [1], Exy [1], but a micro model "
                                   "needs Exx [1], Eyy [1], Gxy [1]"));
  file = original();
  file.meta()["card"]["outputs"][0]["unit"] = "Pa";
  file.write(copy());
  EXPECT_THAT(refusal(), HasSubstr("has the outputs Sxx [Pa], "));
}

TEST_P(EveryModelFile, MissingCardIsRefused)
{
  ModelFile file = original();
  file.meta()["card"].erase("norm");
  file.write(copy());
  EXPECT_THAT(refusal(), HasSubstr("has no complete entry 'card'"));
}

INSTANTIATE_TEST_SUITE_P(All, EveryModelFile, testing::ValuesIn(trained_closures()), readable);
} // namespace
} // namespace understudy

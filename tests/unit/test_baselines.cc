// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the dull rivals fit what their names say, and refuse data they cannot be fitted to.

#include <data/core/errors.h>
#include <data/store/dataset_writer.h>
#include <surrogates/baselines.h>
#include <surrogates/closure_request.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace understudy
{
namespace
{
using testing::HasSubstr;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

// Not symmetric, so that rows and columns cannot be confused [N/mm2].
constexpr std::array<double, 9> A = {6200., 5100., 30., 5000., 6100., -20., 10., 40., 500.};

std::vector<double> linear_stress(const std::vector<double> &E)
{
  std::vector<double> S(3, 0.);
  for (unsigned i = 0; i < 3; ++i)
    for (unsigned j = 0; j < 3; ++j)
      S[i] += A[3 * i + j] * E[j];
  return S;
}

/// Writes samples S = A E for the given strains, all of the split "train".
DataSet linear_data(const std::string &folder, const std::vector<std::vector<double>> &strains)
{
  DataSetInfo info;
  info.kind = "fe2-rve";
  info.fields = {{"E", {3}, "1"}, {"S", {3}, "N/mm2"}};
  DataSetWriter writer(MPI_COMM_SELF, folder, info);
  std::vector<Sample> samples;
  for (const auto &E : strains)
    samples.push_back({samples.size(), "train", false, "", {E, linear_stress(E)}});
  writer.write_round(samples);
  return DataSet::open(folder);
}

const std::vector<std::vector<double>> strains = {{0.01, -0.02, 0.03},   {0.02, 0.01, -0.01},
                                                  {-0.015, 0.005, 0.02}, {0.03, 0.03, 0.01},
                                                  {0.005, -0.03, -0.02}, {-0.01, -0.02, 0.005}};

class Baselines : public testing::Test
{
protected:
  Baselines()
  {
    card_.micro = request_.micro = "any";
    card_.norm = request_.norm = "full";
    request_.comm = MPI_COMM_SELF;
    request_.models = folder_.path();
    request_.symmetric_tangent = false;
  }
  std::string path(const std::string &name) const { return folder_ / (name + ".safetensors"); }
  std::string data() const { return folder_ / "data"; }

  static PointAnswer ask(PointMap &map, const std::vector<double> &E)
  {
    PointBatch x(3, 1);
    std::copy(E.begin(), E.end(), x.data());
    PointQuery query;
    query.inputs = &x;
    PointAnswer answer;
    map.evaluate(query, answer);
    return answer;
  }

  TemporaryFolder folder_;
  MicroModelCard card_;
  ClosureRequest request_;
};

TEST_F(Baselines, TrainingMeanIsTheMean)
{
  train_training_mean(linear_data(data(), strains), card_, path("training-mean"));
  const PointAnswer answer = ask(*make_trained_closure("training-mean", request_), {0.01, 0., 0.});
  std::vector<double> mean(3, 0.);
  for (const auto &E : strains)
    for (unsigned i = 0; i < 3; ++i)
      mean[i] += linear_stress(E)[i] / static_cast<double>(strains.size());
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_NEAR(answer.outputs(i, 0), mean[i], 1e-12 * std::abs(mean[0]));
  for (unsigned k = 0; k < 9; ++k)
    EXPECT_EQ(answer.tangent(k, 0), 0.);
}

TEST_F(Baselines, LinearRecoversALinearLaw)
{
  train_linear(linear_data(data(), strains), card_, path("linear"));
  const std::vector<double> E = {0.011, -0.007, 0.023};
  PointAnswer answer = ask(*make_trained_closure("linear", request_), E);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_NEAR(answer.outputs(i, 0), linear_stress(E)[i], 1e-9);
  for (unsigned k = 0; k < 9; ++k)
    EXPECT_NEAR(answer.tangent(k, 0), A[k], 1e-8);

  request_.symmetric_tangent = true;
  answer = ask(*make_trained_closure("linear", request_), E);
  EXPECT_NEAR(answer.tangent(1, 0), (A[1] + A[3]) / 2., 1e-8);
  EXPECT_EQ(answer.tangent(1, 0), answer.tangent(3, 0));
}

TEST_F(Baselines, RadialBasisGoesThroughTheSnapshots)
{
  train_snapshot_rbf(linear_data(data(), strains), card_, path("snapshot-rbf"));
  const auto map = make_trained_closure("snapshot-rbf", request_);
  for (const auto &E : strains)
  {
    const PointAnswer answer = ask(*map, E);
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_NEAR(answer.outputs(i, 0), linear_stress(E)[i], 1e-8);
  }
}

// Without a field "C" only stresses are fitted, without a split "val" the training loss decides.
TEST_F(Baselines, PerceptronNeedsStressesOnly)
{
  SnapshotMlpParameters parameters;
  parameters.hidden = {8};
  parameters.max_evaluations = 400;
  const MlpTrainingReport report =
    train_snapshot_mlp(linear_data(data(), strains), card_, path("snapshot-mlp"), parameters);
  EXPECT_LE(report.evaluations, 400u);
  EXPECT_LT(report.loss, 1e-4);
  const auto map = make_trained_closure("snapshot-mlp", request_);
  const PointAnswer answer = ask(*map, strains[0]);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_NEAR(answer.outputs(i, 0), linear_stress(strains[0])[i], 2.);
}

TEST_F(Baselines, TooFewSamplesAreRefused)
{
  const DataSet few = linear_data(data(), {strains[0], strains[1]});
  EXPECT_THAT(sentence_of<UserError>([&] { train_linear(few, card_, path("linear")); }),
              HasSubstr("has 2 training samples, too few for the closure 'linear', which needs 3"));
}

TEST_F(Baselines, StrainsInOnePlaneAreRefused)
{
  const DataSet flat =
    linear_data(data(), {{0.01, 0., 0.}, {0., 0.01, 0.}, {0.01, 0.01, 0.}, {0.02, 0.01, 0.}});
  EXPECT_THAT(sentence_of<UserError>([&] { train_linear(flat, card_, path("linear")); }),
              HasSubstr("do not span all three components"));
}
} // namespace
} // namespace understudy

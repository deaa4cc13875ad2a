// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// A small case of notched plates through the built program, from the exact fields to the report.

#include <data/store/atomic_file.h>
#include <tests/run_program.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>

using testing::HasSubstr;
using testing::Not;

namespace understudy::test
{
namespace
{
namespace fs = std::filesystem;

class MmgpCase : public testing::Test
{
protected:
  static void SetUpTestSuite()
  {
    folder_ = std::make_unique<testing_tools::TemporaryFolder>();
    first_ = run("");
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string out() { return folder_->path() + "/out"; }
  static ProgramResult run(const std::string &more, const std::string &folder = out())
  {
    return run_understudy(
      UNDERSTUDY_SOURCE_DIR "/tests/cases/mmgp_small.prm -D 'Output directory=" + folder + "' " +
      more);
  }
  static nlohmann::json json(const std::string &file, const std::string &folder = out())
  {
    return nlohmann::json::parse(read_file(folder + "/" + file));
  }

  static std::unique_ptr<testing_tools::TemporaryFolder> folder_;
  static ProgramResult first_;
};
std::unique_ptr<testing_tools::TemporaryFolder> MmgpCase::folder_;
ProgramResult MmgpCase::first_;
} // namespace

TEST_F(MmgpCase, RunsFromPlatesToReport)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  for (const char *file : {"report.md", "results.json", "plate_0.vtu", "models/mmgp.safetensors",
                           "data/manifest.json", "handover/manifest.json", "run/record.json"})
    EXPECT_TRUE(fs::exists(out() + "/" + file)) << file;
  const auto results = json("results.json");
  for (const char *output : {"U1", "U2", "sig11", "sig22", "sig12"})
  {
    const double error = results[std::string("rrmse_") + output];
    EXPECT_LT(error, 0.1) << output;
    for (const char *rival : {"training_mean", "nearest_neighbour"})
      EXPECT_LT(error, results[std::string(rival) + "_rrmse_" + output].get<double>())
        << output << " " << rival;
  }
  for (const char *output : {"rrmse_U1", "rrmse_U2"})
    EXPECT_LT(results[output], results[std::string("ridge_") + output].get<double>()) << output;
  EXPECT_EQ(results["gate_recall"], 1.);
  EXPECT_GT(results["coverage_nodes"], 0.7);
  for (const char *key :
       {"gate_false_alarm", "newton_iterations_default", "newton_iterations_guess", "time_exact_s",
        "time_predict_s", "time_generate_s", "time_train_s", "break_even_runs", "rrmse_evrcum",
        "rrmse_max_von_mises"})
    EXPECT_TRUE(results[key].is_number()) << key;
}

TEST_F(MmgpCase, WhatIsUpToDateIsSkipped)
{
  const auto again = run("");
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, Not(HasSubstr("generate: done")));
  EXPECT_THAT(again.output, HasSubstr("up to date"));
}

// Requirement: the model is the same on one rank and on two.
TEST_F(MmgpCase, RanksDoNotMatter)
{
  const std::string two = folder_->path() + "/two";
  const auto result = run_understudy_on(
    2, UNDERSTUDY_SOURCE_DIR "/tests/cases/mmgp_small.prm -D 'Output directory=" + two + "'");
  ASSERT_EQ(result.code, 0) << result.output;
  const auto a = json("results.json"), b = json("results.json", two);
  for (const auto &[key, value] : a.items())
    if (key.find("rrmse") != std::string::npos || key.find("coverage") != std::string::npos)
    {
      EXPECT_NEAR(value.get<double>(), b[key].get<double>(), 1e-6 * std::abs(value.get<double>()))
        << key;
    }
}

TEST_F(MmgpCase, WhatIsWrongIsToldInASentence)
{
  EXPECT_THAT(run("-D 'Plates/Smallest radius=0.9' --validate").output,
              HasSubstr("'Smallest radius' must be smaller than 'Largest radius'"));
  EXPECT_THAT(run("-D 'Run/Plates guessed=99' --validate").output,
              HasSubstr("'Plates guessed' = 99 in section 'Run' exceeds the 'Test samples'"));
  const auto missing = run("--stages run", folder_->path() + "/nothing");
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.output, HasSubstr("run the stage 'generate'"));
}

TEST_F(MmgpCase, InspectTellsOfTheMeshes)
{
  const auto text = run_understudy("inspect " + out() + "/data").output;
  EXPECT_THAT(text, HasSubstr("mesh/points n x [2] [mm]"));
  EXPECT_THAT(text, HasSubstr("problem_definition"));
  const auto plaid = run_understudy("inspect --plaid " + out() + "/data");
  EXPECT_EQ(plaid.code, 0);
  EXPECT_THAT(plaid.output, HasSubstr("has   test_split of samples that are there"));
  EXPECT_THAT(plaid.output, HasSubstr("lacks infos: legal.owner"));
  EXPECT_THAT(plaid.output, HasSubstr("lacks the file or folder cgns_types.yaml"));
  EXPECT_THAT(run_understudy("inspect " + out() + "/models/mmgp.safetensors").output,
              HasSubstr("(verified)"));
}
} // namespace understudy::test

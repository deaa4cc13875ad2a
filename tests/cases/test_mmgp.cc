// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// A small case of notched plates through the built program, from the exact fields to the report.

#include <data/store/atomic_file.h>
#include <tests/run_program.h>
#include <tests/temporary_folder.h>
#include <tests/vtu_reader.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <vtkCellData.h>
#include <vtkPointData.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <sstream>

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
  for (const char *file :
       {"report.md", "results.json", "statistics.csv", "plates.pvd", "models/mmgp.safetensors",
        "data/manifest.json", "data/infos.yaml", "handover/manifest.json", "run/record.json"})
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
  EXPECT_GT(results["coverage_nodes"], 0.85);
  for (const char *key :
       {"gate_false_alarm", "newton_iterations_default", "newton_iterations_guess",
        "one_step_newton_iterations_default", "one_step_newton_iterations_guess",
        "one_step_time_guess_s", "time_exact_s", "time_predict_s", "time_generate_s",
        "time_train_s", "rrmse_evrcum", "rrmse_max_von_mises", "band_U1",
        "derived_rrmse_max_von_mises", "derived_coverage_max_von_mises"})
    EXPECT_TRUE(results[key].is_number()) << key;
  EXPECT_TRUE(results.contains("break_even_runs")); // null when predictions are no faster
  for (const std::string path : {"", "one_step_"})
    EXPECT_NEAR(results[path + "guesses_taken"].get<double>() +
                  results[path + "guesses_discarded"].get<double>() +
                  results[path + "guesses_refused"].get<double>(),
                1., 1e-12);
  const std::string report = read_file(out() + "/report.md");
  EXPECT_THAT(report, HasSubstr("RRMSE of a field  = sqrt("));
  EXPECT_THAT(report, HasSubstr("**Those belong to other data**"));
  EXPECT_THAT(report, HasSubstr("*distance*, shape and scalars together"));
  // A shape out of the family is less certain than those within.
  EXPECT_GT(results["median_deviation_unlike"].get<double>(),
            results["median_deviation_test"].get<double>());
}

// Requirement: a signal ends a training, which begins anew with the same command.
TEST_F(MmgpCase, ASignalEndsTheTraining)
{
  const std::string folder = folder_->path() + "/stopped";
  ASSERT_EQ(run("--stages generate", folder).code, 0);
  const std::string case_file = UNDERSTUDY_SOURCE_DIR "/tests/cases/mmgp_small.prm";
  StartedProgram program(1, {case_file, "-D", "Output directory=" + folder, "-D",
                             "Training/Restarts=1000", "--stages", "train"});
  ASSERT_TRUE(program.runs_until("train: processes: ")) << program.output();
  kill(program.pid(), SIGTERM);
  const auto stopped = program.wait();
  EXPECT_EQ(stopped.code, 143) << stopped.output;
  EXPECT_THAT(stopped.output, HasSubstr("Stopped by a signal; the search for hyper-parameters "
                                        "begins anew next time."));
  EXPECT_FALSE(fs::exists(folder + "/models/mmgp.safetensors"));
  EXPECT_EQ(run("--stages train", folder).code, 0);
  EXPECT_TRUE(fs::exists(folder + "/models/mmgp.safetensors"));
}

TEST_F(MmgpCase, ParaViewOpensWhatItLeaves)
{
  const std::string pvd = read_file(out() + "/plates.pvd");
  EXPECT_THAT(pvd, HasSubstr("timestep=\"0\" group=\"\" part=\"0\" file=\"plates/test_0.vtu\""));
  EXPECT_THAT(pvd, HasSubstr("timestep=\"1\" group=\"\" part=\"0\" file=\"plates/ellipse.vtu\""));
  EXPECT_THAT(pvd, HasSubstr("timestep=\"2\" group=\"\" part=\"0\" file=\"plates/wedge.vtu\""));
  for (const std::string name : {"test_0", "ellipse", "wedge"})
  {
    const auto grid = testing_tools::read_vtu(out() + "/plates/" + name + ".vtu");
    vtkPointData &fields = *grid->GetPointData();
    ASSERT_GT(grid->GetNumberOfPoints(), 100) << name;
    EXPECT_EQ(fields.GetArray("displacement")->GetNumberOfComponents(), 3);
    const double answered_by = grid->GetCellData()->GetArray("answered_by")->GetTuple1(0);
    EXPECT_EQ(answered_by, name == "test_0" ? 0. : 1.) << name;
    for (const std::string field : {"U1", "U2", "evrcum", "sig11", "sig22", "sig12"})
      for (vtkIdType i = 0; i < grid->GetNumberOfPoints(); ++i)
      {
        const auto value = [&](const std::string &array)
        {
          vtkDataArray *values = fields.GetArray((field + array).c_str());
          return values == nullptr ? std::nan("") : values->GetTuple1(i);
        };
        ASSERT_EQ(value("_error"), value("_mean") - value("_exact")) << name << field;
        ASSERT_EQ(value(""), value(answered_by == 0. ? "_mean" : "_exact"));
        ASSERT_LE(value("_lower"), value("_mean"));
        ASSERT_GE(value("_upper"), value("_mean"));
        ASSERT_GE(value("_deviation"), 0.);
      }
  }
}

TEST_F(MmgpCase, StatisticsHaveARowForEveryTestPlate)
{
  std::istringstream lines(read_file(out() + "/statistics.csv"));
  const auto cells = [](const std::string &line) { return std::ranges::count(line, ',') + 1; };
  std::string header, line;
  std::getline(lines, header);
  EXPECT_THAT(header, HasSubstr("plate,n_nodes,gate,answered_by,"));
  for (const char *column :
       {"U1_error,U1_deviation_mm,U1_in_band", "evrcum_deviation,",
        "max_von_mises_exact_MPa,max_von_mises_MPa", "max_von_mises_derived_lower_MPa"})
    EXPECT_THAT(header, HasSubstr(column));
  std::size_t rows = 0;
  for (; std::getline(lines, line); ++rows)
    EXPECT_EQ(cells(line), cells(header)) << line;
  EXPECT_EQ(rows, 6u);
}

// Requirement: what was handed over stands with its reason, is learned from when the case asks for
// it and changes nothing otherwise.
TEST_F(MmgpCase, HandOversAreLearnedFromWhenAsked)
{
  const std::string folder = folder_->path() + "/handed";
  fs::copy(out(), folder, fs::copy_options::recursive);
  const auto manifest = json("handover/manifest.json", folder);
  const auto &entries = manifest["attributes"]["handed_over"];
  ASSERT_EQ(entries.size(), manifest["samples"].size());
  EXPECT_EQ(entries[1]["gate"], "shape");
  EXPECT_THAT(entries[1]["reason"].get<std::string>(), HasSubstr("The shape differs by"));
  EXPECT_EQ(entries[1]["id"], 1u);

  const auto without = run("--stages train,run", folder);
  EXPECT_EQ(without.code, 0) << without.output;
  EXPECT_THAT(without.output, HasSubstr("train: up to date"));
  const auto before = json("train.json", folder);
  const std::string asked = "-D 'Training/Use handover samples=true' ";
  const auto with = run(asked + "--stages train,run,compare", folder);
  ASSERT_EQ(with.code, 0) << with.output;
  const auto after = json("train.json", folder);
  EXPECT_EQ(after["n_samples"].get<std::size_t>(),
            before["n_samples"].get<std::size_t>() + entries.size());
  EXPECT_EQ(json("results.json", folder)["n_train"], after["n_samples"]);
  // The run keeps what its model knows, so that the next training has nothing new.
  const auto kept = json("handover/manifest.json", folder)["attributes"]["handed_over"];
  ASSERT_GE(kept.size(), entries.size());
  EXPECT_EQ(kept[1]["reason"], entries[1]["reason"]);
  const auto again = run(asked, folder);
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("train: up to date"));
  // Hand-overs that went missing are handed over again.
  fs::remove_all(folder + "/handover");
  EXPECT_THAT(run(asked + "--stages run", folder).output, HasSubstr("run: done"));
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
  EXPECT_THAT(plaid.output, HasSubstr("has   the file or folder infos.yaml"));
  EXPECT_THAT(plaid.output, HasSubstr("has   the file or folder problem_definitions"));
  EXPECT_THAT(plaid.output, HasSubstr("lacks infos: a storage_backend that PLAID can load"));
  EXPECT_THAT(plaid.output, HasSubstr("lacks the file or folder cgns_types.yaml"));
  EXPECT_THAT(run_understudy("inspect " + out() + "/models/mmgp.safetensors").output,
              HasSubstr("(verified)"));
  // Who owns the data is said without solving anything again.
  const auto owned =
    run("--stages generate -D 'Plates/Owner=An institute' -D Plates/License=CC0-1.0");
  EXPECT_EQ(owned.code, 0) << owned.output;
  EXPECT_EQ(json("data/infos.yaml")["legal"],
            (nlohmann::json{{"owner", "An institute"}, {"license", "CC0-1.0"}}));
  EXPECT_THAT(run_understudy("inspect --plaid " + out() + "/data").output,
              HasSubstr("has   infos: legal.owner"));
}
} // namespace understudy::test

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/csv.h>
#include <cases/stage_runner.h>
#include <data/core/errors.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

using namespace understudy;
using testing::HasSubstr;

namespace
{
/// Two stages that write a file each and count their runs; the second depends on what the first
/// wrote.
struct StageRunner : testing::Test
{
  void SetUp() override
  {
    output =
      std::filesystem::temp_directory_path() / ("understudy_stages_" + std::to_string(getpid()));
    std::filesystem::remove_all(output);
    std::filesystem::create_directories(output);
  }
  void TearDown() override { std::filesystem::remove_all(output); }

  std::vector<Stage> stages()
  {
    const auto data = output / "data", model = output / "model";
    return {{"generate",
             "makes data",
             [this] {
               return nlohmann::json{{"samples", samples}};
             },
             {data},
             [=, this]
             {
               ++generated;
               std::ofstream(data) << samples;
             }},
            {"train",
             "makes a model",
             [=]
             {
               std::ostringstream text;
               text << std::ifstream(data).rdbuf();
               return nlohmann::json{{"data", text.str()}};
             },
             {model},
             [=, this]
             {
               ++trained;
               if (fail)
                 throw SolverError("The training failed.");
               std::ofstream(model) << "model";
             },
             {},
             [this]
             {
               EXPECT_TRUE(stage_record(output, "train").is_object());
               ++tidied;
             }}};
  }

  std::vector<StageResult> run(const std::vector<std::string> &requested = {}, bool force = false)
  {
    Log log(MPI_COMM_SELF, true);
    Timing timing(MPI_COMM_SELF);
    RunContext context{MPI_COMM_SELF, "x.prm", output, log, timing, force, {}};
    return run_stages(stages(), requested, context);
  }

  std::string warnings(const std::vector<std::string> &requested)
  {
    Log log(MPI_COMM_SELF, true);
    Timing timing(MPI_COMM_SELF);
    RunContext context{MPI_COMM_SELF, "x.prm", output, log, timing, false, {}};
    testing::internal::CaptureStdout();
    warn_of_outdated(stages(), requested, context);
    return testing::internal::GetCapturedStdout();
  }

  std::filesystem::path output;
  int samples = 5, generated = 0, trained = 0, tidied = 0;
  bool fail = false;
};
} // namespace

TEST_F(StageRunner, SkipsWhatIsUpToDate)
{
  EXPECT_FALSE(run()[1].skipped);
  const auto again = run();
  EXPECT_TRUE(again[0].skipped && again[1].skipped);
  EXPECT_EQ(generated, 1);
  EXPECT_EQ(trained, 1);
}

// Requirement: what is of no use once a stage has its record goes then, or at the next run when
// that one was killed before.
TEST_F(StageRunner, TidiesUpWhenTheRecordStands)
{
  fail = true;
  EXPECT_THROW(run(), SolverError);
  EXPECT_EQ(tidied, 0);
  fail = false;
  run();
  EXPECT_EQ(tidied, 1);
  run();
  EXPECT_EQ(trained, 2);
  EXPECT_EQ(tidied, 2);
}

TEST_F(StageRunner, RunsAgainWhenWhatItDependsOnChanged)
{
  run();
  samples = 6; // a parameter of the first stage, whose result the second one depends on
  run();
  EXPECT_EQ(generated, 2);
  EXPECT_EQ(trained, 2);
}

TEST_F(StageRunner, RunsAgainWhenItsFileIsGone)
{
  run();
  std::filesystem::remove(output / "model");
  run();
  EXPECT_EQ(generated, 1);
  EXPECT_EQ(trained, 2);
}

TEST_F(StageRunner, WarnsOfWhatIsOutdatedBesideTheRequestedOnes)
{
  run();
  EXPECT_EQ(warnings({"generate"}), "");
  samples = 6;
  run({"generate"});
  EXPECT_THAT(warnings({"generate"}), HasSubstr("what the stage 'train' made in " +
                                                output.string() + " belongs to other parameters"));
  EXPECT_EQ(warnings({"generate", "train"}), "");
}

TEST_F(StageRunner, ForceRepeatsOnlyTheRequestedOnes)
{
  run();
  run({"train"}, true);
  EXPECT_EQ(generated, 1);
  EXPECT_EQ(trained, 2);
}

TEST_F(StageRunner, AFailedStageHasNoRecord)
{
  run();
  fail = true;
  EXPECT_THROW(run({"train"}, true), SolverError);
  EXPECT_TRUE(stage_record(output, "train").is_null());
  EXPECT_TRUE(stage_record(output, "generate").is_object());
  fail = false;
  run();
  EXPECT_EQ(trained, 3);
}

TEST_F(StageRunner, NamesTheNearestStageBeforeAnyRuns)
{
  try
  {
    run({"generate", "trian"});
    FAIL();
  }
  catch (const UserError &error)
  {
    EXPECT_THAT(error.what(), HasSubstr("There is no stage 'trian'; did you mean 'train'?"));
  }
  EXPECT_EQ(generated, 0);
}

TEST_F(StageRunner, TablesOfNumbersAreReadBackExactly)
{
  CsvWriter writer({"Exx", "answered_by"});
  writer << 0.1 << "2";
  writer.end_row();
  writer.write(output / "a.csv");
  const auto table = read_csv(output / "a.csv");
  EXPECT_EQ(table.rows[0][table.column("Exx")], 0.1);
  EXPECT_EQ(table.lines[0], 2u);
}

TEST_F(StageRunner, TablesWithErrorsAreRefusedByLineAndColumn)
{
  const auto error_of = [&](const std::string &text) -> std::string
  {
    std::ofstream(output / "b.csv") << text;
    try
    {
      read_csv(output / "b.csv").column("Exx");
    }
    catch (const UserError &error)
    {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of("# a comment\n\nExx , Eyy\n1, 2\n"), "no error");
  EXPECT_THAT(error_of("Exx,Eyy\n1,2\n1,x2\n"),
              HasSubstr("b.csv:3: 'x2' in column 'Eyy' is no number"));
  EXPECT_THAT(error_of("Exx,Eyy\n1\n"),
              HasSubstr("b.csv:2: the row has 1 values, the header 2 columns"));
  EXPECT_THAT(error_of("Exx,Exx\n"), HasSubstr("b.csv:1: the column 'Exx' comes twice"));
  EXPECT_THAT(error_of("Ex,Eyy\n"), HasSubstr("there is no column 'Exx'; did you mean 'Ex'?"));
  EXPECT_THAT(error_of(""), HasSubstr("has no header row"));
}

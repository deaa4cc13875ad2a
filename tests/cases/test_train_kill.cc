// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The stage 'train' of the built program, broken off by SIGKILL at random moments of its life and
// started again each time, and asked to stop by signals and its wall time. UNDERSTUDY_TRAIN_KILLS
// sets the number of kills (5). The moments are drawn from a seeded generator, as shares of the
// time that the unbroken run took.

#include <data/store/atomic_file.h>
#include <data/store/model_file.h>
#include <tests/run_program.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

namespace understudy::test
{
namespace
{
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

unsigned n_kills()
{
  const char *wanted = std::getenv("UNDERSTUDY_TRAIN_KILLS");
  return wanted ? static_cast<unsigned>(std::atoi(wanted)) : 5;
}

/// The data set of the small case, and its models as an unbroken run trains them; made once.
class TrainKill : public testing::Test
{
protected:
  using Hashes = std::map<std::string, std::string>;

  static void SetUpTestSuite()
  {
    folder_ = std::make_unique<testing_tools::TemporaryFolder>();
    const auto data = StartedProgram(1, arguments({"--stages", "generate"})).wait();
    ASSERT_EQ(data.code, 0) << data.output;
    for (const unsigned n_ranks : {1u, 2u})
    {
      remove_models();
      StartedProgram program(n_ranks, arguments({}));
      ASSERT_TRUE(program.runs_until(stage_begins)) << program.output();
      Life &life = n_ranks == 1 ? alone_ : pair_;
      life.stage = program.age();
      const auto result = program.wait();
      life.end = program.age();
      ASSERT_EQ(result.code, 0) << result.output;
      ASSERT_TRUE(n_ranks == 1 || models() == whole_) << "models depend on the number of ranks";
      whole_ = models();
    }
    ASSERT_EQ(whole_.size(), 7u);
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override { remove_models(); }

  static std::string out() { return folder_->path() + "/out"; }
  static std::string checkpoints() { return out() + "/models/checkpoint"; }

  static std::vector<std::string> arguments(const std::vector<std::string> &more)
  {
    std::vector<std::string> words = {UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm",
                                      "-D",
                                      "Output directory=" + out(),
                                      "-D",
                                      "Training/Closures=equino-rbf, equino-mlp, pod-galerkin, "
                                      "linear, snapshot-rbf, snapshot-mlp",
                                      "-D",
                                      "Training/Evaluations of snapshot-mlp=1500",
                                      "-D",
                                      "Training/EquiNO/Evaluations of the stress branch=1200",
                                      "-D",
                                      "Training/EquiNO/Evaluations of the displacement "
                                      "branch=1200"};
    words.insert(words.end(), more.begin(), more.end());
    if (more.empty() || more[0] != "--stages")
      words.insert(words.end(), {"--stages", "train"});
    return words;
  }

  static ProgramResult train(const std::vector<std::string> &more = {})
  {
    return StartedProgram(1, arguments(more)).wait();
  }

  /// Starts the training and sends @p signal as soon as @p model, the first one, is at work.
  static ProgramResult train_and_send(int signal, const std::vector<std::string> &more = {},
                                      const std::string &model = "equino-mlp")
  {
    StartedProgram program(1, arguments(more));
    EXPECT_TRUE(program.runs_until("train: " + model + "\n")) << program.output();
    kill(program.pid(), signal);
    return program.wait();
  }

  static void remove_models()
  {
    std::filesystem::remove_all(out() + "/models");
    std::filesystem::remove_all(out() + "/stages/train.json");
    std::filesystem::remove_all(out() + "/train.json");
  }

  /// Tensor hash of every model file.
  static Hashes models()
  {
    Hashes all;
    for (const auto &entry : std::filesystem::directory_iterator(out() + "/models"))
      if (entry.path().extension() == ".safetensors")
        all[entry.path().filename()] = ModelFile::read(entry.path().string()).tensor_hash();
    return all;
  }

  static void expect_whole()
  {
    EXPECT_EQ(models(), whole_);
    EXPECT_FALSE(std::filesystem::exists(checkpoints())) << "they are of no use any more";
    const auto record = nlohmann::json::parse(read_file(out() + "/train.json"));
    EXPECT_EQ(record["models"].size(), 6u);
    EXPECT_EQ(record["models"]["equino-mlp"]["stopped_by"], "evaluations");
  }

  /// When an unbroken run came to the stage, and when it ended, in seconds.
  struct Life
  {
    double stage = 0., end = 0.;
  };
  static constexpr const char *stage_begins = "train: Computes modes";
  static Life alone_, pair_;
  static Hashes whole_;
  static std::unique_ptr<testing_tools::TemporaryFolder> folder_;
};
TrainKill::Life TrainKill::alone_, TrainKill::pair_;
TrainKill::Hashes TrainKill::whole_;
std::unique_ptr<testing_tools::TemporaryFolder> TrainKill::folder_;
} // namespace

// Requirement: whenever 'train' is killed, on one rank or on two, the same command ends with the
// models of an unbroken run, bit for bit.
TEST_F(TrainKill, EndsWithTheModelsOfAnUnbrokenRun)
{
  std::mt19937_64 random(24);
  std::uniform_real_distribution<double> share(0., 1.);
  unsigned killed = 0, resumed = 0, kept = 0, in_a_row = 0;
  for (unsigned lives = 1; !HasFailure(); ++lives)
  {
    ASSERT_LT(lives, 4 * n_kills() + 4) << "most runs end before they are killed";
    SCOPED_TRACE("life " + std::to_string(lives));
    const unsigned n_ranks = lives % 4 == 0 ? 2 : 1;
    const Life &life = n_ranks == 1 ? alone_ : pair_;
    StartedProgram program(n_ranks, arguments({}));
    // What goes on from a checkpoint lives shorter, so that moments lie in the first part of a
    // whole life. After a few kills a training is left to end, and the next one begun.
    bool runs = killed < n_kills() && in_a_row < 4;
    if (runs)
      runs = program.runs_until(stage_begins) &&
             program.runs_to_age(program.age() + 0.7 * share(random) * (life.end - life.stage));
    if (runs)
    {
      const auto ranks = n_ranks == 1 ? std::vector<pid_t>{program.pid()} : program.children();
      if (!ranks.empty())
        kill(ranks[random() % ranks.size()], SIGKILL);
    }
    const ProgramResult result = program.wait();
    resumed += result.output.find("goes on from the checkpoint") != std::string::npos;
    kept += result.output.find("was finished before") != std::string::npos;
    EXPECT_THAT(result.output, Not(HasSubstr("is refused")));
    if (result.code != 0)
    {
      ASSERT_TRUE(runs) << result.output;
      ++killed;
      ++in_a_row;
      continue;
    }
    expect_whole();
    in_a_row = 0;
    if (killed == n_kills())
      break;
    remove_models();
  }
  EXPECT_EQ(killed, n_kills());
  EXPECT_GT(resumed, 0u) << "no training went on from a checkpoint";
  RecordProperty("resumed", static_cast<int>(resumed));
  RecordProperty("finished_model_kept", static_cast<int>(kept));
}

// Requirement: SIGTERM and SIGUSR1 end it with 143 after a checkpoint, and it goes on from there.
TEST_F(TrainKill, GoesOnAfterASignal)
{
  for (const int signal : {SIGTERM, SIGUSR1})
  {
    remove_models();
    const auto stopped = train_and_send(signal);
    EXPECT_EQ(stopped.code, 143) << stopped.output;
    EXPECT_THAT(stopped.output, HasSubstr("The training of 'equino-mlp' was stopped by a signal; "
                                          "the same command continues it."));
    EXPECT_TRUE(std::filesystem::exists(checkpoints() + "/equino-mlp.0.checkpoint"));
    const auto result = train({"--resume"});
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("train: equino-mlp: goes on from the checkpoint " +
                                         checkpoints() + "/equino-mlp."));
    expect_whole();
    EXPECT_EQ(train({"--resume"}).code, 0) << "a stage that is up to date needs no checkpoint";
  }
}

// Requirement: a model that was finished before the stop is not trained again, unless it is gone.
TEST_F(TrainKill, KeepsFinishedModels)
{
  for (const bool gone : {false, true})
  {
    remove_models();
    const auto stopped = train_and_send(SIGTERM, {}, "snapshot-mlp");
    EXPECT_EQ(stopped.code, 143) << stopped.output;
    if (gone)
      std::filesystem::remove(out() + "/models/equino-mlp.safetensors");
    const auto result = train();
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_EQ(result.output.find("train: equino-mlp: was finished before\n") != std::string::npos,
              !gone);
    EXPECT_EQ(result.output.find("train: equino-mlp\n") != std::string::npos, gone)
      << result.output;
    expect_whole();
  }
}

// Requirement: a checkpoint of other parameters is left unused with a warning that names old and
// new value; --resume makes it an error, --fresh removes it.
TEST_F(TrainKill, TellsWhatChangedSinceACheckpoint)
{
  const std::string before = "Training/EquiNO/Hidden layers=8, 8";
  const std::string words = "'Training/EquiNO/Hidden layers' was \"8, 8\" and is \"16, 16\"";
  EXPECT_EQ(train_and_send(SIGTERM, {"-D", before}).code, 143);
  const auto refused = train({"--resume"});
  EXPECT_EQ(refused.code, 2) << refused.output;
  EXPECT_THAT(refused.output, AllOf(HasSubstr("error: The checkpoint '" + checkpoints()),
                                    HasSubstr("belongs to something else: " + words)));
  const auto warned = train();
  EXPECT_EQ(warned.code, 0) << warned.output;
  EXPECT_THAT(warned.output, AllOf(HasSubstr("warning: train: equino-mlp: The checkpoint"),
                                   HasSubstr(words), HasSubstr("left unused")));
  expect_whole();

  remove_models();
  EXPECT_EQ(train_and_send(SIGTERM, {"-D", before}).code, 143);
  const auto fresh = train({"--fresh"});
  EXPECT_EQ(fresh.code, 0) << fresh.output;
  EXPECT_THAT(fresh.output, AllOf(Not(HasSubstr("warning")), Not(HasSubstr("goes on from"))));
  expect_whole();
  EXPECT_EQ(train({"--resume", "--fresh"}).code, 2);
}

// Requirement: a wall time ends the run like a signal.
TEST_F(TrainKill, EndsAtItsWallTime)
{
  const auto stopped = train({"-D", "Walltime=1e-6"});
  EXPECT_EQ(stopped.code, 143) << stopped.output;
  EXPECT_THAT(stopped.output, HasSubstr("The run was stopped at the wall time of 1e-06 min before "
                                        "the stage 'train'; the same command continues it."));
  const auto result = train();
  EXPECT_EQ(result.code, 0) << result.output;
  expect_whole();
}
} // namespace understudy::test

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/command_line.h>
#include <cases/resume.h>
#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

using namespace understudy;
using testing::AllOf;
using testing::HasSubstr;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;
using Json = nlohmann::json;

namespace
{
const Json key = {{"tolerances", {1e-9, 1e-6}}, {"mesh", "square"}},
           other = {{"tolerances", {1e-8, 1e-6}}, {"mesh", "square"}};

struct Resume : testing::Test
{
  Resume() : store(folder.path(), "run") {}

  void write(double value, const Json &belongs_to)
  {
    ModelFile state;
    state.add("x", {}, {value});
    store.write(state, belongs_to.dump());
  }
  void damage(unsigned slot)
  {
    write_file_atomically(folder / ("run." + std::to_string(slot) + ".checkpoint"),
                          std::string("x"));
  }
  /// The value in the checkpoint that is resumed, -1: none. What is logged goes to lines_.
  double resumed(ResumeMode mode, const Json &now = key, const CheckpointTrouble &trouble = {})
  {
    Log log(MPI_COMM_SELF);
    testing::internal::CaptureStdout();
    std::optional<Checkpoint> found;
    try
    {
      found = find_checkpoint(store, now, mode, "train: net", log, trouble);
    }
    catch (...)
    {
      lines = testing::internal::GetCapturedStdout();
      throw;
    }
    lines = testing::internal::GetCapturedStdout();
    return found ? found->state.tensor("x", {})[0] : -1.;
  }

  TemporaryFolder folder;
  CheckpointStore store;
  std::string lines;
};

ResumeMode mode_of(std::vector<const char *> words)
{
  words.insert(words.begin(), {"understudy", "x.prm"});
  return parse_command_line(static_cast<int>(words.size()), const_cast<char **>(words.data()))
    .resume;
}
} // namespace

TEST_F(Resume, GoesOnWhereTheKeyIsEqual)
{
  write(1., key);
  write(2., key);
  for (const auto mode : {ResumeMode::automatic, ResumeMode::resume})
  {
    EXPECT_EQ(resumed(mode), 2.);
    EXPECT_THAT(
      lines, HasSubstr("train: net: goes on from the checkpoint " + (folder / "run.1.checkpoint")));
  }
}

// Requirement: what changed is named with old and new value.
TEST_F(Resume, AnotherKeyIsNotResumed)
{
  write(1., other);
  EXPECT_EQ(resumed(ResumeMode::automatic), -1.);
  EXPECT_THAT(lines, AllOf(HasSubstr("warning: train: net: The checkpoint '"),
                           HasSubstr("'tolerances/0' was 1e-08 and is 1e-09. It is left unused.")));
  EXPECT_EQ(resumed(ResumeMode::automatic, other), 1.) << "it was left where it is";
  EXPECT_THAT(sentence_of<UserError>([&] { resumed(ResumeMode::resume); }),
              AllOf(HasSubstr("run.0.checkpoint' belongs to something else: "
                              "'tolerances/0' was 1e-08 and is 1e-09"),
                    HasSubstr("--fresh begins anew")));
}

TEST_F(Resume, NothingThereIsNoError)
{
  for (const auto mode : {ResumeMode::automatic, ResumeMode::resume, ResumeMode::fresh})
    EXPECT_EQ(resumed(mode), -1.);
  EXPECT_EQ(lines, "");
}

TEST_F(Resume, DamagedOnesArePassedOver)
{
  write(1., key);
  write(2., key);
  damage(1);
  EXPECT_EQ(resumed(ResumeMode::resume), 1.);
  EXPECT_THAT(lines,
              HasSubstr("warning: train: net: Model file '" + (folder / "run.1.checkpoint")));
  damage(0);
  EXPECT_EQ(resumed(ResumeMode::automatic), -1.);
  EXPECT_THAT(sentence_of<UserError>([&] { resumed(ResumeMode::resume); }),
              AllOf(HasSubstr("run.0.checkpoint' is refused"), HasSubstr("No other one is left")));
}

// Requirement: the older checkpoint is good for what the newer one is not.
TEST_F(Resume, TheOlderOneIsTakenWhereTheNewerCannotBeUsed)
{
  write(1., key);
  write(2., other);
  EXPECT_EQ(resumed(ResumeMode::resume), 1.);
  EXPECT_THAT(lines, HasSubstr("run.1.checkpoint' belongs to something else"));
  write(3., key); // into the slot of 1
  write(4., key);
  const auto lacks = [](const Checkpoint &found)
  { return found.state.tensor("x", {})[0] > 3.5 ? "a part of it is missing" : ""; };
  EXPECT_EQ(resumed(ResumeMode::resume, key, lacks), 3.);
  EXPECT_THAT(lines, HasSubstr("run.1.checkpoint' cannot be used: a part of it is missing."));
  const auto lacks_all = [](const Checkpoint &) { return "all is missing"; };
  EXPECT_EQ(resumed(ResumeMode::automatic, key, lacks_all), -1.);
  EXPECT_THAT(sentence_of<UserError>([&] { resumed(ResumeMode::resume, key, lacks_all); }),
              AllOf(HasSubstr("all is missing"), HasSubstr("--fresh begins anew")));
}

// Requirement: --resume refuses before work that comes first, and only for what can be known then.
TEST_F(Resume, AnotherKeyIsRefusedEarly)
{
  const auto refusal = [&](ResumeMode mode, const Json &now)
  { return sentence_of<UserError>([&] { refuse_other_checkpoints(store, now, mode); }); };
  EXPECT_EQ(refusal(ResumeMode::resume, key), "") << "there is none";
  Json longer = other;
  longer["known later"] = 3;
  write(1., longer);
  EXPECT_EQ(refusal(ResumeMode::automatic, key), "");
  EXPECT_THAT(refusal(ResumeMode::resume, key),
              AllOf(HasSubstr("run.0.checkpoint' belongs to something else: "
                              "'tolerances/0' was 1e-08 and is 1e-09"),
                    HasSubstr("--fresh begins anew")));
  EXPECT_EQ(refusal(ResumeMode::resume, other), "");
  write(2., key);
  EXPECT_EQ(refusal(ResumeMode::resume, key), "") << "one of two is enough";
}

TEST_F(Resume, FreshRemovesThem)
{
  write(1., key);
  EXPECT_EQ(resumed(ResumeMode::fresh), -1.);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_EQ(resumed(ResumeMode::automatic), -1.);
}

TEST_F(Resume, NeedsARunThatBegan)
{
  EXPECT_THAT(sentence_of<UserError>([&] { check_resume(ResumeMode::resume, folder.path()); }),
              HasSubstr("no run began in '" + folder.path()));
  check_resume(ResumeMode::automatic, folder.path());
  check_resume(ResumeMode::fresh, folder.path());
  write_file_atomically(folder / "run.json", std::string("{}"));
  check_resume(ResumeMode::resume, folder.path());
}

TEST(ResumeFlags, AreReadAndContradictEachOther)
{
  EXPECT_EQ(mode_of({}), ResumeMode::automatic);
  EXPECT_EQ(mode_of({"--resume"}), ResumeMode::resume);
  EXPECT_EQ(mode_of({"--fresh"}), ResumeMode::fresh);
  EXPECT_EQ(sentence_of<UserError>(
              [] {
                mode_of({"--resume", "--fresh"});
              }),
            "--resume goes on from a checkpoint and --fresh removes it: give one of them.");
}

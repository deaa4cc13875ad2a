// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The stage 'generate' of the built program, killed by SIGKILL at random moments of its life and
// started again each time. The moments are drawn from a seeded generator, as shares of the time
// that the unbroken run took. UNDERSTUDY_GENERATE_KILLS sets the number of kills (20).

#include <data/store/dataset.h>
#include <tests/run_program.h>
#include <tests/small_rve.h>
#include <tests/temporary_folder.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

namespace understudy::test
{
namespace
{
constexpr std::size_t n_samples = 80;

unsigned n_kills()
{
  const char *wanted = std::getenv("UNDERSTUDY_GENERATE_KILLS");
  return wanted ? static_cast<unsigned>(std::atoi(wanted)) : 20;
}

/// What the manifest lists: the acknowledged samples. Empty before there is a manifest.
Manifest acknowledged(const std::string &data)
{
  return std::filesystem::exists(manifest_path(data)) ? Manifest::read(data) : Manifest();
}

struct GenerateKill : testing::Test
{
  GenerateKill() { SmallRve().write(folder.path()); }

  std::vector<std::string> arguments(const std::string &output) const
  {
    std::vector<std::string> words = {UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm",
                                      "--stages",
                                      "generate",
                                      "-D",
                                      "Data set/Training samples=60",
                                      "-D",
                                      "Data set/Validation samples=10",
                                      "-D",
                                      "Data set/Test samples=10",
                                      "-D",
                                      "Data set/Samples per shard=1",
                                      "-D",
                                      "Output directory=" + output};
    const auto mesh = SmallRve::overrides(folder.path());
    words.insert(words.end(), mesh.begin(), mesh.end());
    return words;
  }

  /// The life of an unbroken run: when it came to the stage, and when it ended, in seconds.
  struct Life
  {
    double stage = 0., end = 0.;
  };
  Life unbroken(unsigned n_ranks, const std::string &output) const
  {
    StartedProgram program(n_ranks, arguments(output));
    Life life;
    EXPECT_TRUE(program.runs_until(stage_begins)) << program.output();
    life.stage = program.age();
    const auto result = program.wait();
    life.end = program.age();
    EXPECT_EQ(result.code, 0) << result.output;
    return life;
  }

  /// All of @p before is still there, and in the same place: a sample that was solved again would
  /// stand in a shard of a later round. Every listed file has its hash.
  static void expect_kept(const Manifest &before, const std::string &data)
  {
    const Manifest now = acknowledged(data);
    for (const auto &[id, entry] : before.samples)
    {
      const auto found = now.samples.find(id);
      ASSERT_NE(found, now.samples.end()) << "sample " << id << " was lost";
      EXPECT_EQ(found->second.sha256, entry.sha256) << "sample " << id << " was changed";
      EXPECT_EQ(found->second.shard, entry.shard) << "sample " << id << " was solved twice";
      EXPECT_EQ(found->second.row, entry.row) << "sample " << id;
    }
    if (!now.samples.empty())
      DataSet::open(data).verify();
  }

  /// The data set has the samples of the unbroken one, bit for bit, and no file besides its own.
  static void expect_equal(const DataSet &set, const DataSet &whole, const std::string &data)
  {
    ASSERT_EQ(set.manifest().samples.size(), n_samples);
    EXPECT_EQ(set.hash(), whole.hash());
    for (const auto &field : whole.fields())
      for (const char *split : {"train", "val", "test"})
        EXPECT_TRUE(set.read_all(split, field.name) == whole.read_all(split, field.name))
          << field.name << " of " << split;
    for (const auto &entry : std::filesystem::directory_iterator(data))
    {
      const std::string name = entry.path().filename();
      EXPECT_TRUE(name == "manifest.json" || set.manifest().files.contains(name)) << name;
    }
  }

  static constexpr const char *stage_begins = "generate: Solves";
  testing_tools::TemporaryFolder folder;
};
} // namespace

// Requirement: whenever 'generate' is killed, on one rank or on two, nothing acknowledged is lost
// or solved again, and in the end the data set is that of an unbroken run.
TEST_F(GenerateKill, NothingAcknowledgedIsLostOrSolvedTwice)
{
  const Life alone = unbroken(1, folder / "whole"), pair = unbroken(2, folder / "whole2");
  const DataSet whole = DataSet::open(folder / "whole/data");
  expect_equal(DataSet::open(folder / "whole2/data"), whole, folder / "whole2/data");

  const std::string output = folder / "out", data = output + "/data";
  std::mt19937_64 random(24);
  std::uniform_real_distribution<double> share(0., 1.);
  unsigned killed = 0, killed_inside = 0;
  for (unsigned lives = 1; !HasFailure(); ++lives)
  {
    ASSERT_LT(lives, 4 * n_kills()) << "most runs end before they are killed";
    SCOPED_TRACE("life " + std::to_string(lives));
    const unsigned n_ranks = lives % 12 == 0 ? 2 : 1;
    const Life &life = n_ranks == 1 ? alone : pair;
    const Manifest before = acknowledged(data);
    // A data set of which little is left is completed, and the next one begun.
    const bool mortal = killed < n_kills() && 4 * before.samples.size() < 3 * n_samples;
    const bool was_finished = std::filesystem::exists(output + "/generate.json");

    StartedProgram program(n_ranks, arguments(output));
    // Every other moment is anywhere in the life of the program, of which the stage takes its share
    // for the samples that are left; the others are in the first part of the stage, so that there
    // is something left for the next ones.
    const double left = 1. - static_cast<double>(before.samples.size()) / n_samples;
    const double stage = left * (life.end - life.stage);
    bool runs = mortal;
    if (runs && lives % 2 == 0)
      runs = program.runs_to_age(share(random) * (life.stage + stage));
    else if (runs)
      runs = program.runs_until(stage_begins) &&
             program.runs_to_age(program.age() + 0.4 * share(random) * stage);
    if (runs)
    {
      const auto ranks = n_ranks == 1 ? std::vector<pid_t>{program.pid()} : program.children();
      if (!ranks.empty())
        kill(ranks[random() % ranks.size()], SIGKILL);
    }
    const ProgramResult result = program.wait();

    if (const auto word = result.output.find("continues a data set"); word != std::string::npos)
    {
      EXPECT_EQ(result.output.substr(word).find("of " + std::to_string(before.samples.size()) +
                                                " acknowledged samples"),
                std::string("continues a data set ").size())
        << result.output;
    }
    expect_kept(before, data);
    const std::size_t n_now = acknowledged(data).samples.size();
    if (result.code != 0)
    {
      ASSERT_TRUE(runs) << result.output;
      ++killed;
      killed_inside += n_now > before.samples.size() && n_now < n_samples;
      continue;
    }
    if (!was_finished)
    {
      std::ifstream record(output + "/generate.json");
      EXPECT_EQ(nlohmann::json::parse(record)["samples_solved"], n_samples - before.samples.size());
    }
    expect_equal(DataSet::open(data), whole, data);
    if (killed == n_kills())
      break;
    std::filesystem::remove_all(output);
  }
  EXPECT_EQ(killed, n_kills());
  EXPECT_GT(killed_inside, 0u) << "no kill hit the stage at work";
  RecordProperty("killed_between_samples", static_cast<int>(killed_inside));
}
} // namespace understudy::test

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: of 50 damaged model files, data sets and case files each, none makes the program
// crash, hang or accept what is not there; and it works in folders and locales that it was not
// written in.

#include <data/store/atomic_file.h>
#include <data/store/dataset_writer.h>
#include <data/store/manifest.h>
#include <data/store/model_file.h>
#include <tests/german_locale.h>
#include <tests/mutations.h>
#include <tests/run_program.h>
#include <tests/small_rve.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <future>

using testing::HasSubstr;

namespace understudy::test
{
namespace
{
namespace fs = std::filesystem;
using testing_tools::Mutator;
using testing_tools::TemporaryFolder;

constexpr unsigned n_trials = 30;

void write(const std::string &file, const std::string &bytes)
{
  std::ofstream(file, std::ios::binary) << bytes;
}

/// Exit code 0, or 2 with nothing but sentences, which all begin like one.
void expect_answer_or_refusal(const ProgramResult &result, const std::string &what)
{
  ASSERT_THAT(result.code, testing::AnyOf(0, 2)) << what << "\n" << result.output;
  if (result.code == 0)
    return;
  EXPECT_EQ(result.output.rfind("error: ", 0), 0u) << what << "\n" << result.output;
  EXPECT_EQ(result.output.back(), '\n') << what;
  EXPECT_THAT(result.output, testing::Not(HasSubstr("internal"))) << what;
}

/// Runs the program for each trial, two at a time: most of a run is its start.
/// @param arguments makes the input of a trial in a folder of its own
void run_trials(
  const std::function<std::string(unsigned trial, const std::string &folder)> &arguments,
  const std::function<void(const ProgramResult &, const std::string &folder)> &check)
{
  const TemporaryFolder folder;
  std::vector<std::string> folders, lines;
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    folders.push_back(folder / std::to_string(trial));
    fs::create_directory(folders.back());
    lines.push_back(arguments(trial, folders.back()));
  }
  std::vector<ProgramResult> results(n_trials);
  const auto every_second = [&](unsigned first)
  {
    for (unsigned trial = first; trial < n_trials; trial += 2)
      results[trial] = run_understudy(lines[trial]);
  };
  auto others = std::async(std::launch::async, every_second, 1);
  every_second(0);
  others.get();
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    expect_answer_or_refusal(results[trial], "trial " + std::to_string(trial));
    check(results[trial], folders[trial]);
  }
}

/// What the program says of the files in @p folder, without its name.
std::string without(std::string text, const std::string &folder)
{
  for (std::size_t at; (at = text.find(folder)) != std::string::npos;)
    text.erase(at, folder.size());
  return text;
}

DataSetInfo example_info()
{
  DataSetInfo info;
  info.kind = "fe2-rve";
  info.fields = {{"E", {3}, "1"}, {"S", {3}, "N/mm2"}};
  info.attributes = {{"title", "two fields"}};
  info.defining = {{"norm", "full"}, {"box", {0.04, 0.04, 0.08}}};
  info.statics["mesh/nodes"] = {{2, 2}, "mm", {0., 0.5, 1., 1.5}, false};
  return info;
}

std::string case_arguments(const std::string &folder, const std::string &output)
{
  std::string line = " '" + folder + "/a.prm' '-D' 'Output directory=" + output + "' --quiet";
  for (const auto &word : SmallRve::overrides(folder))
    line += " '" + word + "'";
  return line;
}

/// A case that samples a small RVE and fits a linear law in a second.
void write_small_case(const std::string &folder)
{
  SmallRve().write(folder);
  write(folder + "/a.prm",
        "subsection Data set\n  set Training samples = 9\n  set Validation samples = 2\n"
        "  set Test samples = 2\nend\n"
        "subsection Training\n  set Closures = linear\n"
        "  subsection EquiNO\n    set Modes = 4\n    set Indicator points = 24\n  end\nend\n"
        "subsection Coupling\n  set Closure = linear\nend\n"
        "subsection Macro\n  set Load = 1.25e-2\nend\n");
}
} // namespace

TEST(MutatedInput, Models)
{
  ModelFile model;
  model.add("weights", {2, 3}, {1.5, -2., 0.25, 1e-300, 4., 5.});
  model.meta() = {{"kind", "equino"}, {"inputs", {"Exx", "Eyy", "Gxy"}}};
  const TemporaryFolder folder;
  const std::string good = model.to_bytes();
  write(folder / "m.safetensors", good);
  const auto sound = run_understudy("inspect " + (folder / "m.safetensors"));
  ASSERT_EQ(sound.code, 0) << sound.output;
  Mutator mutator(11);
  run_trials(
    [&](unsigned, const std::string &own)
    {
      write(own + "/m.safetensors", mutator.bytes(good));
      return "inspect " + own + "/m.safetensors";
    },
    [&](const ProgramResult &result, const std::string &own)
    {
      if (result.code == 0)
        EXPECT_EQ(without(result.output, own), without(sound.output, folder.path()));
      else
        EXPECT_THAT(result.output, HasSubstr(own + "/m.safetensors"));
    });
}

TEST(MutatedInput, DataSets)
{
  const TemporaryFolder folder;
  const std::string data = folder / "data";
  {
    DataSetWriter writer(MPI_COMM_SELF, data, example_info());
    writer.write_round({{0, "train", false, "", {{1., 2., 3.}, {4., 5., 6.}}},
                        {1, "val", false, "", {{1., 2., 4.}, {4., 5., 7.}}}});
  }
  const auto sound = run_understudy("inspect " + data);
  ASSERT_EQ(sound.code, 0) << sound.output;
  const std::string manifest = read_file(data + "/manifest.json");
  Mutator mutator(12);
  run_trials(
    [&](unsigned trial, const std::string &own)
    {
      fs::copy(data, own, fs::copy_options::recursive);
      if (trial % 5 == 4) // a shard, which the hash in the manifest knows
        write(own + "/shard-000000-0000.h5",
              mutator.bytes(read_file(own + "/shard-000000-0000.h5")));
      else
        write(own + "/manifest.json",
              trial % 2 == 0 ? mutator.bytes(manifest) : mutator.json(manifest));
      return "inspect " + own;
    },
    [&](const ProgramResult &result, const std::string &own)
    {
      if (result.code == 0)
        EXPECT_EQ(without(result.output, own), without(sound.output, data));
      else
        EXPECT_THAT(result.output, HasSubstr(own));
    });
}

TEST(MutatedInput, Cases)
{
  const std::string good = read_file(UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm");
  Mutator mutator(13);
  run_trials(
    [&](unsigned trial, const std::string &own)
    {
      write(own + "/a.prm", trial % 2 == 0 ? mutator.bytes(good) : mutator.lines(good));
      return own + "/a.prm --validate";
    },
    [&](const ProgramResult &result, const std::string &own)
    {
      if (result.code == 0)
        EXPECT_EQ(without(result.output, own), "/a.prm is valid.\n");
      else
        EXPECT_THAT(result.output, HasSubstr(own + "/a.prm"));
    });
}

// Requirement: paths may have blanks and letters of any language, and the program may run where a
// comma is the decimal point: the samples stay the same to the bit.
TEST(Surroundings, BlanksUmlautsAndCommas)
{
  const TemporaryFolder folder;
  const std::string own = folder / "Größe 1, mein Ordner = ü#日本";
  fs::create_directory(own);
  write_small_case(own);
  const std::string stages = " --stages generate,train";
  const auto plain = run_understudy(case_arguments(own, folder / "plain") + stages);
  ASSERT_EQ(plain.code, 0) << plain.output;
  const bool comma = testing_tools::make_german_locale(folder / "locales");
  const auto other =
    run_command("LOCPATH=" + (folder / "locales") +
                " LC_ALL=de_DE.UTF-8 timeout 300 " UNDERSTUDY_BINARY_DIR "/understudy " +
                case_arguments(own, own + "/out put") + stages);
  ASSERT_EQ(other.code, 0) << other.output;
  EXPECT_EQ(Manifest::read(own + "/out put/data").hash(),
            Manifest::read(folder / "plain/data").hash());
  EXPECT_EQ(read_file(own + "/out put/case.prm").find(",0125"), std::string::npos);
  const auto look = run_understudy("inspect '" + own + "/out put/models/linear.safetensors'");
  EXPECT_EQ(look.code, 0) << look.output;
  if (!comma)
    GTEST_SKIP() << "there is no locale with a comma; the rest has passed";
}

// Requirement: a folder that cannot be read or written, also not by root, is one sentence.
TEST(Surroundings, FoldersThatTakeOrGiveNothing)
{
  const TemporaryFolder folder;
  write_small_case(folder.path());
  for (const std::string output : {"/proc/understudy", "/dev/full", "/dev/null/out"})
  {
    const auto result =
      run_understudy(case_arguments(folder.path(), output) + " --stages generate");
    EXPECT_EQ(result.code, 4) << result.output;
    EXPECT_EQ(result.output.rfind("error: Cannot write '" + output, 0), 0u) << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }
  // A folder in the place of a file, and a file without end.
  fs::create_directory(folder / "m.safetensors");
  fs::create_directories(folder / "set/manifest.json");
  for (const std::string &input :
       {"inspect " + (folder / "m.safetensors"), "inspect " + (folder / "set"),
        folder.path() + " --validate", std::string("/dev/zero --validate")})
  {
    const auto result = run_understudy(input);
    EXPECT_EQ(result.code, 2) << input << "\n" << result.output;
    EXPECT_EQ(result.output.rfind("error: ", 0), 0u) << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }
}
} // namespace understudy::test

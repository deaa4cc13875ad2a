// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Input that the built program has to refuse in a case of plates: each with its exit code and one
// sentence. A small case is trained once; every test works on a copy of its output folder.

#include <data/store/atomic_file.h>
#include <data/store/model_file.h>
#include <tests/only_line.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>

using testing::AllOf;
using testing::HasSubstr;

namespace understudy::test
{
namespace
{
namespace fs = std::filesystem;

/// The exit codes that the README promises.
constexpr int refused = 2, unsolved = 3;

struct MmgpBadInput : testing::Test
{
  static void SetUpTestSuite()
  {
    folder_ = std::make_unique<testing_tools::TemporaryFolder>();
    const auto trained =
      run_understudy(of_case("trained") + " -D 'Plates/Training samples=12' -D 'Plates/Nodes=200' "
                                          "--stages generate,train");
    ASSERT_EQ(trained.code, 0) << trained.output;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string of_case(const std::string &output)
  {
    return UNDERSTUDY_SOURCE_DIR "/tests/cases/mmgp_small.prm -D 'Output directory=" + in(output) +
           "'";
  }
  static std::string in(const std::string &output) { return folder_->path() + "/" + output; }

  /// A copy of the trained case to be damaged.
  static std::string copy()
  {
    static unsigned n = 0;
    const std::string name = "copy" + std::to_string(++n);
    fs::copy(in("trained"), in(name), fs::copy_options::recursive);
    return name;
  }

  /// The one line with which the program ends.
  static std::string sentence(const std::string &arguments, int code = refused)
  {
    return only_line(run_understudy(arguments + " --quiet"), code);
  }
  static std::string of_trained(const std::string &output)
  {
    return of_case(output) + " -D 'Plates/Training samples=12' -D 'Plates/Nodes=200'";
  }

  /// What the stage 'run' says to a model file whose bytes were changed.
  static std::string refusal_of_bytes(const std::function<void(std::string &)> &change)
  {
    const std::string name = copy(), file = in(name) + "/models/mmgp.safetensors";
    std::string bytes = read_file(file);
    change(bytes);
    std::ofstream(file, std::ios::binary) << bytes;
    return sentence(of_trained(name) + " --stages run");
  }
  /// Likewise where its hash fits what it then says, so that whoever refuses it has another reason.
  static std::string refusal_of_model(const std::function<void(ModelFile &)> &change,
                                      unsigned n_ranks = 1)
  {
    const std::string name = copy(), file = in(name) + "/models/mmgp.safetensors";
    ModelFile model = ModelFile::read(file);
    change(model);
    model.write(file);
    const std::string line = of_trained(name) + " --stages run --quiet";
    return only_line(n_ranks == 1 ? run_understudy(line) : run_understudy_on(n_ranks, line),
                     refused);
  }

  static std::unique_ptr<testing_tools::TemporaryFolder> folder_;
};
std::unique_ptr<testing_tools::TemporaryFolder> MmgpBadInput::folder_;
} // namespace

TEST_F(MmgpBadInput, DamagedModels)
{
  EXPECT_THAT(refusal_of_bytes([](std::string &b) { b[b.size() - 3] ^= 16; }),
              HasSubstr("its contents differ from its SHA-256"));
  EXPECT_THAT(refusal_of_bytes([](std::string &b) { b.resize(b.size() - 100); }),
              HasSubstr("the file may be truncated"));
  EXPECT_THAT(refusal_of_bytes(
                [](std::string &b)
                {
                  const double nan = std::nan("");
                  b.replace(b.size() - 80, 8, reinterpret_cast<const char *>(&nan), 8);
                }),
              HasSubstr("has a value that is not finite"));
}

// Requirement: a model for other inputs, of another data set, of another kind or with other weights
// than it was trained with is refused for that reason.
TEST_F(MmgpBadInput, ForeignModels)
{
  EXPECT_THAT(
    refusal_of_model([](ModelFile &m)
                     { std::swap(m.meta()["mmgp"]["inputs"][1], m.meta()["mmgp"]["inputs"][2]); }),
    AllOf(HasSubstr("was trained for another problem: its input number 2 is 'K' [MPa] "
                    "from 300 to 600, that of the case is 'R0' [MPa] from 10 to 20;"),
          HasSubstr("run the stage 'train' again with --force.")));
  EXPECT_THAT(
    refusal_of_model([](ModelFile &m) { m.meta()["mmgp"]["scalars"][0]["unit"] = "Pa"; }, 2),
    HasSubstr("its scalar number 1 is 'max_von_mises' [Pa], that of the case is 'max_von_mises' "
              "[MPa]"));
  EXPECT_THAT(refusal_of_model([](ModelFile &m) { m.meta()["mmgp"]["fields"].erase(1); }),
              HasSubstr("its field number 2 is 'evrcum'"));
  EXPECT_THAT(refusal_of_model([](ModelFile &m) { m.meta()["dataset_hash"] = "none"; }),
              HasSubstr("was trained on other data; run the stage 'train'"));
  EXPECT_THAT(refusal_of_model(
                [](ModelFile &m)
                {
                  const std::string name = "fields/U2/process0/weights";
                  auto weights = m.tensor(name, m.shape(name));
                  for (double &w : weights)
                    w *= 1.001;
                  m.add(name, m.shape(name), weights);
                }),
              HasSubstr("does not give the answers stored in its probe"));
  EXPECT_THAT(refusal_of_model(
                [](ModelFile &m)
                {
                  m = ModelFile();
                  m.add("weights", {2}, {1., 2.});
                  m.meta() = {{"card", {{"kind", "equino-rbf"}}}};
                }),
              HasSubstr("lacks a part of its description"));
}

TEST_F(MmgpBadInput, ForeignAndDamagedDataSets)
{
  const std::string other = copy();
  EXPECT_THAT(sentence(of_trained(other) + " -D Plates/Variant=plastic --stages train"),
              AllOf(HasSubstr("Data set '" + in(other) + "/data' has "),
                    HasSubstr("where the case asks for"), HasSubstr("'generate' with --force")));
  EXPECT_THAT(sentence(of_trained(other) + " -D 'Plates/Seed=7' --stages run"),
              HasSubstr("seed = 24 where the case asks for seed = 7"));
  EXPECT_THAT(sentence(of_trained(other) + " -D 'Solver/Norton exponent=12' --stages train"),
              HasSubstr("norton_exponent = 20.0 where the case asks for norton_exponent = 12.0"));

  const std::string damaged = copy();
  const std::string shard = in(damaged) + "/data/shard-000000-0000.h5"; // of plates to learn from
  std::string bytes = read_file(shard);
  bytes[bytes.size() / 2] ^= 1;
  std::ofstream(shard, std::ios::binary) << bytes;
  EXPECT_THAT(sentence(of_trained(damaged) + " --stages train --force"),
              AllOf(HasSubstr(shard), HasSubstr("differs from the SHA-256 in the manifest")));
}

TEST_F(MmgpBadInput, TooFewPlatesAndTooCoarseOnes)
{
  EXPECT_THAT(sentence(of_case("few") + " -D 'Plates/Training samples=1'"),
              HasSubstr("'Training samples' in section 'Plates' must be an integer"));
  EXPECT_THAT(sentence(of_case("coarse") + " -D 'Plates/Largest radius=0.95' --stages generate"),
              AllOf(HasSubstr("is too coarse"), HasSubstr("calls for at most")));
}

// Requirement: where no plate has a solution the solver has failed: exit code 3, with the step and
// a triangle of the first.
TEST_F(MmgpBadInput, PlatesThatCannotBeSolved)
{
  const std::string line = of_case("unsolved") +
                           " -D 'Plates/Training samples=10' -D 'Plates/Test samples=6'"
                           " -D 'Plates/Variant=flowing' -D 'Solver/Norton exponent=4'"
                           " -D 'Solver/Maximum Newton iterations=1' --stages generate --quiet";
  const auto words =
    AllOf(HasSubstr("error: None of 16 plates has a solution. The first: Step "),
          HasSubstr(" of 3 of the plate, to load factor "), HasSubstr("at triangle "),
          HasSubstr("a step cannot be halved more than 6 times."));
  for (const auto &result : {run_understudy(line), run_understudy_on(2, line)})
  {
    EXPECT_EQ(result.code, unsolved) << result.output;
    EXPECT_THAT(result.output, words);
  }
}

// Requirement: MMGP asks for meshes; who asks it with a table is told so.
TEST_F(MmgpBadInput, TablesOfPoints)
{
  std::ofstream(in("points.csv")) << "P,R0,K,C,D,young\n-45,15,450,1500,1500,75000\n";
  const std::string table = " --input " + in("points.csv") + " --output " + in("answers.csv");
  EXPECT_THAT(sentence("evaluate " + of_trained("trained") + " --closure mmgp" + table),
              HasSubstr("MMGP predicts fields on meshes, so a table of points cannot be "
                        "evaluated."));
  EXPECT_THAT(sentence("evaluate " + of_trained("trained") + " --closure mmpg" + table),
              HasSubstr("There is no closure 'mmpg'; did you mean 'mmgp'?"));
  EXPECT_FALSE(fs::exists(in("answers.csv")));
}
} // namespace understudy::test

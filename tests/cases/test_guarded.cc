// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// A guarded case through the built program: who answered is told, hand-overs become samples, rounds
// learn from them, and what does not fit is refused.

#include <data/store/atomic_file.h>
#include <data/store/dataset.h>
#include <tests/run_program.h>
#include <tests/small_rve.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace understudy::test
{
namespace
{
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

/// The small case with a structure that leaves the training box.
struct Guarded : testing::Test
{
  Guarded() { SmallRve().write(folder.path()); }

  std::string out() const { return folder / "out"; }

  ProgramResult run(const Words &entries, const Words &more = {}) const
  {
    Words words = {UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm"};
    Words all = {"Data set/Validation samples=20",
                 "Training/Closures=equino-rbf, pod-galerkin",
                 "Macro/Macro mesh=l_profile",
                 "Macro/Load=9",
                 "Macro/Load steps=4",
                 "Coupling/Closure=guarded",
                 "Output directory=" + out()};
    all.insert(all.end(), entries.begin(), entries.end());
    for (const auto &entry : all)
      words.insert(words.end(), {"-D", entry});
    const auto mesh = SmallRve::overrides(folder.path());
    words.insert(words.end(), mesh.begin(), mesh.end());
    words.insert(words.end(), more.begin(), more.end());
    return StartedProgram(1, words).wait();
  }

  testing_tools::TemporaryFolder folder;
};
} // namespace

// Requirement: the structure is that of the exact model within the tolerance, no answer is
// extrapolated, the report says who answered and why, and the second round hands less over.
TEST_F(Guarded, HandsOverLearnsAndReports)
{
  const auto result = run({"Guard/Rounds=2", "Guard/Audit share=0.2"});
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, Not(HasSubstr("warning")));
  const auto r = nlohmann::json::parse(read_file(out() + "/results.json"));
  const auto value = [&r](const std::string &key) { return r.at(key).get<double>(); };
  EXPECT_LT(value("macro_displacement_error"), 1e-3);
  EXPECT_LT(value("macro_force_error"), 1e-3);
  EXPECT_EQ(value("points_outside_training_box"), 0.);
  EXPECT_GT(value("round_1_handover_share_exact"), 0.);
  EXPECT_LT(value("round_2_handover_share"), value("round_1_handover_share"));
  EXPECT_GT(value("round_2_box"), value("round_1_box"));
  EXPECT_EQ(value("gate_recall"), 1.);
  EXPECT_LT(value("gate_false_alarm"), value("gate_recall"));
  EXPECT_EQ(value("violation_rate_nominal"), 0.05);
  EXPECT_DOUBLE_EQ(value("handover_share"),
                   value("handover_share_rom") + value("handover_share_exact"));
  // The refusals of the first model are the points that others answered.
  const auto record = nlohmann::json::parse(read_file(out() + "/run/guarded/record.json"));
  for (const auto &step : record["steps"])
  {
    const auto refused = step["refusals"][0];
    EXPECT_EQ(refused[1].get<int>() + refused[2].get<int>() + refused[3].get<int>(),
              step["answered_by"][1].get<int>() + step["answered_by"][2].get<int>());
  }
  EXPECT_GT(record["steps"].back()["refusals"][0][1].get<int>(), 0) << "nothing left the box";
  EXPECT_THAT(read_file(out() + "/report.md"), HasSubstr("## The guard"));

  // Hand-overs are a data set of their own, every sample beyond what was known.
  const DataSet handovers = DataSet::open(out() + "/handover");
  handovers.verify();
  const auto E = handovers.read_all("", "E");
  ASSERT_GT(E.size(), 0u);
  double largest = 0.;
  for (const double e : E)
    largest = std::max(largest, std::abs(e));
  EXPECT_GT(largest, 0.04);
  EXPECT_NEAR(1.05 * largest, value("round_2_box"), 1e-12);
}

// Requirement: a training uses hand-overs only when told to, and only then depends on them.
TEST_F(Guarded, TrainsWithHandoversOnlyWhenToldTo)
{
  const auto first = run({"Coupling/Reference=none"}, {"--stages", "generate,train,run"});
  ASSERT_EQ(first.code, 0) << first.output;
  const auto again = run({"Coupling/Reference=none"}, {"--stages", "train,run"});
  EXPECT_THAT(again.output, AllOf(HasSubstr("train: up to date"), HasSubstr("run: up to date")));
  const Words told = {"Coupling/Reference=none", "Training/Use handover samples=true"};
  const auto learned = run(told, {"--stages", "train,run"});
  ASSERT_EQ(learned.code, 0) << learned.output;
  EXPECT_THAT(learned.output, Not(HasSubstr("train: up to date")));
  const auto before = DataSet::open(out() + "/handover").ids().size();
  const auto record = nlohmann::json::parse(read_file(out() + "/run/guarded/record.json"));
  EXPECT_EQ(record["steps"].back()["refusals"][0][1].get<int>(), 0)
    << "the box has not grown to hold what was handed over";
  EXPECT_GT(before, 0u) << "what was known is forgotten";
  // What the run handed over since does not change what its models were trained with.
  const auto compared = run(told, {"--stages", "compare"});
  EXPECT_EQ(compared.code, 0) << compared.output;

  const auto foreign = run({"Coupling/Reference=none", "Training/Use handover samples=true",
                            "Micro/Matrix/Shear limit=49"},
                           {"--stages", "generate,train", "--force"});
  EXPECT_EQ(foreign.code, 2) << foreign.output;
  EXPECT_THAT(foreign.output, HasSubstr("belong to another micro structure or other materials"));
}

// Requirement: a rival may be the reference of several rounds; it is played once.
TEST_F(Guarded, ComparesRoundsWithAnyReference)
{
  const auto result = run({"Guard/Rounds=2", "Coupling/Reference=pod-galerkin"});
  EXPECT_EQ(result.code, 0) << result.output;
}

// Requirement: the material-point driver tells who of the chain answered.
TEST_F(Guarded, AnswersStrainsOfATable)
{
  ASSERT_EQ(run({}, {"--stages", "generate,train"}).code, 0);
  std::ofstream(folder / "in.csv") << "Exx,Eyy,Gxy\n0.01,0.01,0.01\n0.05,0,0\nnan,0,0\n";
  Words words = {"evaluate",  UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm",
                 "--closure", "guarded",
                 "--input",   folder / "in.csv",
                 "--output",  folder / "out.csv"};
  for (const std::string &entry :
       {std::string("Data set/Validation samples=20"),
        std::string("Training/Closures=equino-rbf, pod-galerkin"), "Output directory=" + out()})
    words.insert(words.end(), {"-D", entry});
  const auto mesh = SmallRve::overrides(folder.path());
  words.insert(words.end(), mesh.begin(), mesh.end());
  const auto result = StartedProgram(1, words).wait();
  ASSERT_EQ(result.code, 0) << result.output;
  const std::string table = read_file(folder / "out.csv");
  EXPECT_THAT(table,
              AllOf(HasSubstr("equino-rbf\n"), HasSubstr(",rve\n"), HasSubstr("not_finite")));
}

// Requirement: a chain that cannot be guarded is refused before any work, in one sentence.
TEST_F(Guarded, RefusesAChainThatCannotBeGuarded)
{
  const auto refused = [&](const std::string &entry, const std::string &sentence)
  {
    const auto result = run({entry}, {"--validate"});
    EXPECT_EQ(result.code, 2) << entry;
    EXPECT_THAT(result.output, HasSubstr(sentence));
  };
  refused("Guard/Chain=equino, pod-galerkin", "must end with rve");
  refused("Guard/Chain=rve, equino, rve", "goes on after rve");
  refused("Guard/Chain=rve", "needs a micro model before rve");
  refused("Guard/Chain=equino, equino-rbf, rve", "names equino-rbf twice");
  refused("Guard/Chain=equino-mlp, rve", "needs 'equino-mlp' among the 'Closures'");
  refused("Guard/Violation rate=0.04", "needs at least 24 'Validation samples'");
  refused("Coupling/Reference=guarded", "Reference");
  const auto alone = StartedProgram(1, {UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm",
                                        "--validate", "-D", "Guard/Rounds=2"})
                       .wait();
  EXPECT_EQ(alone.code, 2);
  EXPECT_THAT(alone.output, HasSubstr("'Rounds' = 2 in section 'Guard' needs 'Closure' = guarded"));
}
} // namespace understudy::test

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The stage 'run' of the built program with a guarded chain that hands points over, broken off by
// SIGKILL at random moments and started again each time, stopped by a signal, and resumed on
// another number of ranks. UNDERSTUDY_RUN_KILLS sets the number of kills (5).

#include <data/core/sha256.h>
#include <data/store/atomic_file.h>
#include <solvers/macro_fields.h>
#include <tests/run_program.h>
#include <tests/small_rve.h>
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

constexpr unsigned n_steps = 60;

unsigned n_kills()
{
  const char *wanted = std::getenv("UNDERSTUDY_RUN_KILLS");
  return wanted ? static_cast<unsigned>(std::atoi(wanted)) : 5;
}

/// The trained small case, and its runs as unbroken ones end; made once.
class RunKill : public testing::Test
{
protected:
  /// Hash of the fields of every load step, and what the record says of each.
  using Steps = std::vector<std::string>;

  static void SetUpTestSuite()
  {
    folder_ = std::make_unique<testing_tools::TemporaryFolder>();
    SmallRve().write(folder_->path());
    const auto trained = StartedProgram(1, arguments({"--stages", "generate,train"})).wait();
    ASSERT_EQ(trained.code, 0) << trained.output;
    for (const unsigned n_ranks : {1u, 2u})
    {
      remove_run();
      StartedProgram program(n_ranks, arguments({}));
      ASSERT_TRUE(program.runs_until(stage_begins)) << program.output();
      Life &life = lives_[n_ranks];
      life.stage = program.age();
      const auto result = program.wait();
      life.end = program.age();
      ASSERT_EQ(result.code, 0) << result.output;
      life.steps = steps();
      ASSERT_EQ(life.steps.size(), n_steps);
      // The case is of use only if points are handed over and audited on the way.
      const auto record = nlohmann::json::parse(read_file(run_folder() + "/record.json"));
      ASSERT_GT(record["steps"].back()["answered_by"].back().get<int>(), 0);
      ASSERT_GT(record["guard"]["levels"][0]["audited"].get<int>(), 0);
      last_[n_ranks] = fields_of_last_step();
    }
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override { remove_run(); }

  static std::string out() { return folder_->path() + "/out"; }
  static std::string run_folder() { return out() + "/run/guarded"; }

  static std::vector<std::string> arguments(const std::vector<std::string> &more,
                                            const std::string &reference = "none")
  {
    std::vector<std::string> words = {UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm"};
    for (const std::string &entry :
         {std::string("Data set/Validation samples=20"),
          std::string("Training/Closures=equino-rbf, pod-galerkin"),
          std::string("Macro/Macro mesh=l_profile"), std::string("Macro/Load=9"),
          "Macro/Load steps=" + std::to_string(n_steps), std::string("Coupling/Closure=guarded"),
          "Coupling/Reference=" + reference, std::string("Coupling/Checkpoint interval=0"),
          std::string("Guard/Audit share=0.1"), "Output directory=" + out()})
      words.insert(words.end(), {"-D", entry});
    const auto mesh = SmallRve::overrides(folder_->path());
    words.insert(words.end(), mesh.begin(), mesh.end());
    words.insert(words.end(), more.begin(), more.end());
    if (more.empty() || more[0] != "--stages")
      words.insert(words.end(), {"--stages", "run"});
    return words;
  }

  /// Starts the run and sends @p signal to @p n_ranks = 1 or to mpirun after @p line was printed.
  static ProgramResult run_and_send(int signal, unsigned n_ranks, const std::string &line)
  {
    StartedProgram program(n_ranks, arguments({}));
    EXPECT_TRUE(program.runs_until(line)) << program.output();
    for (const pid_t rank : n_ranks == 1 ? std::vector<pid_t>{program.pid()} : program.children())
      kill(rank, signal);
    return program.wait();
  }

  static void remove_run()
  {
    std::filesystem::remove_all(out() + "/run");
    std::filesystem::remove_all(out() + "/handover");
    std::filesystem::remove_all(out() + "/stages/run.json");
  }

  static std::string fields_file(std::size_t i)
  {
    char name[32];
    std::snprintf(name, sizeof name, "/step-%03zu.fields", i);
    return run_folder() + name;
  }

  static Steps steps()
  {
    Steps all;
    const auto record = nlohmann::json::parse(read_file(run_folder() + "/record.json"));
    for (auto step : record["steps"])
    {
      for (const char *varying : {"time_closure_s", "time_total_s"})
        step.erase(varying);
      all.push_back(sha256_hex(read_file(fields_file(all.size()))) + step.dump());
    }
    all.back() += record["guard"]["levels"].dump();
    return all;
  }

  static MacroFields fields_of_last_step()
  {
    const std::string bytes = read_file(fields_file(n_steps - 1));
    return unpack({bytes.begin(), bytes.end()}, "the last step");
  }

  /// The run is complete and equals the unbroken one on as many ranks, bit for bit.
  static void expect_whole(unsigned n_ranks)
  {
    EXPECT_EQ(steps(), lives_[n_ranks].steps);
    for (const char *slot : {"/run.0.checkpoint", "/run.1.checkpoint"})
      EXPECT_FALSE(std::filesystem::exists(run_folder() + slot));
    const std::string collection = read_file(run_folder() + "/macro.pvd");
    EXPECT_THAT(collection, HasSubstr("macro_0000.pvtu"));
    EXPECT_THAT(collection, HasSubstr("macro_0059.pvtu"));
  }

  /// When an unbroken run came to the stage, when it ended, in seconds, and what it left.
  struct Life
  {
    double stage = 0., end = 0.;
    Steps steps;
  };
  static constexpr const char *stage_begins = "run: Computes the macro";
  static std::map<unsigned, Life> lives_;
  static std::map<unsigned, MacroFields> last_;
  static std::unique_ptr<testing_tools::TemporaryFolder> folder_;
};
std::map<unsigned, RunKill::Life> RunKill::lives_;
std::map<unsigned, MacroFields> RunKill::last_;
std::unique_ptr<testing_tools::TemporaryFolder> RunKill::folder_;
} // namespace

// Requirement: whenever 'run' is killed, on one rank or on two, the same command ends with the run
// of an unbroken one, bit for bit: fields, iterations, hand-overs, audit.
TEST_F(RunKill, EndsWithTheRunOfAnUnbrokenOne)
{
  std::mt19937_64 random(24);
  std::uniform_real_distribution<double> share(0., 1.);
  unsigned killed = 0, resumed = 0;
  for (unsigned lives = 1; !HasFailure(); ++lives)
  {
    ASSERT_LT(lives, 5 * n_kills() + 5) << "most runs end before they are killed";
    SCOPED_TRACE("life " + std::to_string(lives));
    const unsigned n_ranks = (killed / 3) % 4 == 3 ? 2 : 1; // constant from begin to end of a run
    static unsigned ranks_of_this_run = 0;
    if (ranks_of_this_run == 0)
      ranks_of_this_run = n_ranks;
    const Life &life = lives_[ranks_of_this_run];
    StartedProgram program(ranks_of_this_run, arguments({}));
    bool runs = killed < n_kills();
    if (runs && lives % 3 == 0)
      runs = program.runs_to_age(share(random) * life.end);
    else if (runs)
      runs = program.runs_until(stage_begins) &&
             program.runs_to_age(program.age() + 0.7 * share(random) * (life.end - life.stage));
    if (runs)
    {
      const auto ranks =
        ranks_of_this_run == 1 ? std::vector<pid_t>{program.pid()} : program.children();
      if (!ranks.empty())
        kill(ranks[random() % ranks.size()], SIGKILL);
    }
    const ProgramResult result = program.wait();
    resumed += result.output.find("goes on") != std::string::npos ? 1 : 0;
    if (result.code != 0)
    {
      ASSERT_TRUE(runs) << result.output;
      ++killed;
      continue;
    }
    expect_whole(ranks_of_this_run);
    if (killed >= n_kills())
      break;
    remove_run();
    ranks_of_this_run = 0;
  }
  EXPECT_GT(resumed, 0u) << "no run went on from a checkpoint";
  RecordProperty("resumed", static_cast<int>(resumed));
}

// Requirement: a signal ends the run after the load step at work, with exit code 143 and a
// sentence; any number of ranks goes on.
TEST_F(RunKill, IsResumedOnAnotherNumberOfRanks)
{
  for (const auto &[before, after] : {std::pair(2u, 1u), {1u, 4u}})
  {
    SCOPED_TRACE(std::to_string(before) + " -> " + std::to_string(after));
    remove_run();
    const auto stopped = run_and_send(SIGTERM, before, "load factor 0.6");
    EXPECT_EQ(stopped.code, 143) << stopped.output;
    EXPECT_THAT(stopped.output, HasSubstr("; the same command continues it."));
    ASSERT_TRUE(std::filesystem::exists(run_folder() + "/run.0.checkpoint"));
    const auto result = StartedProgram(after, arguments({})).wait();
    ASSERT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, AllOf(HasSubstr("goes on"), Not(HasSubstr("load factor 0.5:"))));
    const MacroDifference d = compare(fields_of_last_step(), last_[1], MPI_COMM_SELF);
    EXPECT_LT(d.displacement, 1e-10);
    EXPECT_LT(d.stress, 1e-10);
  }
}

// Requirement: a checkpoint of another case is not used; its difference is told with both values.
TEST_F(RunKill, TellsWhatChangedSinceTheCheckpoint)
{
  const auto stopped = run_and_send(SIGUSR1, 1, "load factor 0.1:");
  EXPECT_EQ(stopped.code, 143) << stopped.output;
  const auto refused =
    StartedProgram(1, arguments({"-D", "Macro/Minimum step fraction=0.25", "--resume"})).wait();
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.output, HasSubstr("'Macro/Minimum step fraction' was 0.015625 and is 0.25"));
  const auto warned =
    StartedProgram(1, arguments({"-D", "Macro/Minimum step fraction=0.25"})).wait();
  EXPECT_EQ(warned.code, 0) << warned.output;
  EXPECT_THAT(warned.output,
              AllOf(HasSubstr("'Macro/Minimum step fraction' was 0.015625 and is 0.25"),
                    HasSubstr("load factor 0.0166667:")));
}

// Requirement: --resume refuses the checkpoint of the second run before it computes the first.
TEST_F(RunKill, RefusesTheReferenceBeforeTheRun)
{
  StartedProgram program(1, arguments({}, "rve"));
  ASSERT_TRUE(program.runs_until("run: rve: load factor 0.2:")) << program.output();
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.wait().code, 143);
  const auto refused =
    StartedProgram(1, arguments({"-D", "Macro/Minimum step fraction=0.25", "--resume"}, "rve"))
      .wait();
  EXPECT_EQ(refused.code, 2) << refused.output;
  EXPECT_THAT(refused.output, AllOf(HasSubstr("'Macro/Minimum step fraction' was 0.015625"),
                                    Not(HasSubstr("load factor"))));
  remove_run(); // with that of the reference
}

// Requirement: ParaView sees all load steps of a resumed run, whatever its first piece wrote.
TEST_F(RunKill, AResumedRunShowsAllSteps)
{
  StartedProgram program(1, arguments({"-D", "Macro/Write macro fields=false"}));
  ASSERT_TRUE(program.runs_until("load factor 0.5:")) << program.output();
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.wait().code, 143);
  EXPECT_FALSE(std::filesystem::exists(run_folder() + "/macro.pvd"));
  const auto result = StartedProgram(1, arguments({})).wait();
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("goes on"));
  expect_whole(1);
  for (const char *step : {"/macro_0000.pvtu", "/macro_0059.pvtu"})
    EXPECT_TRUE(std::filesystem::exists(run_folder() + step)) << step;
}

// Requirement: a run whose hand-overs were removed is not up to date, and makes them again.
TEST_F(RunKill, MissingHandOversAreMadeAgain)
{
  ASSERT_EQ(StartedProgram(1, arguments({})).wait().code, 0);
  ASSERT_TRUE(std::filesystem::exists(out() + "/handover/manifest.json"));
  std::filesystem::remove_all(out() + "/handover");
  const auto again = StartedProgram(1, arguments({})).wait();
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(std::filesystem::exists(out() + "/handover/manifest.json")) << again.output;
  expect_whole(1);
}

// Requirement: --fresh begins anew, and a checkpoint whose slots are damaged is not believed.
TEST_F(RunKill, BeginsAnewWhereItIsToldToOrHasTo)
{
  run_and_send(SIGTERM, 1, "load factor 0.5:");
  const auto fresh = StartedProgram(1, arguments({"--fresh"})).wait();
  EXPECT_EQ(fresh.code, 0) << fresh.output;
  EXPECT_THAT(fresh.output, HasSubstr("load factor 0.0166667:"));
  expect_whole(1);

  remove_run();
  run_and_send(SIGTERM, 1, "load factor 0.5:");
  std::filesystem::resize_file(fields_file(3), 100);
  const auto refused = StartedProgram(1, arguments({"--resume"})).wait();
  EXPECT_EQ(refused.code, 2) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("No other one is left; --fresh begins anew."));
  const auto damaged = StartedProgram(1, arguments({})).wait();
  EXPECT_EQ(damaged.code, 0) << damaged.output;
  EXPECT_THAT(damaged.output, AllOf(HasSubstr("step-003.fields is missing or damaged"),
                                    HasSubstr("load factor 0.0166667:")));
  expect_whole(1);
}

// Requirement: when one rank is killed, the job ends within 10 s, and what it left is of use.
TEST_F(RunKill, AJobThatLosesARankEndsSoon)
{
  StartedProgram program(2, arguments({}));
  ASSERT_TRUE(program.runs_until("load factor 0.2:")) << program.output();
  const auto ranks = program.children();
  ASSERT_EQ(ranks.size(), 2u);
  const double begin = program.age();
  kill(ranks[1], SIGKILL);
  const auto result = program.wait();
  EXPECT_NE(result.code, 0);
  EXPECT_LT(program.age() - begin, 10.);
  const auto next = StartedProgram(2, arguments({})).wait();
  EXPECT_EQ(next.code, 0) << next.output;
  EXPECT_THAT(next.output, HasSubstr("goes on"));
  expect_whole(2);
}
} // namespace understudy::test

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/log.h>
#include <data/core/progress.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace understudy;
using testing::HasSubstr;

namespace
{
struct LogFile : testing::Test
{
  void TearDown() override { std::filesystem::remove(file); }
  std::string text() const
  {
    std::ostringstream all;
    all << std::ifstream(file).rdbuf();
    return all.str();
  }
  std::filesystem::path file =
    std::filesystem::temp_directory_path() / ("understudy_log_" + std::to_string(getpid()));
};
} // namespace

TEST_F(LogFile, QuietKeepsWarningsAndConclusions)
{
  testing::internal::CaptureStdout();
  Log log(MPI_COMM_SELF, true);
  log.open(file);
  log.info("one");
  log.warning("two");
  log.conclusion("three");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "warning: two\nthree\n");
  EXPECT_EQ(text(), "one\nwarning: two\nthree\n");
}

TEST_F(LogFile, AFileThatCannotBeOpenedIsAWriteError)
{
  Log log(MPI_COMM_SELF);
  EXPECT_THROW(log.open("/proc/1/nothing/log.txt"), WriteError);
}

TEST_F(LogFile, ProgressIsThrottledAndTellsTheTimeLeft)
{
  double now = 100.;
  Log log(MPI_COMM_SELF, true);
  log.open(file);
  Progress progress(log, "generate", "samples", 225, 25, 2., [&] { return now; });
  progress.update(26);
  EXPECT_EQ(text(), ""); // nothing before the interval has passed
  now = 110.;
  progress.update(125, "1 crashed");
  progress.update(126);
  EXPECT_EQ(text(), "generate: 125/225 samples, 10 s, 10 s left, 1 crashed\n");
  now = 120.;
  progress.update(225);
  progress.finish();
  EXPECT_THAT(text(), HasSubstr("generate: 225 samples in 20 s (25 were there before)\n"));
}

TEST(Duration, IsForPeople)
{
  EXPECT_EQ(duration(0.0134), "0.013 s");
  EXPECT_EQ(duration(4.12), "4.1 s");
  EXPECT_EQ(duration(48.3), "48 s");
  EXPECT_EQ(duration(200.), "3 min 20 s");
  EXPECT_EQ(duration(7500.), "2 h 5 min");
}

TEST(TimingTable, AddsSectionsUp)
{
  Timing timing(MPI_COMM_SELF);
  timing.add("solve", 1.5);
  timing.add("solve", 2.5);
  timing.add("assemble", 1.);
  {
    const auto scope = timing.scope("scope");
  }
  const auto rows = timing.rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].section, "assemble");
  EXPECT_EQ(rows[1].section, "scope");
  EXPECT_EQ(rows[1].calls, 1.);
  EXPECT_EQ(rows[2].calls, 2.);
  EXPECT_EQ(rows[2].maximum, 4.);
  EXPECT_THAT(timing.table(),
              HasSubstr("solve                  2      4.000      4.000      4.000"));
}

// A request is never taken back, so each test has a process of its own.
TEST(StopFlagDeathTest, ASignalAsksAllRanksToStop)
{
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1})
    EXPECT_EXIT(
      {
        install_stop_handlers();
        const bool before = stop_requested_here() || stop_requested(MPI_COMM_SELF);
        std::raise(signal);
        const bool after = stop_requested_here() && stop_requested(MPI_COMM_SELF);
        std::_Exit(!before && after ? 0 : 1);
      },
      testing::ExitedWithCode(0), "")
      << "signal " << signal;
}

// Requirement: the wall time asks like a signal, and the reason that is told is the right one.
TEST(StopFlagDeathTest, TheWallTimeAsksLikeASignal)
{
  EXPECT_EXIT(
    {
      install_stop_handlers();
      set_walltime(3600.);
      const bool before = stop_requested_here() || stop_requested(MPI_COMM_SELF);
      set_walltime(0.);
      const bool never = stop_requested_here();
      set_walltime(1e-9);
      const bool after = stop_requested_here() && stop_requested(MPI_COMM_SELF);
      std::cerr << "stopped " << stop_reason();
      std::raise(SIGTERM);
      std::cerr << (stop_requested(MPI_COMM_SELF) ? ", " : "?") << stop_reason();
      std::_Exit(!before && !never && after ? 0 : 1);
    },
    testing::ExitedWithCode(0), "^stopped at the wall time of 1.66667e-11 min, by a signal$");
}

TEST(StopFlagDeathTest, TheSecondSignalEndsTheProgram)
{
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1})
    EXPECT_EXIT(
      {
        install_stop_handlers();
        std::raise(signal);
        std::raise(signal);
        std::_Exit(0);
      },
      testing::ExitedWithCode(143), "")
      << "signal " << signal;
}

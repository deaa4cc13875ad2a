// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// A child writes a data set and is killed at 50 random moments. The moments are counted in polls of
// the pipe on which the child tells of its progress, not in time.
#include <data/store/dataset.h>
#include <data/store/dataset_writer.h>
#include <tests/temporary_folder.h>

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <random>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

using namespace understudy;

namespace
{
/// What the child tells: a sample is being computed, or was acknowledged.
struct Message
{
  char what = ' '; // 'c' or 'a'
  std::size_t id = 0;
};

DataSetInfo example_info()
{
  DataSetInfo info;
  info.kind = "kill";
  info.fields = {{"x", {64}, "mm"}, {"y", {}, "1"}};
  info.defining = {{"seed", 1}};
  info.statics["mesh/nodes"] = {{3}, "mm", {0., 1., 2.}, false};
  return info;
}

Sample sample(const std::size_t id)
{
  return {id, "train", id % 7 == 3, "by design", {std::vector<double>(64, 0.5 * id), {1. * id}}};
}

void tell(const int pipe, const char what, const std::size_t id)
{
  const Message message{what, id};
  if (::write(pipe, &message, sizeof(message)) != sizeof(message))
    ::_exit(2);
}

/// Writes the samples that are missing, two to a round, until it is killed or all are there.
[[noreturn]] void write_samples(const std::string &folder, const std::size_t n, const int pipe)
{
  try
  {
    DataSetWriter writer(MPI_COMM_SELF, folder, example_info());
    std::vector<Sample> round;
    for (std::size_t id = 0; id < n; ++id)
    {
      if (writer.done().count(id) == 0)
      {
        tell(pipe, 'c', id);
        round.push_back(sample(id));
      }
      if (round.size() == 2 || (id + 1 == n && !round.empty()))
      {
        writer.write_round(round);
        for (const Sample &done : round)
          tell(pipe, 'a', done.id);
        round.clear();
      }
    }
  }
  catch (...)
  {
    ::_exit(3);
  }
  ::_exit(0);
}

/// One life of the child, from its start to its end.
struct Life
{
  std::vector<std::size_t> computed, acknowledged;
  bool killed = false;
  int exit_code = 0;
};

/// @param n_messages, n_polls the child is killed so many polls after so many messages; 0, 0: never
Life live(const std::string &folder, const std::size_t n_samples, const unsigned n_messages,
          const unsigned n_polls)
{
  int ends[2];
  if (::pipe(ends) != 0)
    throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0)
  {
    ::close(ends[0]);
    write_samples(folder, n_samples, ends[1]);
  }
  ::close(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  Life life;
  unsigned polls_left = n_polls;
  const bool mortal = n_messages + n_polls > 0;
  while (true)
  {
    Message message;
    const ssize_t n = ::read(ends[0], &message, sizeof(message));
    if (n == 0)
      break; // the child has ended and all it said was heard
    if (n == sizeof(message))
      (message.what == 'c' ? life.computed : life.acknowledged).push_back(message.id);
    if (mortal && !life.killed && life.computed.size() + life.acknowledged.size() >= n_messages &&
        polls_left-- == 0)
    {
      ::kill(child, SIGKILL);
      life.killed = true;
    }
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  life.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return life;
}
} // namespace

// Requirement: killed at any moment, nothing acknowledged is lost and nothing is done twice.
TEST(DataSetKill, NothingAcknowledgedIsLostOrRepeated)
{
  const testing_tools::TemporaryFolder folder;
  const std::string data = folder / "data";
  constexpr std::size_t n_samples = 600;
  std::mt19937_64 random(11);
  std::set<std::size_t> listed; // by the manifest after the previous life
  unsigned n_killed = 0;
  for (unsigned trial = 0; trial < 50; ++trial)
  {
    const Life life = live(data, n_samples, random() % 12, 1 + random() % 20000);
    n_killed += life.killed && life.exit_code == -1;
    ASSERT_TRUE(life.exit_code == -1 || life.exit_code == 0) << "exit code " << life.exit_code;
    for (const std::size_t id : life.computed)
      ASSERT_EQ(listed.count(id), 0u) << "sample " << id << " was computed twice, trial " << trial;
    if (!std::filesystem::exists(manifest_path(data)))
    {
      ASSERT_TRUE(life.acknowledged.empty() && listed.empty()) << "trial " << trial;
      continue;
    }
    const DataSet set = DataSet::open(data);
    set.verify();
    std::set<std::size_t> now;
    for (const auto &[id, entry] : set.manifest().samples)
    {
      now.insert(id);
      ASSERT_EQ(entry.crashed(), sample(id).crashed);
      if (!entry.crashed())
      {
        ASSERT_EQ(set.read(id, "x"), sample(id).values[0]);
        ASSERT_EQ(set.read(id, "y"), sample(id).values[1]);
      }
    }
    listed.insert(life.acknowledged.begin(), life.acknowledged.end());
    for (const std::size_t id : listed)
      ASSERT_EQ(now.count(id), 1u) << "sample " << id << " was lost, trial " << trial;
    listed = now;
  }
  EXPECT_GE(n_killed, 45u);

  const Life last = live(data, n_samples, 0, 0);
  EXPECT_EQ(last.exit_code, 0);
  EXPECT_EQ(last.computed.size(), n_samples - listed.size());
  const DataSet set = DataSet::open(data);
  EXPECT_EQ(set.manifest().samples.size(), n_samples);
  set.verify();
  std::size_t n_files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(data))
    n_files += entry.path().filename() != "manifest.json";
  EXPECT_EQ(n_files, set.manifest().files.size());
}

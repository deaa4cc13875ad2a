// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/timing.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace understudy::test
{
/// What a program printed (both streams in their order) and returned.
struct ProgramResult
{
  std::string output;
  int code = -1; ///< 128 + signal when it was killed
};

/// Runs a shell command line and waits for its end.
inline ProgramResult run_command(const std::string &command)
{
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr)
    throw std::runtime_error("cannot run: " + command);
  ProgramResult result;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    result.output.append(buffer, n);
  const int status = pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

/// Runs the built program with @p arguments, as a shell reads them.
inline ProgramResult run_understudy(const std::string &arguments)
{
  return run_command("timeout 300 " UNDERSTUDY_BINARY_DIR "/understudy " + arguments);
}

/// Runs the built program under mpirun. A test is an MPI process itself, whose environment would
/// make the inner mpirun fail, so its variables are removed (but those that allow root).
inline ProgramResult run_understudy_on(unsigned n_ranks, const std::string &arguments)
{
  return run_command(
    "env $(env | grep -oE '^(OMPI|PMIX|ORTE|PMI)_[A-Za-z0-9_]*' | grep -v ALLOW_RUN | "
    "sed 's/^/-u /') timeout 300 mpirun --quiet --oversubscribe --bind-to none -n " +
    std::to_string(n_ranks) + " " UNDERSTUDY_BINARY_DIR "/understudy " + arguments);
}

/// The built program, or mpirun with it, that the test watches while it runs and may kill.
class StartedProgram
{
public:
  /// @param n_ranks 1: without mpirun
  StartedProgram(unsigned n_ranks, std::vector<std::string> arguments)
  {
    arguments.insert(arguments.begin(), UNDERSTUDY_BINARY_DIR "/understudy");
    if (n_ranks > 1)
      arguments.insert(arguments.begin(), {"mpirun", "--quiet", "--oversubscribe", "--bind-to",
                                           "none", "-n", std::to_string(n_ranks)});
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    // A signal that the test ignores would be ignored by the program too.
    sigset_t all_signals;
    sigfillset(&all_signals);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &all_signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    auto environment = environment_of_a_shell();
    std::vector<char *> words = pointers(arguments), variables = pointers(environment);
    const int failed =
      posix_spawnp(&pid_, words[0], &actions, &attributes, words.data(), variables.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    pipe_ = ends[0];
    if (failed != 0)
      throw std::runtime_error("cannot start " + arguments[0]);
  }
  ~StartedProgram()
  {
    if (pid_ > 0)
    {
      ::kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(pipe_);
  }
  StartedProgram(const StartedProgram &) = delete;
  StartedProgram &operator=(const StartedProgram &) = delete;

  pid_t pid() const { return pid_; }
  const std::string &output() const { return output_; }

  /// Seconds since it was started.
  double age() const { return seconds_now() - start_; }

  /// Reads its output until @p words are in it; false when it ended before.
  bool runs_until(const std::string &words)
  {
    while (output_.find(words) == std::string::npos)
      if (!read_until(longest))
        return false;
    return true;
  }

  /// Reads its output until it is @p seconds old; false when it ended before.
  bool runs_to_age(double seconds)
  {
    while (age() < seconds)
      if (!read_until(seconds))
        return false;
    return true;
  }

  /// The processes that it started: the ranks of mpirun.
  std::vector<pid_t> children() const
  {
    std::vector<pid_t> all;
    for (const auto &process : std::filesystem::directory_iterator("/proc"))
    {
      const std::string name = process.path().filename();
      std::ifstream file(process.path() / "stat");
      std::string stat;
      if (!std::isdigit(static_cast<unsigned char>(name[0])) || !std::getline(file, stat))
        continue;
      // "pid (name) state parent ...", where the name may hold anything.
      const auto state = stat.rfind(')') + 2;
      if (std::stoi(stat.substr(state + 2)) == pid_)
        all.push_back(std::stoi(name));
    }
    return all;
  }

  /// Reads the rest of its output and waits for its end.
  ProgramResult wait()
  {
    while (read_until(longest))
      ;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return {output_, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
  }

private:
  static constexpr double longest = 300.; ///< seconds that a test waits for the program

  /// Without what MPI left in the environment of the test, which is an MPI process itself.
  static std::vector<std::string> environment_of_a_shell()
  {
    std::vector<std::string> kept;
    for (char **variable = environ; *variable; ++variable)
    {
      const std::string text = *variable;
      const bool of_mpi =
        text.rfind("OMPI_", 0) == 0 || text.rfind("PMI", 0) == 0 || text.rfind("ORTE_", 0) == 0;
      if (!of_mpi || text.find("ALLOW_RUN") != std::string::npos)
        kept.push_back(text);
    }
    return kept;
  }
  static std::vector<char *> pointers(std::vector<std::string> &texts)
  {
    std::vector<char *> all;
    for (auto &text : texts)
      all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  }

  /// Reads what comes first, at most until it is @p seconds old; false at the end of its output.
  bool read_until(double seconds)
  {
    pollfd ready{pipe_, POLLIN, 0};
    const int n_ready = poll(&ready, 1, std::max(0, static_cast<int>(1e3 * (seconds - age())) + 1));
    if (n_ready == 0 && age() > longest)
      ::kill(pid_, SIGKILL);
    if (n_ready <= 0)
      return true;
    char buffer[4096];
    const ssize_t n = read(pipe_, buffer, sizeof buffer);
    if (n > 0)
      output_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }

  const double start_ = seconds_now();
  pid_t pid_ = 0;
  int pipe_ = -1;
  std::string output_;
};
} // namespace understudy::test

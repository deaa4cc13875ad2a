// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <sys/wait.h>

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
} // namespace understudy::test

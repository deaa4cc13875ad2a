// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <stdexcept>
#include <string>

namespace understudy
{
/// What the program returns to the shell.
enum class ExitCode : int
{
  ok = 0,
  user_error = 2,     ///< a wrong case, argument or input file
  solver_failure = 3, ///< a solver gave up
  write_failure = 4,  ///< a file could not be written
  stopped = 143       ///< stopped by a signal or at the wall time, after a checkpoint
};

/// An error with the exit code it leads to. The text is one complete sentence for the user:
/// it names the file (and line), the key, and the nearest valid name where there is one.
class Error : public std::runtime_error
{
public:
  Error(ExitCode code, const std::string &sentence) : std::runtime_error(sentence), code_(code) {}
  ExitCode code() const { return code_; }

private:
  ExitCode code_;
};

/// The user can mend it: case, argument, missing or refused input file.
class UserError : public Error
{
public:
  explicit UserError(const std::string &sentence) : Error(ExitCode::user_error, sentence) {}
};

/// A solver did not converge and no smaller step helps.
class SolverError : public Error
{
public:
  explicit SolverError(const std::string &sentence) : Error(ExitCode::solver_failure, sentence) {}
};

/// A file could not be written completely; what stood there before still stands.
class WriteError : public Error
{
public:
  explicit WriteError(const std::string &sentence) : Error(ExitCode::write_failure, sentence) {}
};
} // namespace understudy

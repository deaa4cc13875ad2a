// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <mpi.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace understudy
{
/// What the user reads: lines on standard output and, once opened, in a log file. Only rank 0
/// writes; the other ranks may call everything, which then does nothing.
class Log
{
public:
  /// @param quiet  standard output shows only warnings and conclusions; the file gets everything
  explicit Log(MPI_Comm comm, bool quiet = false);

  /// Starts (or continues) the log file. Every rank throws WriteError when it cannot be opened.
  /// Collective.
  void open(const std::filesystem::path &file, bool append = false);

  void info(const std::string &line);       ///< what happens now
  void warning(const std::string &line);    ///< "warning: ...", shown in quiet runs too
  void conclusion(const std::string &line); ///< last lines of a run, shown in quiet runs too
  void failure(const std::string &line); ///< "error: ...", in the file only: the program tells it

  bool writes() const { return writes_; } ///< true on rank 0

private:
  void to_file(const std::string &line);

  MPI_Comm comm_;
  bool writes_;
  bool quiet_;
  std::ofstream file_;
};
} // namespace understudy

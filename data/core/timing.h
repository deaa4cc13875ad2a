// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <mpi.h>

#include <map>
#include <string>
#include <vector>

namespace understudy
{
/// Wall time in seconds since a fixed moment, never set back: the difference of two is a duration.
double seconds_now();

/// Wall times of named sections, e.g. "run: assemble". Sections may be nested; each counts its own
/// full time. Not thread-safe.
class Timing
{
public:
  /// Adds the time of its life to its section. Moving is not allowed; return it by value and bind
  /// it.
  class Scope
  {
  public:
    Scope(Timing &timing, std::string section);
    ~Scope();
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

    double seconds() const { return seconds_now() - start_; } ///< since the scope was opened

  private:
    Timing &timing_;
    std::string section_;
    double start_;
  };

  explicit Timing(MPI_Comm comm) : comm_(comm) {}

  /// const auto scope = timing.scope("run: assemble");
  [[nodiscard]] Scope scope(const std::string &section) { return Scope(*this, section); }

  /// Adds @p seconds and one call that were measured elsewhere.
  void add(const std::string &section, double seconds);

  struct Row
  {
    std::string section;
    double calls = 0.;                               ///< most calls of a rank
    double minimum = 0., average = 0., maximum = 0.; ///< seconds over the ranks
  };

  /// All sections that any rank has, by name; equal on all ranks. Collective.
  std::vector<Row> rows() const;

  /// Table with one line per section and a header, for the end of a run. Collective.
  std::string table() const;

private:
  struct Section
  {
    double seconds = 0.;
    double calls = 0.;
  };
  MPI_Comm comm_;
  std::map<std::string, Section> sections_;
};
} // namespace understudy

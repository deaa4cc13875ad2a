// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>

#include <cstddef>
#include <functional>
#include <string>

namespace understudy
{
/// Lines such as "generate: 12/225 samples, 4.1 s, 48 s left" in the log, at most one per interval.
/// Only plain lines, no control characters. Local: nothing is communicated.
class Progress
{
public:
  /// @param what      first word of the line, e.g. "generate"
  /// @param unit      what is counted, in the plural, e.g. "samples"
  /// @param total     how many there will be; 0: unknown (then no time left is given)
  /// @param done      how many were there already, e.g. after a resumed run
  /// @param interval  least time between two lines in seconds
  /// @param clock     seconds since any fixed moment; empty: seconds_now()
  Progress(Log &log, std::string what, std::string unit, std::size_t total, std::size_t done = 0,
           double interval = 2., std::function<double()> clock = {});

  /// @p done are finished now (in all, with those of the start); @p note is appended to the line,
  /// e.g. "loss 3.1e-04".
  void update(std::size_t done, const std::string &note = "");

  /// The last line, always written: "generate: 225 samples in 52.0 s".
  void finish(const std::string &note = "");

private:
  Log &log_;
  std::string what_, unit_;
  std::size_t total_, first_, done_;
  double interval_;
  std::function<double()> clock_;
  double start_, last_line_;
};

/// A duration for people: "0.013 s", "4.1 s", "48 s", "3 min 20 s", "2 h 5 min".
std::string duration(double seconds);
} // namespace understudy

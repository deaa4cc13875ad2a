// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/progress.h>
#include <data/core/timing.h>

#include <cstdio>

namespace understudy
{
std::string duration(double seconds)
{
  char text[64];
  if (seconds < 1.)
    std::snprintf(text, sizeof text, "%.3f s", seconds);
  else if (seconds < 9.95)
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  else if (seconds < 119.5)
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  else if (seconds < 7199.5)
  {
    const long whole = static_cast<long>(seconds + 0.5);
    std::snprintf(text, sizeof text, "%ld min %ld s", whole / 60, whole % 60);
  }
  else
  {
    const long minutes = static_cast<long>(seconds / 60. + 0.5);
    std::snprintf(text, sizeof text, "%ld h %ld min", minutes / 60, minutes % 60);
  }
  return text;
}

Progress::Progress(Log &log, std::string what, std::string unit, std::size_t total,
                   std::size_t done, double interval, std::function<double()> clock)
  : log_(log),
    what_(std::move(what)),
    unit_(std::move(unit)),
    total_(total),
    first_(done),
    done_(done),
    interval_(interval),
    clock_(clock ? std::move(clock) : seconds_now),
    start_(clock_()),
    last_line_(start_)
{
}

void Progress::update(std::size_t done, const std::string &note)
{
  done_ = done;
  const double now = clock_();
  if (now - last_line_ < interval_)
    return;
  last_line_ = now;
  std::string line = what_ + ": " + std::to_string(done);
  if (total_ > 0)
    line.append("/").append(std::to_string(total_));
  line += " " + unit_ + ", " + duration(now - start_);
  // What a resumed run found finished says nothing about the speed of this one.
  if (total_ > done && done > first_)
  {
    const double rate = static_cast<double>(done - first_) / (now - start_);
    line.append(", ").append(duration(static_cast<double>(total_ - done) / rate)).append(" left");
  }
  if (!note.empty())
    line.append(", ").append(note);
  log_.info(line);
}

void Progress::finish(const std::string &note)
{
  std::string line = what_ + ": " + std::to_string(done_);
  line += " " + unit_ + " in " + duration(clock_() - start_);
  if (first_ > 0)
    line.append(" (").append(std::to_string(first_)).append(" were there before)");
  if (!note.empty())
    line.append(", ").append(note);
  log_.info(line);
}
} // namespace understudy

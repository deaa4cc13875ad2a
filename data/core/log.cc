// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/log.h>

#include <cerrno>
#include <cstring>
#include <iostream>

namespace understudy
{
Log::Log(MPI_Comm comm, bool quiet) : comm_(comm), writes_(rank_in(comm) == 0), quiet_(quiet) {}

void Log::open(const std::filesystem::path &file, bool append)
{
  on_rank_0(comm_,
            [&]
            {
              file_.open(file, append ? std::ios::app : std::ios::trunc);
              if (!file_)
                throw WriteError("The log file " + file.string() +
                                 " cannot be opened: " + std::strerror(errno) + ".");
              return std::string();
            });
}

void Log::to_file(const std::string &line)
{
  if (file_.is_open())
    file_ << line << std::endl; // flushed: a killed run shows how far it came
}

void Log::info(const std::string &line)
{
  if (!writes_)
    return;
  if (!quiet_)
    std::cout << line << std::endl;
  to_file(line);
}

void Log::warning(const std::string &line)
{
  conclusion("warning: " + line);
}

void Log::failure(const std::string &line)
{
  if (writes_)
    to_file("error: " + line);
}

void Log::conclusion(const std::string &line)
{
  if (!writes_)
    return;
  std::cout << line << std::endl;
  to_file(line);
}
} // namespace understudy

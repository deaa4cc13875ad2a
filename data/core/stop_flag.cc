// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>

#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace understudy
{
namespace
{
/// Greater ones are told rather than smaller ones.
enum Reason : int
{
  none,
  walltime,
  signal_received
};

volatile std::sig_atomic_t requested = 0;
double limit = 0.;    ///< wall time [s], 0: none
double deadline = 0.; ///< on the clock of seconds_now()
Reason agreed = none; ///< of all ranks

extern "C" void ask_to_stop(int)
{
  if (requested)
    _exit(static_cast<int>(ExitCode::stopped));
  requested = 1;
}

Reason reason_here()
{
  if (requested != 0)
    return signal_received;
  return limit > 0. && seconds_now() >= deadline ? walltime : none;
}
} // namespace

void install_stop_handlers()
{
  struct sigaction action = {};
  action.sa_handler = ask_to_stop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1})
    sigaction(signal, &action, nullptr);
}

void set_walltime(double seconds)
{
  limit = seconds;
  deadline = seconds_now() + seconds;
}

bool stop_requested_here()
{
  return reason_here() != none;
}

bool stop_requested(MPI_Comm comm)
{
  int any = reason_here();
  MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, comm);
  agreed = static_cast<Reason>(any);
  return any != none;
}

namespace
{
[[noreturn]] void throw_stopped(const std::string &sentence)
{
  throw Error(ExitCode::stopped, "Stopped " + stop_reason() + "; " + sentence);
}
} // namespace

void throw_if_stop_requested(const std::string &sentence)
{
  if (stop_requested_here())
    throw_stopped(sentence);
}

void throw_if_stop_requested(MPI_Comm comm, const std::string &sentence)
{
  if (stop_requested(comm))
    throw_stopped(sentence);
}

std::string stop_reason()
{
  if ((agreed != none ? agreed : reason_here()) == signal_received)
    return "by a signal";
  char text[64];
  std::snprintf(text, sizeof text, "at the wall time of %g min", limit / 60.);
  return text;
}
} // namespace understudy

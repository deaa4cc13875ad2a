// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/stop_flag.h>

#include <csignal>
#include <unistd.h>

namespace understudy
{
namespace
{
volatile std::sig_atomic_t requested = 0;

extern "C" void ask_to_stop(int)
{
  if (requested)
    _exit(static_cast<int>(ExitCode::stopped));
  requested = 1;
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

bool stop_requested_here()
{
  return requested != 0;
}

bool stop_requested(MPI_Comm comm)
{
  int any = requested;
  MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, comm);
  return any != 0;
}
} // namespace understudy

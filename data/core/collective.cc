// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>

#include <array>
#include <new>
#include <stdexcept>

namespace understudy
{
namespace
{
// Codes beside those of ExitCode, which an Error has.
constexpr int success = -1, out_of_memory = -2, other_failure = 1;

/// What one rank has to say.
struct Outcome
{
  int code = success;
  std::string text;
};

template <class Action>
Outcome outcome_or_throw(const Action &action)
{
  try
  {
    return {success, action()};
  }
  catch (const Error &error)
  {
    return {static_cast<int>(error.code()), error.what()};
  }
  catch (const std::bad_alloc &)
  {
    return {out_of_memory, {}};
  }
  catch (const std::exception &error)
  {
    return {other_failure, error.what()};
  }
  catch (...)
  {
    return {other_failure, "An exception of unknown type was thrown."};
  }
}

/// Never throws: the other ranks wait for this one.
template <class Action>
Outcome outcome_of(const Action &action) noexcept
{
  try
  {
    return outcome_or_throw(action);
  }
  catch (...) // there was no memory for the text of an exception
  {
    return {out_of_memory, {}};
  }
}

[[noreturn]] void rethrow(const Outcome &outcome)
{
  switch (static_cast<ExitCode>(outcome.code))
  {
  case ExitCode::user_error:
    throw UserError(outcome.text);
  case ExitCode::solver_failure:
    throw SolverError(outcome.text);
  case ExitCode::write_failure:
    throw WriteError(outcome.text);
  case ExitCode::stopped:
    throw Error(ExitCode::stopped, outcome.text);
  default:
    if (outcome.code == out_of_memory)
      throw std::bad_alloc();
    throw std::runtime_error(outcome.text);
  }
}

/// Gives the outcome of rank @p root to all. A rank without memory for the text makes it
/// out_of_memory on all of them.
void broadcast(Outcome &outcome, int root, MPI_Comm comm)
{
  std::array<long long, 2> head{outcome.code, static_cast<long long>(outcome.text.size())};
  MPI_Bcast(head.data(), 2, MPI_LONG_LONG, root, comm);
  outcome.code = static_cast<int>(head[0]);
  int room = 1;
  try
  {
    outcome.text.resize(static_cast<std::size_t>(head[1]));
  }
  catch (const std::bad_alloc &)
  {
    room = 0;
  }
  MPI_Allreduce(MPI_IN_PLACE, &room, 1, MPI_INT, MPI_MIN, comm);
  if (room == 0)
  {
    outcome = {out_of_memory, {}};
    return;
  }
  MPI_Bcast(outcome.text.data(), static_cast<int>(head[1]), MPI_CHAR, root, comm);
}

bool mpi_runs()
{
  int started = 0, ended = 0;
  MPI_Initialized(&started);
  MPI_Finalized(&ended);
  return started && !ended;
}
} // namespace

int rank_in(MPI_Comm comm)
{
  int rank = 0;
  if (mpi_runs())
    MPI_Comm_rank(comm, &rank);
  return rank;
}

std::string on_rank_0(MPI_Comm comm, const std::function<std::string()> &action)
{
  if (!mpi_runs())
    return action();
  Outcome outcome;
  if (rank_in(comm) == 0)
    outcome = outcome_of(action);
  broadcast(outcome, 0, comm);
  if (outcome.code != success)
    rethrow(outcome);
  return outcome.text;
}

void on_all_ranks(MPI_Comm comm, const std::function<void()> &action)
{
  if (!mpi_runs())
    return action();
  Outcome outcome = outcome_of(
    [&]
    {
      action();
      return std::string();
    });
  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  int first = outcome.code == success ? n_ranks : rank_in(comm);
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm);
  if (first == n_ranks)
    return;
  broadcast(outcome, first, comm);
  rethrow(outcome);
}
} // namespace understudy

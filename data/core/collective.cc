// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>

#include <array>
#include <stdexcept>

namespace understudy
{
namespace
{
/// What one rank has to say: code -1 for success, an ExitCode for an Error, 1 for anything else.
struct Outcome
{
  int code = -1;
  std::string text;
};

constexpr int success = -1, other_failure = 1;

template <class Action>
Outcome outcome_of(const Action &action)
{
  try
  {
    return {success, action()};
  }
  catch (const Error &error)
  {
    return {static_cast<int>(error.code()), error.what()};
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
    throw std::runtime_error(outcome.text);
  }
}

void broadcast(Outcome &outcome, int root, MPI_Comm comm)
{
  std::array<long long, 2> head{outcome.code, static_cast<long long>(outcome.text.size())};
  MPI_Bcast(head.data(), 2, MPI_LONG_LONG, root, comm);
  outcome.code = static_cast<int>(head[0]);
  outcome.text.resize(static_cast<std::size_t>(head[1]));
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

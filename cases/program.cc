// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/command_line.h>
#include <cases/inspect.h>
#include <cases/program.h>
#include <cases/register.h>
#include <cases/run_case.h>
#include <cases/torch_setup.h>
#include <cases/versions.h>
#include <data/core/errors.h>
#include <data/core/stop_flag.h>
#include <data/core/threads.h>
#include <data/core/timing.h>
#include <solvers/petsc_errors.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/base/mpi.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <new>
#include <optional>
#include <sstream>
#include <thread>

namespace understudy
{
namespace
{
constexpr double seconds_for_agreement = 5.;

/// The end of a run that failed: what to tell, and the value for the shell.
struct Failure
{
  int code = 0;
  std::string text;
};

std::string print_info(const dealii::ExceptionBase &error)
{
  std::ostringstream text;
  error.print_info(text);
  std::istringstream in(text.str());
  std::string words;
  for (std::string word; in >> word;)
    words.append(words.empty() ? "" : " ").append(word);
  return words.empty() ? std::string("a library of finite elements gave up without a reason.")
                       : words;
}

template <class Action>
Failure failure_of(const Action &action)
{
  const int solver = static_cast<int>(ExitCode::solver_failure);
  try
  {
    action();
    return {};
  }
  catch (const Error &error)
  {
    return {static_cast<int>(error.code()), error.what()};
  }
  catch (const std::bad_alloc &)
  {
    return {solver, "The memory of this machine is not enough for the case; use fewer ranks or a "
                    "smaller case."};
  }
  catch (const dealii::ExceptionBase &error)
  {
    return {solver, print_info(error)};
  }
  catch (const std::exception &error)
  {
    return {solver, error.what()};
  }
}

void tell(const Failure &failure)
{
  std::cout.flush();
  std::cerr << (failure.code == static_cast<int>(ExitCode::stopped) ? "" : "error: ")
            << failure.text << std::endl;
}

/// A failure that all ranks share is told once, and MPI ends in peace. When the others do not come,
/// they wait for this rank somewhere else, and only an abort can end them.
int end_of(const Failure &failure, MPI_Comm comm)
{
  // The request is never waited for: the buffers have to outlive this function in case of an abort.
  static int mine, largest;
  mine = failure.code == 0 ? -1 : static_cast<int>(dealii::Utilities::MPI::this_mpi_process(comm));
  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  static int code;
  code = failure.code;
  MPI_Request request;
  MPI_Iallreduce(&code, &largest, 1, MPI_INT, MPI_MAX, comm, &request);
  const double start = seconds_now();
  for (int all_came = 0; !all_came;)
  {
    MPI_Test(&request, &all_came, MPI_STATUS_IGNORE);
    if (!all_came && failure.code != 0 && seconds_now() - start > seconds_for_agreement)
    {
      tell(failure);
      MPI_Abort(comm, failure.code);
    }
    if (!all_came)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (largest == 0)
    return 0;
  int first = mine < 0 ? n_ranks : mine;
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm);
  if (first == mine)
    tell(failure);
  return largest;
}

void print_names(const std::string &title, const std::vector<NamedSentence> &all)
{
  if (!all.empty())
    std::cout << "  " << title << ":\n";
  for (const auto &one : all)
    std::cout << "    " << one.name << ": " << one.sentence << "\n";
}

void list(const std::string &name)
{
  const auto all = families();
  const auto chosen = name.empty() ? all.names() : std::vector<std::string>{name};
  for (const std::string &one : chosen)
  {
    const auto family = all.create(one);
    std::cout << "family " << one << ": " << all.entries().at(one).sentence << "\n";
    print_names("closures", family->closures());
    print_names("solvers", family->solvers());
  }
}

/// A section may belong to a family that was not asked for.
std::string describe_family(const CommandLine &line)
{
  Case asked;
  declare_case(line.family, asked);
  if (line.section.empty() || has_section(asked.prm, line.section))
    return describe(asked.prm, line.section, line.format);
  for (const std::string &other : families().names())
  {
    Case one;
    declare_case(other, one);
    if (has_section(one.prm, line.section))
      throw UserError("There is no section '" + line.section + "' in the family '" +
                      asked.prm.get("Family") + "'; the family '" + other + "' has it: --family " +
                      other + ".");
  }
  return describe(asked.prm, line.section, line.format); // refuses it with the nearest name
}

void execute(const CommandLine &line, MPI_Comm comm)
{
  using Command = CommandLine::Command;
  switch (line.command)
  {
  case Command::run:
    return run_case(line, comm);
  case Command::evaluate:
    return evaluate_case(line, comm);
  case Command::help:
    std::cout << line.text;
    break;
  case Command::version:
    for (const auto &[name, version] : library_versions())
      std::cout << name << " " << version << "\n";
    break;
  case Command::list:
    list(line.family);
    break;
  case Command::inspect:
    std::cout << inspect(line.file, line.plaid);
    break;
  case Command::describe:
    std::cout << describe_family(line);
    break;
  }
  std::cout.flush();
}

bool under_mpirun()
{
  const char *size = std::getenv("OMPI_COMM_WORLD_SIZE");
  return size != nullptr && std::atoi(size) > 1;
}

int run_with_mpi(const CommandLine &line, Failure failure, char *name)
{
  std::vector<std::string> words = line.for_petsc;
  words.insert(words.end(), {"-no_signal_handler"});
  std::vector<char *> pointers{name};
  for (auto &word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  int argc = static_cast<int>(pointers.size()) - 1;
  char **argv = pointers.data();
  const dealii::Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
  install_stop_handlers();
  set_torch_threads(1);
  keep_petsc_errors();
  MPI_Comm comm;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm); // its collectives never meet those of a failed run
  if (failure.code == 0)
    failure = failure_of([&] { read_petsc_options(line.petsc_files, line.for_petsc); });
  if (failure.code == 0)
  {
    const bool speaks = dealii::Utilities::MPI::this_mpi_process(comm) == 0;
    const bool on_all =
      line.command == CommandLine::Command::run || line.command == CommandLine::Command::evaluate;
    failure = failure_of(
      [&]
      {
        if (on_all || speaks)
          execute(line, MPI_COMM_WORLD);
      });
  }
  const int code = end_of(failure, comm);
  MPI_Comm_free(&comm);
  return code;
}
} // namespace

int run_program(int argc, char **argv)
{
  one_thread_per_rank();
  CommandLine line;
  const Failure failure = failure_of([&] { line = parse_command_line(argc, argv); });
  const bool needs_mpi = failure.code == 0 && (line.command == CommandLine::Command::run ||
                                               line.command == CommandLine::Command::evaluate);
  // Started on many ranks, even a wrong command line is told once.
  if (needs_mpi || under_mpirun())
    return run_with_mpi(line, failure, argv[0]);
  const Failure final =
    failure.code != 0 ? failure : failure_of([&] { execute(line, MPI_COMM_WORLD); });
  if (final.code != 0)
    tell(final);
  return final.code;
}
} // namespace understudy

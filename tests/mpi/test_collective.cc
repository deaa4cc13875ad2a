// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: what one rank throws, lack of memory included, is thrown by all; nobody waits.
#include <data/core/collective.h>
#include <data/core/errors.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

namespace
{
bool no_memory = false; ///< every allocation of this rank fails
}

void *operator new(std::size_t size)
{
  void *memory = no_memory ? nullptr : std::malloc(size);
  if (memory == nullptr)
    throw std::bad_alloc();
  return memory;
}

void operator delete(void *memory) noexcept
{
  std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept
{
  std::free(memory);
}

using namespace understudy;

namespace
{
const std::string long_text(100, 'x'); ///< too long for a string that allocates nothing

/// Type and text of what @p run throws; the rank has memory again afterwards.
template <class Action>
std::string thrown_by(const Action &run)
{
  try
  {
    run();
    no_memory = false;
    return "nothing";
  }
  catch (const UserError &error)
  {
    no_memory = false;
    return std::string("UserError: ") + error.what();
  }
  catch (const WriteError &error)
  {
    no_memory = false;
    return std::string("WriteError: ") + error.what();
  }
  catch (const std::bad_alloc &)
  {
    no_memory = false;
    return "bad_alloc";
  }
  catch (const std::runtime_error &error)
  {
    no_memory = false;
    return std::string("runtime_error: ") + error.what();
  }
}

/// What on_all_ranks() throws here when rank @p failing throws @p exception.
std::string shared(const std::exception_ptr &exception, int failing, bool without_memory = false)
{
  return thrown_by(
    [&]
    {
      on_all_ranks(MPI_COMM_WORLD,
                   [&]
                   {
                     if (rank_in(MPI_COMM_WORLD) != failing)
                       return;
                     no_memory = without_memory;
                     std::rethrow_exception(exception);
                   });
    });
}

/// The same of on_rank_0().
std::string shared_from_0(const std::exception_ptr &exception, bool without_memory = false)
{
  return thrown_by(
    [&]
    {
      on_rank_0(MPI_COMM_WORLD,
                [&]() -> std::string
                {
                  no_memory = without_memory;
                  std::rethrow_exception(exception);
                });
    });
}

template <class Exception>
std::exception_ptr made(const Exception &exception)
{
  return std::make_exception_ptr(exception);
}
} // namespace

TEST(Collective, ExceptionsOfOneRankAreThrownByAll)
{
  const auto bad_size = made(std::length_error(long_text));
  const auto user = made(UserError("No such file."));
  const auto write = made(WriteError(long_text));
  for (const int failing : {0, 1})
  {
    EXPECT_EQ(shared(user, failing), "UserError: No such file.");
    EXPECT_EQ(shared(write, failing), "WriteError: " + long_text);
    EXPECT_EQ(shared(bad_size, failing), "runtime_error: " + long_text);
    EXPECT_EQ(shared(made(std::bad_alloc()), failing), "bad_alloc");
    EXPECT_EQ(shared(made(1), failing), "runtime_error: An exception of unknown type was thrown.");
  }
  EXPECT_EQ(shared_from_0(user), "UserError: No such file.");
  EXPECT_EQ(shared_from_0(bad_size), "runtime_error: " + long_text);
  EXPECT_EQ(shared_from_0(made(std::bad_alloc())), "bad_alloc");
}

TEST(Collective, TheLowestRankThatFailedIsHeard)
{
  EXPECT_EQ(thrown_by(
              []
              {
                on_all_ranks(
                  MPI_COMM_WORLD,
                  [] { throw UserError("rank " + std::to_string(rank_in(MPI_COMM_WORLD))); });
              }),
            "UserError: rank 0");
}

TEST(Collective, NoMemoryForTheTextOfAnExceptionIsSharedToo)
{
  const auto failure = made(std::runtime_error(long_text));
  for (const int failing : {0, 1})
    EXPECT_EQ(shared(failure, failing, true), "bad_alloc");
  EXPECT_EQ(shared_from_0(failure, true), "bad_alloc");
}

TEST(Collective, NoMemoryForTheTextOfAnotherRankIsSharedToo)
{
  const std::function<std::string()> text = [] { return long_text; };
  EXPECT_EQ(on_rank_0(MPI_COMM_WORLD, text), long_text);
  const bool last = rank_in(MPI_COMM_WORLD) == 1;
  EXPECT_EQ(thrown_by(
              [&]
              {
                no_memory = last;
                on_rank_0(MPI_COMM_WORLD, text);
              }),
            "bad_alloc");
}

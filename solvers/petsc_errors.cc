// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <solvers/petsc_errors.h>

#include <algorithm>
#include <fstream>

namespace understudy
{
namespace
{
std::string first_sentence;

PetscErrorCode keep(MPI_Comm, int, const char *, const char *, PetscErrorCode code,
                    PetscErrorType type, const char *message, void *)
{
  if (type == PETSC_ERROR_INITIAL)
    first_sentence = message != nullptr ? message : "";
  return code;
}

/// PETSc's sentence on one line, or the words that belong to the code.
std::string sentence_of(PetscErrorCode code)
{
  std::string text = first_sentence;
  first_sentence.clear();
  if (text.empty())
  {
    const char *general = nullptr;
    PetscErrorMessage(code, &general, nullptr);
    text = general != nullptr ? general : "unknown";
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == '.'))
    text.pop_back();
  return text;
}

[[noreturn]] void refuse_option(PetscErrorCode code)
{
  throw UserError("PETSc refuses an option: " + sentence_of(code) + ".");
}
} // namespace

void keep_petsc_errors()
{
  PetscPushErrorHandler(keep, nullptr);
}

void check_petsc(PetscErrorCode code)
{
  if (code == 0)
    return;
  if (code == PETSC_ERR_ARG_UNKNOWN_TYPE || code == PETSC_ERR_MISSING_FACTOR)
    refuse_option(code); // our own calls ask for what PETSc has
  throw SolverError("PETSc stopped with error " + std::to_string(code) + " (" + sentence_of(code) +
                    ").");
}

void check_petsc_options(PetscErrorCode code)
{
  if (code != 0)
    refuse_option(code);
}

void read_petsc_options(const std::vector<std::string> &files, std::vector<std::string> words)
{
  if (files.empty())
    return; // reading the words again would make PETSc forget which of them it used
  const auto read = [&files]
  {
    for (const auto &file : files)
    {
      if (!std::ifstream(file))
        throw UserError("The file " + file + " of -options_file cannot be read.");
      // Every rank for itself, as it looked for the file itself; then all agree.
      if (const auto code =
            PetscOptionsInsertFile(PETSC_COMM_SELF, nullptr, file.c_str(), PETSC_TRUE);
          code != 0)
        throw UserError("PETSc does not understand the file " + file + ": " + sentence_of(code) +
                        ".");
    }
  };
  on_all_ranks(PETSC_COMM_WORLD, read);
  std::vector<char *> pointers;
  for (auto &word : words)
    pointers.push_back(word.data());
  check_petsc_options(
    PetscOptionsInsertArgs(nullptr, static_cast<int>(pointers.size()), pointers.data()));
}
} // namespace understudy

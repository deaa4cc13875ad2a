// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/errors.h>

#include <petscsnes.h>

#include <string>

namespace understudy
{
/// Throws SolverError when a PETSc function returned an error. Not for use inside PETSc's
/// callbacks.
inline void check_petsc(PetscErrorCode code)
{
  if (code == 0)
    return;
  const char *text = nullptr;
  PetscErrorMessage(code, &text, nullptr);
  throw SolverError(std::string("PETSc stopped with error ") + std::to_string(code) + " (" +
                    (text != nullptr ? text : "unknown") + ").");
}

/// Owner of a SNES.
class Snes
{
public:
  Snes(MPI_Comm comm, const char *prefix)
  {
    check_petsc(SNESCreate(comm, &snes_));
    check_petsc(SNESSetOptionsPrefix(snes_, prefix));
  }
  ~Snes() { SNESDestroy(&snes_); }
  Snes(const Snes &) = delete;
  Snes &operator=(const Snes &) = delete;

  operator SNES() const { return snes_; }

private:
  SNES snes_ = nullptr;
};
} // namespace understudy

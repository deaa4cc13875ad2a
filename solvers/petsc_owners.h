// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/petsc_errors.h>

#include <petscsnes.h>

namespace understudy
{
/// Owner of a Vec, Mat or KSP, empty until create() has been given to PETSc's function that makes
/// one.
template <class Handle, PetscErrorCode (*destroy)(Handle *)>
class PetscOwner
{
public:
  PetscOwner() = default;
  ~PetscOwner() { destroy(&handle_); }
  PetscOwner(const PetscOwner &) = delete;
  PetscOwner &operator=(const PetscOwner &) = delete;

  operator Handle() const { return handle_; }
  Handle *create() { return &handle_; }

private:
  Handle handle_ = nullptr;
};
using PetscVector = PetscOwner<Vec, VecDestroy>;
using PetscMatrix = PetscOwner<Mat, MatDestroy>;
using PetscKsp = PetscOwner<KSP, KSPDestroy>;

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

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <petscsnes.h>

#include <cmath>

namespace understudy
{
/// Convergence of Newton's method by forces: the l2 norm @p fnorm of the residual is at most
/// snes_atol, or at most snes_rtol times @p force_scale, the norm of all nodal forces. PETSc's own
/// test measures against the first residual, which a good first guess makes small.
inline PetscErrorCode test_against_forces(SNES snes, PetscReal fnorm, PetscReal force_scale,
                                          SNESConvergedReason *reason)
{
  PetscFunctionBeginUser;
  PetscReal absolute = 0., relative = 0.;
  PetscCall(SNESGetTolerances(snes, &absolute, &relative, nullptr, nullptr, nullptr));
  *reason = SNES_CONVERGED_ITERATING;
  if (!std::isfinite(fnorm))
    *reason = SNES_DIVERGED_FNORM_NAN;
  else if (fnorm <= absolute)
    *reason = SNES_CONVERGED_FNORM_ABS;
  else if (fnorm <= relative * force_scale)
    *reason = SNES_CONVERGED_FNORM_RELATIVE;
  PetscFunctionReturn(0);
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>

namespace understudy::rve_kernels
{
/// Loops over cells of RveDiscretisation, compiled for several generations of processors.
/// gradients: [cell][9][2][8], dofs: [cell][16], values at points: one pointer per component.

/// e = E + B w; @p w has one more entry, zero, for the unknowns that are held.
void strains(std::size_t n_cells, const int *dofs, const double *gradients, const double *w,
             const double *E, double *exx, double *eyy, double *gxy);

/// r += weight B^T s, and magnitude += |.| unless null; both have one more entry.
void residual(std::size_t n_cells, const int *dofs, const double *gradients, const double *weights,
              const double *sxx, const double *syy, const double *sxy, double *r,
              double *magnitude);

/// values[position] += weight B^T C B. @p positions holds, per cell, 136 entries of the lower
/// triangle (symmetric, row by row) or all 256 (row-major). @p tangent is [9][n_points].
void stiffness(std::size_t n_cells, bool symmetric, const int *positions, const double *gradients,
               const double *weights, const double *tangent, double *values);
} // namespace understudy::rve_kernels

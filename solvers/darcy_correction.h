// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/field_map.h>
#include <solvers/darcy.h>
#include <solvers/surrogate_preconditioner.h>

#include <memory>

namespace understudy
{
/// A map of grids as correction of the residuals of @p solver: from the fields "a" [1], if it takes
/// it, and "r" [1], a residual as DarcyResidualPair states it, to the field "e" [1], its error; all
/// at solver.nodes(). Values of e on the boundary are replaced by 0. An answer with a health other
/// than ok is refused with its reason.
///
///   SurrogatePreconditioner preconditioner(solver.system().A, darcy_correction(solver, map));
///   const DarcySolution solution = solver.solve(preconditioner);
///
/// The correction refers to @p solver and takes the coefficient that is set when it is asked.
/// Throws UserError when the map predicts no "e" [1] on a grid or needs other fields; and when it
/// is asked with a coefficient that was not given at the nodes, which the map needs.
ResidualCorrection darcy_correction(DarcySolver &solver, std::shared_ptr<FieldMap> map);
} // namespace understudy

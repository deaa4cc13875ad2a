// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <solvers/material_law.h>
#include <solvers/rve_discretisation.h>
#include <solvers/sparse_factor.h>

#include <array>
#include <memory>
#include <vector>

namespace understudy
{
/// The materials of an RVE and how its equations are solved.
struct RveParameters
{
  MaterialParameters matrix = default_matrix();
  MaterialParameters fibre = default_fibre();
  double tolerance = 1e-11; ///< |r| / |sum of the absolute contributions to r| at convergence
  unsigned maximum_iterations = 30;
};

/// What a solve found. Stress and tangent are NaN when it did not converge.
struct RveAnswer
{
  bool converged = false;
  std::array<double, 3> stress{};  ///< Sxx, Syy, Sxy [N/mm2]
  std::array<double, 9> tangent{}; ///< C*, row-major [N/mm2]; zero when it was not wanted
  unsigned iterations = 0;         ///< Newton steps
  unsigned factorizations = 0;
  double residual = 0.;                 ///< relative, at the end
  std::vector<double> residual_history; ///< relative, before each step and at the end
};

/// The exact micro model: equilibrium of a periodic RVE under a macroscopic strain E,
///
///   sum_q w_q B_q^T s(E + B_q w) = 0,    S = sum_q w_q s_q,
///   C* = sum_q w_q C_q - L'^T Z,   K Z = L,   L = sum_q w_q B_q^T C_q,  L' likewise with C_q^T,
///
/// by Newton's method with line search. A factor of K is kept through the steps of one solve: while
/// it is close to the current K it preconditions conjugate gradients, which saves factorizations.
/// Not thread-safe; every rank has its own.
class Rve
{
public:
  Rve(const RveMesh &mesh, const RveParameters &parameters);

  const RveDiscretisation &discretisation() const { return discretisation_; }
  const RveParameters &parameters() const { return parameters_; }
  bool has_potential() const { return discretisation_.pattern().symmetric; }

  /// Solves for @p E from the first guess @p w [n_dofs], which becomes the solution.
  RveAnswer solve(const std::array<double, 3> &E, std::vector<double> &w, bool want_tangent);

  /// The linear elastic fluctuation for @p E, the first guess when there is no better one.
  void elastic_guess(const std::array<double, 3> &E, std::vector<double> &w);

  /// Strain, stress and tangent of the last evaluation (after solve(): of the solution).
  const PointBatch &strain() const { return strain_; }
  const PointBatch &stress() const { return stress_; }
  const PointBatch &tangent() const { return tangent_; }

  /// Evaluates the laws at E + B w. @return |r| / |sum of absolute contributions|
  double evaluate(const std::array<double, 3> &E, const std::vector<double> &w, bool want_tangent);

  /// The laws at given strains of all points: strain() must have been filled by the caller.
  void apply_laws(const PointBatch &strain, PointBatch &stress, PointBatch *tangent) const;

  const MaterialLaw &matrix_law() const { return *matrix_; }
  const MaterialLaw &fibre_law() const { return *fibre_; }

private:
  bool newton_direction(std::vector<double> &direction, double relative_residual,
                        RveAnswer &answer);
  /// Moves w along -direction and evaluates there. @return the relative residual
  double line_search(const std::array<double, 3> &E, std::vector<double> &w,
                     const std::vector<double> &direction);
  bool conjugate_gradients(std::size_t n_columns, const double *b, double *x, double tolerance);
  bool homogenised_tangent(RveAnswer &answer);

  RveParameters parameters_;
  std::unique_ptr<MaterialLaw> matrix_, fibre_;
  RveDiscretisation discretisation_;
  SparseFactor factor_;
  bool have_factor_ = false;
  std::vector<double> values_, residual_, magnitude_;
  std::vector<double> elastic_; ///< fluctuations for the three unit strains, once computed
  PointBatch strain_, stress_, tangent_;
};
} // namespace understudy

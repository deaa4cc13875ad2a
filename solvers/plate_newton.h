// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/plate_discretisation.h>
#include <solvers/viscoplastic_law.h>

#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// Newton's method for one step of a viscoplastic plate: SNES with prefix "plate_", default:
/// newtonls with line search bt. Converged when the l2 norm of the residual is at most
/// max(snes_atol, snes_rtol * l2 norm of the nodal internal forces, reactions included).
///
/// The tangent is nearly symmetric (see ViscoplasticLaw). GMRES solves with the tangent as it is,
/// preconditioned by a Cholesky factor of MUMPS of one triangle of it. The factor is kept, over
/// iterations and steps, as long as a few GMRES iterations do; while everything is elastic there is
/// one factorization per plate.
class PlateNewton
{
public:
  struct Tolerances
  {
    double absolute, relative;
    unsigned maximum_iterations;
  };
  /// Where a step begins and where it leads.
  struct Step
  {
    const PointBatch *before; ///< state of the points at its begin, see ViscoplasticLaw
    double dt;                ///< [s]
    double load_factor;       ///< at its end
  };
  struct Outcome
  {
    bool converged = false;
    unsigned iterations = 0;
    unsigned linear_iterations = 0;
    unsigned factorizations = 0;
    std::vector<double> residual_norms;
    std::string trouble; ///< why not, with a triangle
  };

  PlateNewton(PlateDiscretisation &discretisation, const ViscoplasticLaw &law,
              const Tolerances &tolerances);

  /// How far @p u, which must have the held values, is from the solution: sqrt(F . P^{-1} F) with
  /// the residual F and the factor P in use, made at @p u when there is none. While everything is
  /// elastic this is the energy norm of the error; the l2 norm of F would be ruled by kinks of u.
  /// @param correction becomes P^{-1} F: u - P^{-1} F has no kinks. Cost: one residual, one solve.
  /// @return infinity where a point gives no answer. Collective, as what follows.
  double distance(const Step &step, Vec u, Vec correction);

  /// Overwrites the first guess @p u, which must have the held values, by the solution.
  Outcome solve(const Step &step, Vec u);

  /// The next solve() makes a factor of its own.
  void forget_factor() { has_factor_ = false; }

  /// Residual and its derivative at @p u; without an answer at all points they are of no use, and
  /// the result is false. matrix() and residual() are valid until the next call.
  bool linearise(const Step &step, Vec u);
  Mat matrix() const { return matrix_; }
  Vec residual() const { return residual_; }

  /// At the solution of the last solve() that converged.
  const PointBatch &state() const { return state_; }
  const PointBatch &stress() const { return stress_; }
  const std::vector<FlowStatus> &status() const { return status_; }

private:
  bool evaluate(Vec u);
  void describe_failure();
  void assemble();
  void prepare_linear_solver();
  void make_factor();
  bool at_last_point(Vec x) const;
  PetscErrorCode guarded(const std::function<void()> &action);
  static PetscErrorCode give_residual(SNES snes, Vec x, Vec f, void *context);
  static PetscErrorCode give_matrix(SNES snes, Vec x, Mat a, Mat p, void *context);
  static PetscErrorCode test(SNES snes, PetscInt it, PetscReal xnorm, PetscReal snorm,
                             PetscReal fnorm, SNESConvergedReason *reason, void *context);

  PlateDiscretisation &discretisation_;
  const ViscoplasticLaw &law_;
  PetscMatrix matrix_;
  PetscVector evaluated_, residual_, work_;
  PointBatch strain_, state_, stress_, tangent_;
  std::vector<FlowStatus> status_;
  std::vector<char> stale_;   ///< own triangles whose part of the matrix is not the elastic one
  std::vector<char> changed_; ///< own triangles whose part of the matrix is to be computed
  Step step_{};
  double force_scale_ = 0.;
  bool failed_ = false;
  bool has_factor_ = false;
  bool unused_factor_ = false; ///< no solve has shown yet how well it serves
  unsigned factorizations_ = 0;
  std::vector<double> norms_;
  std::string trouble_;
  std::exception_ptr error_; ///< thrown inside PETSc
  Snes snes_;                ///< last: it refers to the vectors and the matrix
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/macro_discretisation.h>
#include <solvers/petsc_owners.h>

#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace understudy
{
/// Newton's method for one load step: SNES with prefix "macro_" round a MacroDiscretisation and a
/// PointMap. Default: newtonls, basic line search, preonly, LU of MUMPS. Converged when the l2 norm
/// of the residual is at most max(snes_atol, snes_rtol * l2 norm of the nodal internal forces,
/// reactions included), and the map has confirmed its answer; where it replaces some, the
/// iterations go on from there.
class MacroNewton
{
public:
  using Vector = MacroDiscretisation::Vector;
  struct Tolerances
  {
    double absolute, relative;
    unsigned maximum_iterations;
  };
  struct Counters
  {
    unsigned calls = 0;
    std::size_t points = 0; ///< over all ranks
    double time = 0;        ///< [s] in the map on this rank
  };
  /// What the caller keeps for the map: see PointQuery.
  struct MapState
  {
    PointBatch hints;           ///< [hint_size][n_points]
    std::vector<double> memory; ///< [memory_size]
  };
  struct Outcome
  {
    bool converged = false;
    unsigned iterations = 0;
    std::vector<double> residual_norms;
    std::string trouble; ///< why not; names the first point without an answer where there is one
  };

  MacroNewton(const MacroDiscretisation &discretisation, PointMap &map,
              const Tolerances &tolerances);

  /// Overwrites @p u by the linear prediction from load factor @p from to @p to, with the tangent
  /// at
  /// @p u. False when a point gave no usable answer. Collective.
  bool predict(unsigned step, double from, double to, MapState &state, Vector &u,
               std::string &trouble);

  /// Solves for equilibrium at @p load_factor; @p u holds the initial guess with the prescribed
  /// values, and the solution afterwards. Collective.
  Outcome solve(unsigned step, double load_factor, MapState &state, Vector &u);

  /// What belongs to the solution of the last solve() that converged.
  const PointAnswer &answer() const { return answer_; }
  const PointBatch &strain() const { return strain_; }
  const Vector &internal_force() const { return internal_force_; }
  const Vector &ghosted_displacement() const { return ghosted_; }
  const Counters &counters() const { return counters_; }

private:
  void start(unsigned step, double load_factor, MapState &state);
  PointQuery query();
  bool evaluate();
  bool confirm();
  bool ask(const std::function<void()> &call);
  void compute_residual();
  bool in_equilibrium();
  Outcome iterate(Vector &u);
  bool settles();
  bool agree_on_health(bool map_threw);
  bool at_last_point(Vec x) const;
  void rethrow_map_error();
  static PetscErrorCode residual(SNES snes, Vec x, Vec f, void *context);
  static PetscErrorCode jacobian(SNES snes, Vec x, Mat a, Mat p, void *context);
  static PetscErrorCode test(SNES snes, PetscInt it, PetscReal xnorm, PetscReal snorm,
                             PetscReal fnorm, SNESConvergedReason *reason, void *context);

  const MacroDiscretisation &discretisation_;
  PointMap &map_;
  MacroDiscretisation::Matrix matrix_;
  Vector evaluated_, ghosted_, internal_force_, residual_, work_;
  PointBatch strain_;
  PointAnswer answer_;
  std::vector<std::uint64_t> ids_;
  MapState *state_ = nullptr;
  unsigned step_ = 0, iteration_ = 0;
  double load_factor_ = 0, force_scale_ = 0;
  std::vector<double> norms_;
  std::string trouble_;
  std::exception_ptr map_error_;
  bool failed_ = false;
  bool keep_answer_ = false; ///< the next residual at the same point need not ask the map
  Counters counters_;
  Snes snes_; ///< last: it refers to the vectors and the matrix
};
} // namespace understudy

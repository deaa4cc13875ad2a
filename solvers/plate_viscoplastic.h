// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/plate_guess.h>
#include <solvers/viscoplastic_law.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
struct PlateParameters
{
  PlateMaterial material;
  double pressure = -45.; ///< on the edges "top" at the end [MPa]; negative: pulling outwards
  double duration = 1.;   ///< of the ramp [s]
  unsigned n_steps = 10;  ///< equal ones
  unsigned most_cuts = 6; ///< how often a step may be halved
  double absolute_tolerance = 1e-12; ///< of the residual [N per mm of thickness, for a mesh in mm]
  double relative_tolerance = 1e-10; ///< of the norm of all nodal forces, reactions included
  unsigned maximum_iterations = 25;  ///< of Newton's method

  /// Everything that is out of its bounds, one sentence each.
  std::vector<std::string> problems() const;
};

/// One accepted step. Equal on all ranks.
struct PlateStepRecord
{
  double load_factor = 0.;
  unsigned newton_iterations = 0;
  unsigned linear_iterations = 0;
  unsigned factorizations = 0;
  unsigned cuts = 0;                  ///< attempts that failed before this one
  std::size_t plastic_points = 0;     ///< that flow in this step
  std::vector<double> residual_norms; ///< the initial one first
  GuessOutcome guess;                 ///< of a PlateGuess, in the norm PlateNewton::distance()
  unsigned guess_solves = 0; ///< with the factor in use, to weigh guesses; cut attempts included
};

/// The state at the end of the ramp; equal on all ranks. Fields are given at the nodes of the mesh.
struct PlateResult
{
  std::vector<double> U1, U2;              ///< displacement
  std::vector<double> evrcum;              ///< p, L2-projected: may undershoot zero at a front
  std::vector<double> sig11, sig22, sig12; ///< stress [MPa], L2-projected
  double max_von_mises = 0.; ///< largest sqrt(s11^2 - s11 s22 + s22^2 + 3 s12^2) of a node
  double max_evrcum = 0.;    ///< largest of a node
  double max_U2_top = 0.;    ///< largest of a node on "top"; 0 without such edges, like the next
  double max_sig22_top = 0.;
  std::vector<double> displacement; ///< at the nodes of QuadraticTriangles, [2 * n_nodes]
  std::vector<PlateStepRecord> steps;
  unsigned newton_iterations = 0; ///< sums over the accepted steps
  unsigned linear_iterations = 0;
  unsigned factorizations = 0;
  unsigned guess_solves = 0;
  GuessCounts guesses; ///< cut attempts included
};

/// max_von_mises, max_evrcum, max_U2_top and max_sig22_top of nodal fields as in PlateResult.
/// @param top nodes of the edges "top"
std::array<double, 4>
plate_scalars_of(const std::vector<unsigned> &top, const std::vector<double> &U2,
                 const std::vector<double> &evrcum, const std::vector<double> &sig11,
                 const std::vector<double> &sig22, const std::vector<double> &sig12);

/// A plate in quasi-static equilibrium at small strains in plane strain,
///
///   int sigma(e(u)) : e(v) = t int_top -P n . v,   t = time / duration from 0 to 1,
///
/// with the ViscoplasticLaw on six-node triangles with three quadrature points: the exact model of
/// the problem Tensile2d. A step that fails is halved. The first step begins from zero, the others
/// from the extrapolation of the last two, and the one that reaches full load from a PlateGuess if
/// that is not worse: a learned field knows the end of the ramp, and its path is the solver's own.
class PlateViscoplastic
{
public:
  /// A plate with tensile_conditions(). Throws UserError when parameters or mesh are impossible.
  PlateViscoplastic(const TriangleMesh &mesh, const PlateParameters &parameters, MPI_Comm comm);

  /// Conditions of the caller; parameters.pressure is unused.
  PlateViscoplastic(const TriangleMesh &mesh, const PlateConditions &conditions,
                    const PlateParameters &parameters, MPI_Comm comm);
  ~PlateViscoplastic();
  PlateViscoplastic(const PlateViscoplastic &) = delete;
  PlateViscoplastic &operator=(const PlateViscoplastic &) = delete;

  /// Receives one line per accepted or cut step, on rank 0 only.
  void report_to(std::function<void(const std::string &)> line);

  /// Throws UserError on all ranks when the map does not predict the displacement.
  void guess_with(PlateGuess guess);

  const QuadraticTriangles &triangles() const;

  /// From rest at zero load to the end. Collective; may be called again. Throws SolverError on all
  /// ranks when a step fails that cannot be halved any more: the sentence names the step and a
  /// triangle.
  PlateResult run();

private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};
} // namespace understudy

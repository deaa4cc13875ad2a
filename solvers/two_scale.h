// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>
#include <solvers/macro_conditions.h>
#include <solvers/macro_fields.h>
#include <solvers/two_scale_state.h>

#include <deal.II/base/parameter_handler.h>
#include <deal.II/distributed/tria.h>

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
struct TwoScaleParameters
{
  std::string mesh = "l_profile";         ///< see make_macro_mesh()
  unsigned resolution = 2;                ///< cells per leg
  std::string load_type = "displacement"; ///< or "traction"
  double load = 1.0;                      ///< [mm] or [N/mm2] at load factor 1
  unsigned load_steps = 10;
  double minimum_step_fraction = 1. / 64; ///< smallest step, as a fraction of 1 / load_steps
  double absolute_tolerance = 1e-9;       ///< on the residual [N per mm of thickness]
  double relative_tolerance = 1e-10;      ///< of the norm of all nodal forces, reactions included
  unsigned maximum_iterations = 20;
  bool output_fields = true;

  void declare(dealii::ParameterHandler &prm);

  /// Everything wrong that no single pattern can say, one sentence each.
  std::vector<std::string> problems() const;
};

/// What happened in one accepted load step. Equal on all ranks.
struct LoadStepRecord
{
  double load_factor = 0;
  unsigned newton_iterations = 0;
  std::vector<double> residual_norms; ///< [N per mm of thickness], the initial one first
  unsigned closure_calls = 0;         ///< per rank, cut attempts of this step included
  std::size_t points = 0;             ///< points evaluated, over all ranks and calls
  unsigned cuts = 0;                  ///< attempts that failed before this one
  double time_closure = 0;            ///< [s] in the map, the slowest rank
  double time_total = 0;              ///< [s] for the step without output, the slowest rank

  /// Force on the loaded boundary in the load direction [N per mm of thickness]: sum of the
  /// internal forces at its nodes. Equals the applied resultant under traction.
  double reaction = 0;

  /// Mean displacement of the loaded boundary in the load direction [mm].
  double mean_displacement = 0;

  std::array<std::size_t, 4> health{};              ///< points per Health at the converged state
  std::vector<std::size_t> answered_by;             ///< points per answerer at the converged state
  std::vector<std::array<std::size_t, 4>> refusals; ///< and per Refusal of each answerer
  std::array<double, 3> max_strain{};               ///< max over points of |Exx|, |Eyy|, |Gxy|
  double max_error_estimate = 0;                    ///< NaN when the map has none
};

struct TwoScaleResult
{
  std::vector<LoadStepRecord> steps;
  std::vector<MacroFields> fields; ///< per accepted step, locally owned cells
  unsigned closure_calls = 0;      ///< per rank, over the run
  std::size_t points = 0;          ///< points evaluated, over all ranks and calls
  double time_closure = 0;         ///< [s] in the map, the slowest rank
  double time_total = 0;           ///< [s] without output, the slowest rank
  std::vector<double> memory;      ///< of the map at the end, see PointQuery
  std::size_t n_dofs = 0, n_cells = 0;
  std::filesystem::path collection; ///< the .pvd, empty without output

  const LoadStepRecord &last() const { return steps.back(); }
};

/// Quasi-static plane-strain equilibrium with a PointMap as material:
///
///   int S(E(u)) : grad v = t (int_N p v + int b v),  u = t g on the held boundaries,
///
/// on FE_Q(2)^2 with 3 x 3 Gauss points and unit thickness; E = (Exx, Eyy, Gxy = 2 exy) and
/// S = (Sxx, Syy, Sxy) [N/mm2], the tangent dS/dE may be unsymmetric. The load factor t runs from 0
/// to 1. Newton's method is PETSc's SNES with options prefix "macro_". The map is called once per
/// rank and residual evaluation, with the points of all locally owned cells.
///
/// The map must have three inputs, three outputs and the communicator of the mesh.
class TwoScaleSolver
{
public:
  /// A mesh and conditions from the tables, as @p parameters name them.
  TwoScaleSolver(const TwoScaleParameters &parameters, PointMap &map, MPI_Comm comm);

  /// A mesh and conditions of the caller; parameters.mesh, resolution, load_type and load are
  /// unused.
  TwoScaleSolver(const TwoScaleParameters &parameters,
                 const dealii::parallel::distributed::Triangulation<2> &mesh,
                 const MacroConditions &conditions, PointMap &map);
  ~TwoScaleSolver();
  TwoScaleSolver(const TwoScaleSolver &) = delete;
  TwoScaleSolver &operator=(const TwoScaleSolver &) = delete;

  /// Receives one line per accepted or cut step, on rank 0 only.
  void report_to(std::function<void(const std::string &)> line);

  /// Writes @p folder / @p name .pvd and one .pvtu per accepted step (when output_fields is set).
  void write_to(const std::filesystem::path &folder, const std::string &name);

  /// Lets the run be broken off: states are kept where the keeper asks for them, and one before a
  /// signal or the wall time ends it.
  void keep_with(TwoScaleKeeper keeper);

  /// The run begins after the accepted steps of @p state, which it continues bit for bit on the
  /// same number of ranks; files of the earlier steps are taken to be there. Collective; throws
  /// UserError on all ranks when the state belongs to another mesh or map.
  void resume(const TwoScaleState &state);

  /// The locally owned cells with zero fields: the pattern that distribute() needs.
  MacroFields empty_fields() const;

  /// Runs all load steps that are left; the result is that of these. Collective. Throws SolverError
  /// on all ranks when the smallest step fails: the sentence names the first point without an
  /// answer, its strain and the load factor. A signal (see stop_requested()) ends it after the load
  /// step at work, with ExitCode::stopped.
  TwoScaleResult run();

private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// Writes a finished run for ParaView as TwoScaleSolver does, without solving, and adds error
/// fields to the steps whose load factor occurs in @p reference too. Both are gathered on rank 0
/// (see gather()); the other ranks give as many steps without cells. Collective.
void write_macro_run(const TwoScaleParameters &parameters, const std::vector<MacroFields> &steps,
                     const std::vector<MacroFields> &reference, const std::filesystem::path &folder,
                     const std::string &name, MPI_Comm comm);
} // namespace understudy

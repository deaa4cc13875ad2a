// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/field_map.h>
#include <solvers/step_gate.h>
#include <solvers/torus_vorticity.h>

#include <deal.II/base/parameter_handler.h>
#include <mpi.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
struct GuardedStepperParameters
{
  double interval = 1.;  ///< D, a multiple of the time step of the solver [time]
  unsigned recovery = 1; ///< intervals solved exactly after one that was refused, before the map is
                         ///< asked again
  unsigned re_anchor = 0; ///< one interval is solved exactly after so many learned ones in a row;
                          ///< 0: never

  /// All but the interval, which is that of the data that the step was learned from.
  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
};

/// Who made a step over an interval, and why.
enum class StepMaker
{
  learned,
  refused,    ///< the solver, since the map or its gate had something against the learned step
  recovering, ///< the solver, after a refusal
  anchoring   ///< the solver, after many learned steps
};
const char *to_string(StepMaker maker);

/// A step over an interval. All but the time is equal on all ranks.
struct StepOutcome
{
  StepMaker maker = StepMaker::learned;
  std::string reason;  ///< one sentence unless it was learned
  double seconds = 0.; ///< of this rank, on all that the interval took [s]
};

struct StepCounts
{
  std::size_t asked = 0; ///< questions to the map
  std::size_t learned = 0, refused = 0, recovering = 0, anchoring = 0;
  std::size_t intervals() const { return learned + refused + recovering + anchoring; }
};

/// A learned step w(t) -> w(t + D) in the place of the solver for flows on the torus. In each
/// interval the map is asked for w_next unless the gate refuses w already; w_next becomes the state
/// when the map is of good health, all values are finite and the gate has nothing against it. The
/// solver makes all other steps.
///
/// *Hand-over*. A refused step leaves the solver untouched, old right-hand sides of its multi-step
/// formula included: between exact intervals it goes on bit for bit as if the map had not been
/// asked. An accepted step is given to set_vorticity(), less its mean and modes beyond the cutoff;
/// the formula then starts anew with Heun steps, as every time the state does not come from the
/// solver itself.
///
/// *Ranks*. Every rank holds the solver and makes its steps. The map gets the nodes in blocks, one
/// for each rank, and may communicate; rank 0 decides for all. All ranks have the same state if
/// they run the same instructions.
///
/// *Cost* of a learned interval beside the map: three transforms of n^2 points (the state to
/// values, what the map says to modes for the gate, the same for the solver), statistics of K^2
/// modes twice, a gather of n^2 numbers, and two broadcasts.
class GuardedStepper
{
public:
  /// An exact step that was refused to the map, w(t) and w(t + D), [n][n]: a labelled sample.
  /// Called on all ranks.
  using Sink = std::function<void(std::span<const double> before, std::span<const double> after)>;

  /// @param exact at the state to begin with; it and @p map must outlive this object
  /// @param map   on plane grids, from the field "w" to "w_next" in the same unit, without scalars;
  ///              collective over @p comm
  /// Throws UserError for another map, the problems() of @p parameters, an interval that is no
  /// multiple of the time step, and what StepGate::require() refuses.
  GuardedStepper(TorusVorticity &exact, FieldMap &map, StepGate gate,
                 const GuardedStepperParameters &parameters, MPI_Comm comm);

  void set_sink(Sink sink) { sink_ = std::move(sink); } ///< empty for none

  /// Makes the step from t to t + D. Collective. Throws SolverError when the flow blows up, and
  /// what the map throws.
  StepOutcome advance_interval();

  const StepCounts &counts() const { return counts_; }

  /// All that a run needs to go on beside the state of the solver.
  struct State
  {
    unsigned recovering = 0;     ///< exact intervals still to come
    unsigned learned_in_row = 0; ///< learned intervals since the last exact one
    StepCounts counts;
  };
  State state() const { return {recovering_, learned_in_row_, counts_}; }
  void restore(const State &state);

private:
  std::string ask();
  std::string judge(const VorticityStatistics &before);
  void gather(const FieldAnswer &answer);
  void accept();
  StepOutcome make_step();
  StepOutcome solve(StepMaker maker, const std::string &reason);

  TorusVorticity &exact_;
  FieldMap &map_;
  StepGate gate_;
  GuardedStepperParameters parameters_;
  MPI_Comm comm_;
  Sink sink_;
  std::size_t steps_ = 0; ///< of the solver in an interval
  unsigned recovering_ = 0, learned_in_row_ = 0;
  StepCounts counts_;

  GridView grid_;
  std::vector<int> block_sizes_, block_begins_; ///< nodes of each rank
  std::vector<unsigned> nodes_;                 ///< of this rank
  std::vector<double> before_, next_;           ///< [n][n]
  std::vector<TorusVorticity::Complex> modes_;
};
} // namespace understudy

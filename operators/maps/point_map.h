// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace understudy
{
/// What a map thinks of its own answer at one point, from best to worst.
enum class Health : std::uint8_t
{
  ok = 0,
  outside_training_range = 1, ///< answered, but by extrapolation
  not_converged = 2,          ///< no usable answer: the caller cuts its step or asks another map
  not_finite = 3              ///< the input was NaN or infinite: nobody can answer
};
const char *to_string(Health health);

/// A quantity that enters or leaves a map, with its unit ("1" when it has none).
struct Quantity
{
  std::string name;
  std::string unit;
};

/// What a caller must know of a map before asking it. Equal on all ranks.
struct PointMapInfo
{
  std::string name;
  std::vector<Quantity> inputs, outputs;
  std::vector<double> lower, upper; ///< training box per input; infinite where there is no limit
  std::size_t hint_size = 0;        ///< doubles per point of warm-start memory, owned by the caller
  std::size_t memory_size = 0;      ///< doubles of memory of the map as a whole, likewise
  bool symmetric_tangent = false;   ///< dy_i/dx_j = dy_j/dx_i by construction
};

/// One question: the points of this rank, and where the simulation stands.
struct PointQuery
{
  const PointBatch *inputs = nullptr; ///< [n_inputs][n_points]
  PointBatch *hints =
    nullptr;         ///< [hint_size][n_points], read and written; may be null. Zeros: cold start
  unsigned step = 0; ///< load or time step
  unsigned iteration = 0; ///< non-linear iteration within the step
  bool want_tangent = true;
  bool want_estimate = true; ///< false: error_estimate may stay NaN, which saves its time
  bool want_outputs =
    true; ///< false, together with want_tangent: outputs may stay zero, only the estimate counts
  std::vector<double> *memory = nullptr; ///< [memory_size], read and written by confirm(), equal on
                                         ///< all ranks; may be null. Zeros: the beginning of a run
  const std::vector<std::uint64_t> *ids =
    nullptr; ///< [n_points] names of the points, the same on any number of ranks; may be null
};

/// Why a map of a chain was not allowed to answer a point.
enum class Refusal : std::uint8_t
{
  none = 0,
  outside_box = 1, ///< the input leaves its training box
  indicator = 2,   ///< its error estimate exceeds the limit
  no_answer = 3    ///< it gave none
};
const char *to_string(Refusal refusal);

/// The answer. Shapes are set by the map.
struct PointAnswer
{
  PointBatch outputs; ///< [n_outputs][n_points]
  PointBatch
    tangent; ///< [n_outputs * n_inputs][n_points], row-major dy_i/dx_j; empty if not wanted
  std::vector<Health> health;
  std::vector<double> error_estimate;    ///< the map's own indicator; NaN where it has none
  std::vector<std::uint8_t> answered_by; ///< index into answerers()
  std::vector<std::uint8_t> refusals;    ///< see refusal_of(); zero where nobody was refused
};

/// Refusal of answerer @p level in an entry of PointAnswer::refusals: two bits each, so the first
/// four answerers of a chain can be told apart.
inline Refusal refusal_of(std::uint8_t refusals, unsigned level)
{
  return level < 4 ? static_cast<Refusal>(refusals >> (2 * level) & 3u) : Refusal::none;
}

/// y = f(x) for a batch of points, with the consistent tangent dy/dx.
///
/// A map has no hidden state: equal inputs and hints give equal answers, whatever was asked before,
/// to the tolerance of its own solver. Whatever belongs to a point (warm starts, later: histories)
/// is an opaque array of the caller, who checkpoints it and rolls it back when a step is cut. The
/// call is collective over the communicator given at construction and is also made by ranks without
/// points.
class PointMap
{
public:
  virtual ~PointMap() = default;

  virtual const PointMapInfo &info() const = 0;

  /// Names that PointAnswer::answered_by refers to; a plain map has one, a guarded one several.
  virtual std::vector<std::string> answerers() const { return {info().name}; }

  /// Never throws for what stands in the inputs: trouble is told per point by Health, and no output
  /// of a point with health not_converged or not_finite may be used (it is NaN).
  virtual void evaluate(const PointQuery &query, PointAnswer &answer) = 0;

  /// The caller is about to accept @p answer, which evaluate() gave for the inputs of @p query. A
  /// map that watches itself looks at it once more and may replace the answers of some points.
  /// Collective.
  /// @return true on all ranks when an answer of any rank changed
  virtual bool confirm(const PointQuery &, PointAnswer &) { return false; }
};

/// The fields behind a point's answer on the cells of the smaller scale.
class FieldReconstructor
{
public:
  virtual ~FieldReconstructor() = default;

  /// Micro fields of one point with input @p x (n_inputs values).
  /// @param displacement [2 * n_nodes] ux, uy interleaved, total (affine part and fluctuation)
  /// @param stress       [3 * n_quadrature_points] sxx, syy, sxy of each point in turn
  virtual void reconstruct(const std::vector<double> &x, std::vector<double> &displacement,
                           std::vector<double> &stress) = 0;
};

/// Shapes an answer for the points of @p query: outputs and tangent zero, health ok, no error
/// estimate. UserError when inputs or hints do not have the shape that @p info states.
void prepare_answer(const PointMapInfo &info, const PointQuery &query, PointAnswer &answer);

/// Screens the inputs: marks points that are not finite or outside the box (relative slack 1e-12),
/// and returns how many are finite. To be called after prepare_answer.
std::size_t screen_inputs(const PointMapInfo &info, const PointQuery &query, PointAnswer &answer);

/// Writes NaN over outputs and tangent of every point without a usable answer, and over the error
/// estimate of points whose input was not finite.
void blank_unusable(PointAnswer &answer);
} // namespace understudy

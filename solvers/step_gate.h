// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/torus_vorticity.h>

#include <nlohmann/json_fwd.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
/// What is looked at of a vorticity on the torus.
struct VorticityStatistics
{
  double mean = 0.;          ///< of w, 0 in a flow
  double energy = 0.;        ///< mean of (u^2 + v^2) / 2
  double enstrophy = 0.;     ///< mean of (w - mean)^2 / 2
  std::vector<double> bands; ///< enstrophy at 2^b <= sqrt(k1^2 + k2^2) < 2^(b+1), b = 0, 1, ...
};

/// Of a field with these modes, in the layout and up to the cutoff of @p flow. O(K^2).
VorticityStatistics statistics_of(const TorusVorticity &flow,
                                  std::span<const TorusVorticity::Complex> modes);

/// How far limits lie outside of what calibration has seen. The exact steps it has seen need no
/// margin at all, and of others from the same distribution a share below 2 / (N + 1) leaves the
/// range of one quantity over N steps: the margin is what a learned step may err. It grows with the
/// range, so that what hardly varies is held tightly, but no further than by a factor: logarithms
/// of a weak octave range over decades.
struct StepGateMargin
{
  double share = 0.5; ///< widening of the range of a logarithm on each side, of its width [1]
  double least = 0.1; ///< but so much at least: about 10 % [1]
  double most = 0.7;  ///< and at most: a factor of two. The smaller one counts [1]
  double mean = 0.01; ///< of the mean vorticity, relative to its standard deviation [1]

  double widening(double width) const { return std::min(std::max(share * width, least), most); }

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
};

/// Decides whether a step w -> w_next over an interval D, which a surrogate has made, may stand in
/// the place of an exact one. Limits come from exact steps alone:
///
///   log E, log Z, log Z_b                     of w and w_next
///   log (E_next / E), and of Z and Z_b alike  of the step
///   |mean w| / sd of w                        of w_next
///
/// with the energy E, the enstrophy Z and its part Z_b in octaves of the wave number. Each must lie
/// in the range over all steps of the calibration, [a, b], widened to both sides by
/// min(max(share (b - a), least), most), see StepGateMargin; the last one may exceed the largest by
/// its margin, since exact flows have no mean. Octaves show what integrals do not: a spectrum that
/// fills up at high wave numbers, the way in which learned steps fail when they are repeated. A Z_b
/// below 1e-8 Z, an amplitude of 1e-4, counts as that much: less is noise of single precision and
/// small errors.
///
/// The gate knows nothing of phases: a step with the right spectrum and wrong vortices passes. Nor
/// does it know the forcing, which must be that of the calibration.
class StepGate
{
public:
  /// @param flow         of the exact steps: resolution, side, viscosity, drag and beta
  /// @param interval     D [time]
  /// @param trajectories each [n_times][n][n] at intervals D, n_times >= 2, as the field "w" of
  ///                     describe_flow_dataset()
  /// Throws UserError when there is no step, or a state is at rest, not finite or of another size.
  static StepGate calibrate(const TorusVorticity &flow, double interval,
                            std::span<const std::vector<double>> trajectories,
                            const StepGateMargin &margin = {});

  double interval() const { return interval_; }
  std::size_t n_steps() const { return n_steps_; } ///< exact steps in the calibration

  /// One sentence that names what is out of range, with value and limits; empty when nothing is.
  /// Of a state that a step begins with:
  std::string reason(const VorticityStatistics &before) const;
  /// Of a step, when nothing is wrong with its beginning:
  std::string reason(const VorticityStatistics &before, const VorticityStatistics &after) const;

  /// Throws UserError when the gate was calibrated for another resolution, side, viscosity, drag or
  /// beta than @p flow has, or another interval.
  void require(const TorusVorticity &flow, double interval) const;

  /// Logarithms as they are, exactly.
  nlohmann::json to_json() const;
  /// Throws UserError naming @p source when an entry is missing, unknown or of another kind, or the
  /// limits make no sense.
  static StepGate from_json(const nlohmann::json &json, const std::string &source);

private:
  struct Range
  {
    double lower = 0., upper = 0.; ///< of a logarithm
    bool contains(double x) const { return x >= lower && x <= upper; }
  };
  /// What a gate was calibrated for.
  struct Setting
  {
    std::size_t n = 0, cutoff = 0;
    double side = 0., viscosity = 0., drag = 0., beta = 0.;
  };
  static Setting setting_of(const TorusVorticity &flow);
  template <class Gate, class Visitor>
  static void visit(Gate &gate, Visitor &&entry);
  std::string quantity(std::size_t i) const;
  std::string level_reason(const char *subject, const VorticityStatistics &state) const;
  std::string problem() const;

  Setting setting_;
  double interval_ = 0.;
  std::size_t n_steps_ = 0;
  double largest_mean_ = 0.;            ///< relative to the standard deviation
  std::vector<Range> levels_, changes_; ///< of energy, enstrophy and its bands
};
} // namespace understudy

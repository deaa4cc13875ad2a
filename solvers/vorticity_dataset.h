// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>
#include <data/sampling/gaussian_random_field.h>
#include <data/sampling/split_sizes.h>
#include <data/store/dataset.h>
#include <data/store/grid_dataset.h>
#include <solvers/torus_vorticity.h>

#include <deal.II/base/parameter_handler.h>
#include <mpi.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// Two data sets of flows on the torus, see TorusVorticity. All quantities are dimensionless, in
/// units of the length and time of the parameters.
namespace understudy
{
/// Random fields of a data set and how many there are.
struct VorticitySampling
{
  unsigned n_train = 300, n_valid = 50, n_test = 50;
  unsigned samples_per_shard = 16; ///< of each rank and round
  double alpha = 4., tau = 3.;     ///< [1], [1 / length], see GaussianCovariance; the side is that
                                   ///< of the flow
  /// Wave numbers |k1|, |k2| < n_modes, so that grids of any size carry the same fields, of them
  /// those that the solver keeps; 0: all of these. 22 are those that 64 points keep.
  std::size_t n_modes = 22;
  std::uint64_t seed = 0;

  SplitSizes splits() const { return {n_train, n_valid, n_test}; }
  std::size_t n_samples() const { return splits().n_samples(); }

  /// @p field names what is drawn, for the documentation.
  void declare(dealii::ParameterHandler &prm, const std::string &field);
  std::vector<std::string> problems(double side) const;
};

/// Forcing f -> vorticity w(T) of a flow that starts at rest: the Navier-Stokes problem of Kossaifi
/// et al. (arXiv 2310.00120), Re = 500 on the square with side 2 pi,
///   f = N(0, tau^(2 alpha - 2) 2 (-Laplacian + tau^2)^-alpha),  alpha = 4, tau = 3,
/// with the 2 of the sampler that Li et al. published, see GaussianRandomField. What T is in the
/// published data we do not know; the ranges that the code of tensorgrad has for them, 4 for f and
/// 3 for w, are nearer to T = 1 than to T = 5.
///
/// Measured on 400 samples (bench_vorticity_data), least to largest with the mean in brackets:
///   rms f     0.88 (1.36) 2.00    max |f|     2.2 (3.9) 6.7
///   rms w(1)  0.87 (1.33) 1.96    max |w(1)|  2.1 (3.8) 6.7
///   rms w(5)  2.65 (4.47) 8.05    max |w(5)|  6.3 (13) 25
/// Half the time step changes w(1) by at most 2.5e-7 and w(5) by 4e-6 (9e-5) 9.6e-4 in the relative
/// L2 norm. A sample takes 0.011 s with T = 1, 0.06 s with T = 5.
struct ForcingDataParameters
{
  TorusVorticityParameters flow = {.n = 64, .viscosity = 1. / 500., .time_step = 1. / 640.};
  VorticitySampling sampling = {.alpha = 4., .tau = 3., .seed = 41};
  double final_time = 1.; ///< T > 0, a multiple of the time step [time]

  std::size_t n_steps() const; ///< T / dt

  /// The flow stands in a section of its own.
  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
};

/// Trajectories of w in intervals D, from which a step w(t) -> w(t + D) is learned: the forced
/// turbulence of Li et al. (2021), arXiv 2010.08895, on the square with side 1 (L):
///   w(0) = N(0, tau^(2 alpha - 2) 2 (-Laplacian + tau^2)^-alpha),  alpha = 2.5, tau = 7,
///   F(x, y) = amplitude (sin + cos)(2 pi (x + y) / L).
///
/// Measured on the 250 trajectories of the defaults (bench_vorticity_data), least to largest with
/// the mean in brackets:
///   rms w(0)  0.15 (0.25) 0.39    rms w(20)  0.89 (0.95) 1.03
/// Half the time step changes w(1) by 4e-6 at most and w(20) by 7e-7, in the relative L2 norm; it
/// is stability that limits it. 20 intervals take 0.02 s.
struct FlowDataParameters
{
  TorusVorticityParameters flow = {.n = 64, .side = 1., .viscosity = 1e-3, .time_step = 1. / 64.};
  VorticitySampling sampling = {
    .n_train = 200, .n_valid = 25, .n_test = 25, .alpha = 2.5, .tau = 7., .seed = 43};
  double forcing_amplitude = 0.1; ///< [1 / time^2]
  double interval = 1.;           ///< D > 0, a multiple of the time step [time]
  unsigned n_intervals = 20;      ///< stored of a trajectory
  unsigned n_burn_in = 0;         ///< before the first one that is stored

  std::size_t steps_per_interval() const; ///< D / dt
  std::vector<double> times() const;      ///< of the states that are stored, n_intervals + 1

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const;
};

/// Solves for the samples of ForcingDataParameters on one process, one after the other with one
/// solver. A sample depends on parameters and number alone.
class ForcingSamples
{
public:
  /// Throws UserError with the problems() of @p parameters.
  explicit ForcingSamples(const ForcingDataParameters &parameters);

  /// Overwrites @p f, [n][n], by the forcing of a sample.
  void draw(std::size_t id, std::span<double> f);
  /// Solved; crashed, with the sentence of the solver, where the flow has blown up.
  Sample solve(std::size_t id);

private:
  ForcingDataParameters parameters_;
  TorusVorticity flow_;
  GaussianRandomField field_;
};

/// The same for FlowDataParameters.
class FlowSamples
{
public:
  explicit FlowSamples(const FlowDataParameters &parameters);

  /// F, [n][n].
  const std::vector<double> &forcing() const { return forcing_; }
  /// Overwrites @p w, [n][n], by w(0) of a sample.
  void draw(std::size_t id, std::span<double> w);
  Sample solve(std::size_t id);

private:
  FlowDataParameters parameters_;
  TorusVorticity flow_;
  GaussianRandomField field_;
  std::vector<double> forcing_;
};

/// Description of the data set, kind "torus-forcing". Fields of a sample: "f" and "w", [n][n] at
/// TorusVorticityParameters::grid(), and "seconds", the time of the solution.
DataSetInfo describe_forcing_dataset(const ForcingDataParameters &parameters);

/// Kind "torus-flow": "w" [n_intervals + 1][n][n] at times(), and "seconds". F is the static array
/// "f", [n][n].
DataSetInfo describe_flow_dataset(const FlowDataParameters &parameters);

/// Solves for all samples that @p folder does not hold yet, see generate_samples(). Collective.
std::size_t generate_forcing_dataset(MPI_Comm comm, const std::string &folder,
                                     const ForcingDataParameters &parameters, Log &log,
                                     bool start_afresh);
std::size_t generate_flow_dataset(MPI_Comm comm, const std::string &folder,
                                  const FlowDataParameters &parameters, Log &log,
                                  bool start_afresh);

/// What write_grid_files() makes of the data sets: periodic, f without time and w at the last of
/// the times 0 and T; w at every time.
GridDataSetInfo forcing_grid_info(const ForcingDataParameters &parameters);
GridDataSetInfo flow_grid_info(const FlowDataParameters &parameters);
} // namespace understudy

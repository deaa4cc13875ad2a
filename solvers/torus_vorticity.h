// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>
#include <data/core/mesh_view.h>
#include <solvers/torus_kernels.h>

#include <deal.II/base/parameter_handler.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
class TorusVorticity;

/// What the scales below the grid do to those on it: an eddy viscosity. Classical models and
/// learned ones implement it.
class SubgridClosure
{
public:
  virtual ~SubgridClosure() = default;
  /// Overwrites @p nu, n * n values at the grid points, by the eddy viscosity of the state of
  /// @p flow; values < 0 feed energy back. The equation gains
  ///   -curl div tau,  tau_ij = -2 nu S_ij,  S the symmetric part of grad (u, v),
  /// which for a constant nu is nu lap w. It is treated explicitly: nu dt K^2 must stay well below
  /// 1, with K the largest scaled wave number. Called once per evaluation of the right-hand side.
  virtual void eddy_viscosity(const TorusVorticity &flow, std::span<double> nu) = 0;
};

struct TorusVorticityParameters
{
  std::size_t n = 128;    ///< grid points per direction; even, >= 8; 2^a 3^b 5^c is fastest
  std::size_t cutoff = 0; ///< K: modes with |k1|, |k2| <= K are kept; 0: the most without aliasing
  double side = 2. * std::numbers::pi; ///< L of the square [0, L)^2 [length]
  double viscosity = 1e-3;             ///< nu >= 0 [length^2 / time]
  double drag = 0.;                    ///< alpha >= 0 [1 / time]
  double beta = 0.;                    ///< gradient of the Coriolis parameter [1 / (length time)]
  double time_step = 1e-3;             ///< dt > 0 [time]
  unsigned order = 3;                  ///< of the Adams-Bashforth formula, 2 or 3

  /// The largest K without aliasing: 3 K < n, "the 2/3 rule".
  std::size_t dealiased_cutoff() const { return (n - 1) / 3; }
  /// The points (i L / n, j L / n), without those at x = L or y = L, which repeat the first.
  GridView grid() const;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
};

/// Incompressible flow on the doubly periodic square [0, L)^2:
///   dw/dt + u . grad w + beta v = nu lap w - alpha w + F (- curl div tau, see SubgridClosure)
/// for the vorticity w = dv/dx - du/dy, with u = dpsi/dy, v = -dpsi/dx, lap psi = -w. There is no
/// mean flow; w and F have mean 0.
///
/// *In space*: Galerkin's method with the modes |k1|, |k2| <= K (pseudo-spectral, products on the
/// grid). With cutoff <= (n - 1) / 3 products leave no alias on the modes that are kept; energy and
/// enstrophy are then conserved by the advection to rounding. A larger cutoff is possible for
/// comparison with codes that let products alias. To keep the modes of a grid of N points, K =
/// N/2 - 1, n must be 3 N / 2.
///
/// *In time*: Crank-Nicolson for nu, alpha and beta, Adams-Bashforth for the rest, with one
/// right-hand side per step. A start, or a restart after a change, takes Heun steps until there
/// are enough old right-hand sides, so that the whole is of order 2 in dt, and of order `order`
/// where nu, alpha and beta are 0. For stability courant_number() should stay below 0.7 with
/// order 3; order 2 amplifies inviscid flow by about C^4 / 4 per step, C = courant_number().
///
/// *Layout*. Grid: g[i n + j] at x = i L / n, y = j L / n. Modes: complex numbers
///   w(x, y) = sum_k w_k exp(2 pi i (k1 x + k2 y) / L),  mean of w^2 = sum_k |w_k|^2,
/// which do not depend on n; those with k2 >= 0 are stored, at index(k1, k2), k1 the faster; the
/// others are w_-k = conj w_k.
///
/// *Cost*. (u + i v)^2 holds all products: u . grad w = Im((d/dx - i d/dy)^2 (u + i v)^2) / 2,
/// since its real and imaginary part are u^2 - v^2 and 2 u v. A step is therefore one complex
/// transform to the grid and one back, as dear as four real ones, of which the lines with |k2| > K
/// are left out; the loops at points run on lines in the first cache. With a closure one more
/// transform. Steps allocate no memory. One thread; not for several threads at once.
class TorusVorticity
{
public:
  using Complex = std::complex<double>;

  /// Starts at rest at time 0. Throws UserError with the problems() of @p parameters.
  explicit TorusVorticity(const TorusVorticityParameters &parameters);

  const TorusVorticityParameters &parameters() const { return parameters_; } ///< cutoff filled in
  std::size_t n() const { return parameters_.n; }
  std::size_t cutoff() const { return parameters_.cutoff; }
  std::size_t n_modes() const { return w_.size(); } ///< (2 K + 1)(K + 1)
  std::size_t index(int k1, int k2) const;          ///< |k1| <= K, 0 <= k2 <= K

  /// The state at @p time from values on the grid; modes beyond the cutoff are dropped. Throws
  /// UserError when a value is not finite, or the mean is not 0 to 1e-6 of the root mean square.
  void set_vorticity(std::span<const double> grid, double time = 0.);
  /// F, constant in time, with the same demands. A change starts the Adams-Bashforth formula anew,
  /// as do those below.
  void set_forcing(std::span<const double> grid);
  /// Null for none. It must outlive this object.
  void set_closure(SubgridClosure *closure);
  void set_time_step(double dt);

  /// Throws SolverError, with step and time, when the state is no longer finite.
  void step();
  void advance(std::size_t n_steps);

  double time() const { return time_; }
  std::uint64_t n_steps() const { return n_steps_; } ///< since set_vorticity()
  std::span<const Complex> modes() const { return {w_.data(), w_.size()}; }

  void vorticity(std::span<double> grid) const { to_grid(modes(), grid); }
  void velocity(std::span<double> u, std::span<double> v) const;
  double energy() const;    ///< mean of (u^2 + v^2) / 2
  double enstrophy() const; ///< mean of w^2 / 2
  /// max sqrt(u^2 + v^2) sqrt(2) K (2 pi / L) dt, a bound on dt |u . grad| of a mode.
  double courant_number();

  /// Values on the grid of a real field with the given modes, and back; modes beyond the cutoff
  /// are dropped.
  void to_grid(std::span<const Complex> modes, std::span<double> grid) const;
  void to_modes(std::span<const double> grid, std::span<Complex> modes) const;

  /// All that a run needs to go on bit by bit, but for the parameters, forcing and closure.
  struct State
  {
    double time = 0.;
    std::uint64_t n_steps = 0;
    unsigned n_old = 0; ///< old right-hand sides that are valid
    /// Real and imaginary parts in turn, in the order of modes(); the newest old one first.
    std::vector<double> vorticity, old_1, old_2;
  };
  State state() const;
  /// Throws UserError when the state is of another cutoff or order.
  void restore(const State &state);

private:
  using Lines = FftArray<Complex>;

  torus_kernels::Line line(std::size_t k2) const;
  void read(std::span<const double> grid, const char *name, Lines &modes) const;
  void restart();
  void check_finite(double mean_square) const;
  void velocity_to_lines();
  void products();
  double evaluate(const std::array<double, 3> &weights, const Lines &base, const Lines &older,
                  const Lines &oldest, Lines &tendency);
  double heun_step();
  double adams_bashforth_step();
  void make_real(Lines &modes) const;

  TorusVorticityParameters parameters_;
  std::vector<double> k1_; ///< scaled wave numbers of a mode line
  double time_ = 0.;
  std::uint64_t n_steps_ = 0;
  unsigned n_old_ = 0;
  Lines w_, forcing_, start_, predicted_; ///< modes
  std::array<Lines, 2> old_;              ///< modes of old right-hand sides, the newest first
  SubgridClosure *closure_ = nullptr;

  std::size_t pitch_;                                  ///< between FFT lines
  Lines lines_, strain_lines_;                         ///< [K + 1][2][pitch], see torus_kernels.h
  Lines pair_in_, pair_out_;                           ///< [2][n]
  Lines rows_in_, rows_out_, rows_back_, strain_rows_; ///< [block][n]
  FftArray<double> nu_; ///< eddy viscosity, grid and the rest of a last block
  FftPlan pair_to_lines_, lines_to_pair_, rows_to_grid_, rows_to_modes_;
  mutable FftArray<double> grid_;
  mutable Lines spectrum_; ///< [n][n / 2 + 1]
  FftPlan to_grid_, to_modes_;
};
} // namespace understudy

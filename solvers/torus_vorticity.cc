// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <solvers/torus_vorticity.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace understudy
{
namespace
{
using torus_kernels::block;
using Complex = TorusVorticity::Complex;

constexpr std::array<double, 3> euler = {1., 0., 0.};
constexpr std::array<double, 3> trapezoidal = {0.5, 0.5, 0.};
constexpr std::array<double, 3> adams_bashforth_2 = {1.5, -0.5, 0.};
constexpr std::array<double, 3> adams_bashforth_3 = {23. / 12., -16. / 12., 5. / 12.};

void require_size(std::size_t size, std::size_t expected, const char *what)
{
  if (size != expected)
    throw std::invalid_argument("TorusVorticity: " + std::to_string(size) + " " + what +
                                " where there must be " + std::to_string(expected));
}

std::vector<double> numbers_of(const FftArray<Complex> &modes)
{
  std::vector<double> numbers(2 * modes.size());
  for (std::size_t i = 0; i < modes.size(); ++i)
  {
    numbers[2 * i] = modes[i].real();
    numbers[2 * i + 1] = modes[i].imag();
  }
  return numbers;
}

void take_numbers(const std::vector<double> &numbers, FftArray<Complex> &modes)
{
  for (std::size_t i = 0; i < modes.size(); ++i)
    modes[i] = {numbers[2 * i], numbers[2 * i + 1]};
}

TorusVorticityParameters checked(TorusVorticityParameters parameters)
{
  if (const auto found = parameters.problems(); !found.empty())
    throw UserError(found.front());
  if (parameters.cutoff == 0)
    parameters.cutoff = parameters.dealiased_cutoff();
  return parameters;
}
} // namespace

std::vector<std::string> TorusVorticityParameters::problems() const
{
  std::vector<std::string> found;
  const auto require = [&](bool good, const char *name, double value, const std::string &rule)
  {
    std::ostringstream sentence;
    sentence << "The " << name << " of the flow on the torus is " << value << "; it must be "
             << rule << ".";
    if (!good)
      found.push_back(sentence.str());
  };
  require(n >= 8 && n <= 32768 && n % 2 == 0, "number of grid points per direction",
          static_cast<double>(n), "even and from 8 to 32768");
  require(cutoff < std::max<std::size_t>(n / 2, 1), "cutoff", static_cast<double>(cutoff),
          "less than half the number of grid points");
  require(std::isfinite(side) && side > 0., "side", side, "finite and > 0");
  require(std::isfinite(viscosity) && viscosity >= 0., "viscosity", viscosity, "finite and >= 0");
  require(std::isfinite(drag) && drag >= 0., "drag", drag, "finite and >= 0");
  require(std::isfinite(beta), "beta", beta, "finite");
  require(std::isfinite(time_step) && time_step > 0., "time step", time_step, "finite and > 0");
  require(order == 2 || order == 3, "order of the Adams-Bashforth formula", order, "2 or 3");
  return found;
}

TorusVorticity::TorusVorticity(const TorusVorticityParameters &parameters)
  : parameters_(checked(parameters)), pitch_((n() + block - 1) / block * block + block)
{
  // A pitch that is no power of two keeps lines apart in the sets of the cache; the rest of a line
  // stays zero and completes the last block of grid lines.
  const std::size_t K = cutoff(), n_lines = 2 * (K + 1), N = n();
  for (std::size_t j = 0; j <= 2 * K; ++j)
    k1_.push_back(2. * std::numbers::pi / parameters_.side *
                  (j <= K ? static_cast<double>(j) : -static_cast<double>(2 * K + 1 - j)));
  for (Lines *modes : {&w_, &forcing_, &start_, &predicted_, &old_[0], &old_[1]})
    *modes = Lines((2 * K + 1) * (K + 1));
  lines_ = Lines(n_lines * pitch_);
  pair_in_ = Lines(2 * N);
  pair_out_ = Lines(2 * N);
  rows_in_ = Lines(block * N);
  rows_out_ = Lines(block * N);
  rows_back_ = Lines(block * N);
  grid_ = FftArray<double>(N * N);
  spectrum_ = Lines(N * (N / 2 + 1));

  pair_to_lines_ = plan_fft_lines(N, 2, pair_in_.data(), lines_.data(), N, pitch_, FFTW_BACKWARD);
  lines_to_pair_ = plan_fft_lines(N, 2, lines_.data(), pair_out_.data(), pitch_, N, FFTW_FORWARD);
  rows_to_grid_ = plan_fft_lines(N, block, rows_in_.data(), rows_out_.data(), N, N, FFTW_BACKWARD);
  rows_to_modes_ =
    plan_fft_lines(N, block, rows_out_.data(), rows_back_.data(), N, N, FFTW_FORWARD);
  const int size = static_cast<int>(N);
  to_grid_ = own_fft_plan(
    fftw_plan_dft_c2r_2d(size, size, fft_cast(spectrum_.data()), grid_.data(), fft_planning));
  to_modes_ = own_fft_plan(
    fftw_plan_dft_r2c_2d(size, size, grid_.data(), fft_cast(spectrum_.data()), fft_planning));
}

std::size_t TorusVorticity::index(int k1, int k2) const
{
  const int K = static_cast<int>(cutoff());
  if (std::abs(k1) > K || k2 < 0 || k2 > K)
    throw std::out_of_range("TorusVorticity: no mode (" + std::to_string(k1) + ", " +
                            std::to_string(k2) + ")");
  return static_cast<std::size_t>(k2) * (2 * cutoff() + 1) +
         static_cast<std::size_t>(k1 < 0 ? k1 + 2 * K + 1 : k1);
}

void TorusVorticity::restart()
{
  n_old_ = 0;
  for (Lines &old : old_) // which may not be finite, after a blow-up
    std::fill(old.begin(), old.end(), 0.);
}

torus_kernels::Line TorusVorticity::line(std::size_t k2) const
{
  return {n(), cutoff(), k1_.data(), k1_[k2], k2 == 0};
}

void TorusVorticity::to_grid(std::span<const Complex> modes, std::span<double> grid) const
{
  require_size(modes.size(), n_modes(), "modes");
  require_size(grid.size(), n() * n(), "grid values");
  const std::size_t K = cutoff(), width = 2 * K + 1, pitch = n() / 2 + 1;
  std::fill(spectrum_.begin(), spectrum_.end(), 0.);
  for (std::size_t k2 = 0; k2 <= K; ++k2)
    for (std::size_t j = 0; j < width; ++j)
      spectrum_[(j <= K ? j : j + n() - width) * pitch + k2] = modes[k2 * width + j];
  fftw_execute(to_grid_.get());
  std::copy(grid_.begin(), grid_.end(), grid.begin());
}

void TorusVorticity::to_modes(std::span<const double> grid, std::span<Complex> modes) const
{
  require_size(modes.size(), n_modes(), "modes");
  require_size(grid.size(), n() * n(), "grid values");
  const std::size_t K = cutoff(), width = 2 * K + 1, pitch = n() / 2 + 1;
  std::copy(grid.begin(), grid.end(), grid_.begin());
  fftw_execute(to_modes_.get());
  const double scale = 1. / (static_cast<double>(n()) * static_cast<double>(n()));
  for (std::size_t k2 = 0; k2 <= K; ++k2)
    for (std::size_t j = 0; j < width; ++j)
      modes[k2 * width + j] = scale * spectrum_[(j <= K ? j : j + n() - width) * pitch + k2];
}

/// Both k1 and -k1 are stored for k2 = 0. Left to themselves they would drift apart, from rounding
/// on, as fast as two flows do.
void TorusVorticity::make_real(Lines &modes) const
{
  const std::size_t K = cutoff();
  modes[0] = 0.;
  for (std::size_t k1 = 1; k1 <= K; ++k1)
    modes[2 * K + 1 - k1] = std::conj(modes[k1]);
}

void TorusVorticity::read(std::span<const double> grid, const char *name, Lines &modes) const
{
  double sum = 0., sum_of_squares = 0.;
  for (std::size_t i = 0; i < grid.size(); ++i)
  {
    if (!std::isfinite(grid[i]))
      throw UserError("The " + std::string(name) + " on the torus is not finite at grid point (" +
                      std::to_string(i / n()) + ", " + std::to_string(i % n()) + ").");
    sum += grid[i];
    sum_of_squares += grid[i] * grid[i];
  }
  const double mean = sum / static_cast<double>(grid.size());
  const double rms = std::sqrt(sum_of_squares / static_cast<double>(grid.size()));
  if (std::abs(mean) > 1e-6 * rms)
  {
    std::ostringstream sentence;
    sentence << "The " << name << " on the torus has the mean " << mean
             << " at a root mean square of " << rms << "; the mean must be 0.";
    throw UserError(sentence.str());
  }
  to_modes(grid, {modes.data(), modes.size()});
  make_real(modes);
}

void TorusVorticity::set_vorticity(std::span<const double> grid, double time)
{
  read(grid, "vorticity", w_);
  time_ = time;
  n_steps_ = 0;
  restart();
}

void TorusVorticity::set_forcing(std::span<const double> grid)
{
  read(grid, "forcing", forcing_);
  restart();
}

void TorusVorticity::set_closure(SubgridClosure *closure)
{
  closure_ = closure;
  if (closure != nullptr && nu_.size() == 0)
  {
    strain_lines_ = Lines(lines_.size());
    strain_rows_ = Lines(rows_out_.size());
    nu_ = FftArray<double>(n() * (n() + block));
  }
  restart();
}

void TorusVorticity::set_time_step(double dt)
{
  TorusVorticityParameters changed = parameters_;
  changed.time_step = dt;
  parameters_ = checked(changed);
  restart();
}

/// Modes along x to values along x, for all lines of constant k2.
void TorusVorticity::velocity_to_lines()
{
  const std::size_t width = 2 * cutoff() + 1;
  for (std::size_t k2 = 0; k2 <= cutoff(); ++k2)
  {
    const Complex *w = w_.data() + k2 * width;
    const std::size_t start = 2 * k2 * pitch_;
    torus_kernels::velocity(line(k2), w, pair_in_.data(), pair_in_.data() + n());
    run_fft(pair_to_lines_, pair_in_.data(), lines_.data() + start);
    if (closure_ == nullptr)
      continue;
    torus_kernels::strain(line(k2), w, pair_in_.data(), pair_in_.data() + n());
    run_fft(pair_to_lines_, pair_in_.data(), strain_lines_.data() + start);
  }
}

/// On every grid line x = const: from modes along y to values, the products, and back. The gap of
/// modes that are not kept stays zero in rows_in_.
void TorusVorticity::products()
{
  const std::size_t N = n(), n_pairs = cutoff() + 1;
  for (std::size_t x = 0; x < N; x += block)
  {
    if (closure_ != nullptr)
    {
      torus_kernels::gather(N, pitch_, n_pairs, strain_lines_.data(), x, rows_in_.data());
      run_fft(rows_to_grid_, rows_in_.data(), strain_rows_.data());
    }
    torus_kernels::gather(N, pitch_, n_pairs, lines_.data(), x, rows_in_.data());
    run_fft(rows_to_grid_, rows_in_.data(), rows_out_.data());
    if (closure_ != nullptr)
      torus_kernels::square_and_stress(block * N, nu_.data() + x * N, strain_rows_.data(),
                                       rows_out_.data());
    else
      torus_kernels::square(block * N, rows_out_.data());
    run_fft(rows_to_modes_, rows_out_.data(), rows_back_.data());
    torus_kernels::scatter(N, pitch_, n_pairs, rows_back_.data(), x, lines_.data());
  }
}

/// The right-hand side at the present state, to @p tendency, and the step with it from @p base.
/// @return the mean of w^2.
double TorusVorticity::evaluate(const std::array<double, 3> &weights, const Lines &base,
                                const Lines &older, const Lines &oldest, Lines &tendency)
{
  if (closure_ != nullptr)
    closure_->eddy_viscosity(*this, {nu_.data(), n() * n()});
  velocity_to_lines();
  products();
  const double scale = 1. / (static_cast<double>(n()) * static_cast<double>(n()));
  const torus_kernels::Step step = {parameters_.viscosity,
                                    parameters_.drag,
                                    parameters_.beta,
                                    parameters_.time_step,
                                    {weights[0], weights[1], weights[2]},
                                    scale};
  double mean_square = 0.;
  for (std::size_t k2 = 0; k2 <= cutoff(); ++k2)
  {
    run_fft(lines_to_pair_, lines_.data() + 2 * k2 * pitch_, pair_out_.data());
    const std::size_t i = k2 * (2 * cutoff() + 1);
    mean_square += (k2 == 0 ? 1. : 2.) *
                   torus_kernels::advance(line(k2), step, pair_out_.data(), pair_out_.data() + n(),
                                          forcing_.data() + i, base.data() + i, older.data() + i,
                                          oldest.data() + i, tendency.data() + i, w_.data() + i);
  }
  make_real(w_);
  return mean_square;
}

/// Heun's method (explicit trapezoidal) with Crank-Nicolson in both stages.
double TorusVorticity::heun_step()
{
  std::copy(w_.begin(), w_.end(), start_.begin());
  Lines &oldest = old_[parameters_.order - 2];
  evaluate(euler, start_, oldest, oldest, oldest);
  if (parameters_.order == 3)
    std::swap(old_[0], old_[1]);
  return evaluate(trapezoidal, start_, old_[0], old_[0], predicted_);
}

double TorusVorticity::adams_bashforth_step()
{
  if (parameters_.order == 2)
    return evaluate(adams_bashforth_2, w_, old_[0], old_[0], old_[0]);
  const double mean_square = evaluate(adams_bashforth_3, w_, old_[0], old_[1], old_[1]);
  std::swap(old_[0], old_[1]);
  return mean_square;
}

void TorusVorticity::step()
{
  double mean_square = 0.;
  if (n_old_ + 1 < parameters_.order)
  {
    mean_square = heun_step();
    ++n_old_;
  }
  else
    mean_square = adams_bashforth_step();
  time_ += parameters_.time_step;
  ++n_steps_;
  check_finite(mean_square);
}

void TorusVorticity::advance(std::size_t n_steps)
{
  for (std::size_t i = 0; i < n_steps; ++i)
    step();
}

void TorusVorticity::check_finite(double mean_square) const
{
  if (std::isfinite(mean_square))
    return;
  std::ostringstream sentence;
  sentence << "The vorticity on the torus is not finite after step " << n_steps_ << " at time "
           << time_ << "; the time step of " << parameters_.time_step
           << " may be too large for the flow.";
  throw SolverError(sentence.str());
}

void TorusVorticity::velocity(std::span<double> u, std::span<double> v) const
{
  const std::size_t width = 2 * cutoff() + 1;
  std::vector<Complex> u_modes(n_modes()), v_modes(n_modes());
  for (std::size_t i = 1; i < n_modes(); ++i)
  {
    const double k1 = k1_[i % width], k2 = k1_[i / width];
    const Complex psi = w_[i] / (k1 * k1 + k2 * k2);
    u_modes[i] = Complex(0., k2) * psi;
    v_modes[i] = Complex(0., -k1) * psi;
  }
  to_grid(u_modes, u);
  to_grid(v_modes, v);
}

double TorusVorticity::energy() const
{
  const std::size_t width = 2 * cutoff() + 1;
  double sum = 0.;
  for (std::size_t i = 1; i < n_modes(); ++i)
  {
    const double k1 = k1_[i % width], k2 = k1_[i / width];
    sum += (i < width ? 0.5 : 1.) * std::norm(w_[i]) / (k1 * k1 + k2 * k2);
  }
  return sum;
}

double TorusVorticity::enstrophy() const
{
  double sum = 0.;
  for (std::size_t i = 1; i < n_modes(); ++i)
    sum += (i < 2 * cutoff() + 1 ? 0.5 : 1.) * std::norm(w_[i]);
  return sum;
}

double TorusVorticity::courant_number()
{
  velocity_to_lines();
  double largest = 0.;
  for (std::size_t x = 0; x < n(); x += block)
  {
    torus_kernels::gather(n(), pitch_, cutoff() + 1, lines_.data(), x, rows_in_.data());
    run_fft(rows_to_grid_, rows_in_.data(), rows_out_.data());
    largest = std::max(largest, torus_kernels::largest_norm(block * n(), rows_out_.data()));
  }
  return std::sqrt(2. * largest) * k1_[cutoff()] * parameters_.time_step;
}

TorusVorticity::State TorusVorticity::state() const
{
  return {time_, n_steps_, n_old_, numbers_of(w_), numbers_of(old_[0]), numbers_of(old_[1])};
}

void TorusVorticity::restore(const State &state)
{
  for (const auto *numbers : {&state.vorticity, &state.old_1, &state.old_2})
    if (numbers->size() != 2 * n_modes())
      throw UserError("The state of a flow on the torus has " + std::to_string(numbers->size()) +
                      " numbers; a cutoff of " + std::to_string(cutoff()) + " asks for " +
                      std::to_string(2 * n_modes()) + ".");
  if (state.n_old >= parameters_.order)
    throw UserError("The state of a flow on the torus holds " + std::to_string(state.n_old) +
                    " old right-hand sides; order " + std::to_string(parameters_.order) +
                    " has use for " + std::to_string(parameters_.order - 1) + ".");
  take_numbers(state.vorticity, w_);
  take_numbers(state.old_1, old_[0]);
  take_numbers(state.old_2, old_[1]);
  time_ = state.time;
  n_steps_ = state.n_steps;
  n_old_ = state.n_old;
}
} // namespace understudy

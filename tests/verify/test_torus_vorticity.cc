// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The flow on the torus against exact solutions, direct sums, orders of convergence and the
// symmetries and conservation laws of its equation.
#include <solvers/torus_vorticity.h>
#include <tests/random_numbers.h>
#include <tests/torus_grids.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <numbers>
#include <vector>

using namespace understudy;
using test::noise;
using test::vorticity;
using Complex = TorusVorticity::Complex;
using Parameters = TorusVorticityParameters;
using std::numbers::pi;

namespace
{
std::vector<double> on_grid(std::size_t n, const std::function<double(double, double)> &f,
                            double side = 2. * pi)
{
  std::vector<double> grid(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      grid[i * n + j] = f(double(i) * side / double(n), double(j) * side / double(n));
  return grid;
}

/// A smooth flow without symmetry: random modes |k1|, |k2| <= 4 of about unit size.
std::vector<double> random_flow(std::size_t n, unsigned seed, double side = 2. * pi)
{
  const auto numbers = test::random_numbers(2 * 9 * 5, seed);
  return on_grid(
    n,
    [&](double x, double y)
    {
      double w = 0.;
      for (int k1 = -4; k1 <= 4; ++k1)
        for (int k2 = 0; k2 <= 4; ++k2)
          if (k2 > 0 || k1 > 0)
          {
            const auto i = std::size_t(2 * ((k1 + 4) * 5 + k2));
            const double phase = 2. * pi / side * (k1 * x + k2 * y);
            w += (numbers[i] * std::cos(phase) + numbers[i + 1] * std::sin(phase)) /
                 (1. + 0.2 * (k1 * k1 + k2 * k2));
          }
      return w;
    },
    side);
}

double distance(const std::vector<double> &a, const std::vector<double> &b)
{
  double sum = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum / double(a.size()));
}

double largest_difference(const std::vector<double> &a, const std::vector<double> &b)
{
  double largest = 0.;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

/// The right-hand side without viscosity, drag and beta at the state of @p flow, by mode.
std::vector<Complex> tendency(const TorusVorticity &flow, SubgridClosure *closure = nullptr)
{
  TorusVorticity other(flow.parameters());
  other.set_closure(closure);
  other.set_vorticity(vorticity(flow));
  other.step(); // a first step keeps the right-hand side at its start
  const auto state = other.state();
  std::vector<Complex> r(other.n_modes());
  for (std::size_t i = 0; i < r.size(); ++i)
    r[i] = {state.old_1[2 * i], state.old_1[2 * i + 1]};
  return r;
}

TorusVorticity flow_of(const Parameters &parameters, const std::vector<double> &w)
{
  TorusVorticity flow(parameters);
  flow.set_vorticity(w);
  return flow;
}

/// w at @p time, in steps of @p dt.
std::vector<double> solution(Parameters parameters, const std::vector<double> &w,
                             const std::vector<double> &forcing, double time, double dt)
{
  parameters.time_step = dt;
  TorusVorticity flow = flow_of(parameters, w);
  if (!forcing.empty())
    flow.set_forcing(forcing);
  flow.advance(std::size_t(std::lround(time / dt)));
  EXPECT_NEAR(flow.time(), time, 1e-10);
  return vorticity(flow);
}

/// Order of convergence in time from three solutions without knowing the exact one.
double observed_order(const Parameters &parameters, const std::vector<double> &forcing, double dt)
{
  const auto w = random_flow(parameters.n, 3);
  const auto a = solution(parameters, w, forcing, 1., dt),
             b = solution(parameters, w, forcing, 1., dt / 2),
             c = solution(parameters, w, forcing, 1., dt / 4);
  return std::log2(distance(a, b) / distance(b, c));
}

Complex mode(const TorusVorticity &flow, const std::vector<Complex> &modes, int k1, int k2)
{
  return k2 < 0 ? std::conj(modes[flow.index(-k1, -k2)]) : modes[flow.index(k1, k2)];
}
} // namespace

// Requirement: the modes of the advection are those of the convolution sum over kept modes, which
// holds only without aliasing; and a cutoff that lets products alias is seen.
TEST(TorusVorticity, AdvectionIsTheConvolutionOfKeptModes)
{
  const auto defect = [](std::size_t cutoff)
  {
    const TorusVorticity flow = flow_of({.n = 18, .cutoff = cutoff, .viscosity = 0.}, noise(18, 7));
    const int K = int(cutoff);
    const std::vector<Complex> w(flow.modes().begin(), flow.modes().end()), r = tendency(flow);
    double largest = 0., size = 0.;
    for (int k1 = -K; k1 <= K; ++k1)
      for (int k2 = 0; k2 <= K; ++k2)
      {
        Complex sum = 0.; // of -u_p . i q w_q over p + q = k
        for (int p1 = -K; p1 <= K; ++p1)
          for (int p2 = -K; p2 <= K; ++p2)
          {
            const int q1 = k1 - p1, q2 = k2 - p2;
            if (std::max(std::abs(q1), std::abs(q2)) > K || (p1 == 0 && p2 == 0))
              continue;
            const Complex psi = mode(flow, w, p1, p2) / double(p1 * p1 + p2 * p2);
            sum += psi * double(p2 * q1 - p1 * q2) * mode(flow, w, q1, q2);
          }
        largest = std::max(largest, std::abs(sum - r[flow.index(k1, k2)]));
        size = std::max(size, std::abs(sum));
      }
    return largest / size;
  };
  EXPECT_LT(defect(5), 1e-14);
  EXPECT_LT(defect(4), 1e-14);
  EXPECT_GT(defect(6), 1e-2);
  EXPECT_GT(defect(8), 1e-2);
}

// Requirement: of two modes at the cutoff, the product with the sum of their wave numbers leaves no
// alias; with a larger cutoff it does.
TEST(TorusVorticity, ProductsBeyondTheCutoffLeaveNoAlias)
{
  const auto strays = [](std::size_t n, int K, int k)
  {
    TorusVorticity flow = flow_of(
      {.n = n, .cutoff = std::size_t(K), .viscosity = 0.},
      on_grid(n, [&](double x, double y) { return std::cos(k * x) + std::sin(k * x + y); }));
    const auto r = tendency(flow);
    double largest = 0.;
    for (int k1 = -K; k1 <= K; ++k1)
      for (int k2 = 0; k2 <= K; ++k2)
        if (!(k1 == 0 && k2 == 1)) // the difference of the two
          largest = std::max(largest, std::abs(r[flow.index(k1, k2)]));
    EXPECT_GT(std::abs(r[flow.index(0, 1)]), 5e-5);
    return largest;
  };
  EXPECT_LT(strays(16, 5, 5), 1e-14);
  EXPECT_LT(strays(48, 15, 15), 1e-14);
  EXPECT_GT(strays(16, 7, 7), 1e-4);
}

// Requirement: the Taylor-Green vortex has no advection and decays by the factor of
// Crank-Nicolson's method per step; its error is of order 2.
TEST(TorusVorticity, TaylorGreenDecaysExactly)
{
  const auto w0 =
    on_grid(32, [](double x, double y) { return 2. * std::cos(3. * x) * std::cos(3. * y); });
  for (const unsigned order : {2u, 3u})
  {
    const Parameters p{.n = 32, .viscosity = 0.02, .drag = 0.1, .time_step = 0.01, .order = order};
    TorusVorticity flow = flow_of(p, w0);
    for (const Complex &r : tendency(flow))
      EXPECT_LT(std::abs(r), 1e-13);
    flow.advance(100);
    const double rate = 0.02 * 18. + 0.1;
    const double factor = std::pow((1. - 0.005 * rate) / (1. + 0.005 * rate), 100);
    auto expected = w0;
    for (double &w : expected)
      w *= factor;
    EXPECT_LT(largest_difference(vorticity(flow), expected), 1e-12);
  }
  const auto error = [&](double dt)
  {
    auto exact = w0;
    for (double &w : exact)
      w *= std::exp(-0.02 * 18.);
    return distance(solution({.n = 32, .viscosity = 0.02}, w0, {}, 1., dt), exact);
  };
  EXPECT_NEAR(error(0.05) / error(0.025), 4., 0.02);
  EXPECT_LT(error(0.001), 1e-7);
}

// Requirement: order 2 in time with all terms; order 3 of the third formula where all is explicit.
TEST(TorusVorticity, OrderInTime)
{
  const auto forcing =
    on_grid(32, [](double x, double y) { return std::cos(2. * x) + std::sin(y); });
  for (const unsigned order : {2u, 3u})
    EXPECT_NEAR(
      observed_order({.n = 32, .viscosity = 0.05, .drag = 0.2, .beta = 3., .order = order}, forcing,
                     0.02),
      2., 0.1)
      << "formula " << order;
  EXPECT_NEAR(observed_order({.n = 32, .viscosity = 0., .order = 2}, forcing, 0.01), 2., 0.1);
  EXPECT_NEAR(observed_order({.n = 32, .viscosity = 0., .order = 3}, forcing, 0.01), 3., 0.1);
}

// Requirement: the advection conserves energy and enstrophy to rounding, and over time they drift
// by the error of the time step alone, of order 3 in dt.
TEST(TorusVorticity, InviscidFlowConservesEnergyAndEnstrophy)
{
  const Parameters p{.n = 48, .viscosity = 0., .time_step = 0.01};
  TorusVorticity flow = flow_of(p, random_flow(48, 5));
  flow.advance(100); // all modes are filled
  const auto r = tendency(flow);
  const int K = int(flow.cutoff());
  double energy = 0., enstrophy = 0., energy_size = 0., enstrophy_size = 0.;
  for (int k1 = -K; k1 <= K; ++k1)
    for (int k2 = 0; k2 <= K; ++k2)
      if (k1 != 0 || k2 != 0)
      {
        const std::size_t i = flow.index(k1, k2);
        const double product = (k2 == 0 ? 1. : 2.) * (std::conj(flow.modes()[i]) * r[i]).real();
        const double q = k1 * k1 + k2 * k2;
        enstrophy += product;
        energy += product / q;
        enstrophy_size += std::abs(product);
        energy_size += std::abs(product) / q;
      }
  EXPECT_LT(std::abs(enstrophy), 1e-14 * enstrophy_size);
  EXPECT_LT(std::abs(energy), 1e-14 * energy_size);

  const auto drift = [&](double dt)
  {
    Parameters q = p;
    q.time_step = dt;
    TorusVorticity f = flow_of(q, random_flow(48, 5));
    const double e = f.energy(), z = f.enstrophy();
    f.advance(std::size_t(std::lround(2. / dt)));
    return std::array{std::abs(f.energy() / e - 1.), std::abs(f.enstrophy() / z - 1.)};
  };
  const auto a = drift(0.02), b = drift(0.01), c = drift(0.0005);
  EXPECT_GT(a[0] / b[0], 6.);
  EXPECT_GT(a[1] / b[1], 6.);
  EXPECT_LT(c[0], 1e-8);
  EXPECT_LT(c[1], 1e-8);
}

// Requirement: a Rossby wave travels with the phase speed -beta / |k|^2 along x and keeps its size.
TEST(TorusVorticity, RossbyWave)
{
  const double beta = 20., k1 = 2., k2 = 1., omega = -beta * k1 / 5.;
  TorusVorticity flow =
    flow_of({.n = 8, .viscosity = 0., .beta = beta, .time_step = 1e-4},
            on_grid(8, [&](double x, double y) { return std::cos(k1 * x + k2 * y); }));
  const double periods = 10. * 2. * pi / std::abs(omega);
  flow.advance(std::size_t(periods / 1e-4));
  const Complex wave = flow.modes()[flow.index(2, 1)];
  const double phase = std::arg(wave * std::polar(1., omega * flow.time()));
  EXPECT_LT(std::abs(phase / (omega * flow.time())), 1e-6);
  EXPECT_NEAR(2. * std::abs(wave), 1., 1e-10);
}

// Requirement: one forced mode comes to rest at F / (nu |k|^2 + alpha).
TEST(TorusVorticity, ForcingBalancesFriction)
{
  const auto f = on_grid(16, [](double, double y) { return std::cos(4. * y); });
  TorusVorticity flow({.n = 16, .viscosity = 0.1, .drag = 0.4, .time_step = 0.05});
  flow.set_forcing(f);
  flow.advance(1000);
  auto expected = f;
  for (double &w : expected)
    w /= 0.1 * 16. + 0.4;
  EXPECT_LT(largest_difference(vorticity(flow), expected), 1e-14);
}

// Requirement: results don't depend on the grid when the modes are the same, and scale with the
// side as the equation does.
TEST(TorusVorticity, GridAndSideAreUnitsOnly)
{
  Parameters p{.n = 32, .cutoff = 10, .viscosity = 0.01, .beta = 2., .time_step = 0.01};
  const TorusVorticity one = [&]
  {
    TorusVorticity f = flow_of(p, random_flow(32, 9));
    f.advance(50);
    return f;
  }();
  p.n = 54; // no multiple of 4: the last block of grid lines is not full
  TorusVorticity two = flow_of(p, random_flow(54, 9));
  p.n = 32;
  p.side = 1.;
  p.viscosity /= 4. * pi * pi;
  p.beta *= 2. * pi;
  TorusVorticity three = flow_of(p, random_flow(32, 9, 1.));
  two.advance(50);
  three.advance(50);
  double of_grid = 0., of_side = 0.;
  for (std::size_t i = 0; i < one.n_modes(); ++i)
  {
    of_grid = std::max(of_grid, std::abs(one.modes()[i] - two.modes()[i]));
    of_side = std::max(of_side, std::abs(one.modes()[i] - three.modes()[i]));
  }
  EXPECT_LT(of_grid, 1e-13);
  EXPECT_LT(of_side, 1e-13);
  EXPECT_NEAR(three.energy() * 4. * pi * pi, one.energy(), 1e-12);
}

// Requirement: the solution of a shifted, turned or mirrored flow is the shifted, turned or
// mirrored solution; a mirrored flow has the opposite vorticity.
TEST(TorusVorticity, Symmetries)
{
  const std::size_t n = 32;
  const auto w = random_flow(n, 13);
  const Parameters p{.n = n, .viscosity = 0.01, .time_step = 0.01};
  const auto image = [&](const std::vector<double> &field, int which)
  {
    std::vector<double> out(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        out[i * n + j] = which == 0   ? field[((i + n / 4) % n) * n + j]
                         : which == 1 ? field[j * n + (n - i) % n]
                                      : -field[((n - i) % n) * n + j];
    return out;
  };
  const auto end = solution(p, w, {}, 1., 0.01);
  for (const int which : {0, 1, 2})
    EXPECT_LT(largest_difference(solution(p, image(w, which), {}, 1., 0.01), image(end, which)),
              1e-11)
      << "symmetry " << which;
}

namespace
{
struct GivenViscosity : SubgridClosure
{
  std::vector<double> values;
  void eddy_viscosity(const TorusVorticity &, std::span<double> nu) override
  {
    std::copy(values.begin(), values.end(), nu.begin());
  }
};
} // namespace

// Requirement: a constant eddy viscosity acts as a viscosity.
TEST(TorusVorticity, ConstantEddyViscosityIsAViscosity)
{
  const std::size_t n = 30; // no multiple of 4
  const TorusVorticity flow = flow_of({.n = n, .viscosity = 0.}, random_flow(n, 17));
  const auto without = tendency(flow);
  GivenViscosity closure;
  closure.values.assign(n * n, 0.3);
  const auto with = tendency(flow, &closure);
  const int K = int(flow.cutoff());
  for (int k1 = -K; k1 <= K; ++k1)
    for (int k2 = 0; k2 <= K; ++k2)
    {
      const std::size_t i = flow.index(k1, k2);
      EXPECT_LT(std::abs(with[i] - without[i] + 0.3 * (k1 * k1 + k2 * k2) * flow.modes()[i]),
                1e-14);
    }
}

// Requirement: an eddy viscosity that varies takes the energy <nu |S|^2>, |S|^2 = 2 S_ij S_ij.
TEST(TorusVorticity, VaryingEddyViscosityDissipates)
{
  const std::size_t n = 32;
  const TorusVorticity flow = flow_of({.n = n, .viscosity = 0.}, random_flow(n, 19));
  GivenViscosity closure;
  closure.values = on_grid(n, [](double x, double y)
                           { return 0.2 + 0.3 * std::sin(x + 2. * y) - 0.1 * std::cos(3. * x); });
  const auto without = tendency(flow);
  const auto with = tendency(flow, &closure);

  const int K = int(flow.cutoff());
  std::vector<Complex> s11(flow.n_modes()), s12(flow.n_modes());
  double gain = 0., mean_square_strain = 0.;
  for (int k1 = -K; k1 <= K; ++k1)
    for (int k2 = 0; k2 <= K; ++k2)
      if (k1 != 0 || k2 != 0)
      {
        const std::size_t i = flow.index(k1, k2);
        const Complex psi = flow.modes()[i] / double(k1 * k1 + k2 * k2);
        s11[i] = -double(k1 * k2) * psi;                // d^2 psi / dx dy
        s12[i] = 0.5 * double(k1 * k1 - k2 * k2) * psi; // (psi_yy - psi_xx) / 2
        gain += (k2 == 0 ? 1. : 2.) * (std::conj(psi) * (with[i] - without[i])).real();
      }
  std::vector<double> a(n * n), b(n * n);
  flow.to_grid(s11, a);
  flow.to_grid(s12, b);
  double loss = 0.;
  for (std::size_t i = 0; i < n * n; ++i)
  {
    const double strain = 4. * (a[i] * a[i] + b[i] * b[i]);
    loss += closure.values[i] * strain / double(n * n);
    mean_square_strain += strain / double(n * n);
  }
  EXPECT_GT(loss, 0.1);
  EXPECT_NEAR(gain, -loss, 1e-13);
  EXPECT_NEAR(mean_square_strain, 2. * flow.enstrophy(), 1e-13);
}

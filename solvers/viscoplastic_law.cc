// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/processor_clones.h>
#include <solvers/viscoplastic_law.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
/// The moduli that the loops need.
struct Numbers
{
  double mu, kappa, R0, K, n, C, D;
};

/// A symmetric deviator with vanishing xz and yz; zz = -(xx + yy).
struct Deviator
{
  double xx, yy, xy;

  double zz() const { return -(xx + yy); }
  double dot(const Deviator &o) const
  {
    return xx * o.xx + yy * o.yy + zz() * o.zz() + 2. * xy * o.xy;
  }
  Deviator operator*(double f) const { return {f * xx, f * yy, f * xy}; }
  Deviator operator+(const Deviator &o) const { return {xx + o.xx, yy + o.yy, xy + o.xy}; }
  Deviator operator-(const Deviator &o) const { return {xx - o.xx, yy - o.yy, xy - o.xy}; }
};

/// J up to which the flow of a step changes no digit of the stress: 3 mu x <= 1e-17 R0 with the
/// bound x <= dt ((J - R0) / K)^n. With a large exponent this holds far above R0 for most points of
/// a plate.
double elastic_limit(const Numbers &m, double dt)
{
  const double y = std::pow(1e-17 * m.R0 / (3. * m.mu * dt), 1. / m.n);
  return m.R0 + m.K * std::min(y, 1.); // no infinity for dt = 0
}

/// Sets all points to the elastic answer and marks those whose J exceeds the limit, or is not a
/// number, as plastic.
UNDERSTUDY_CLONES void elastic_answer(std::size_t n, const Numbers &m, double limit,
                                      const double *strain, const double *before, double *after,
                                      double *stress, FlowStatus *status)
{
  const double two_mu = 2. * m.mu, kappa = m.kappa, hardening = 2. / 3. * m.C, R2 = limit * limit;
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i)
  {
    const double exx = strain[i], eyy = strain[n + i], third = (exx + eyy) / 3.;
    const double sxx = two_mu * (exx - third - before[i]);
    const double syy = two_mu * (eyy - third - before[n + i]);
    const double sxy = two_mu * (0.5 * strain[2 * n + i] - before[2 * n + i]);
    const double bxx = sxx - hardening * before[3 * n + i];
    const double byy = syy - hardening * before[4 * n + i];
    const double bxy = sxy - hardening * before[5 * n + i];
    const double bb = bxx * bxx + byy * byy + (bxx + byy) * (bxx + byy) + 2. * bxy * bxy;
    const double pressure = 3. * kappa * third;
    stress[i] = pressure + sxx;
    stress[n + i] = pressure + syy;
    stress[2 * n + i] = sxy;
    stress[3 * n + i] = pressure - sxx - syy;
    status[i] = 1.5 * bb <= R2 ? FlowStatus::elastic : FlowStatus::plastic;
  }
  std::copy(before, before + ViscoplasticLaw::n_state * n, after);
}

/// What solves the equation of a step.
struct Flow
{
  double x;     ///< increment of p
  double slope; ///< dx / dJ(s_trial) at fixed direction, in units of 1 / (3 mu): 0 to 1
  Deviator b;
  double J; ///< J(b)
};

/// Newton's method for y = (x / dt)^(1/n) between bounds. False when it does not end.
bool solve_flow(const Numbers &m, double dt, const Deviator &trial, const Deviator &a, Flow &flow)
{
  constexpr unsigned most_iterations = 100;
  const double hardening = 2. / 3. * m.C;
  const Deviator b0 = trial - a * hardening;
  const double J0 = std::sqrt(1.5 * b0.dot(b0));
  if (!std::isfinite(J0))
    return false;
  const double excess = std::max(J0 - m.R0, 0.); // rounding may have found a point that rests
  // Each of the two terms that grow with y takes at most all of the excess.
  double high = std::min(excess / m.K, std::pow(excess / (3. * m.mu * dt), 1. / m.n)), low = 0.;
  double y = high;
  const double enough = 4. * std::numeric_limits<double>::epsilon() * J0;
  for (unsigned iteration = 0; iteration < most_iterations; ++iteration)
  {
    const double power = dt * std::pow(y, m.n - 1.), x = power * y, dx_dy = m.n * power;
    const double shrink = 1. / (1. + m.D * x);
    flow.x = x;
    flow.b = trial - a * (hardening * shrink);
    flow.J = std::sqrt(1.5 * flow.b.dot(flow.b));
    const double dJ = 1.5 * flow.b.dot(a) * hardening * m.D * shrink * shrink / flow.J;
    const double fall = 3. * m.mu + m.C * shrink * shrink - dJ; // minus the slope without K
    const double h = flow.J - (3. * m.mu + m.C * shrink) * x - m.R0 - m.K * y;
    flow.slope = 3. * m.mu * dx_dy / (m.K + fall * dx_dy);
    if (std::abs(h) <= enough)
      return true;
    (h > 0. ? low : high) = y;
    double next = y + h / (m.K + fall * dx_dy);
    if (!(next > low && next < high)) // also when it is not a number
      next = 0.5 * (low + high);
    // The bounds of a converged pair are neighbours, or the step is lost in rounding.
    if (std::abs(next - y) <= 1e-15 * y || next == low || next == high)
      return std::isfinite(h);
    y = next;
  }
  return false;
}

using Tangent = std::array<double, 9>;

/// kappa I (x) I + 2 mu theta dev, row-major; columns belong to exx, eyy and gxy.
Tangent moduli(const Numbers &m, double theta)
{
  const double axial = m.kappa + 4. / 3. * m.mu * theta, lateral = m.kappa - 2. / 3. * m.mu * theta;
  return {axial, lateral, 0., lateral, axial, 0., 0., 0., m.mu * theta};
}

/// d sigma / d e with x, the direction N = b / J(b) and b itself all following the strain.
Tangent flow_tangent(const Numbers &m, const Flow &flow, const Deviator &a)
{
  const double ratio = 3. * m.mu * flow.x / flow.J, shrink = 1. / (1. + m.D * flow.x);
  const Deviator N = flow.b * (1. / flow.J);
  // How b moves with x, without its part along N, which is in the slope.
  const Deviator c = a * (2. / 3. * m.C * m.D * shrink * shrink);
  const Deviator across = c - N * (1.5 * N.dot(c));
  const Deviator left = N * (3. * m.mu * (ratio - flow.slope)) - across * (ratio * flow.slope);
  Tangent t = moduli(m, 1. - ratio);
  const std::array<double, 3> rows = {left.xx, left.yy, left.xy}, columns = {N.xx, N.yy, N.xy};
  for (unsigned i = 0; i < 3; ++i)
    for (unsigned j = 0; j < 3; ++j)
      t[3 * i + j] += rows[i] * columns[j];
  return t;
}

/// Answers point @p i, which flows; stress holds the trial stress. False when it fails.
bool flow_answer(const Numbers &m, double dt, std::size_t i, const PointBatch &before,
                 PointBatch &after, PointBatch &stress, PointBatch *tangent)
{
  using Law = ViscoplasticLaw;
  const double pressure = (stress(0, i) + stress(1, i) + stress(3, i)) / 3.;
  const Deviator trial = {stress(0, i) - pressure, stress(1, i) - pressure, stress(2, i)};
  const Deviator a = {before(Law::a_xx, i), before(Law::a_yy, i), before(Law::a_xy, i)};
  Flow flow;
  if (!std::isfinite(pressure) || !std::isfinite(before(Law::p, i)) ||
      !solve_flow(m, dt, trial, a, flow))
    return false;
  const Deviator step = flow.b * (1.5 * flow.x / flow.J);
  const Deviator s = trial - step * (2. * m.mu);
  const Deviator a_new = (a + step) * (1. / (1. + m.D * flow.x));
  after(Law::ep_xx, i) = before(Law::ep_xx, i) + step.xx;
  after(Law::ep_yy, i) = before(Law::ep_yy, i) + step.yy;
  after(Law::ep_xy, i) = before(Law::ep_xy, i) + step.xy;
  after(Law::a_xx, i) = a_new.xx;
  after(Law::a_yy, i) = a_new.yy;
  after(Law::a_xy, i) = a_new.xy;
  after(Law::p, i) = before(Law::p, i) + flow.x;
  stress(0, i) = pressure + s.xx;
  stress(1, i) = pressure + s.yy;
  stress(2, i) = s.xy;
  stress(3, i) = pressure + s.zz();
  if (tangent == nullptr)
    return true;
  const Tangent t = flow_tangent(m, flow, a);
  for (unsigned c = 0; c < 9; ++c)
    (*tangent)(c, i) = t[c];
  return true;
}
} // namespace

std::vector<std::string> PlateMaterial::problems() const
{
  std::vector<std::string> found;
  const auto demand = [&found](bool good, const char *sentence)
  {
    if (!good)
      found.emplace_back(sentence);
  };
  const double most = std::numeric_limits<double>::max();
  demand(young > 0. && young <= most, "Young's modulus must be positive");
  demand(poisson > -1. && poisson < 0.5, "Poisson's ratio must lie between -1 and 0.5");
  demand(R0 >= 0. && R0 <= most, "the yield stress R0 must not be negative");
  demand(K > 0. && K <= most, "the viscosity K must be positive");
  demand(n >= 1. && n <= 1000., "the exponent n must lie between 1 and 1000");
  demand(C >= 0. && C <= most, "the hardening C must not be negative");
  demand(D >= 0. && D <= most, "the recovery D must not be negative");
  return found;
}

ViscoplasticLaw::ViscoplasticLaw(const PlateMaterial &material) : material_(material)
{
  std::string sentence;
  for (const auto &problem : material.problems())
    sentence += (sentence.empty() ? "The material of the plate is impossible: " : "; ") + problem;
  if (!sentence.empty())
    throw UserError(sentence + ".");
}

std::size_t ViscoplasticLaw::update(double dt, const PointBatch &strain, const PointBatch &before,
                                    PointBatch &after, PointBatch &stress, PointBatch *tangent,
                                    std::vector<FlowStatus> &status) const
{
  const Numbers m = {material_.shear(), material_.bulk(), material_.R0, material_.K,
                     material_.n,       material_.C,      material_.D};
  const std::size_t n = strain.n_points();
  after.reshape(n_state, n);
  stress.reshape(4, n);
  status.resize(n);
  elastic_answer(n, m, elastic_limit(m, dt), strain.data(), before.data(), after.data(),
                 stress.data(), status.data());
  if (tangent != nullptr)
  {
    tangent->reshape(9, n);
    const Tangent elastic = moduli(m, 1.);
    for (unsigned c = 0; c < 9; ++c)
      std::fill_n(tangent->component(c).data(), n, elastic[c]);
  }
  std::size_t n_failed = 0;
  for (std::size_t i = 0; i < n; ++i)
  {
    if (status[i] == FlowStatus::elastic || flow_answer(m, dt, i, before, after, stress, tangent))
      continue;
    status[i] = FlowStatus::failed;
    for (unsigned c = 0; c < 4; ++c)
      stress(c, i) = std::numeric_limits<double>::quiet_NaN();
    ++n_failed;
  }
  return n_failed;
}
} // namespace understudy

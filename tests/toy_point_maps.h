// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

namespace understudy::testing_maps
{
/// Base of material laws for tests: one point at a time, plane strain, (Exx, Eyy, Gxy) to
/// (Sxx, Syy, Sxy) [N/mm2]; counts the calls.
class ToyLaw : public PointMap
{
public:
  explicit ToyLaw(const std::string &name, std::size_t hint_size = 0)
  {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    info_.name = name;
    info_.inputs = {{"Exx", "1"}, {"Eyy", "1"}, {"Gxy", "1"}};
    info_.outputs = {{"Sxx", "N/mm2"}, {"Syy", "N/mm2"}, {"Sxy", "N/mm2"}};
    info_.lower.assign(3, -infinity);
    info_.upper.assign(3, infinity);
    info_.hint_size = hint_size;
  }

  const PointMapInfo &info() const override { return info_; }
  PointMapInfo &info() { return info_; }

  void evaluate(const PointQuery &query, PointAnswer &answer) override
  {
    ++n_calls;
    prepare_answer(info_, query, answer);
    screen_inputs(info_, query, answer);
    const PointBatch &x = *query.inputs;
    for (std::size_t p = 0; p < x.n_points(); ++p)
    {
      std::array<double, 3> s{};
      std::array<double, 9> c{};
      const Health health = law({{x(0, p), x(1, p), x(2, p)}}, s, c);
      answer.health[p] = std::max(answer.health[p], health);
      for (unsigned i = 0; i < 3; ++i)
        answer.outputs(i, p) = s[i];
      for (unsigned i = 0; i < 9 && query.want_tangent; ++i)
        answer.tangent(i, p) = c[i];
      if (query.hints != nullptr)
        use_hint(*query.hints, p, query);
    }
    blank_unusable(answer);
  }

  unsigned n_calls = 0;

protected:
  virtual Health law(const std::array<double, 3> &e, std::array<double, 3> &s,
                     std::array<double, 9> &c) = 0;
  virtual void use_hint(PointBatch &, std::size_t, const PointQuery &) {}

private:
  PointMapInfo info_;
};

/// s = C e with a given 3 x 3 matrix.
class LinearLaw : public ToyLaw
{
public:
  explicit LinearLaw(const std::array<double, 9> &c) : ToyLaw("linear-toy"), c_(c) {}

  /// Isotropic, from Lame's constants [N/mm2].
  static std::array<double, 9> isotropic(double lambda, double mu)
  {
    return {{lambda + 2 * mu, lambda, 0., lambda, lambda + 2 * mu, 0., 0., 0., mu}};
  }

protected:
  Health law(const std::array<double, 3> &e, std::array<double, 3> &s,
             std::array<double, 9> &c) override
  {
    c = c_;
    for (unsigned i = 0; i < 3; ++i)
      s[i] = c[3 * i] * e[0] + c[3 * i + 1] * e[1] + c[3 * i + 2] * e[2];
    return Health::ok;
  }

private:
  std::array<double, 9> c_;
};

/// s = K tr(e) I + a1 / (a2 + n) d, d = dev(e) in three dimensions with ezz = 0. With the full norm
/// n = |d| the tangent is symmetric; with @p in_plane n leaves dzz out, and it is not. Points with
/// |Exx|, |Eyy| or |Gxy| above @p limit have the health @p beyond.
class SofteningLaw : public ToyLaw
{
public:
  explicit SofteningLaw(bool in_plane = false,
                        double limit = std::numeric_limits<double>::infinity(),
                        Health beyond = Health::not_converged, std::size_t hint_size = 0)
    : ToyLaw("softening-toy", hint_size), in_plane_(in_plane), limit_(limit), beyond_(beyond)
  {
  }

protected:
  Health law(const std::array<double, 3> &e, std::array<double, 3> &s,
             std::array<double, 9> &c) override
  {
    constexpr double bulk = 4780., a1 = 50., a2 = 0.06; // [N/mm2], [N/mm2], [1]
    const double trace = e[0] + e[1];
    const std::array<double, 3> d{{e[0] - trace / 3, e[1] - trace / 3, e[2] / 2}};
    const double dzz = in_plane_ ? 0. : -trace / 3;
    const double n = std::sqrt(d[0] * d[0] + d[1] * d[1] + 2 * d[2] * d[2] + dzz * dzz);
    const double g = a1 / (a2 + n), slope = n > 0 ? -a1 / ((a2 + n) * (a2 + n) * n) : 0.;
    // n dn/de: the trace parts cancel only when dzz takes part.
    const std::array<double, 3> n_dn{
      {d[0] * 2 / 3 - d[1] / 3 - dzz / 3, -d[0] / 3 + d[1] * 2 / 3 - dzz / 3, d[2]}};
    for (unsigned i = 0; i < 3; ++i)
      s[i] = g * d[i] + (i < 2 ? bulk * trace : 0.);
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned j = 0; j < 3; ++j)
      {
        const double projection =
          i < 2 && j < 2 ? (i == j ? 2. / 3 : -1. / 3) : (i == 2 && j == 2 ? 0.5 : 0.);
        c[3 * i + j] = (i < 2 && j < 2 ? bulk : 0.) + g * projection + slope * d[i] * n_dn[j];
      }
    const double largest = std::max({std::abs(e[0]), std::abs(e[1]), std::abs(e[2])});
    return largest > limit_ ? beyond_ : Health::ok;
  }

private:
  bool in_plane_;
  double limit_;
  Health beyond_;
};
} // namespace understudy::testing_maps

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/processor_clones.h>
#include <solvers/material_law.h>

#include <cmath>

namespace understudy
{
namespace
{
struct SaturatingShearNumbers
{
  double bulk, a1, a2;
  double zz; ///< 1: the norm counts dev e_zz, 0: it does not
};

UNDERSTUDY_CLONES void saturating_shear_stress(std::size_t n, const SaturatingShearNumbers &law,
                                               const double *__restrict exx,
                                               const double *__restrict eyy,
                                               const double *__restrict gxy, double *__restrict sxx,
                                               double *__restrict syy, double *__restrict sxy)
{
  const double K = law.bulk, a1 = law.a1, a2 = law.a2, zz = law.zz;
#pragma omp simd
  for (std::size_t p = 0; p < n; ++p)
  {
    const double tr = exx[p] + eyy[p], third = tr / 3;
    const double dxx = exx[p] - third, dyy = eyy[p] - third, dxy = gxy[p] / 2;
    const double norm = std::sqrt(dxx * dxx + dyy * dyy + zz * third * third + 2 * dxy * dxy);
    const double g = a1 / (a2 + norm);
    sxx[p] = K * tr + g * dxx;
    syy[p] = K * tr + g * dyy;
    sxy[p] = g * dxy;
  }
}

UNDERSTUDY_CLONES void saturating_shear_tangent(
  std::size_t n, const SaturatingShearNumbers &law, const double *__restrict exx,
  const double *__restrict eyy, const double *__restrict gxy, double *__restrict c11,
  double *__restrict c12, double *__restrict c13, double *__restrict c21, double *__restrict c22,
  double *__restrict c23, double *__restrict c31, double *__restrict c32, double *__restrict c33)
{
  const double K = law.bulk, a1 = law.a1, a2 = law.a2, zz = law.zz;
#pragma omp simd
  for (std::size_t p = 0; p < n; ++p)
  {
    const double third = (exx[p] + eyy[p]) / 3;
    const double dxx = exx[p] - third, dyy = eyy[p] - third, dxy = gxy[p] / 2;
    const double norm = std::sqrt(dxx * dxx + dyy * dyy + zz * third * third + 2 * dxy * dxy);
    const double g = a1 / (a2 + norm);
    // d (dn/de)^T vanishes with the deviator, so a norm of zero needs no other branch.
    const double h = g / ((a2 + norm) * (norm + 1e-300));
    const double nx = (2 * dxx - dyy + zz * third) / 3; // n dn/dexx
    const double ny = (2 * dyy - dxx + zz * third) / 3;
    const double ns = dxy;
    c11[p] = K + g * 2 / 3 - h * dxx * nx;
    c12[p] = K - g / 3 - h * dxx * ny;
    c13[p] = -h * dxx * ns;
    c21[p] = K - g / 3 - h * dyy * nx;
    c22[p] = K + g * 2 / 3 - h * dyy * ny;
    c23[p] = -h * dyy * ns;
    c31[p] = -h * dxy * nx;
    c32[p] = -h * dxy * ny;
    c33[p] = g / 2 - h * dxy * ns;
  }
}

/// s = K tr(e) I + a1 / (a2 + n) d,   d = dev e,   n = |d|.
/// With the full norm it derives from W = K tr^2 / 2 + a1 (n - a2 ln(1 + n / a2)); without the zz
/// part of d in n, as in the code published with EquiNO, it has no potential.
class SaturatingShear final : public MaterialLaw
{
public:
  explicit SaturatingShear(const MaterialParameters &p)
    : law_{p.bulk, p.a1, p.a2, p.norm == "full" ? 1. : 0.}
  {
    if (p.norm != "full" && p.norm != "inplane")
      throw UserError("There is no norm '" + p.norm + "'" +
                      suggestion(p.norm, {"full", "inplane"}) + ".");
  }
  bool has_potential() const override { return law_.zz == 1.; }
  void evaluate(std::size_t n, const ConstComponents &e, const Components &s,
                const TangentComponents &c) const override
  {
    saturating_shear_stress(n, law_, e[0], e[1], e[2], s[0], s[1], s[2]);
    if (c[0] != nullptr)
      saturating_shear_tangent(n, law_, e[0], e[1], e[2], c[0], c[1], c[2], c[3], c[4], c[5], c[6],
                               c[7], c[8]);
  }

private:
  SaturatingShearNumbers law_;
};

/// s = K tr(e) I + 2 G dev e.
class Linear final : public MaterialLaw
{
public:
  explicit Linear(const MaterialParameters &p) : bulk_(p.bulk), shear_(p.shear) {}
  void evaluate(std::size_t n, const ConstComponents &e, const Components &s,
                const TangentComponents &c) const override
  {
    const double axial = bulk_ + shear_ * 4 / 3, lateral = bulk_ - shear_ * 2 / 3;
    for (std::size_t p = 0; p < n; ++p)
    {
      const double exx = e[0][p], eyy = e[1][p];
      s[0][p] = axial * exx + lateral * eyy;
      s[1][p] = lateral * exx + axial * eyy;
      s[2][p] = shear_ * e[2][p];
    }
    if (c[0] == nullptr)
      return;
    const std::array<double, 9> constant = {axial, lateral, 0, lateral, axial, 0, 0, 0, shear_};
    for (unsigned i = 0; i < 9; ++i)
      for (std::size_t p = 0; p < n; ++p)
        c[i][p] = constant[i];
  }

private:
  double bulk_, shear_;
};
} // namespace

std::array<double, 9> MaterialLaw::initial_tangent() const
{
  const double zero = 0.;
  std::array<double, 3> stress{};
  std::array<double, 9> tangent{};
  TangentComponents c;
  for (unsigned i = 0; i < 9; ++i)
    c[i] = &tangent[i];
  evaluate(1, {&zero, &zero, &zero}, {&stress[0], &stress[1], &stress[2]}, c);
  return tangent;
}

MaterialParameters default_matrix(const std::string &norm)
{
  MaterialParameters p;
  p.norm = norm;
  return p;
}

MaterialParameters default_fibre()
{
  MaterialParameters p;
  p.law = "linear";
  p.bulk = 4.34523810e4;
  p.shear = 2.99180328e4;
  return p;
}

const Registry<MaterialLaw, const MaterialParameters &> &material_laws()
{
  static const auto laws = []
  {
    Registry<MaterialLaw, const MaterialParameters &> r("material law");
    r.add("linear", "Linear elasticity, s = K tr(e) I + 2 G dev e.",
          [](const MaterialParameters &p) { return std::make_unique<Linear>(p); });
    r.add("saturating-shear", "Softening shear, s = K tr(e) I + a1 / (a2 + |dev e|) dev e.",
          [](const MaterialParameters &p) { return std::make_unique<SaturatingShear>(p); });
    return r;
  }();
  return laws;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/registry.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace understudy
{
/// Components of a batch of plane-strain states or stresses, one pointer per component.
/// Strain: exx, eyy, gxy = 2 exy (engineering shear) [-]. Stress: sxx, syy, sxy [N/mm2].
using ConstComponents = std::array<const double *, 3>;
using Components = std::array<double *, 3>;
using TangentComponents = std::array<double *, 9>; ///< row-major ds_i/de_j; all null: not wanted

/// A history-free material law in plane strain (ezz = 0), evaluated for many points at once.
class MaterialLaw
{
public:
  virtual ~MaterialLaw() = default;

  /// Stress and, unless tangent[0] is null, consistent tangent at @p n points.
  virtual void evaluate(std::size_t n, const ConstComponents &strain, const Components &stress,
                        const TangentComponents &tangent) const = 0;

  /// The tangent is symmetric, i.e. the law has a potential.
  virtual bool has_potential() const { return true; }

  /// Tangent at zero strain, row-major [N/mm2].
  std::array<double, 9> initial_tangent() const;
};

/// Numbers of the laws. A law reads those it knows; all have bounds in the case file.
struct MaterialParameters
{
  std::string law = "saturating-shear"; ///< name in the register
  double bulk = 4780.;                  ///< K [N/mm2]
  double shear = 416.6666666666667;     ///< G of the law "linear" [N/mm2]
  double a1 = 50.;                      ///< limit of |dev s| [N/mm2]
  double a2 = 0.06;                     ///< strain scale of the softening [-]
  std::string norm = "full"; ///< of dev e: "full" (3D) or "inplane" (without the zz part)

  bool operator==(const MaterialParameters &) const = default;
};

/// The matrix and the fibre of the EquiNO data (glass fibre in a softening matrix).
MaterialParameters default_matrix(const std::string &norm = "full");
MaterialParameters default_fibre();

/// All laws by name. A new law is one class and one line there.
const Registry<MaterialLaw, const MaterialParameters &> &material_laws();
} // namespace understudy

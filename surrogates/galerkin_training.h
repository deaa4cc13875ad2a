// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/rve_closure.h>
#include <surrogates/empirical_cubature.h>
#include <surrogates/galerkin_rom.h>
#include <surrogates/micro_basis.h>

#include <array>
#include <filesystem>
#include <memory>
#include <vector>

namespace understudy
{
/// How a Galerkin ROM is reduced.
struct GalerkinParameters
{
  bool hyper_reduction = true; ///< false: all points with their own weights
  CubatureParameters cubature;
};

/// Reduces with the training split of @p data (field "stress"). Throws UserError when the basis has
/// more than GalerkinRom::max_modes modes or does not fit @p rve.
GalerkinRom reduce_galerkin(const MicroBasis &basis, const DataSets &data, const Rve &rve,
                            const GalerkinParameters &parameters);

/// The fields of the ROM and its first guess for the exact model: w = sum_k a_k phi_w,k and
/// s = law(E + phi_e a) at all points, from the reduced solution a.
class GalerkinFields final : public FieldReconstructor, public RveGuess
{
public:
  GalerkinFields(const GalerkinRom &rom, std::shared_ptr<const MicroBasis> basis,
                 std::shared_ptr<const Rve> rve);

  /// NaN where the reduced model finds no solution.
  void reconstruct(const std::vector<double> &x, std::vector<double> &displacement,
                   std::vector<double> &stress) override;
  bool guess(const std::array<double, 3> &E, std::vector<double> &w) const override;

private:
  mutable GalerkinSolver solver_;
  std::shared_ptr<const MicroBasis> basis_;
  std::shared_ptr<const Rve> rve_;
};

/// Reduces and writes the model file with its card (kind "pod-galerkin") and probe. Local: call it
/// on one rank. @p card: micro, norm, box and dataset_hash are the caller's.
GalerkinRom train_galerkin_rom(const GalerkinParameters &parameters, const MicroBasis &basis,
                               const DataSets &data, const Rve &rve, MicroModelCard card,
                               const std::filesystem::path &path);
} // namespace understudy

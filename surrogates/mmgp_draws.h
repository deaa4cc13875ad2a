// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/mmgp.h>

#include <cstdint>
#include <functional>
#include <random>
#include <vector>

namespace understudy
{
/// Draws of the fields of one plate from what MMGP knows of them: the coefficients of the modes are
/// independent and normal with the variances of their processes. What modes and interpolation lose
/// is one normal number per field, in units of its deviation at each node, so that every node has
/// the variance of Mmgp::predict(); how that loss is correlated is not known, and independent
/// numbers would let the largest value of a field grow with the number of nodes.
class MmgpDraws
{
public:
  /// @param X what Mmgp::input_of() gives, as one point; equal seeds, equal draws
  MmgpDraws(const Mmgp &model, const CommonMesh::Morphed &morphed, const PointBatch &X,
            std::uint64_t seed);

  /// The next draw: physical values per field at the nodes of the mesh. 2 n_modes n_nodes
  /// operations per field; nothing is allocated.
  const std::vector<std::vector<double>> &next();

private:
  /// A learned field at the nodes as a sum of independent normal numbers z,
  ///   mean_i + sum_k modes_ki z_k + truncation_i z.
  struct Field
  {
    std::vector<double> mean;       ///< [n_nodes]
    std::vector<double> modes;      ///< [n_modes][n_nodes], each in its deviations
    std::vector<double> truncation; ///< [n_nodes], a deviation
    std::size_t n_modes = 0;
  };
  static Field field_of(const Mmgp &model, const Mmgp::Field &field,
                        const CommonMesh::Morphed &morphed, const PointBatch &X);

  const Mmgp &model_;
  std::vector<Field> fields_;
  std::mt19937_64 random_;
  std::vector<std::vector<double>> drawn_;
};

/// Scalars of fields at the nodes of a mesh, e.g. their largest values.
using MmgpFunctional =
  std::function<void(const std::vector<std::vector<double>> &fields, double *scalars)>;

/// Scalars that are derived from the fields of a plate, by Monte Carlo: mean is the median of
/// @p n_draws > 0 draws, deviation their standard deviation, and the bounds are their quantiles of
/// 2.5 and 97.5 % (the ceil(n p)-th of n). Needed only where scalars are not linear in the fields.
MmgpValues derive_scalars(MmgpDraws draws, std::size_t n_draws, std::size_t n_scalars,
                          const MmgpFunctional &functional);
} // namespace understudy

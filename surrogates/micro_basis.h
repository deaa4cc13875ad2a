// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/datasets.h>
#include <data/store/model_file.h>
#include <solvers/rve.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// Fixed modes of an RVE from its snapshots, the common ground of EquiNO and of the Galerkin ROM:
///
///   w(x) = sum_k a_k phi_w,k(x),   e = E + sum_k a_k phi_e,k,  phi_e = B phi_w,
///   s_nn(x) = sum_k b_k phi_s,k(x),   S = H b.
///
/// Both are proper orthogonal decompositions (uncentred) of snapshots divided by |E|, in the energy
/// norm of the undeformed material: <e,f> = sum_q w_q e_q^T C0 f_q for strains,
/// <s,t> = sum_q w_q s_q^T C0^{-1} t_q for stresses; modes are orthonormal in it. Every stress mode
/// is in equilibrium because every snapshot is. Points are numbered as in RveDiscretisation.
struct MicroBasis
{
  std::size_t n_modes = 0, n_dofs = 0, n_points = 0, n_matrix_points = 0;
  std::vector<double> phi_w;                  ///< [n_modes][n_dofs]
  std::vector<double> phi_e;                  ///< [n_modes][3][n_points]
  std::vector<double> phi_s;                  ///< [n_modes][3][n_points]
  std::vector<double> H;                      ///< [3][n_modes], H_ik = sum_q w_q phi_s,k,i
  std::vector<double> weights;                ///< [n_points]
  std::vector<double> singular_w, singular_s; ///< all of them, falling
  std::vector<double> C0_matrix, C0_fibre;    ///< [9] initial tangents, row-major [N/mm2]

  /// From the training split of @p data. Throws UserError when there are fewer snapshots than
  /// modes.
  static MicroBasis compute(const DataSets &data, const Rve &rve, std::size_t n_modes);

  void save(ModelFile &file) const;
  /// Throws UserError when the file does not hold a basis for @p rve.
  static MicroBasis load(const ModelFile &file, const Rve &rve);

  /// C0 of a point.
  const std::vector<double> &C0(std::size_t point) const
  {
    return point < n_matrix_points ? C0_matrix : C0_fibre;
  }

  /// Strain or stress modes (phi_e or phi_s) at some of the points, [n_modes][3][points.size()].
  std::vector<double> at_points(const std::vector<double> &modes,
                                const std::vector<std::size_t> &points) const;
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>
#include <solvers/petsc_owners.h>
#include <solvers/quadratic_triangles.h>

#include <array>
#include <cstddef>
#include <vector>

namespace understudy
{
/// What holds and loads a plate at load factor 1. Nodes are those of QuadraticTriangles.
struct PlateConditions
{
  struct Held
  {
    unsigned node;
    unsigned component;
    double value; ///< displacement
  };
  std::vector<Held> held;
  std::vector<double> force; ///< [2 * n_nodes], both components of a node in turn
};

/// Conditions of Tensile2d: the pressure @p pressure (negative: pulling outwards) on the edges
/// "top", u2 = 0 on the edges "bottom", u1 = 0 in the node "bottom_left". Throws UserError when the
/// mesh does not name them.
PlateConditions tensile_conditions(const TriangleMesh &mesh, const QuadraticTriangles &triangles,
                                   double pressure);

/// Six-node triangles with three quadrature points on the ranks of a communicator,
///
///   strain e_q = B_q u (exx, eyy, gxy = 2 exy),  f = sum_q w_q B_q^T s_q,
///   K = sum_q w_q B_q^T C_q B_q.
///
/// Every rank knows the whole mesh; the triangles are dealt out in slices of y, and a node belongs
/// to the lowest rank that has a triangle at it. Point 3 c + q belongs to the c-th of the own
/// triangles. Equations of held displacements are replaced by s u = s value, with s of the size of
/// a modulus.
class PlateDiscretisation
{
public:
  /// @param conditions must be within the mesh; held values may repeat
  PlateDiscretisation(QuadraticTriangles triangles, const PlateConditions &conditions,
                      MPI_Comm comm);

  MPI_Comm comm() const { return comm_; }
  const QuadraticTriangles &triangles() const { return triangles_; }
  std::size_t n_points() const { return weights_.size(); }
  /// Own nodes by their number in QuadraticTriangles, in order: vertices first.
  const std::vector<unsigned> &own_nodes() const { return own_nodes_; }
  /// Own triangles by their number in the mesh.
  const std::vector<unsigned> &own_cells() const { return own_cells_; }

  /// A new displacement or force with places for the values of the neighbours, zero.
  void make_vector(PetscVector &vector) const;
  /// The matrix with its pattern. It is declared symmetric and positive definite, which it is
  /// nearly: factorizations see one triangle of it only.
  void make_matrix(PetscMatrix &matrix) const;

  /// Strains [3][n_points] of @p u, whose ghosts are updated. Collective, as all that follow.
  void strains(Vec u, PointBatch &strain) const;
  /// Nodal forces of @p stress [>= 3][n_points].
  void internal_force(const PointBatch &stress, Vec force) const;
  /// Matrix of @p tangent [9][n_points]. Only triangles with changed[c] are computed anew.
  /// @param scale of the equations of held displacements
  void stiffness(const PointBatch &tangent, const std::vector<char> &changed, double scale,
                 Mat matrix);

  /// force - factor * external force, and zero where the displacement is held.
  void residual(double factor, Vec force) const;
  /// Sets the held displacements to factor times their values.
  void hold(double factor, Vec u) const;

  /// Own values from a displacement of all nodes [2 * n_nodes] and back; the latter on all ranks.
  void scatter(const std::vector<double> &all, Vec u) const;
  std::vector<double> gather(Vec u) const;

  /// A triangle, by its number in the mesh, at the node of the largest absolute component of @p r;
  /// one of the first node where there are several. Equal on all ranks.
  unsigned cell_at_largest(Vec r) const;

private:
  void deal_out();
  void compute_gradients();

  MPI_Comm comm_;
  QuadraticTriangles triangles_;
  std::vector<unsigned> own_cells_;
  std::vector<unsigned> own_nodes_;            ///< by their number in the mesh, in order
  std::vector<int> number_;                    ///< of each node in the vectors of all ranks
  std::vector<int> ghosts_;                    ///< numbers of the neighbours' nodes
  std::vector<std::array<int, 6>> cell_nodes_; ///< local numbers: own nodes, then ghosts
  std::vector<double> gradients_;              ///< [n_points][2][6]
  std::vector<double> weights_;                ///< [n_points]
  std::vector<char> is_held_;                  ///< [2 * n_nodes]
  std::vector<int> own_held_;                  ///< local unknowns
  std::vector<double> held_values_;            ///< parallel to own_held_
  std::vector<double> own_force_;              ///< [2 * own nodes]
  std::vector<double> entries_; ///< [own cells][12][12], then one per own held unknown
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <solvers/petsc_owners.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

namespace understudy::test
{
/// The five-point Laplacian at m x m inner nodes of the unit square, h^2 times, with a right-hand
/// side that is not smooth, and a solver to compare with.
class PoissonSystem
{
public:
  PoissonSystem(MPI_Comm comm, PetscInt m, double tolerance = 1e-10) : comm_(comm), m_(m)
  {
    check_petsc(MatCreateAIJ(comm, PETSC_DECIDE, PETSC_DECIDE, m * m, m * m, 5, nullptr, 5, nullptr,
                             A.create()));
    fill(1.);
    check_petsc(MatCreateVecs(A, x.create(), b.create()));
    PetscInt first = 0, end = 0;
    check_petsc(VecGetOwnershipRange(b, &first, &end));
    for (PetscInt i = first; i < end; ++i)
      check_petsc(VecSetValue(b, i, 1. + std::sin(double(i)), INSERT_VALUES));
    check_petsc(VecAssemblyBegin(b));
    check_petsc(VecAssemblyEnd(b));
    make_exact(tolerance);
  }

  /// The matrix times @p factor.
  void fill(double factor)
  {
    PetscInt first = 0, end = 0;
    check_petsc(MatGetOwnershipRange(A, &first, &end));
    for (PetscInt i = first; i < end; ++i)
    {
      check_petsc(MatSetValue(A, i, i, 4. * factor, INSERT_VALUES));
      const PetscInt row = i / m_, column = i % m_;
      for (const auto &[inside, j] :
           {std::pair(row > 0, i - m_), std::pair(row + 1 < m_, i + m_),
            std::pair(column > 0, i - 1), std::pair(column + 1 < m_, i + 1)})
        if (inside)
          check_petsc(MatSetValue(A, i, j, -factor, INSERT_VALUES));
    }
    check_petsc(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
    check_petsc(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  }

  /// Bilinear interpolation from the (m - 1) / 2 x (m - 1) / 2 nodes of twice the spacing.
  void make_interpolation(Mat *P) const
  {
    const PetscInt coarse = (m_ - 1) / 2;
    PetscInt n_own = 0, first = 0, end = 0;
    check_petsc(MatGetLocalSize(A, &n_own, nullptr));
    check_petsc(MatCreateAIJ(comm_, n_own, PETSC_DECIDE, m_ * m_, coarse * coarse, 4, nullptr, 4,
                             nullptr, P));
    check_petsc(MatGetOwnershipRange(A, &first, &end));
    // Fine node 2 c + 1 is coarse node c; the others lie between two, or beside the boundary.
    struct Share
    {
      PetscInt node;
      double weight;
    };
    const auto along = [coarse](PetscInt i)
    {
      const auto share = [coarse](PetscInt c, double weight) {
        return c >= 0 && c < coarse ? Share{c, weight} : Share{0, 0.};
      };
      return i % 2 == 1 ? std::array{share((i - 1) / 2, 1.), Share{0, 0.}}
                        : std::array{share(i / 2 - 1, 0.5), share(i / 2, 0.5)};
    };
    for (PetscInt i = first; i < end; ++i)
      for (const Share &row : along(i / m_))
        for (const Share &column : along(i % m_))
          if (row.weight * column.weight > 0.)
            check_petsc(MatSetValue(*P, i, row.node * coarse + column.node,
                                    row.weight * column.weight, INSERT_VALUES));
    check_petsc(MatAssemblyBegin(*P, MAT_FINAL_ASSEMBLY));
    check_petsc(MatAssemblyEnd(*P, MAT_FINAL_ASSEMBLY));
  }

  double residual_norm(Vec u) const
  {
    PetscVector r;
    PetscReal norm = 0.;
    check_petsc(VecDuplicate(b, r.create()));
    check_petsc(MatMult(A, u, r));
    check_petsc(VecAYPX(r, -1., b));
    check_petsc(VecNorm(r, NORM_2, &norm));
    return norm;
  }

  PetscMatrix A;
  PetscVector x, b;
  PetscKsp exact; ///< conjugate gradients with BoomerAMG

private:
  void make_exact(double tolerance)
  {
    PC pc = nullptr;
    check_petsc(KSPCreate(comm_, exact.create()));
    check_petsc(KSPSetType(exact, KSPCG));
    check_petsc(KSPSetNormType(exact, KSP_NORM_UNPRECONDITIONED));
    check_petsc(KSPSetOperators(exact, A, A));
    check_petsc(KSPGetPC(exact, &pc));
    check_petsc(PCSetType(pc, PCHYPRE));
    check_petsc(PCHYPRESetType(pc, "boomeramg"));
    check_petsc(
      KSPSetTolerances(exact, tolerance, std::numeric_limits<double>::min(), PETSC_DEFAULT, 100));
  }

  MPI_Comm comm_;
  PetscInt m_;
};

/// A direct solver of a matrix on any number of ranks.
class DirectSolver
{
public:
  explicit DirectSolver(Mat A)
  {
    MPI_Comm comm = MPI_COMM_NULL;
    PC pc = nullptr;
    check_petsc(PetscObjectGetComm(reinterpret_cast<PetscObject>(A), &comm));
    check_petsc(KSPCreate(comm, ksp_.create()));
    check_petsc(KSPSetType(ksp_, KSPPREONLY));
    check_petsc(KSPSetOperators(ksp_, A, A));
    check_petsc(KSPGetPC(ksp_, &pc));
    check_petsc(PCSetType(pc, PCREDUNDANT)); // LU
  }
  void solve(Vec b, Vec x) { check_petsc(KSPSolve(ksp_, b, x)); }

private:
  PetscKsp ksp_;
};

/// e = P (P^T A P)^-1 P^T r: the exact answer on the grid of twice the spacing.
class CoarseCorrection
{
public:
  explicit CoarseCorrection(const PoissonSystem &system)
  {
    system.make_interpolation(P_.create());
    check_petsc(MatPtAP(system.A, P_, MAT_INITIAL_MATRIX, 2., coarse_.create()));
    check_petsc(MatCreateVecs(coarse_, e_.create(), r_.create()));
    solver_ = std::make_unique<DirectSolver>(coarse_);
  }
  void operator()(Vec r, Vec e)
  {
    check_petsc(MatMultTranspose(P_, r, r_));
    solver_->solve(r_, e_);
    check_petsc(MatMult(P_, e_, e));
  }

private:
  PetscMatrix P_, coarse_;
  PetscVector r_, e_;
  std::unique_ptr<DirectSolver> solver_;
};
} // namespace understudy::test

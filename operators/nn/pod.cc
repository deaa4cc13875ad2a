// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/lapack.h>
#include <operators/nn/pod.h>

#include <Eigen/Dense>

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace understudy
{
namespace
{
using Matrix = Eigen::MatrixXd; // column-major: one snapshot per column

// A^T B through BLAS, which picks its kernel at run time
Matrix inner_products(const Eigen::Ref<const Matrix> &A, const Matrix &B)
{
  Matrix C(A.cols(), B.cols());
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, static_cast<int>(A.cols()),
              static_cast<int>(B.cols()), static_cast<int>(A.rows()), 1., A.data(),
              static_cast<int>(A.rows()), B.data(), static_cast<int>(B.rows()), 0., C.data(),
              static_cast<int>(C.rows()));
  return C;
}

Matrix product(const Eigen::Ref<const Matrix> &A, const Matrix &B)
{
  Matrix C(A.rows(), B.cols());
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(A.rows()),
              static_cast<int>(B.cols()), static_cast<int>(A.cols()), 1., A.data(),
              static_cast<int>(A.rows()), B.data(), static_cast<int>(B.rows()), 0., C.data(),
              static_cast<int>(C.rows()));
  return C;
}

Matrix metric_times(const MetricProduct &metric, const Eigen::Ref<const Matrix> &X)
{
  if (!metric)
    return X;
  Matrix MX(X.rows(), X.cols());
  for (Eigen::Index j = 0; j < X.cols(); ++j)
    metric(X.col(j).data(), MX.col(j).data());
  return MX;
}

/// Eigenvectors and rising eigenvalues of a symmetric matrix, which becomes the eigenvectors.
Eigen::VectorXd eigenvalues_and_vectors(Matrix &A)
{
  // Up to here both take equally long; at 1000 divide and conquer is three times as fast.
  constexpr Eigen::Index small = 128;
  if (A.rows() <= small)
  {
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(A);
    A = eigen.eigenvectors();
    return eigen.eigenvalues();
  }
  Eigen::VectorXd values(A.rows());
  const int n = static_cast<int>(A.rows());
  int info = 0, ask = -1, n_integers = 0;
  double n_doubles = 0.;
  dsyevd_("V", "L", &n, A.data(), &n, values.data(), &n_doubles, &ask, &n_integers, &ask, &info);
  const int size = static_cast<int>(n_doubles);
  std::vector<double> work(size);
  std::vector<int> integers(n_integers);
  dsyevd_("V", "L", &n, A.data(), &n, values.data(), work.data(), &size, integers.data(),
          &n_integers, &info);
  if (info != 0)
    throw SolverError("The eigenvalues of the products of " + std::to_string(n) +
                      " snapshots do not converge.");
  return values;
}
} // namespace

Pod proper_orthogonal_decomposition(const double *snapshots, std::size_t n_rows,
                                    std::size_t n_snapshots, std::size_t n_modes,
                                    const MetricProduct &metric, PodModes count)
{
  if (n_modes == 0 || n_modes > std::min(n_snapshots, n_rows))
    throw UserError("A decomposition into " + std::to_string(n_modes) +
                    " modes needs at least as many "
                    "snapshots and rows; there are " +
                    std::to_string(n_snapshots) + " and " + std::to_string(n_rows) + ".");
  const auto rows = static_cast<Eigen::Index>(n_rows);
  auto r = static_cast<Eigen::Index>(n_modes);
  const Eigen::Map<const Matrix> X(snapshots, rows, static_cast<Eigen::Index>(n_snapshots));
  const Matrix gram = inner_products(X, metric_times(metric, X));
  if (!gram.allFinite())
    throw UserError("A snapshot of the decomposition holds a number that is not finite.");
  Matrix vectors = 0.5 * (gram + gram.transpose());
  const Eigen::VectorXd values =
    eigenvalues_and_vectors(vectors).reverse().cwiseMax(0.).cwiseSqrt();
  while (count == PodModes::at_most && r > 1 && !(values(r - 1) > 1e-7 * values(0)))
    --r;
  if (!(values(r - 1) > 1e-7 * values(0)))
    throw UserError("There are fewer than " + std::to_string(n_modes) +
                    " independent snapshots: the singular value of the last mode is less than 1e-7 "
                    "of the first.");

  Matrix V = vectors.rowwise().reverse().leftCols(r);
  for (Eigen::Index k = 0; k < r; ++k)
    V.col(k) /= values(k);
  Matrix modes = product(X, V);
  // The Gram matrix squares the condition; Cholesky QR of the modes repairs it to rounding.
  const Matrix defect = inner_products(modes, metric_times(metric, modes));
  const Eigen::LLT<Matrix> cholesky(defect);
  const Matrix inverse = cholesky.matrixU().solve(Matrix::Identity(r, r));
  modes = product(modes, inverse);

  Pod pod{n_rows, static_cast<std::size_t>(r), {}, {values.data(), values.data() + values.size()}};
  for (Eigen::Index k = 0; k < r; ++k)
  {
    Eigen::Index largest = 0;
    modes.col(k).cwiseAbs().maxCoeff(&largest);
    const double sign = modes(largest, k) < 0. ? -1. : 1.;
    for (Eigen::Index i = 0; i < rows; ++i)
      pod.modes.push_back(sign * modes(i, k));
  }
  return pod;
}
} // namespace understudy

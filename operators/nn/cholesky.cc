// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/cholesky.h>
#include <operators/nn/lapack.h>

#include <cblas.h>

#include <algorithm>
#include <string>

namespace understudy
{
namespace
{
constexpr int leaf = 24; ///< columns that are factorised by LAPACK

/// Columns of the first half: whole leaves.
int half(int n)
{
  return (n / 2 + leaf - 1) / leaf * leaf;
}

/// Factorises the first @p n columns of a panel of @p m >= n rows.
bool factorise_panel(int m, int n, double *A, int ld)
{
  if (n <= leaf)
  {
    int info = 0;
    dpotrf_("L", &n, A, &ld, &info);
    for (int i = 0; i < n && info == 0; ++i) // a NaN passes through some implementations
      if (!(A[i + static_cast<std::size_t>(i) * ld] > 0.))
        info = i + 1;
    if (info != 0)
      return false;
    if (m > n)
      cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, m - n, n, 1., A,
                  ld, A + n, ld);
    return true;
  }
  const int n1 = half(n), n2 = n - n1, below = m - n;
  if (!factorise_panel(m, n1, A, ld))
    return false;
  double *left = A + n1, *right = left + static_cast<std::size_t>(n1) * ld;
  cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, n2, n1, -1., left, ld, 1., right, ld);
  if (below > 0)
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, below, n2, n1, -1., left + n2, ld, left,
                ld, 1., right + n2, ld);
  return factorise_panel(m - n1, n2, right, ld);
}

/// L := L^-1 by blocks, (L^-1)_21 = -L22^-1 L21 L11^-1.
void invert_triangle(int n, double *L, int ld)
{
  if (n <= leaf)
  {
    int info = 0;
    dtrtri_("L", "N", &n, L, &ld, &info);
    return;
  }
  const int n1 = half(n), n2 = n - n1;
  double *L21 = L + n1, *L22 = L21 + static_cast<std::size_t>(n1) * ld;
  invert_triangle(n1, L, ld);
  invert_triangle(n2, L22, ld);
  cblas_dtrmm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, n2, n1, -1., L22,
              ld, L21, ld);
  cblas_dtrmm(CblasColMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, n2, n1, 1., L, ld,
              L21, ld);
}

void solve_rows(int n, const double *L, int ld, int rows, double *B, int ld_B)
{
  if (n <= leaf)
  {
    cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, rows, n, 1., L, ld,
                B, ld_B);
    return;
  }
  const int n1 = half(n), n2 = n - n1;
  double *B2 = B + static_cast<std::size_t>(n1) * ld_B;
  solve_rows(n1, L, ld, rows, B, ld_B);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, rows, n2, n1, -1., B, ld_B, L + n1, ld, 1.,
              B2, ld_B);
  solve_rows(n2, L + n1 + static_cast<std::size_t>(n1) * ld, ld, rows, B2, ld_B);
}
} // namespace

bool cholesky(std::size_t n, double *A, std::size_t stride)
{
  return factorise_panel(static_cast<int>(n), static_cast<int>(n), A, static_cast<int>(stride));
}

void inverse_from_cholesky(std::size_t n, double *L, std::size_t stride)
{
  const int size = static_cast<int>(n), ld = static_cast<int>(stride);
  invert_triangle(size, L, ld);
  int info = 0;
  dlauum_("L", &size, L, &ld, &info);
}

void solve_rows_with_factor(std::size_t n, const double *L, std::size_t stride_L,
                            std::size_t n_rows, double *B, std::size_t stride_B)
{
  solve_rows(static_cast<int>(n), L, static_cast<int>(stride_L), static_cast<int>(n_rows), B,
             static_cast<int>(stride_B));
}

std::vector<double> packed_triangle(std::size_t n, const double *L, std::size_t stride)
{
  std::vector<double> packed;
  packed.reserve(n * (n + 1) / 2);
  for (std::size_t j = 0; j < n; ++j)
    packed.insert(packed.end(), L + j * stride + j, L + j * stride + n);
  return packed;
}

std::vector<double> unpacked_triangle(std::size_t n, const std::vector<double> &packed)
{
  std::vector<double> L(n * n, 0.);
  const double *column = packed.data();
  for (std::size_t j = 0; j < n; column += n - j, ++j)
    std::copy_n(column, n - j, &L[j * n + j]);
  return L;
}

void solve_with_packed_factor(std::size_t n, const std::vector<double> &packed, double *b)
{
  cblas_dtpsv(CblasColMajor, CblasLower, CblasNoTrans, CblasNonUnit, static_cast<int>(n),
              packed.data(), b, 1);
}

double cholesky_with_jitter(std::size_t n, double *A, std::size_t stride, double scale,
                            const std::function<void()> &fill)
{
  for (const double relative : {0., 1e-10, 1e-9, 1e-8, 1e-7, 1e-6})
  {
    fill();
    const double jitter = relative * scale;
    for (std::size_t i = 0; i < n; ++i)
      A[i + i * stride] += jitter;
    if (cholesky(n, A, stride))
      return jitter;
  }
  throw SolverError("A covariance matrix of " + std::to_string(n) +
                    " samples is not positive definite, even with 1e-6 of its diagonal added.");
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace understudy
{
/// Cholesky factor of a dense symmetric positive definite matrix, A = L L^T, in place. Columns are
/// halved until 24 are left, so that nearly all work is done by dgemm and dsyrk: the dpotrf and
/// dtrtri of OpenBLAS 0.3.21 spend much of their time in narrow triangular solves. How much that
/// wins over dpotrf, and how far it is from the rate of dgemm, 'scripts/benchmark
/// bench_gaussian_process' prints. No memory is allocated. n^3 / 6 multiplications and as many
/// additions.
///
/// All matrices are column-major, element (i, j) at A[i + j * stride]; the strict upper triangle is
/// neither read nor written.
/// @return false when A is not positive definite or holds a NaN; A is destroyed then
bool cholesky(std::size_t n, double *A, std::size_t stride);

/// A^-1 = L^-T L^-1 from the factor, in place (lower triangle). Twice the operations of cholesky().
void inverse_from_cholesky(std::size_t n, double *L, std::size_t stride);

/// X = B L^-T in place for @p n_rows rows, i.e. every row b of B is replaced by L^-1 b.
/// @param B [n][n_rows]: element (r, j) at B[r + j * stride_B]
void solve_rows_with_factor(std::size_t n, const double *L, std::size_t stride_L,
                            std::size_t n_rows, double *B, std::size_t stride_B);

/// The lower triangle of L, element (i, j) at L[i + j * stride], column after column without gaps:
/// n (n + 1) / 2 numbers, "packed" in LAPACK.
std::vector<double> packed_triangle(std::size_t n, const double *L, std::size_t stride);

/// The same as a square, column-major, 0 above the diagonal.
std::vector<double> unpacked_triangle(std::size_t n, const std::vector<double> &packed);

/// b := L^-1 b with the packed factor, which is read once.
void solve_with_packed_factor(std::size_t n, const std::vector<double> &packed, double *b);

/// Cholesky factor of A + jitter I with the first jitter of 0, 1e-10, 1e-9, ..., 1e-6 times
/// @p scale that makes it positive definite. @p fill writes the lower triangle of A and is called
/// before each try. Throws SolverError when the last one fails, too.
/// @return the jitter that was added
double cholesky_with_jitter(std::size_t n, double *A, std::size_t stride, double scale,
                            const std::function<void()> &fill);
} // namespace understudy

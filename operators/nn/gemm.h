// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cblas.h>

#include <cstddef>

namespace understudy
{
/// C = op(A) op(B) + beta C, row-major; op(A) is m x k, transposed where @p tA.
inline void gemm(bool tA, bool tB, std::size_t m, std::size_t n, std::size_t k, const double *A,
                 std::size_t lda, const double *B, std::size_t ldb, double beta, double *C,
                 std::size_t ldc)
{
  cblas_dgemm(CblasRowMajor, tA ? CblasTrans : CblasNoTrans, tB ? CblasTrans : CblasNoTrans,
              static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), 1., A,
              static_cast<int>(lda), B, static_cast<int>(ldb), beta, C, static_cast<int>(ldc));
}

inline void gemm(bool tA, bool tB, std::size_t m, std::size_t n, std::size_t k, const float *A,
                 std::size_t lda, const float *B, std::size_t ldb, float beta, float *C,
                 std::size_t ldc)
{
  cblas_sgemm(CblasRowMajor, tA ? CblasTrans : CblasNoTrans, tB ? CblasTrans : CblasNoTrans,
              static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), 1.f, A,
              static_cast<int>(lda), B, static_cast<int>(ldb), beta, C, static_cast<int>(ldc));
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cblas.h>

#include <cstddef>
#include <type_traits>

namespace understudy
{
/// C = op(A) op(B) + beta C, row-major; op(A) is m x k, transposed where @p tA. Float or double.
template <class T>
void gemm(bool tA, bool tB, std::size_t m, std::size_t n, std::size_t k, const T *A,
          std::size_t lda, const T *B, std::size_t ldb, T beta, T *C, std::size_t ldc)
{
  const auto run = []
  {
    if constexpr (std::is_same_v<T, float>)
      return &cblas_sgemm;
    else
      return &cblas_dgemm;
  }();
  run(CblasRowMajor, tA ? CblasTrans : CblasNoTrans, tB ? CblasTrans : CblasNoTrans,
      static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), T(1), A, static_cast<int>(lda),
      B, static_cast<int>(ldb), beta, C, static_cast<int>(ldc));
}
} // namespace understudy

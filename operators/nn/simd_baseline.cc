// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/simd_kernels.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma GCC diagnostic ignored "-Wpsabi" // vectors never leave this file
#define UNDERSTUDY_SIMD_BYTES 16
#include <operators/nn/simd_kernels.inc>

const understudy::SimdKernels understudy::simd::kernels_baseline = {
  "baseline", any_mlp<double>, any_mlp<float>, any_rbf<double>, any_rbf<float>, product, unit};

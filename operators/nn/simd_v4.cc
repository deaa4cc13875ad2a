// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#if defined(__x86_64__)
#include <operators/nn/simd_kernels.h>

#include <immintrin.h>

#pragma GCC target("arch=x86-64-v4")
#pragma GCC diagnostic ignored "-Wpsabi" // vectors never leave this file
#define UNDERSTUDY_SIMD_BYTES 64
#include <operators/nn/simd_kernels.inc>

const understudy::SimdKernels understudy::simd::kernels_v4 = {
  "x86-64-v4", any_mlp<double>, any_mlp<float>, any_rbf<double>, any_rbf<float>, product, unit};
#endif

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/channel_kernels.h>
#include <operators/nn/simd_kernels.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma GCC diagnostic ignored "-Wpsabi" // vectors never leave this file
#define UNDERSTUDY_SIMD_BYTES 16
#include <operators/nn/channel_kernels.inc>

namespace understudy::channels
{
const ChannelKernels<float> float_baseline = {"baseline",       product<float>, modes<float>,
                                              gelu_all<float>,  outer<float>,   sums<float>,
                                              gelu_slope<float>};
const ChannelKernels<double> double_baseline = {"baseline",        product<double>, modes<double>,
                                                gelu_all<double>,  outer<double>,   sums<double>,
                                                gelu_slope<double>};
} // namespace understudy::channels

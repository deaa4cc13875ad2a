// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <vector>

namespace understudy
{
/// Fields of several channels on a grid, channel last: the channels of a pixel stand side by side,
/// a multiple of 64 bytes per pixel (the pitch), zero behind the last channel. Layers that act on
/// pixels and transforms along either axis of the grid are then products of a small matrix with
/// rows that fill whole vectors.
template <class T>
constexpr std::size_t channel_pitch(std::size_t n_channels)
{
  constexpr std::size_t block = 64 / sizeof(T);
  return (n_channels + block - 1) / block * block;
}

/// C = act(F .* (start + A B + gate .* G)), row-major; gate acts on columns. Arrays begin and rows
/// are spaced at multiples of 64 bytes, except those of A. G may be C.
template <class T>
struct ChannelProduct
{
  std::size_t m = 0, n = 0, k = 0; ///< C is m x n, A is m x k; n is a multiple of 64 / sizeof(T)
  const T *A = nullptr;
  std::size_t lda = 0;
  const T *B = nullptr;
  std::size_t ldb = 0;
  T *C = nullptr;
  std::size_t ldc = 0;
  const T *bias = nullptr; ///< [n], what the sum starts from; null: zero
  bool add = false;        ///< the sum starts from C instead
  const T *gate = nullptr; ///< [n]; null: no such term
  const T *G = nullptr;
  std::size_t ldg = 0;
  bool gelu = false;    ///< act(x) = x (1 + erf(x / sqrt 2)) / 2, otherwise x
  const T *F = nullptr; ///< m x n; null: ones
  std::size_t ldf = 0;
};

/// C += A^T B, row-major: A is k x m, B is k x n with n a multiple of 64 / sizeof(T).
template <class T>
struct ChannelOuter
{
  std::size_t m = 0, n = 0, k = 0;
  const T *A = nullptr;
  std::size_t lda = 0;
  const T *B = nullptr;
  std::size_t ldb = 0;
  T *C = nullptr;
  std::size_t ldc = 0;
};

/// Y = W X in complex numbers for one mode and several samples; real parts of X and Y first,
/// imaginary ones one pitch later.
template <class T>
struct ModeProduct
{
  std::size_t n_samples = 0, n_in = 0;
  std::size_t pitch_in = 0, pitch_out = 0;
  bool separable = false;         ///< Y_c = W_c X_c
  const T *W = nullptr;           ///< real parts [n_in][pitch_out]; separable: [pitch_out]
  const T *W_imaginary = nullptr; ///< in the same way
  std::size_t ldw = 0;            ///< distance of the rows of both
  const T *X = nullptr;           ///< [n_samples][2][pitch_in]
  T *Y = nullptr;                 ///< [n_samples][2][pitch_out]
};

/// The loops over channels, compiled for one kind of processor. In single precision the error
/// function is that of Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: within
/// 1.5e-7, so that the result is within 3e-7 |x|; in double precision it is the one of the library.
template <class T>
struct ChannelKernels
{
  const char *name;
  void (*product)(const ChannelProduct<T> &);
  void (*modes)(const ModeProduct<T> &);
  void (*gelu)(std::size_t n, T *x); ///< in place; n a multiple of 64 / sizeof(T)
  void (*outer)(const ChannelOuter<T> &);
  /// s_j += sum_i A_ij B_ij, A and B are m x n, rows one after the other; n as in gelu. B may be
  /// null, for ones.
  void (*sums)(std::size_t m, std::size_t n, const T *A, const T *B, T *s);
  /// slope = factor gelu'(x), then x = gelu(x); n as in gelu. factor may be null, for ones, or
  /// slope.
  void (*gelu_slope)(std::size_t n, T *x, const T *factor, T *slope);
};

/// Those of the processor the program runs on.
template <class T>
const ChannelKernels<T> &channel_kernels();

/// All that this processor can run, the best first.
template <class T>
std::vector<const ChannelKernels<T> *> all_channel_kernels();

namespace channels
{
#if defined(__x86_64__)
extern const ChannelKernels<float> float_v4, float_v3;
extern const ChannelKernels<double> double_v4, double_v3;
#endif
extern const ChannelKernels<float> float_baseline;
extern const ChannelKernels<double> double_baseline;
} // namespace channels
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/processor_clones.h>
#include <operators/nn/matern_kernel.h>

#include <bit>
#include <cmath>
#include <cstdint>

#define UNDERSTUDY_INLINE static inline __attribute__((always_inline))

namespace understudy
{
namespace
{
using std::size_t;
constexpr size_t tile = 256; ///< points whose intermediate results stay in the first cache

// exp(-q) for 0 <= q <= 700
UNDERSTUDY_INLINE double exp_minus(double q)
{
  const double shifter = 0x1.8p52;
  const double t = q * -1.4426950408889634 + shifter;
  const double n = t - shifter;
  const double r = (-q - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
  double p = r * (1. / 479001600.) + 1. / 39916800.;
  p = p * r + 1. / 3628800.;
  p = p * r + 1. / 362880.;
  p = p * r + 1. / 40320.;
  p = p * r + 1. / 5040.;
  p = p * r + 1. / 720.;
  p = p * r + 1. / 120.;
  p = p * r + 1. / 24.;
  p = p * r + 1. / 6.;
  p = p * r + 0.5;
  p = p * r + 1.;
  p = p * r + 1.;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) +
                               (std::bit_cast<std::uint64_t>(t) << 52));
}

template <bool with_slopes>
UNDERSTUDY_INLINE void matern(size_t n_inputs, size_t n, const double *__restrict x, size_t stride,
                              const double *__restrict z, double s2, double *__restrict k,
                              double *__restrict h)
{
  double r2[tile];
  for (size_t begin = 0; begin < n; begin += tile)
  {
    const size_t size = n - begin < tile ? n - begin : tile;
    for (size_t l = 0; l < size; ++l)
      r2[l] = 0.;
    size_t c = 0;
    for (; c + 4 <= n_inputs; c += 4) // four at once save loads and stores of the sums
    {
      const double *__restrict row0 = x + c * stride + begin, *__restrict row1 = row0 + stride;
      const double *__restrict row2 = row1 + stride, *__restrict row3 = row2 + stride;
      const double z0 = z[c], z1 = z[c + 1], z2 = z[c + 2], z3 = z[c + 3];
#pragma omp simd
      for (size_t l = 0; l < size; ++l)
      {
        const double t0 = row0[l] - z0, t1 = row1[l] - z1, t2 = row2[l] - z2, t3 = row3[l] - z3;
        r2[l] += (t0 * t0 + t1 * t1) + (t2 * t2 + t3 * t3);
      }
    }
    for (; c < n_inputs; ++c)
    {
      const double *__restrict row = x + c * stride + begin;
      const double zc = z[c];
#pragma omp simd
      for (size_t l = 0; l < size; ++l)
      {
        const double t = row[l] - zc;
        r2[l] += t * t;
      }
    }
#pragma omp simd
    for (size_t l = 0; l < size; ++l)
    {
      const double q = std::sqrt(5. * r2[l]), limit = 200.;
      const double q_near = q < limit ? q : limit;
      const double exponential = exp_minus(q_near);
      const double e = q < limit ? s2 * exponential : 0.;
      k[begin + l] = (1. + q_near + q_near * q_near * (1. / 3.)) * e;
      if constexpr (with_slopes)
        h[begin + l] = (5. / 3.) * (1. + q_near) * e;
    }
  }
}
} // namespace

UNDERSTUDY_CLONES void matern_values(size_t n_inputs, size_t n, const double *x, size_t stride,
                                     const double *z, double s2, double *k)
{
  matern<false>(n_inputs, n, x, stride, z, s2, k, nullptr);
}

UNDERSTUDY_CLONES void matern_values_and_slopes(size_t n_inputs, size_t n, const double *x,
                                                size_t stride, const double *z, double s2,
                                                double *k, double *h)
{
  matern<true>(n_inputs, n, x, stride, z, s2, k, h);
}

UNDERSTUDY_CLONES void add_matern_slopes(size_t n_inputs, size_t n, const double *__restrict x,
                                         size_t stride, const double *__restrict z,
                                         const double *__restrict w, const double *__restrict h,
                                         double *__restrict sums)
{
  double wh[tile];
  for (size_t begin = 0; begin < n; begin += tile)
  {
    const size_t size = n - begin < tile ? n - begin : tile;
#pragma omp simd
    for (size_t l = 0; l < size; ++l)
      wh[l] = w[begin + l] * h[begin + l];
    for (size_t c = 0; c < n_inputs; c += 2) // two sums at once hide the time of an addition
    {
      const size_t next = c + 1 < n_inputs ? c + 1 : c;
      const double *__restrict row = x + c * stride + begin;
      const double *__restrict row_next = x + next * stride + begin;
      const double zc = z[c], z_next = z[next];
      double sum = 0., sum_next = 0.;
#pragma omp simd reduction(+ : sum, sum_next)
      for (size_t l = 0; l < size; ++l)
      {
        const double t = row[l] - zc, t_next = row_next[l] - z_next;
        sum += wh[l] * t * t;
        sum_next += wh[l] * t_next * t_next;
      }
      sums[c] += sum;
      if (next != c)
        sums[next] += sum_next;
    }
  }
}
} // namespace understudy

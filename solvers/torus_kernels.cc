// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/processor_clones.h>
#include <solvers/torus_kernels.h>

#define UNDERSTUDY_INLINE static inline __attribute__((always_inline))

namespace understudy::torus_kernels
{
namespace
{
using std::size_t;

/// Entries [first, last) of a mode line, whose places in the FFT line lie `gap` further on.
struct Piece
{
  size_t first, last, gap;
};

/// The two pieces of a line: k1 >= 0, but for mode 0, and k1 < 0.
UNDERSTUDY_INLINE Piece piece_of(const Line &line, int i)
{
  if (i == 0)
    return {line.is_first ? size_t(1) : size_t(0), line.K + 1, 0};
  return {line.K + 1, 2 * line.K + 1, line.n - 2 * line.K - 1};
}

const double *numbers(const Complex *z)
{
  return reinterpret_cast<const double *>(z);
}
double *numbers(Complex *z)
{
  return reinterpret_cast<double *>(z);
}

/// plus = (a + i b) w and minus = (-a + i b) w for the velocity, (a - i b) w for the strain.
template <bool of_strain>
UNDERSTUDY_INLINE void pair_of_lines(const Line &line, const Complex *w_, Complex *plus_,
                                     Complex *minus_)
{
  const double *__restrict w = numbers(w_), *__restrict k1 = line.k1;
  const double k2 = line.k2;
  plus_[0] = minus_[0] = 0.;
  for (int i = 0; i < 2; ++i)
  {
    const Piece piece = piece_of(line, i);
    double *__restrict plus = numbers(plus_ + piece.gap);
    double *__restrict minus = numbers(minus_ + piece.gap);
#pragma omp simd
    for (size_t j = piece.first; j < piece.last; ++j)
    {
      const double inverse = 1. / (k1[j] * k1[j] + k2 * k2);
      const double a = of_strain ? -k1[j] * k2 * inverse : k1[j] * inverse;
      const double b = of_strain ? 0.5 * (k1[j] * k1[j] - k2 * k2) * inverse : k2 * inverse;
      const double sign = of_strain ? 1. : -1.;
      const double re = w[2 * j], im = w[2 * j + 1];
      plus[2 * j] = a * re - b * im;
      plus[2 * j + 1] = a * im + b * re;
      minus[2 * j] = sign * (a * re + b * im);
      minus[2 * j + 1] = sign * (a * im - b * re);
    }
  }
}
} // namespace

UNDERSTUDY_CLONES void velocity(const Line &line, const Complex *w, Complex *plus, Complex *minus)
{
  pair_of_lines<false>(line, w, plus, minus);
}

UNDERSTUDY_CLONES void strain(const Line &line, const Complex *w, Complex *plus, Complex *minus)
{
  pair_of_lines<true>(line, w, plus, minus);
}

UNDERSTUDY_CLONES void gather(size_t n, size_t pitch, size_t n_pairs, const Complex *lines,
                              size_t x0, Complex *rows)
{
  for (size_t l = 0; l < block; ++l)
    rows[l * n] = lines[x0 + l];
  for (size_t k2 = 1; k2 < n_pairs; ++k2)
  {
    const Complex *plus = lines + 2 * k2 * pitch + x0, *minus = plus + pitch;
    for (size_t l = 0; l < block; ++l)
    {
      rows[l * n + k2] = plus[l];
      rows[l * n + n - k2] = std::conj(minus[l]);
    }
  }
}

UNDERSTUDY_CLONES void scatter(size_t n, size_t pitch, size_t n_pairs, const Complex *rows,
                               size_t x0, Complex *lines)
{
  for (size_t l = 0; l < block; ++l)
  {
    lines[x0 + l] = rows[l * n];
    lines[pitch + x0 + l] = std::conj(rows[l * n]);
  }
  for (size_t k2 = 1; k2 < n_pairs; ++k2)
  {
    Complex *plus = lines + 2 * k2 * pitch + x0, *minus = plus + pitch;
    for (size_t l = 0; l < block; ++l)
    {
      plus[l] = rows[l * n + k2];
      minus[l] = std::conj(rows[l * n + n - k2]);
    }
  }
}

UNDERSTUDY_CLONES void square(size_t count, Complex *z_)
{
  double *__restrict z = numbers(z_);
#pragma omp simd
  for (size_t i = 0; i < count; ++i)
  {
    const double u = z[2 * i], v = z[2 * i + 1];
    z[2 * i] = u * u - v * v;
    z[2 * i + 1] = 2. * u * v;
  }
}

UNDERSTUDY_CLONES void square_and_stress(size_t count, const double *__restrict nu,
                                         const Complex *s_, Complex *z_)
{
  double *__restrict z = numbers(z_);
  const double *__restrict s = numbers(s_);
#pragma omp simd
  for (size_t i = 0; i < count; ++i)
  {
    const double u = z[2 * i], v = z[2 * i + 1], factor = 4. * nu[i];
    z[2 * i] = u * u - v * v - factor * s[2 * i];
    z[2 * i + 1] = 2. * u * v - factor * s[2 * i + 1];
  }
}

UNDERSTUDY_CLONES double largest_norm(size_t count, const Complex *z_)
{
  const double *__restrict z = numbers(z_);
  double largest = 0.;
#pragma omp simd reduction(max : largest)
  for (size_t i = 0; i < count; ++i)
  {
    const double norm = z[2 * i] * z[2 * i] + z[2 * i + 1] * z[2 * i + 1];
    largest = norm > largest ? norm : largest;
  }
  return largest;
}

namespace
{
template <bool with_beta>
UNDERSTUDY_INLINE double advance_line(const Line &line, const Step &step, const Complex *plus_,
                                      const Complex *minus_, const Complex *forcing_,
                                      const Complex *base_, const Complex *older_,
                                      const Complex *oldest_, Complex *tendency_, Complex *w_)
{
  // No __restrict on these: some may be the same array, read and written at the same place.
  const double *base = numbers(base_), *older = numbers(older_), *oldest = numbers(oldest_);
  double *tendency = numbers(tendency_), *w = numbers(w_);
  const double *__restrict forcing = numbers(forcing_), *__restrict k1 = line.k1;
  const double k2 = line.k2, scale = 0.25 * step.scale;
  const double h = 0.5 * step.dt, h_viscosity = h * step.viscosity, one_h_drag = 1. + h * step.drag;
  const double h_beta = h * step.beta;
  const double c0 = step.dt * step.weights[0], c1 = step.dt * step.weights[1];
  const double c2 = step.dt * step.weights[2];
  double sum = 0.;
  for (int i = 0; i < 2; ++i)
  {
    const Piece piece = piece_of(line, i);
    const double *__restrict plus = numbers(plus_ + piece.gap);
    const double *__restrict minus = numbers(minus_ + piece.gap);
#pragma omp simd reduction(+ : sum)
    for (size_t j = piece.first; j < piece.last; ++j)
    {
      const size_t re = 2 * j, im = re + 1;
      const double q = k1[j] * k1[j] + k2 * k2;
      const double a = scale * (k1[j] * k1[j] - k2 * k2), b = 2. * scale * k1[j] * k2;
      const double r_re = a * (plus[im] - minus[im]) - b * (plus[re] + minus[re]) + forcing[re];
      const double r_im = -a * (plus[re] - minus[re]) - b * (plus[im] + minus[im]) + forcing[im];
      const double e_re = c0 * r_re + c1 * older[re] + c2 * oldest[re];
      const double e_im = c0 * r_im + c1 * older[im] + c2 * oldest[im];
      tendency[re] = r_re;
      tendency[im] = r_im;
      // (1 - dt/2 A) w = (1 + dt/2 A) base + e = 2 base - (1 - dt/2 A) base + e
      const double g_re = 2. * base[re] + e_re, g_im = 2. * base[im] + e_im;
      const double d = one_h_drag + h_viscosity * q;
      double w_re, w_im;
      if constexpr (with_beta)
      {
        const double o = h_beta * k1[j] / q; // 1 - dt/2 A = d - i o
        const double inverse = 1. / (d * d + o * o);
        w_re = (d * g_re - o * g_im) * inverse - base[re];
        w_im = (d * g_im + o * g_re) * inverse - base[im];
      }
      else
      {
        const double inverse = 1. / d;
        w_re = g_re * inverse - base[re];
        w_im = g_im * inverse - base[im];
      }
      w[re] = w_re;
      w[im] = w_im;
      sum += w_re * w_re + w_im * w_im;
    }
  }
  return sum;
}
} // namespace

UNDERSTUDY_CLONES double advance(const Line &line, const Step &step, const Complex *plus,
                                 const Complex *minus, const Complex *forcing, const Complex *base,
                                 const Complex *older, const Complex *oldest, Complex *tendency,
                                 Complex *w)
{
  if (step.beta != 0.)
    return advance_line<true>(line, step, plus, minus, forcing, base, older, oldest, tendency, w);
  return advance_line<false>(line, step, plus, minus, forcing, base, older, oldest, tendency, w);
}
} // namespace understudy::torus_kernels

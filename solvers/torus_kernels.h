// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <complex>
#include <cstddef>

namespace understudy::torus_kernels
{
using Complex = std::complex<double>;

/// Loops of TorusVorticity, compiled for several generations of processors. A "mode line" holds
/// the modes of one k2 >= 0, those of k1 = 0..K, -K..-1. An "FFT line" holds the same in the order
/// of a transform of length n: with a gap of zeros between K and -K. Lines come in pairs, one for
/// k2 and one for -k2; the second holds the complex conjugate of (-k1, -k2) at the place of k1, so
/// that both run in the same direction. kappa = k1 + i k2.
struct Line
{
  std::size_t n;    ///< length of an FFT line
  std::size_t K;    ///< largest kept |k1|
  const double *k1; ///< [2 K + 1] wave numbers of a mode line, scaled by 2 pi / side
  double k2;        ///< the same for k2
  bool is_first;    ///< k2 = 0: mode 0 has no velocity
};

/// Modes of z = u + i v, kappa / |kappa|^2 w, to a pair of FFT lines.
void velocity(const Line &line, const Complex *w, Complex *plus, Complex *minus);

/// Modes of s = S11 + i S12, (i / 2) kappa^2 / |kappa|^2 w, to a pair of FFT lines.
void strain(const Line &line, const Complex *w, Complex *plus, Complex *minus);

/// Number of grid lines x = const that are worked on at once: one line of the cache.
inline constexpr std::size_t block = 4;

/// rows[l][.] = modes along y of the grid line x0 + l, from n_pairs pairs of lines that start
/// @p pitch numbers apart. The gap of @p rows is not touched.
void gather(std::size_t n, std::size_t pitch, std::size_t n_pairs, const Complex *lines,
            std::size_t x0, Complex *rows);
/// The inverse of gather(). The pair of k2 = 0 holds the numbers of one line twice.
void scatter(std::size_t n, std::size_t pitch, std::size_t n_pairs, const Complex *rows,
             std::size_t x0, Complex *lines);

/// z = z^2
void square(std::size_t count, Complex *z);
/// z = z^2 - 4 nu s
void square_and_stress(std::size_t count, const double *nu, const Complex *s, Complex *z);
/// max |z|^2
double largest_norm(std::size_t count, const Complex *z);

/// The linear part of the equation and one step.
struct Step
{
  double viscosity, drag, beta, dt;
  double weights[3]; ///< of the new tendency and of two older ones
  double scale;      ///< of the transforms, 1 / n^2
};

/// From the modes P of z^2 - 4 nu s, a pair of FFT lines, the tendency
///   R = -(i / 4) (conj(kappa)^2 P(k) - kappa^2 conj(P(-k))) + F
/// to @p tendency, and the step
///   (1 - dt/2 A) w = (1 + dt/2 A) base + dt (c0 R + c1 older + c2 oldest),
///   A = -viscosity |kappa|^2 - drag + i beta k1 / |kappa|^2.
/// All are mode lines; tendency may be older or oldest, and w base. @return the sum of |w|^2.
double advance(const Line &line, const Step &step, const Complex *plus, const Complex *minus,
               const Complex *forcing, const Complex *base, const Complex *older,
               const Complex *oldest, Complex *tendency, Complex *w);
} // namespace understudy::torus_kernels

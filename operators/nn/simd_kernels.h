// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <vector>

namespace understudy
{
/// Rows of a matrix in the order in which the kernels read them: blocks of four rows, within a
/// block column after column, [n_rows padded / 4][n_columns][4], the last block filled with zeros.
template <class T>
struct PackedMatrix
{
  std::size_t n_rows = 0, n_columns = 0;
  std::vector<T> values;

  std::size_t n_blocks() const { return (n_rows + 3) / 4; }

  /// @param A [n_rows][n_columns] row-major
  static PackedMatrix pack(std::size_t n_rows, std::size_t n_columns, const double *A)
  {
    PackedMatrix m{n_rows, n_columns, {}};
    m.values.assign(m.n_blocks() * n_columns * 4, T(0));
    for (std::size_t i = 0; i < n_rows; ++i)
      for (std::size_t k = 0; k < n_columns; ++k)
        m.values[((i / 4) * n_columns + k) * 4 + i % 4] = static_cast<T>(A[i * n_columns + k]);
    return m;
  }
};

/// A multilayer perceptron for the kernels; inputs are physical (the scale is in the first layer).
template <class T>
struct PackedMlp
{
  struct Layer
  {
    PackedMatrix<T> weight;
    std::vector<T> bias;      ///< padded to full blocks; zero in the last layer of an odd net
    std::vector<T> exp_minus; ///< exp(-bias), odd nets only
    std::vector<T> exp_plus;  ///< exp(bias), odd nets only
  };
  std::size_t n_inputs = 0;
  std::size_t max_width = 0; ///< of inputs and layers, padded to full blocks
  std::vector<Layer> layers;
  bool odd = false;
};

/// An odd radial basis interpolant for the kernels. Columns of the weight: n_inputs linear ones,
/// then those of each centre (one, or 1 + n_inputs in the Hermite case).
template <class T>
struct PackedRbf
{
  std::size_t n_inputs = 0, n_centres = 0;
  std::vector<T> inverse_scale; ///< [n_inputs]
  std::vector<T> centres;       ///< [n_centres][n_inputs]
  PackedMatrix<T> weight;
  bool hermite = false;
};

/// The batch loops, compiled for one kind of processor. Shapes as in Head::evaluate. The
/// exponential is a Taylor polynomial of degree 12 (float: 7) after reduction to |r| <= ln(2)/2;
/// the sigmoid made from it is within 1e-15 relative in double precision.
struct SimdKernels
{
  const char *name; ///< e.g. "x86-64-v4"
  void (*mlp_double)(const PackedMlp<double> &, std::size_t n, const double *x, double *y,
                     double *dy);
  void (*mlp_single)(const PackedMlp<float> &, std::size_t n, const double *x, double *y,
                     double *dy);
  void (*rbf_double)(const PackedRbf<double> &, std::size_t n, const double *x, double *y,
                     double *dy);
  void (*rbf_single)(const PackedRbf<float> &, std::size_t n, const double *x, double *y,
                     double *dy);

  /// y = A x in single precision.  @param x [n_columns][n]  @param y [n_rows][n]
  void (*product)(const PackedMatrix<float> &A, std::size_t n, const double *x, double *y);

  /// One unit with parameter c at n inputs z; u is swish(z + c), or swish(z + c) - swish(c - z)
  /// when odd. Writes u, du/dz, d2u/dz2, du/dc and d2u/(dz dc).
  void (*unit)(bool odd, std::size_t n, const double *z, double c, double *u, double *du,
               double *d2u, double *uc, double *duc);
};

/// Those of the processor the program runs on.
const SimdKernels &simd_kernels();

/// All that this processor can run, the best first.
std::vector<const SimdKernels *> all_simd_kernels();

namespace simd
{
#if defined(__x86_64__)
extern const SimdKernels kernels_v4, kernels_v3;
#endif
extern const SimdKernels kernels_baseline;

/// Memory of the calling thread, aligned to 64 bytes, that grows and is never given back before the
/// thread ends. @p slot tells apart what one kernel needs at once (0 or 1).
void *scratch(unsigned slot, std::size_t bytes);
} // namespace simd
} // namespace understudy

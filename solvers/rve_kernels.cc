// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/processor_clones.h>
#include <solvers/rve_kernels.h>

#include <cmath>

namespace understudy::rve_kernels
{
UNDERSTUDY_CLONES void strains(std::size_t n_cells, const int *dofs, const double *gradients,
                               const double *w, const double *E, double *__restrict exx,
                               double *__restrict eyy, double *__restrict gxy)
{
  for (std::size_t cell = 0; cell < n_cells; ++cell)
  {
    double wx[8], wy[8];
    for (unsigned a = 0; a < 8; ++a)
    {
      wx[a] = w[dofs[16 * cell + 2 * a]];
      wy[a] = w[dofs[16 * cell + 2 * a + 1]];
    }
    for (unsigned q = 0; q < 9; ++q)
    {
      const double *gx = gradients + (9 * cell + q) * 16, *gy = gx + 8;
      double xx = 0, yy = 0, xy = 0;
      for (unsigned a = 0; a < 8; ++a)
      {
        xx += gx[a] * wx[a];
        yy += gy[a] * wy[a];
        xy += gy[a] * wx[a] + gx[a] * wy[a];
      }
      exx[9 * cell + q] = E[0] + xx;
      eyy[9 * cell + q] = E[1] + yy;
      gxy[9 * cell + q] = E[2] + xy;
    }
  }
}

UNDERSTUDY_CLONES void residual(std::size_t n_cells, const int *dofs, const double *gradients,
                                const double *weights, const double *sxx, const double *syy,
                                const double *sxy, double *r, double *magnitude)
{
  for (std::size_t cell = 0; cell < n_cells; ++cell)
  {
    double fx[8] = {}, fy[8] = {}, mx[8] = {}, my[8] = {};
    for (unsigned q = 0; q < 9; ++q)
    {
      const std::size_t p = 9 * cell + q;
      const double *gx = gradients + p * 16, *gy = gx + 8;
      const double a = weights[p] * sxx[p], b = weights[p] * syy[p], c = weights[p] * sxy[p];
      for (unsigned k = 0; k < 8; ++k)
      {
        fx[k] += gx[k] * a + gy[k] * c;
        fy[k] += gy[k] * b + gx[k] * c;
        mx[k] += std::abs(gx[k] * a) + std::abs(gy[k] * c);
        my[k] += std::abs(gy[k] * b) + std::abs(gx[k] * c);
      }
    }
    const int *d = dofs + 16 * cell;
    for (unsigned k = 0; k < 8; ++k)
    {
      r[d[2 * k]] += fx[k];
      r[d[2 * k + 1]] += fy[k];
    }
    if (magnitude != nullptr)
      for (unsigned k = 0; k < 8; ++k)
      {
        magnitude[d[2 * k]] += mx[k];
        magnitude[d[2 * k + 1]] += my[k];
      }
  }
}

namespace
{
/// K (16 x 16, rows x and y of node a at 2a and 2a+1, columns x of all nodes, then y) += w B^T C B.
inline __attribute__((always_inline)) void cell_matrix(std::size_t cell, std::size_t n_points,
                                                       const double *gradients,
                                                       const double *weights, const double *tangent,
                                                       double *__restrict K)
{
  for (unsigned i = 0; i < 256; ++i)
    K[i] = 0;
  for (unsigned q = 0; q < 9; ++q)
  {
    const std::size_t p = 9 * cell + q;
    const double *gx = gradients + p * 16, *gy = gx + 8;
    double c[9];
    for (unsigned i = 0; i < 9; ++i)
      c[i] = weights[p] * tangent[i * n_points + p];
    double t[3][16]; // C B
    for (unsigned i = 0; i < 3; ++i)
      for (unsigned b = 0; b < 8; ++b)
      {
        t[i][b] = c[3 * i] * gx[b] + c[3 * i + 2] * gy[b];
        t[i][8 + b] = c[3 * i + 1] * gy[b] + c[3 * i + 2] * gx[b];
      }
    for (unsigned a = 0; a < 8; ++a)
      for (unsigned j = 0; j < 16; ++j)
      {
        K[32 * a + j] += gx[a] * t[0][j] + gy[a] * t[2][j];
        K[32 * a + 16 + j] += gy[a] * t[1][j] + gx[a] * t[2][j];
      }
  }
}

/// Column of unknown j (x and y in turn) in the order of cell_matrix().
constexpr unsigned column(unsigned j)
{
  return (j % 2) * 8 + j / 2;
}
} // namespace

UNDERSTUDY_CLONES void stiffness(std::size_t n_cells, bool symmetric, const int *positions,
                                 const double *gradients, const double *weights,
                                 const double *tangent, double *values)
{
  const std::size_t n_points = 9 * n_cells;
  alignas(64) double K[256];
  for (std::size_t cell = 0; cell < n_cells; ++cell)
  {
    cell_matrix(cell, n_points, gradients, weights, tangent, K);
    const int *to = positions + cell * (symmetric ? 136 : 256);
    for (unsigned i = 0; i < 16; ++i)
    {
      const unsigned end = symmetric ? i + 1 : 16;
      for (unsigned j = 0; j < end; ++j)
        values[*to++] += K[16 * i + column(j)];
    }
  }
}
} // namespace understudy::rve_kernels

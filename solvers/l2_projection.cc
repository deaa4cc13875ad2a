// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/l2_projection.h>

#include <cmath>
#include <numeric>

namespace understudy
{
namespace
{
constexpr unsigned n_points = QuadraticTriangles::n_points;

/// The P1 mass matrix, applied triangle by triangle: area / 12 (1 + delta_ij).
class MassMatrix
{
public:
  explicit MassMatrix(const QuadraticTriangles &triangles)
    : triangles_(triangles), inverse_diagonal_(triangles.n_vertices(), 0.)
  {
    double gradients[3][2];
    for (std::size_t c = 0; c < triangles.cells().size(); ++c)
    {
      twelfths_.push_back(triangles.area(c, gradients) / 12.);
      for (unsigned i = 0; i < 3; ++i)
        inverse_diagonal_[triangles.cells()[c][i]] += 2. * twelfths_.back();
    }
    for (double &d : inverse_diagonal_)
      d = 1. / d;
  }
  const std::vector<double> &inverse_diagonal() const { return inverse_diagonal_; }

  void multiply(const std::vector<double> &x, std::vector<double> &y) const
  {
    std::fill(y.begin(), y.end(), 0.);
    for (std::size_t c = 0; c < twelfths_.size(); ++c)
    {
      const auto &nodes = triangles_.cells()[c];
      const double sum = x[nodes[0]] + x[nodes[1]] + x[nodes[2]];
      for (unsigned i = 0; i < 3; ++i)
        y[nodes[i]] += twelfths_[c] * (sum + x[nodes[i]]);
    }
  }

private:
  const QuadraticTriangles &triangles_;
  std::vector<double> twelfths_, inverse_diagonal_;
};

double dot(const std::vector<double> &a, const std::vector<double> &b)
{
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.);
}

/// x = M^{-1} r by conjugate gradients; r is used up.
void solve(const MassMatrix &mass, std::vector<double> &r, std::span<double> x)
{
  constexpr unsigned most_iterations = 1000; // some 30 are needed
  const auto &diagonal = mass.inverse_diagonal();
  const std::size_t n = r.size();
  std::vector<double> z(n), p(n, 0.), q(n);
  std::fill(x.begin(), x.end(), 0.);
  double before = 1., limit = 0.;
  for (unsigned iteration = 0; iteration < most_iterations; ++iteration)
  {
    for (std::size_t i = 0; i < n; ++i)
      z[i] = diagonal[i] * r[i];
    const double now = dot(r, z);
    if (iteration == 0)
      limit = 1e-28 * now;
    if (now <= limit)
      return;
    const double beta = iteration == 0 ? 0. : now / before;
    for (std::size_t i = 0; i < n; ++i)
      p[i] = z[i] + beta * p[i];
    mass.multiply(p, q);
    const double alpha = now / dot(p, q);
    for (std::size_t i = 0; i < n; ++i)
    {
      x[i] += alpha * p[i];
      r[i] -= alpha * q[i];
    }
    before = now;
  }
  throw SolverError("The projection of a field to the vertices does not converge; check that its "
                    "values are finite.");
}
} // namespace

PointBatch project_to_vertices(const QuadraticTriangles &triangles,
                               const std::vector<unsigned> &own_cells,
                               const std::vector<const double *> &values, MPI_Comm comm)
{
  const std::size_t n = triangles.n_vertices();
  PointBatch right(values.size(), n), projected(values.size(), n);
  double gradients[3][2];
  for (std::size_t c = 0; c < own_cells.size(); ++c)
  {
    const double weight = triangles.area(own_cells[c], gradients) / n_points;
    for (std::size_t k = 0; k < values.size(); ++k)
      for (unsigned q = 0; q < n_points; ++q)
        for (unsigned i = 0; i < 3; ++i)
          right(k, triangles.cells()[own_cells[c]][i]) +=
            weight * QuadraticTriangles::points[q][i] * values[k][c * n_points + q];
  }
  MPI_Allreduce(MPI_IN_PLACE, right.data(), static_cast<int>(values.size() * n), MPI_DOUBLE,
                MPI_SUM, comm);
  const MassMatrix mass(triangles);
  for (std::size_t k = 0; k < values.size(); ++k)
  {
    std::vector<double> r(right.component(k).begin(), right.component(k).end());
    solve(mass, r, projected.component(k));
  }
  return projected;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <meshes/rbf_morphing.h>
#include <meshes/triangle_checks.h>

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
using Point = std::array<double, 2>;
using Vectors = Eigen::Matrix<double, Eigen::Dynamic, 2>;

constexpr double largest_condition = 1e12;

double half_diagonal(const std::vector<Point> &points)
{
  Point low = points[0], high = low;
  for (const Point &p : points)
    for (unsigned c = 0; c < 2; ++c)
    {
      low[c] = std::min(low[c], p[c]);
      high[c] = std::max(high[c], p[c]);
    }
  return 0.5 * std::hypot(high[0] - low[0], high[1] - low[1]);
}

void require_finite(const std::vector<Point> &points, const char *what)
{
  for (std::size_t i = 0; i < points.size(); ++i)
    if (!std::isfinite(points[i][0]) || !std::isfinite(points[i][1]))
      throw UserError(std::string(what) + " " + std::to_string(i) +
                      " of the morphing is not finite.");
}

void check_input(const std::vector<Point> &control_points, const std::vector<Point> &displacements,
                 const RbfMorphingOptions &options)
{
  if (control_points.empty())
    throw UserError("The morphing has no control point.");
  if (control_points.size() != displacements.size())
    throw UserError("The morphing has " + std::to_string(control_points.size()) +
                    " control points, but " + std::to_string(displacements.size()) +
                    " displacements.");
  require_finite(control_points, "Control point");
  require_finite(displacements, "Displacement");
  if (!(options.radius >= 0.) || !std::isfinite(options.radius))
    throw UserError("The radius of the morphing is " + number_text(options.radius) +
                    "; it must be positive, or 0 for half the diagonal of the mesh.");
  if (options.steps == 0)
    throw UserError("The morphing has 0 steps; it needs at least 1.");
}

double squared_distance(const Point &a, const Point &b)
{
  return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
}

/// The coefficients a_k of an interpolant with the given values at the centres.
Vectors coefficients(const std::vector<Point> &centres, const Vectors &values, double radius)
{
  const auto n = static_cast<Eigen::Index>(centres.size());
  Eigen::MatrixXd A(n, n);
  for (Eigen::Index j = 0; j < n; ++j)
    for (Eigen::Index i = j; i < n; ++i)
      A(i, j) = wendland_c2(std::sqrt(squared_distance(centres[static_cast<std::size_t>(i)],
                                                       centres[static_cast<std::size_t>(j)])) /
                            radius);
  const Eigen::LLT<Eigen::MatrixXd> factor(A.selfadjointView<Eigen::Lower>());
  const double reciprocal = factor.info() == Eigen::Success ? factor.rcond() : 0.;
  if (!(reciprocal * largest_condition >= 1.))
    throw UserError("The condition number of the morphing's " + std::to_string(n) +
                    " control points is " +
                    (reciprocal > 0. ? number_text(1. / reciprocal, 3) : "infinite") + ", above " +
                    number_text(largest_condition) +
                    "; leave out points that nearly meet, or take a radius smaller than " +
                    number_text(radius) + ".");
  return factor.solve(values);
}

/// Adds the interpolant to every point. Only centres within the radius cost more than a comparison.
void displace(std::vector<Point> &points, const std::vector<Point> &centres, const Vectors &a,
              double radius)
{
  for (Point &p : points)
  {
    double dx = 0., dy = 0.;
    for (std::size_t k = 0; k < centres.size(); ++k)
    {
      const double d2 = squared_distance(p, centres[k]);
      if (d2 >= radius * radius)
        continue;
      const double phi = wendland_c2(std::sqrt(d2) / radius);
      dx += phi * a(static_cast<Eigen::Index>(k), 0);
      dy += phi * a(static_cast<Eigen::Index>(k), 1);
    }
    p = {p[0] + dx, p[1] + dy};
  }
}
} // namespace

double wendland_c2(double r)
{
  if (r >= 1.)
    return 0.;
  const double s = (1. - r) * (1. - r);
  return s * s * (4. * r + 1.);
}

TriangleMesh rbf_morph(const TriangleMesh &mesh, const std::vector<Point> &control_points,
                       const std::vector<Point> &displacements, const RbfMorphingOptions &options)
{
  require_disk(mesh);
  check_input(control_points, displacements, options);
  const double radius = options.radius > 0. ? options.radius : half_diagonal(mesh.nodes);

  std::vector<Point> centres = control_points;
  Vectors step(static_cast<Eigen::Index>(centres.size()), 2);
  for (std::size_t k = 0; k < centres.size(); ++k)
    for (unsigned c = 0; c < 2; ++c)
      step(static_cast<Eigen::Index>(k), c) = displacements[k][c] / options.steps;

  TriangleMesh image = mesh;
  for (unsigned s = 0; s < options.steps; ++s)
  {
    displace(image.nodes, centres, coefficients(centres, step, radius), radius);
    for (std::size_t k = 0; k < centres.size(); ++k)
      for (unsigned c = 0; c < 2; ++c)
        centres[k][c] += step(static_cast<Eigen::Index>(k), c);
  }
  const auto problems = area_problems(image);
  if (!problems.empty())
    throw UserError("The morphing folds the mesh: " + problems[0] +
                    " More steps, other control points or another radius may help.");
  return image;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/core/number_text.h>
#include <meshes/triangle_checks.h>
#include <meshes/tutte_map.h>

#include <Eigen/SparseCholesky>
#include <Eigen/SparseLU>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
namespace
{
using Point = std::array<double, 2>;
using Coordinates = Eigen::Matrix<double, Eigen::Dynamic, 2>;
using Sparse = Eigen::SparseMatrix<double, Eigen::ColMajor>;

constexpr double pi = 3.14159265358979323846;

double distance(const Point &a, const Point &b)
{
  return std::hypot(b[0] - a[0], b[1] - a[1]);
}

/// The nodes of the features, or the one the walk begins at.
std::vector<unsigned> feature_nodes(const TriangleMesh &mesh, const TutteOptions &options)
{
  if (options.features.empty())
    return {static_cast<unsigned>(std::min_element(mesh.nodes.begin(), mesh.nodes.end()) -
                                  mesh.nodes.begin())};
  std::vector<unsigned> nodes;
  for (const std::string &name : options.features)
  {
    const auto feature = mesh.features.find(name);
    if (feature == mesh.features.end())
    {
      std::vector<std::string> known;
      for (const auto &[key, node] : mesh.features)
        known.push_back(key);
      throw UserError("The mesh has no feature '" + name + "'" + suggestion(name, known) + ".");
    }
    nodes.push_back(feature->second);
  }
  return nodes;
}

/// Shares of the perimeter at which the parts between features begin, then 1.
std::vector<double> part_limits(const TutteOptions &options)
{
  std::vector<double> limits = options.places;
  if (!limits.empty() && limits.size() != options.features.size())
    throw UserError("The map has " + std::to_string(options.features.size()) +
                    " features, but places for " + std::to_string(limits.size()) + ".");
  const std::size_t n = std::max<std::size_t>(options.features.size(), 1);
  for (std::size_t f = 0; limits.size() < n; ++f)
    limits.push_back(static_cast<double>(f) / static_cast<double>(n));
  limits.push_back(1.);
  for (std::size_t f = 0; f < n; ++f)
    if (limits[0] != 0. || !(limits[f] < limits[f + 1]))
      throw UserError("The places of the features must begin with 0 and grow to less than 1; '" +
                      options.features[f] + "' has " + number_text(limits[f]) + ".");
  if (options.target == TutteOptions::Target::unit_square)
    for (const double corner : {0.25, 0.5, 0.75})
      if (std::none_of(limits.begin(), limits.end(),
                       [&](double limit) { return std::abs(limit - corner) < 1e-14; }))
        throw UserError("No feature lies at " + number_text(corner) +
                        " of the perimeter of the unit square, where it has a corner.");
  return limits;
}

/// Where the nodes of the loop lie on the perimeter of the target, as shares of it in [0, 1).
std::vector<double> perimeter_shares(const TriangleMesh &mesh, const std::vector<unsigned> &loop,
                                     const std::vector<unsigned> &features,
                                     const TutteOptions &options)
{
  const std::vector<std::string> &names = options.features;
  const std::vector<double> limits = part_limits(options);
  std::vector<std::size_t> places; // of the features in the loop, then its end
  for (std::size_t f = 0; f < features.size(); ++f)
  {
    places.push_back(
      static_cast<std::size_t>(std::find(loop.begin(), loop.end(), features[f]) - loop.begin()));
    if (f > 0 && places[f] <= places[f - 1])
      throw UserError("The feature '" + names[f] + "' (node " + std::to_string(features[f]) +
                      ") does not follow '" + names[f - 1] + "' (node " +
                      std::to_string(features[f - 1]) +
                      ") counter-clockwise along the boundary, beginning at '" + names[0] + "'.");
  }
  places.push_back(loop.size());

  std::vector<double> share(loop.size());
  for (std::size_t f = 0; f < features.size(); ++f)
  {
    double length = 0.;
    for (std::size_t i = places[f]; i < places[f + 1]; ++i)
    {
      share[i] = length;
      length += distance(mesh.nodes[loop[i]], mesh.nodes[loop[(i + 1) % loop.size()]]);
    }
    for (std::size_t i = places[f]; i < places[f + 1]; ++i)
      share[i] = limits[f] + (limits[f + 1] - limits[f]) * (share[i] / length);
  }
  return share;
}

Point on_target(double share, TutteOptions::Target target)
{
  if (target == TutteOptions::Target::unit_disk)
    return {std::cos(2. * pi * share), std::sin(2. * pi * share)};
  const double s = 4. * share;
  if (s < 1.)
    return {s, 0.};
  if (s < 2.)
    return {1., s - 1.};
  return s < 3. ? Point{3. - s, 1.} : Point{0., 4. - s};
}

/// Weights of the edges from corner a of a triangle to its corners b and c.
std::pair<double, double> corner_weights(const Point &a, const Point &b, const Point &c,
                                         TutteOptions::Weights weights)
{
  if (weights == TutteOptions::Weights::uniform)
    return {0.5, 0.5}; // the other half comes from the neighbour
  const double bx = b[0] - a[0], by = b[1] - a[1], cx = c[0] - a[0], cy = c[1] - a[1];
  const double ab = std::hypot(bx, by), ac = std::hypot(cx, cy);
  // tan(angle/2) = sin / (1 + cos); the denominator vanishes for an angle of 180 degrees only.
  const double tangent = (bx * cy - by * cx) / (ab * ac + bx * cx + by * cy);
  return {tangent / ab, tangent / ac};
}

constexpr int on_boundary = -1;

/// The equations of the interior nodes and their right-hand sides. Rows of mean-value weights are
/// divided by their sum; uniform ones are left symmetric.
struct Equations
{
  Sparse matrix;
  Coordinates rhs;
};

/// @param row of every node, or `on_boundary`
/// @param u places of the nodes on the boundary
Equations make_equations(const TriangleMesh &mesh, const std::vector<int> &row, int n_rows,
                         const std::vector<Point> &u, TutteOptions::Weights weights)
{
  struct Entry
  {
    unsigned node, neighbour;
    double weight;
  };
  std::vector<Entry> entries;
  entries.reserve(6 * mesh.n_triangles());
  std::vector<double> sum(mesh.n_nodes(), 0.);
  for (const auto &triangle : mesh.triangles)
    for (unsigned k = 0; k < 3; ++k)
    {
      const unsigned a = triangle[k], b = triangle[(k + 1) % 3], c = triangle[(k + 2) % 3];
      if (row[a] == on_boundary)
        continue;
      const auto [to_b, to_c] =
        corner_weights(mesh.nodes[a], mesh.nodes[b], mesh.nodes[c], weights);
      entries.push_back({a, b, to_b});
      entries.push_back({a, c, to_c});
      sum[a] += to_b + to_c;
    }

  Equations equations{Sparse(n_rows, n_rows), Coordinates::Zero(n_rows, 2)};
  std::vector<Eigen::Triplet<double, int>> triplets;
  triplets.reserve(entries.size() + static_cast<std::size_t>(n_rows));
  const bool scaled = weights != TutteOptions::Weights::uniform;
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    if (row[i] != on_boundary)
      triplets.emplace_back(row[i], row[i], scaled ? 1. : sum[i]);
  for (const Entry &e : entries)
  {
    const double weight = scaled ? e.weight / sum[e.node] : e.weight;
    if (row[e.neighbour] != on_boundary)
      triplets.emplace_back(row[e.node], row[e.neighbour], -weight);
    else
      for (int c = 0; c < 2; ++c)
        equations.rhs(row[e.node], c) += weight * u[e.neighbour][static_cast<std::size_t>(c)];
  }
  equations.matrix.setFromTriplets(triplets.begin(), triplets.end());
  return equations;
}

template <class Factor>
Coordinates solve_with(const Equations &equations)
{
  Factor factor;
  factor.compute(equations.matrix);
  if (factor.info() != Eigen::Success)
    throw UserError("The mesh cannot be morphed: the equations of its interior nodes are singular "
                    "to working precision.");
  return factor.solve(equations.rhs);
}
} // namespace

TutteMap tutte_map(const TriangleMesh &mesh, const TutteOptions &options)
{
  require_disk(mesh);
  const auto features = feature_nodes(mesh, options);
  const auto loop = boundary_loop(mesh, features[0]);
  const auto share = perimeter_shares(mesh, loop, features, options);

  TutteMap result{mesh, 0.};
  std::vector<Point> &u = result.image.nodes;
  std::vector<int> row(mesh.n_nodes(), 0);
  for (std::size_t i = 0; i < loop.size(); ++i)
  {
    u[loop[i]] = on_target(share[i], options.target);
    row[loop[i]] = on_boundary;
  }
  for (std::size_t i = 0; i < loop.size(); ++i)
  {
    const Point &a = u[loop[i]], &b = u[loop[(i + 1) % loop.size()]];
    result.area += 0.5 * (a[0] * b[1] - a[1] * b[0]);
  }

  int n_rows = 0;
  for (int &r : row)
    if (r != on_boundary)
      r = n_rows++;
  if (n_rows > 0)
  {
    const auto equations = make_equations(mesh, row, n_rows, u, options.weights);
    const Coordinates solution =
      options.weights == TutteOptions::Weights::uniform
        ? solve_with<Eigen::SimplicialLLT<Sparse, Eigen::Lower>>(equations)
        : solve_with<Eigen::SparseLU<Sparse>>(equations);
    for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
      if (row[i] != on_boundary)
        u[i] = {solution(row[i], 0), solution(row[i], 1)};
  }

  const auto problems = image_problems(result.image, result.area);
  if (!problems.empty())
    throw UserError("The image of the mesh is not one-to-one: " + problems[0]);
  return result;
}

std::vector<std::string> image_problems(const TriangleMesh &image, double polygon_area)
{
  auto found = area_problems(image);
  double sum = 0.;
  for (std::size_t t = 0; t < image.n_triangles(); ++t)
    sum += signed_area(image, t);
  if (!(std::abs(sum - polygon_area) <= 1e-12 * polygon_area))
    found.push_back("The areas of all triangles add up to " + number_text(sum, 15) +
                    ", that of the " + "polygon of the boundary nodes is " +
                    number_text(polygon_area, 15) + ".");
  return found;
}
} // namespace understudy

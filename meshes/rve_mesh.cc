// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/rve_mesh.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <numeric>

namespace understudy
{
namespace
{
using Point = std::array<double, 2>;

std::string text(const Point &p)
{
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "(%.8g, %.8g)", p[0], p[1]);
  return buffer;
}

/// Boundary nodes of the side where coordinate @p c is @p value, sorted along the side.
std::vector<unsigned> side_nodes(const RveMesh &mesh, unsigned c, double value, double tolerance)
{
  std::vector<unsigned> side;
  for (unsigned i = 0; i < mesh.nodes.size(); ++i)
    if (std::abs(mesh.nodes[i][c] - value) <= tolerance)
      side.push_back(i);
  std::sort(side.begin(), side.end(),
            [&](unsigned a, unsigned b) { return mesh.nodes[a][1 - c] < mesh.nodes[b][1 - c]; });
  return side;
}

/// Lets every node of the upper side (coordinate c = 1/2) point to its image on the lower side.
/// Returns the first node without one.
std::optional<unsigned> match_sides(const RveMesh &mesh, unsigned c, double tolerance,
                                    std::vector<unsigned> &representative)
{
  const auto lower = side_nodes(mesh, c, -0.5, tolerance);
  const auto upper = side_nodes(mesh, c, 0.5, tolerance);
  const unsigned t = 1 - c;
  std::size_t i = 0;
  for (; i < std::min(lower.size(), upper.size()); ++i)
  {
    const double difference = mesh.nodes[upper[i]][t] - mesh.nodes[lower[i]][t];
    if (std::abs(difference) > tolerance)
      return difference > 0 ? lower[i] : upper[i];
    representative[upper[i]] = lower[i];
  }
  if (i < lower.size())
    return lower[i];
  if (i < upper.size())
    return upper[i];
  return std::nullopt;
}

/// Fills the representatives, see periodic_representatives(), or returns the first unmatched node.
std::optional<unsigned> match(const RveMesh &mesh, double tolerance,
                              std::vector<unsigned> &representative)
{
  representative.resize(mesh.nodes.size());
  std::iota(representative.begin(), representative.end(), 0u);
  if (const auto unmatched = match_sides(mesh, 0, tolerance, representative))
    return unmatched;
  const auto across_x = representative;
  if (const auto unmatched = match_sides(mesh, 1, tolerance, representative))
    return unmatched;
  // A corner of the upper side points straight down; the way on leads to the left.
  for (unsigned &r : representative)
    r = across_x[r];
  return std::nullopt;
}

/// Determinant of the Jacobian of the Q8 map of @p cell at (xi, eta) in [-1,1]^2.
double jacobian(const RveMesh &mesh, const std::array<unsigned, 8> &cell, double xi, double eta)
{
  static constexpr double sx[] = {-1, 1, 1, -1}, sy[] = {-1, -1, 1, 1};
  std::array<double, 8> dx{}, dy{}; // derivatives of the shape functions by xi and eta
  for (unsigned k = 0; k < 4; ++k)
  {
    const double a = sx[k] * xi, b = sy[k] * eta;
    dx[k] = 0.25 * sx[k] * (1 + b) * (2 * a + b);
    dy[k] = 0.25 * sy[k] * (1 + a) * (2 * b + a);
  }
  for (const unsigned k : {4u, 6u}) // sides eta = -1 and eta = 1
  {
    const double s = k == 4 ? -1 : 1;
    dx[k] = -xi * (1 + s * eta);
    dy[k] = 0.5 * s * (1 - xi * xi);
  }
  for (const unsigned k : {5u, 7u}) // sides xi = 1 and xi = -1
  {
    const double s = k == 5 ? 1 : -1;
    dx[k] = 0.5 * s * (1 - eta * eta);
    dy[k] = -eta * (1 + s * xi);
  }
  double j[2][2] = {};
  for (unsigned k = 0; k < 8; ++k)
    for (unsigned d = 0; d < 2; ++d)
    {
      j[0][d] += dx[k] * mesh.nodes[cell[k]][d];
      j[1][d] += dy[k] * mesh.nodes[cell[k]][d];
    }
  return j[0][0] * j[1][1] - j[0][1] * j[1][0];
}

constexpr double gauss_points[] = {-0.774596669241483377, 0., 0.774596669241483377};
constexpr double gauss_weights[] = {5. / 9., 8. / 9., 5. / 9.};

void check_entities(const RveMesh &mesh, std::size_t c)
{
  const auto cell = "Mesh '" + mesh.name + "': cell " + std::to_string(c + 1);
  for (const unsigned node : mesh.cells[c])
  {
    if (node >= mesh.nodes.size())
      throw UserError(cell + " names node " + std::to_string(node + 1) + ", but there are only " +
                      std::to_string(mesh.nodes.size()) + " nodes.");
    if (!std::isfinite(mesh.nodes[node][0]) || !std::isfinite(mesh.nodes[node][1]))
      throw UserError(cell + " has node " + std::to_string(node + 1) +
                      " with a coordinate that is not finite.");
  }
  if (mesh.phase[c] != Phase::matrix && mesh.phase[c] != Phase::fibre)
    throw UserError(cell + " has phase " + std::to_string(static_cast<int>(mesh.phase[c])) +
                    "; a phase is 1 (matrix) or 2 (fibre).");
}
} // namespace

double cell_area(const RveMesh &mesh, std::size_t c)
{
  double area = 0.;
  for (unsigned i = 0; i < 3; ++i)
    for (unsigned k = 0; k < 3; ++k)
    {
      const double j = jacobian(mesh, mesh.cells[c], gauss_points[i], gauss_points[k]);
      if (!(j > 0.))
        throw UserError("Mesh '" + mesh.name + "': cell " + std::to_string(c + 1) +
                        " with first corner at " + text(mesh.nodes[mesh.cells[c][0]]) +
                        " is inverted (its Jacobian is not positive).");
      area += gauss_weights[i] * gauss_weights[k] * j;
    }
  return area;
}

double smallest_jacobian(const RveMesh &mesh, std::size_t c)
{
  double smallest = std::numeric_limits<double>::infinity();
  for (const double xi : gauss_points)
    for (const double eta : gauss_points)
    {
      const double j = jacobian(mesh, mesh.cells[c], xi, eta);
      if (!(j >= smallest)) // keeps NaN
        smallest = j;
    }
  return smallest;
}

double fibre_fraction(const RveMesh &mesh)
{
  double fibre = 0., all = 0.;
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
  {
    const double area = cell_area(mesh, c);
    all += area;
    fibre += mesh.phase[c] == Phase::fibre ? area : 0.;
  }
  return fibre / all;
}

std::optional<unsigned> first_unmatched_node(const RveMesh &mesh, double tolerance)
{
  std::vector<unsigned> representative;
  return match(mesh, tolerance, representative);
}

std::vector<unsigned> periodic_representatives(const RveMesh &mesh, double tolerance)
{
  std::vector<unsigned> representative;
  if (const auto node = match(mesh, tolerance, representative))
    throw UserError("Mesh '" + mesh.name + "': boundary node " + std::to_string(*node + 1) +
                    " at " + text(mesh.nodes[*node]) +
                    " has no periodic partner on the opposite side.");
  return representative;
}

std::optional<LooseSide> first_loose_side(const RveMesh &mesh)
{
  const auto image = periodic_representatives(mesh);
  const auto side = [&](std::size_t c, unsigned k)
  {
    const auto &cell = mesh.cells[c];
    const unsigned a = image[cell[k]], b = image[cell[(k + 1) % 4]];
    return std::array{image[cell[4 + k]], std::min(a, b), std::max(a, b)};
  };
  std::map<std::array<unsigned, 3>, unsigned> n_cells_at;
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
    for (unsigned k = 0; k < 4; ++k)
      ++n_cells_at[side(c, k)];
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
    for (unsigned k = 0; k < 4; ++k)
      if (const unsigned n = n_cells_at[side(c, k)]; n != 2)
        return LooseSide{c, {mesh.cells[c][k], mesh.cells[c][(k + 1) % 4]}, n};
  return std::nullopt;
}

std::string LooseSide::text(std::int64_t first, std::int64_t last) const
{
  return "the side from node " + std::to_string(first) + " to node " + std::to_string(last) +
         " belongs to " + std::to_string(n_cells) + (n_cells == 1 ? " cell" : " cells") +
         "; in a periodic mesh every side belongs to two.";
}

void check_rve_mesh(const RveMesh &mesh)
{
  const auto start = "Mesh '" + mesh.name + "'";
  if (mesh.cells.empty())
    throw UserError(start + " has no cells.");
  if (mesh.phase.size() != mesh.cells.size())
    throw UserError(start + " has " + std::to_string(mesh.cells.size()) + " cells but " +
                    std::to_string(mesh.phase.size()) + " phases.");
  double area = 0.;
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
  {
    check_entities(mesh, c);
    area += cell_area(mesh, c);
  }
  if (std::abs(area - 1.) > 1e-6)
  {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.8g", area);
    throw UserError(start + " does not fill the unit square: the area of its cells is " + buffer +
                    ", not 1.");
  }
  periodic_representatives(mesh);
}
} // namespace understudy

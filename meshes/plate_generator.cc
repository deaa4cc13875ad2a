// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/sampling/random_numbers.h>
#include <meshes/delaunay.h>
#include <meshes/plate_generator.h>
#include <meshes/triangle_smoothing.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
namespace
{
using Point = std::array<double, 2>;
using Notch = PlateShape::Notch;

constexpr double pi = 3.14159265358979323846;

constexpr double growth = 0.25;            ///< of the edge length with the distance from a notch
constexpr double lattice_distance = 0.7;   ///< in edge lengths, from a lattice node to all others
constexpr double filling_distance = 0.78;  ///< the same for the nodes that fill gaps
constexpr double boundary_distance = 0.45; ///< in edge lengths, from an inner node to the boundary
constexpr double filling_density = 0.92;   ///< of random nodes, relative to a hexagonal lattice
constexpr unsigned n_sweeps = 4;
constexpr double worst_angle = pi / 9;
constexpr double most_nodes = 2e6;

/// Radial function of the notch that is nearer to p: 1 on its curve, more in the material.
double gauge(const PlateShape &shape, const Point &p)
{
  const double u = (1 - std::abs(p[0])) / shape.depth, v = std::abs(p[1]) / shape.half_height;
  return shape.notch == Notch::v_notch ? u + v : std::sqrt(u * u + v * v);
}

/// Distance from the notch to first order, (g - 1) / |grad g|: that of circles is exact.
double notch_distance(const PlateShape &shape, const Point &p)
{
  const double g = gauge(shape, p);
  if (shape.notch == Notch::v_notch)
    return (g - 1) / std::hypot(1 / shape.depth, 1 / shape.half_height);
  const double a = shape.depth, b = shape.half_height;
  const double slope = std::hypot((1 - std::abs(p[0])) / (a * a), p[1] / (b * b)) / g;
  return g > 0 ? (g - 1) / slope : -std::min(a, b);
}

/// The wished edge length at each place.
struct EdgeLength
{
  PlateShape shape;
  double h, refinement;

  double operator()(const Point &p) const
  {
    return refinement == 1.
             ? h
             : std::min(h, h / refinement + growth * std::max(0., notch_distance(shape, p)));
  }
};

/// A smooth piece of the boundary by a parameter in [0,1].
struct Piece
{
  unsigned part;
  std::function<Point(double)> at;
};

/// Counter-clockwise from the lower left corner. The upper half of the boundary is the lower one,
/// turned by 180 degrees.
std::vector<Piece> boundary_pieces(const PlateShape &shape)
{
  const double a = shape.depth, b = shape.half_height;
  const auto straight = [](const Point &p, const Point &q) {
    return [=](double t) { return Point{p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])}; };
  };
  std::vector<Piece> pieces = {{0, straight({-1, -1}, {1, -1})}, {1, straight({1, -1}, {1, -b})}};
  if (shape.notch == Notch::v_notch)
  {
    pieces.push_back({2, straight({1, -b}, {1 - a, 0})});
    pieces.push_back({2, straight({1 - a, 0}, {1, b})});
  }
  else
    pieces.push_back({2, [=](double t) {
                        return Point{1 - a * std::sin(pi * t), -b * std::cos(pi * t)};
                      }});
  pieces.push_back({3, straight({1, b}, {1, 1})});
  for (std::size_t i = 0, n = pieces.size(); i < n; ++i)
  {
    const auto at = pieces[i].at;
    pieces.push_back({pieces[i].part + 4, [at](double t)
                      {
                        const Point p = at(t);
                        return Point{-p[0], -p[1]};
                      }});
  }
  return pieces;
}

/// Integral of ds / (edge length) from the start of a piece to equally spaced parameters.
std::vector<double> edge_counts(const Piece &piece, const EdgeLength &length)
{
  constexpr unsigned n = 512;
  std::vector<double> count(n + 1);
  Point p = piece.at(0.);
  for (unsigned i = 1; i <= n; ++i)
  {
    const Point q = piece.at(static_cast<double>(i) / n);
    const Point middle{(p[0] + q[0]) / 2, (p[1] + q[1]) / 2};
    count[i] = count[i - 1] + std::hypot(q[0] - p[0], q[1] - p[1]) / length(middle);
    p = q;
  }
  return count;
}

/// Random numbers of one mesh.
class Random
{
public:
  explicit Random(std::uint64_t seed) : generator_(seed) {}
  double unit() { return uniform_01(generator_); }              ///< in [0,1)
  double symmetric() { return 2 * uniform_01(generator_) - 1; } ///< in [-1,1)

private:
  std::mt19937_64 generator_;
};

/// Nodes at equal shares of the count of edges, moved along the piece by up to @p jitter edges;
/// without the end of the piece.
std::vector<Point> nodes_along(const Piece &piece, const EdgeLength &length, double jitter,
                               Random &random)
{
  const auto count = edge_counts(piece, length);
  const double wished = count.back();
  const auto n = static_cast<unsigned>(std::max(1., std::ceil(wished - 0.2)));
  std::vector<Point> nodes = {piece.at(0.)};
  for (unsigned k = 1; k < n; ++k)
  {
    const double target = wished * (k + jitter * random.symmetric()) / n;
    const auto after = std::upper_bound(count.begin(), count.end() - 1, target);
    const double share = (target - after[-1]) / (after[0] - after[-1]);
    const auto before = static_cast<double>(after - count.begin() - 1);
    nodes.push_back(piece.at((before + share) / static_cast<double>(count.size() - 1)));
  }
  return nodes;
}

/// The boundary's nodes in order, with edges and features by name.
TriangleMesh mesh_boundary(const EdgeLength &length, double jitter, Random &random)
{
  TriangleMesh mesh;
  for (const auto &piece : boundary_pieces(length.shape))
  {
    auto &edges = mesh.edges[plate_parts[piece.part]];
    unsigned first = mesh.nodes.size();
    if (edges.empty()) // the tip of a V begins a piece, but not a part
      mesh.features[plate_features[piece.part]] = first;
    for (const auto &node : nodes_along(piece, length, jitter, random))
    {
      mesh.nodes.push_back(node);
      edges.push_back({first, first + 1});
      ++first;
    }
  }
  mesh.edges[plate_parts.back()].back()[1] = 0;
  return mesh;
}

/// Nodes by square cells of side @p width over the plate, to ask for neighbours.
class NodeGrid
{
public:
  explicit NodeGrid(double width)
    : n_(static_cast<int>(std::ceil(2 / width))), cells_(static_cast<std::size_t>(n_) * n_)
  {
  }
  void add(const Point &p) { cells_[index(cell(p[0]), cell(p[1]))].push_back(p); }
  /// No node is nearer to @p p than @p distance, which is at most the width of a cell.
  bool is_free(const Point &p, double distance) const
  {
    const int i0 = cell(p[0]), j0 = cell(p[1]);
    for (int j = std::max(0, j0 - 1); j <= std::min(n_ - 1, j0 + 1); ++j)
      for (int i = std::max(0, i0 - 1); i <= std::min(n_ - 1, i0 + 1); ++i)
        for (const auto &q : cells_[index(i, j)])
          if ((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]) < distance * distance)
            return false;
    return true;
  }

private:
  int cell(double x) const { return std::clamp(static_cast<int>((x + 1) / 2 * n_), 0, n_ - 1); }
  std::size_t index(int i, int j) const { return static_cast<std::size_t>(j) * n_ + i; }

  int n_;
  std::vector<std::vector<Point>> cells_;
};

/// Visits the nodes within the square of a hexagonal lattice of random place and angle.
template <typename Visit>
void visit_lattice(double spacing, Random &random, const Visit &visit)
{
  const double angle = pi / 3 * random.unit(), x0 = spacing * random.unit(),
               y0 = spacing * random.unit();
  const double c = std::cos(angle), s = std::sin(angle), row = std::sqrt(0.75) * spacing;
  const int n_rows = static_cast<int>(std::sqrt(2.) / row) + 2;
  const int n_columns = static_cast<int>(std::sqrt(2.) / spacing) + 2;
  for (int j = -n_rows; j <= n_rows; ++j)
    for (int i = -n_columns; i <= n_columns; ++i)
    {
      const double x = x0 + spacing * (i + 0.5 * (j & 1)), y = y0 + row * j;
      const Point p{c * x - s * y, s * x + c * y};
      if (std::max(std::abs(p[0]), std::abs(p[1])) < 1)
        visit(p);
    }
}

bool well_inside(const EdgeLength &length, const Point &p)
{
  const double side = std::min(1 - std::abs(p[0]), 1 - std::abs(p[1]));
  return std::min(side, notch_distance(length.shape, p)) >= boundary_distance * length(p);
}

Point moved(const Point &p, double range, Random &random)
{
  const double dx = range * random.symmetric();
  return {p[0] + dx, p[1] + range * random.symmetric()};
}

/// Adds a jittered hexagonal lattice where the edge length is full, then nodes of a fine lattice in
/// random order wherever there is room. The latter bounds all circumradii inside, and so all
/// angles from below: sin(angle) >= (shortest edge) / (2 circumradius) (Chew 1989).
void add_inner_nodes(std::vector<Point> &nodes, const EdgeLength &length, double jitter,
                     Random &random)
{
  const double h = length.h, h_notch = h / length.refinement;
  NodeGrid grid(h);
  for (const auto &node : nodes)
    grid.add(node);
  const auto add = [&](const Point &p)
  {
    nodes.push_back(p);
    grid.add(p);
  };
  visit_lattice(h, random,
                [&](const Point &place)
                {
                  const Point p = moved(place, jitter * h, random);
                  if (well_inside(length, p) && length(p) > 0.99 * h &&
                      grid.is_free(p, lattice_distance * h))
                    add(p);
                });
  std::vector<Point> candidates;
  const double spacing = 0.25 * h_notch;
  visit_lattice(spacing, random,
                [&](const Point &place)
                {
                  const Point p = moved(place, spacing / 2, random);
                  const double here = length(p), share = h_notch / here;
                  if (random.unit() < share * share && well_inside(length, p) &&
                      grid.is_free(p, filling_distance * here))
                    candidates.push_back(p);
                });
  for (std::size_t i = candidates.size(); i > 1; --i)
    std::swap(candidates[i - 1], candidates[static_cast<std::size_t>(random.unit() * i)]);
  for (const auto &p : candidates)
    if (grid.is_free(p, filling_distance * length(p)))
      add(p);
}

/// Expected number of nodes: a hexagonal packing inside, random nodes where it is refined, and some
/// of the nodes of the boundary on top; the constants are fitted to meshes. The integral over a
/// quarter of the plate takes the midpoints of a grid.
double expected_nodes(const EdgeLength &length)
{
  constexpr int n = 128;
  double inside = 0.;
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i)
    {
      const Point p{(i + 0.5) / n, (j + 0.5) / n};
      const double here = length(p), density = here < length.h ? filling_density : 1.;
      if (gauge(length.shape, p) > 1)
        inside += density / (here * here);
    }
  double boundary = 0.;
  for (const auto &piece : boundary_pieces(length.shape))
    boundary += edge_counts(piece, length).back();
  return 2 / std::sqrt(3.) * inside * 4 / (n * n) + boundary / 3 + 1;
}

std::string text(double x)
{
  std::ostringstream out;
  out << x;
  return out.str();
}

/// NaN is in no range.
void require(bool in_range, const char *name, double value, const char *range)
{
  if (!in_range)
    throw UserError(std::string("The ") + name + " of a plate is " + text(value) +
                    "; it must lie in " + range + ".");
}

void check_shape(const PlateShape &shape)
{
  require(shape.half_height > 0 && shape.half_height < 1,
          shape.notch == Notch::circle ? "radius" : "half height of the notches", shape.half_height,
          "(0,1)");
  require(shape.depth > 0 && shape.depth < 1, "depth of the notches", shape.depth, "(0,1)");
  if (shape.notch == Notch::circle && shape.depth != shape.half_height)
    throw UserError("The circular notches of a plate have half height " + text(shape.half_height) +
                    " and depth " + text(shape.depth) + "; both must be the radius.");
}

void check_refinement(double refinement)
{
  require(refinement >= 1 && refinement <= 8, "refinement at the notches", refinement, "[1,8]");
}

void check_resolution(const PlateShape &shape, const PlateMeshing &meshing)
{
  const double a = shape.depth, b = shape.half_height;
  const double largest = meshing.h * (1 + meshing.h_variation);
  const auto check = [&](const char *what, double length, double share)
  {
    if (largest > length * share)
      throw UserError("The element size " + text(meshing.h) + " (up to " + text(largest) +
                      " by its variation) of a plate is too coarse: " + what + " of " +
                      text(length) + " calls for at most " + text(length * share) + ".");
  };
  const double r = meshing.notch_refinement;
  check("a side beside a notch", 1 - b, 1.);
  check("a ligament between the notches", 2 * (1 - a), 1. / 3);
  check("half the height of a notch", b, r / 1.5);
  check("a depth of the notches", a, r / 1.5);
  if (shape.notch != Notch::v_notch)
    check("a radius of curvature of the notches", std::min(a * a / b, b * b / a), 2 * r);
}

void check(const PlateShape &shape, const PlateMeshing &meshing)
{
  check_shape(shape);
  check_refinement(meshing.notch_refinement);
  require(meshing.h_variation >= 0 && meshing.h_variation <= 0.5, "variation of the element size",
          meshing.h_variation, "[0,0.5]");
  require(meshing.jitter >= 0 && meshing.jitter <= 0.25, "jitter of the nodes", meshing.jitter,
          "[0,0.25]");
  require(meshing.h > 0 && meshing.h <= 2, "element size", meshing.h, "(0,2]");
  check_resolution(shape, meshing);
  const double smallest = meshing.h * (1 - meshing.h_variation);
  if (expected_nodes({shape, smallest, meshing.notch_refinement}) > most_nodes)
    throw UserError("The element size " + text(meshing.h) +
                    " of a plate is too fine: its mesh would have more than " + text(most_nodes) +
                    " nodes.");
}
} // namespace

TriangleMesh make_plate(const PlateShape &shape, const PlateMeshing &meshing)
{
  check(shape, meshing);
  Random random(meshing.seed);
  const double h = meshing.h * (1 + meshing.h_variation * random.symmetric());
  const EdgeLength length{shape, h, meshing.notch_refinement};
  TriangleMesh mesh = mesh_boundary(length, meshing.jitter / 2, random);
  const std::size_t n_boundary = mesh.n_nodes();
  add_inner_nodes(mesh.nodes, length, meshing.jitter, random);
  mesh.triangles = constrained_delaunay(mesh.nodes, n_boundary);
  for (unsigned sweep = 0; sweep < n_sweeps; ++sweep)
  {
    smooth_triangles(mesh.nodes, n_boundary, mesh.triangles);
    mesh.triangles = constrained_delaunay(mesh.nodes, n_boundary);
  }
  const double angle = smallest_angle(mesh.nodes, mesh.triangles);
  if (!(angle >= worst_angle))
    throw UserError("The mesh of the plate with element size " + text(h) + " and seed " +
                    std::to_string(meshing.seed) + " has an angle of " + text(angle * 180 / pi) +
                    " degrees; another seed will do better.");
  return mesh;
}

double plate_element_size(const PlateShape &shape, std::size_t n_nodes, double notch_refinement)
{
  check_shape(shape);
  check_refinement(notch_refinement);
  if (n_nodes < 50)
    throw UserError("A mesh of a plate has at least 50 nodes; " + std::to_string(n_nodes) +
                    " are asked for.");
  const auto wished = static_cast<double>(n_nodes);
  double h = std::sqrt(plate_area(shape) / wished);
  for (unsigned i = 0; i < 20; ++i)
    h *= std::sqrt(expected_nodes({shape, h, notch_refinement}) / wished);
  return h;
}

double plate_area(const PlateShape &shape)
{
  check_shape(shape);
  return 4 - (shape.notch == Notch::v_notch ? 2 : pi) * shape.half_height * shape.depth;
}

Point project_to_notch(const PlateShape &shape, const Point &point)
{
  check_shape(shape);
  const double centre = std::copysign(1., point[0]), g = gauge(shape, point);
  if (!(g > 0))
    throw UserError("The centre of a notch has no projection to its curve.");
  return {centre + (point[0] - centre) / g, point[1] / g};
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/delaunay.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

namespace understudy
{
namespace
{
using Points = std::vector<std::array<double, 2>>;
using Edge = TriangleMesh::Edge;

__extension__ typedef __int128 Int128;

struct LatticePoint
{
  std::int64_t x = 0, y = 0;
};

/// Side of the box that holds all nodes. The triangle around it reaches from -1 to 4 sides, so
/// that differences stay below 2^30, orientations below 2^61 and in-circle sums below 2^125.
constexpr std::int64_t box = std::int64_t{1} << 27;
constexpr unsigned none = static_cast<unsigned>(-1);

constexpr unsigned next(unsigned i)
{
  return i == 2 ? 0 : i + 1;
}
constexpr unsigned previous(unsigned i)
{
  return i == 0 ? 2 : i - 1;
}

std::string node_name(unsigned v)
{
  return std::to_string(v);
}

/// A triangulation of a large triangle that grows node by node.
class Triangulation
{
public:
  Triangulation(std::vector<LatticePoint> points, unsigned n_boundary);
  void insert(unsigned p);
  void recover(unsigned a, unsigned b);
  void restore_delaunay();
  std::vector<TriangleMesh::Triangle> inside() const;

private:
  struct Cell
  {
    std::array<unsigned, 3> v; ///< counter-clockwise
    std::array<unsigned, 3> n; ///< n[i] lies beyond the edge opposite v[i]
  };
  struct RimEdge
  {
    unsigned a, b, outer;
  };
  struct Place
  {
    unsigned cell, corner;
  };

  std::int64_t orientation(unsigned a, unsigned b, unsigned c) const;
  bool in_circle(const Cell &cell, unsigned p) const;
  bool is_side(unsigned a, unsigned b) const;
  bool is_real(unsigned v) const { return v < n_real_; }
  unsigned locate(unsigned p) const;
  unsigned corner_of(unsigned cell, unsigned v) const;
  unsigned corner_towards(unsigned cell, unsigned neighbour) const;
  Place facing(unsigned a, unsigned b) const;
  void fill(unsigned p);
  void flip(unsigned t1, unsigned i);
  std::deque<Edge> crossed_edges(unsigned a, unsigned b) const;

  std::vector<LatticePoint> points_;
  unsigned n_real_, n_boundary_;
  std::vector<Cell> cells_;
  std::vector<unsigned> cell_at_; ///< a cell at each node
  std::vector<unsigned> mark_;    ///< of cells: the last node whose cavity took them
  std::vector<unsigned> cavity_, fan_;
  std::vector<RimEdge> rim_;
  unsigned last_ = 0;
};

Triangulation::Triangulation(std::vector<LatticePoint> points, unsigned n_boundary)
  : points_(std::move(points)), n_real_(points_.size()), n_boundary_(n_boundary)
{
  for (const auto &corner : {LatticePoint{-box, -box}, {4 * box, -box}, {-box, 4 * box}})
    points_.push_back(corner);
  cells_.reserve(2 * points_.size());
  cells_.push_back({{n_real_, n_real_ + 1, n_real_ + 2}, {none, none, none}});
  mark_.assign(1, none);
  cell_at_.assign(points_.size(), 0);
  fan_.assign(points_.size(), none);
}

/// Twice the signed area.
std::int64_t Triangulation::orientation(unsigned a, unsigned b, unsigned c) const
{
  const auto &pa = points_[a], &pb = points_[b], &pc = points_[c];
  return (pb.x - pa.x) * (pc.y - pa.y) - (pb.y - pa.y) * (pc.x - pa.x);
}

/// Strictly inside of the circumcircle.
bool Triangulation::in_circle(const Cell &cell, unsigned p) const
{
  std::array<std::int64_t, 3> x, y, square;
  for (unsigned i = 0; i < 3; ++i)
  {
    x[i] = points_[cell.v[i]].x - points_[p].x;
    y[i] = points_[cell.v[i]].y - points_[p].y;
    square[i] = x[i] * x[i] + y[i] * y[i];
  }
  Int128 sum = 0;
  for (unsigned i = 0; i < 3; ++i)
    sum +=
      static_cast<Int128>(square[i]) * (x[next(i)] * y[previous(i)] - x[previous(i)] * y[next(i)]);
  return sum > 0;
}

bool Triangulation::is_side(unsigned a, unsigned b) const
{
  if (a > b)
    std::swap(a, b);
  return b < n_boundary_ && (b - a == 1 || b - a == n_boundary_ - 1);
}

/// A walk towards @p p; it comes to an end in a Delaunay triangulation.
unsigned Triangulation::locate(unsigned p) const
{
  unsigned t = last_;
  for (unsigned i = 0; i < 3;)
  {
    const auto &cell = cells_[t];
    if (orientation(cell.v[next(i)], cell.v[previous(i)], p) < 0)
    {
      t = cell.n[i];
      i = 0;
    }
    else
      ++i;
  }
  return t;
}

unsigned Triangulation::corner_of(unsigned cell, unsigned v) const
{
  const auto &corners = cells_[cell].v;
  return corners[0] == v ? 0 : corners[1] == v ? 1 : 2;
}

unsigned Triangulation::corner_towards(unsigned cell, unsigned neighbour) const
{
  const auto &n = cells_[cell].n;
  return n[0] == neighbour ? 0 : n[1] == neighbour ? 1 : 2;
}

/// The cell left of the edge a-b, by its corner opposite the edge; cell none when there is no such
/// edge. One of both nodes must be real: cells turn all the way round it.
Triangulation::Place Triangulation::facing(unsigned a, unsigned b) const
{
  const unsigned pivot = is_real(a) ? a : b;
  const unsigned start = cell_at_[pivot];
  unsigned t = start;
  do
  {
    const unsigned i = corner_of(t, pivot);
    const auto &cell = cells_[t];
    if (pivot == a && cell.v[next(i)] == b)
      return {t, previous(i)};
    if (pivot == b && cell.v[previous(i)] == a)
      return {t, next(i)};
    t = cell.n[next(i)];
  } while (t != start);
  return {none, 0};
}

/// Takes out all cells whose circumcircle holds p and fills the cavity with a fan around p. A node
/// on an edge lies in the circumcircles of both sides and needs no case of its own.
void Triangulation::insert(unsigned p)
{
  const unsigned start = locate(p);
  for (const unsigned v : cells_[start].v)
    if (points_[v].x == points_[p].x && points_[v].y == points_[p].y)
      throw UserError("Nodes " + node_name(std::min(v, p)) + " and " + node_name(std::max(v, p)) +
                      " of the mesh to be made coincide.");
  cavity_.assign(1, start);
  mark_[start] = p;
  rim_.clear();
  for (std::size_t k = 0; k < cavity_.size(); ++k)
  {
    const Cell cell = cells_[cavity_[k]];
    for (unsigned i = 0; i < 3; ++i)
    {
      const unsigned n = cell.n[i];
      if (n != none && mark_[n] == p)
        continue;
      if (n != none && in_circle(cells_[n], p))
      {
        mark_[n] = p;
        cavity_.push_back(n);
      }
      else
        rim_.push_back({cell.v[next(i)], cell.v[previous(i)], n});
    }
  }
  fill(p);
}

void Triangulation::fill(unsigned p)
{
  while (cavity_.size() < rim_.size())
  {
    cavity_.push_back(cells_.size());
    cells_.emplace_back();
    mark_.push_back(none);
  }
  for (std::size_t k = 0; k < rim_.size(); ++k)
  {
    const auto &[a, b, outer] = rim_[k];
    const unsigned t = cavity_[k];
    mark_[t] = none;
    cells_[t] = {{p, a, b}, {outer, none, none}};
    fan_[a] = cell_at_[a] = t;
    if (outer != none) // its corner opposite the edge b-a, whatever its neighbour was
    {
      auto &other = cells_[outer];
      const unsigned i = corner_of(outer, b);
      other.n[previous(i)] = t;
    }
  }
  for (std::size_t k = 0; k < rim_.size(); ++k)
  {
    const unsigned t = cavity_[k], beside = fan_[rim_[k].b];
    cells_[t].n[1] = beside;
    cells_[beside].n[2] = t;
  }
  cell_at_[p] = last_ = cavity_[0];
}

/// Replaces the edge opposite corner i of cell t1 by the other diagonal of the two cells beside it.
void Triangulation::flip(unsigned t1, unsigned i)
{
  const Cell one = cells_[t1];
  const unsigned t2 = one.n[i];
  const Cell two = cells_[t2];
  const unsigned j = corner_towards(t2, t1);
  const unsigned p1 = one.v[i], u = one.v[next(i)], v = one.v[previous(i)], p2 = two.v[j];
  const unsigned beside_v_p1 = one.n[next(i)], beside_u_p2 = two.n[next(j)];
  if (beside_v_p1 != none)
    cells_[beside_v_p1].n[corner_towards(beside_v_p1, t1)] = t2;
  if (beside_u_p2 != none)
    cells_[beside_u_p2].n[corner_towards(beside_u_p2, t2)] = t1;
  cells_[t1] = {{p1, u, p2}, {beside_u_p2, t2, one.n[previous(i)]}};
  cells_[t2] = {{p2, v, p1}, {beside_v_p1, t1, two.n[previous(j)]}};
  cell_at_[p1] = cell_at_[u] = cell_at_[p2] = t1;
  cell_at_[v] = t2;
}

/// All edges that the open segment a-b crosses, in order. There is one at least.
std::deque<Edge> Triangulation::crossed_edges(unsigned a, unsigned b) const
{
  const auto refuse_node = [&](unsigned v)
  {
    throw UserError("The side from node " + node_name(a) + " to node " + node_name(b) +
                    " of the polygon to be meshed runs through node " + node_name(v) + ".");
  };
  const auto ahead = [&](unsigned v)
  {
    return (points_[b].x - points_[a].x) * (points_[v].x - points_[a].x) +
             (points_[b].y - points_[a].y) * (points_[v].y - points_[a].y) >
           0;
  };
  unsigned t = cell_at_[a], right, left;
  for (;;)
  {
    const unsigned i = corner_of(t, a);
    right = cells_[t].v[next(i)];
    left = cells_[t].v[previous(i)];
    const auto side = orientation(a, b, right);
    if (side == 0 && ahead(right))
      refuse_node(right);
    if (side < 0 && orientation(a, b, left) > 0)
    {
      t = cells_[t].n[i];
      break;
    }
    t = cells_[t].n[next(i)];
  }
  std::deque<Edge> crossed;
  for (;;)
  {
    if (is_side(right, left))
      throw UserError("The polygon to be meshed crosses itself: its side from node " +
                      node_name(a) + " to node " + node_name(b) + " and the one between nodes " +
                      node_name(std::min(left, right)) + " and " +
                      node_name(std::max(left, right)) + ".");
    crossed.push_back({right, left});
    const unsigned i = corner_of(t, left); // t = left, right, apex counter-clockwise
    const unsigned apex = cells_[t].v[previous(i)];
    if (apex == b)
      return crossed;
    const auto side = orientation(a, b, apex);
    if (side == 0)
      refuse_node(apex);
    t = cells_[t].n[side > 0 ? i : next(i)];
    (side > 0 ? left : right) = apex;
  }
}

void Triangulation::recover(unsigned a, unsigned b)
{
  if (facing(a, b).cell != none)
    return;
  auto crossed = crossed_edges(a, b);
  while (!crossed.empty())
  {
    const auto [u, v] = crossed.front();
    crossed.pop_front();
    const auto place = facing(u, v);
    const auto &cell = cells_[place.cell];
    const unsigned other = cell.n[place.corner];
    const unsigned p1 = cell.v[place.corner];
    const unsigned p2 = cells_[other].v[corner_towards(other, place.cell)];
    if (orientation(p1, u, p2) <= 0 || orientation(p2, v, p1) <= 0)
    {
      crossed.push_back({u, v}); // not convex yet
      continue;
    }
    flip(place.cell, place.corner);
    const auto side1 = orientation(a, b, p1), side2 = orientation(a, b, p2);
    if ((side1 > 0 && side2 < 0) || (side1 < 0 && side2 > 0))
      crossed.push_back({p1, p2});
  }
}

/// Lawson's flips of all edges but the sides, until each is locally Delaunay.
void Triangulation::restore_delaunay()
{
  for (bool flipped = true; flipped;)
  {
    flipped = false;
    for (unsigned t = 0; t < cells_.size(); ++t)
      for (unsigned i = 0; i < 3; ++i)
      {
        const auto &cell = cells_[t];
        const unsigned n = cell.n[i];
        if (n == none || is_side(cell.v[next(i)], cell.v[previous(i)]) ||
            !in_circle(cell, cells_[n].v[corner_towards(n, t)]))
          continue;
        flip(t, i);
        flipped = true;
      }
  }
}

/// The cells left of the sides and all that are reached from them without crossing a side.
std::vector<TriangleMesh::Triangle> Triangulation::inside() const
{
  std::vector<bool> taken(cells_.size());
  std::vector<unsigned> stack;
  const auto take = [&](unsigned t)
  {
    if (!taken[t])
    {
      taken[t] = true;
      stack.push_back(t);
    }
  };
  for (unsigned a = 0; a < n_boundary_; ++a)
    take(facing(a, a + 1 == n_boundary_ ? 0 : a + 1).cell);
  while (!stack.empty())
  {
    const auto &cell = cells_[stack.back()];
    stack.pop_back();
    for (unsigned i = 0; i < 3; ++i)
      if (!is_side(cell.v[next(i)], cell.v[previous(i)]))
        take(cell.n[i]);
  }
  std::vector<TriangleMesh::Triangle> triangles;
  for (unsigned t = 0; t < cells_.size(); ++t)
    if (taken[t])
      triangles.push_back(cells_[t].v);
  return triangles;
}

std::vector<LatticePoint> to_lattice(const Points &nodes)
{
  std::array<double, 2> low = nodes[0], high = nodes[0];
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (unsigned d = 0; d < 2; ++d)
    {
      if (!std::isfinite(nodes[i][d]))
        throw UserError("Node " + node_name(i) + " of the mesh to be made is not finite.");
      low[d] = std::min(low[d], nodes[i][d]);
      high[d] = std::max(high[d], nodes[i][d]);
    }
  const double extent = std::max(high[0] - low[0], high[1] - low[1]);
  const double scale = extent > 0 ? box / extent : 0.;
  std::vector<LatticePoint> points(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i)
    points[i] = {std::llround((nodes[i][0] - low[0]) * scale),
                 std::llround((nodes[i][1] - low[1]) * scale)};
  return points;
}

/// Along rows of some nodes' width, to the right and to the left in turn.
std::vector<unsigned> snake_order(const std::vector<LatticePoint> &points)
{
  const auto n_rows = std::max<std::int64_t>(1, std::sqrt(points.size() / 2.));
  std::vector<std::array<std::int64_t, 2>> key(points.size());
  for (std::size_t i = 0; i < points.size(); ++i)
  {
    const auto row = points[i].y * n_rows / (box + 1);
    key[i] = {row, row % 2 == 0 ? points[i].x : -points[i].x};
  }
  std::vector<unsigned> order(points.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](unsigned i, unsigned j) { return std::tie(key[i], i) < std::tie(key[j], j); });
  return order;
}

void check_polygon(const std::vector<LatticePoint> &points, std::size_t n)
{
  if (n < 3 || n > points.size())
    throw UserError("A polygon to be meshed needs three nodes; it has " +
                    std::to_string(std::min(n, points.size())) + ".");
  Int128 twice_area = 0;
  for (std::size_t i = 0; i < n; ++i)
  {
    const auto &p = points[i], &q = points[i + 1 == n ? 0 : i + 1];
    twice_area += p.x * q.y - p.y * q.x;
  }
  if (twice_area <= 0)
    throw UserError("The polygon to be meshed must run counter-clockwise round its inside.");
}

void check_all_used(const std::vector<TriangleMesh::Triangle> &triangles, std::size_t n_nodes)
{
  std::vector<bool> used(n_nodes + 3);
  for (const auto &triangle : triangles)
    for (const unsigned v : triangle)
      used[v] = true;
  const auto unused = std::find(used.begin(), used.begin() + n_nodes, false) - used.begin();
  if (static_cast<std::size_t>(unused) < n_nodes)
    throw UserError("Node " + node_name(unused) + " lies outside of the polygon to be meshed.");
}
} // namespace

std::vector<TriangleMesh::Triangle>
constrained_delaunay(const std::vector<std::array<double, 2>> &nodes, std::size_t n_boundary)
{
  if (nodes.empty())
    throw UserError("A polygon to be meshed needs three nodes; it has 0.");
  const auto points = to_lattice(nodes);
  check_polygon(points, n_boundary);
  Triangulation triangulation(points, n_boundary);
  for (const unsigned p : snake_order(points))
    triangulation.insert(p);
  for (unsigned a = 0; a < n_boundary; ++a)
    triangulation.recover(a, a + 1 == n_boundary ? 0 : a + 1);
  triangulation.restore_delaunay();
  const auto triangles = triangulation.inside();
  check_all_used(triangles, nodes.size());
  return triangles;
}
} // namespace understudy

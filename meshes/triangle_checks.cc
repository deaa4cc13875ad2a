// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <meshes/triangle_checks.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace understudy
{
namespace
{
using Point = std::array<double, 2>;
using Edge = TriangleMesh::Edge;

constexpr unsigned none = std::numeric_limits<unsigned>::max();

std::string place(const Point &p)
{
  return "(" + number_text(p[0]) + ", " + number_text(p[1]) + ")";
}

std::string edge_name(const Edge &e)
{
  return "(" + std::to_string(e[0]) + ", " + std::to_string(e[1]) + ")";
}

/// Collects sentences of one kind and counts those that follow the tenth.
class Sentences
{
public:
  /// @param kind what there are more of, e.g. "triangles are flipped or flat"
  Sentences(std::vector<std::string> &all, std::string kind) : all_(all), kind_(std::move(kind)) {}
  ~Sentences()
  {
    if (n_ > 10)
      all_.push_back(std::to_string(n_ - 10) + " more " + kind_ + ".");
  }
  Sentences(const Sentences &) = delete;
  Sentences &operator=(const Sentences &) = delete;

  /// True while the sentence would still be listed.
  bool next() { return ++n_ <= 10; }
  void add(std::string sentence)
  {
    if (next())
      all_.push_back(std::move(sentence));
  }

private:
  std::vector<std::string> &all_;
  std::string kind_;
  std::size_t n_ = 0;
};

/// The edges of all triangles, sorted by their lower node.
class EdgeTable
{
public:
  struct Entry
  {
    unsigned upper;    ///< the other node, which has the higher number
    unsigned triangle; ///< that has the edge
    bool upwards;      ///< the triangle runs from the lower node to the upper one
  };

  explicit EdgeTable(const TriangleMesh &mesh)
    : first_(mesh.n_nodes() + 1, 0), entries_(3 * mesh.n_triangles())
  {
    const auto for_all = [&](const auto &use)
    {
      for (unsigned t = 0; t < mesh.n_triangles(); ++t)
        for (unsigned k = 0; k < 3; ++k)
        {
          const unsigned a = mesh.triangles[t][k], b = mesh.triangles[t][(k + 1) % 3];
          use(std::min(a, b), Entry{std::max(a, b), t, a < b});
        }
    };
    for_all([&](unsigned lower, const Entry &) { ++first_[lower + 1]; });
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    std::vector<unsigned> end(first_.begin(), first_.end() - 1);
    for_all([&](unsigned lower, const Entry &entry) { entries_[end[lower]++] = entry; });
    for (std::size_t a = 0; a < mesh.n_nodes(); ++a)
      std::sort(entries_.begin() + first_[a], entries_.begin() + first_[a + 1],
                [](const Entry &e, const Entry &f)
                { return e.upper < f.upper || (e.upper == f.upper && e.triangle < f.triangle); });
  }

  /// Calls use(lower node, first entry, number of entries) for every edge.
  template <class Use>
  void for_each_edge(const Use &use) const
  {
    for (unsigned a = 0; a + 1 < first_.size(); ++a)
      for (unsigned i = first_[a], j; i < first_[a + 1]; i = j)
      {
        for (j = i + 1; j < first_[a + 1] && entries_[j].upper == entries_[i].upper; ++j)
        {
        }
        use(a, &entries_[i], j - i);
      }
  }

private:
  std::vector<unsigned> first_; ///< [n_nodes + 1]
  std::vector<Entry> entries_;
};

/// For every node the next one on the boundary, or `none`.
/// @param touches is called with every node at which two parts of the boundary meet
template <class Touches>
std::vector<unsigned> next_on_boundary(const TriangleMesh &mesh, const EdgeTable &edges,
                                       const Touches &touches)
{
  std::vector<unsigned> next(mesh.n_nodes(), none);
  edges.for_each_edge(
    [&](unsigned lower, const EdgeTable::Entry *e, unsigned n)
    {
      if (n != 1)
        return;
      const unsigned from = e->upwards ? lower : e->upper, to = e->upwards ? e->upper : lower;
      if (next[from] != none)
        touches(from);
      next[from] = to;
    });
  return next;
}

/// Numbers that are no numbers or point nowhere; nothing else can be looked at then.
void find_wrong_numbers(const TriangleMesh &mesh, std::vector<std::string> &found)
{
  if (mesh.triangles.empty())
    found.push_back("The mesh has no triangle.");
  {
    Sentences sentences(found, "nodes have coordinates that are not finite");
    for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
      if (!std::isfinite(mesh.nodes[i][0]) || !std::isfinite(mesh.nodes[i][1]))
        sentences.add("Node " + std::to_string(i) +
                      " has a coordinate that is not finite: " + place(mesh.nodes[i]) + ".");
  }
  const std::string range = "; the mesh has " + std::to_string(mesh.n_nodes()) + " nodes.";
  {
    Sentences sentences(found, "triangles name nodes that do not exist");
    for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
      for (const unsigned node : mesh.triangles[t])
        if (node >= mesh.n_nodes())
          sentences.add("Triangle " + std::to_string(t) + " names the node " +
                        std::to_string(node) + range);
  }
  for (const auto &[name, edges] : mesh.edges)
    for (const Edge &e : edges)
      if (e[0] >= mesh.n_nodes() || e[1] >= mesh.n_nodes())
      {
        found.push_back("The edge " + edge_name(e) + " of '" + name +
                        "' names a node that does not exist" + range);
        break;
      }
  for (const auto &[name, node] : mesh.features)
    if (node >= mesh.n_nodes())
      found.push_back("The feature '" + name + "' is the node " + std::to_string(node) + range);
}

void find_wrong_areas(const TriangleMesh &mesh, std::vector<std::string> &found)
{
  Sentences sentences(found, "triangles are flipped or flat");
  for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
  {
    const double area = signed_area(mesh, t), edge = longest_edge(mesh, t);
    const bool good = 2. * area > 1e-10 * edge * edge; // false for a NaN too
    if (good || !sentences.next())
      continue;
    const auto &[i, j, k] = mesh.triangles[t];
    const bool flipped = 2. * area < -1e-10 * edge * edge;
    found.push_back("Triangle " + std::to_string(t) + " with the nodes " + std::to_string(i) +
                    ", " + std::to_string(j) + " and " + std::to_string(k) +
                    (flipped ? " is flipped (its nodes run clockwise)" : " is flat") +
                    ": its area is " + number_text(area) + ".");
  }
}

void find_unused_nodes(const TriangleMesh &mesh, std::vector<std::string> &found)
{
  std::vector<char> used(mesh.n_nodes(), 0);
  for (const auto &triangle : mesh.triangles)
    for (const unsigned node : triangle)
      used[node] = 1;
  Sentences sentences(found, "nodes belong to no triangle");
  for (std::size_t i = 0; i < mesh.n_nodes(); ++i)
    if (!used[i])
      sentences.add("Node " + std::to_string(i) + " at " + place(mesh.nodes[i]) +
                    " belongs to no triangle.");
}

void find_duplicate_nodes(const TriangleMesh &mesh, std::vector<std::string> &found)
{
  Point low = mesh.nodes[0], high = low;
  for (const Point &p : mesh.nodes)
    for (unsigned c = 0; c < 2; ++c)
    {
      low[c] = std::min(low[c], p[c]);
      high[c] = std::max(high[c], p[c]);
    }
  const double tolerance = 1e-12 * std::hypot(high[0] - low[0], high[1] - low[1]);
  std::vector<unsigned> order(mesh.n_nodes());
  std::iota(order.begin(), order.end(), 0u);
  // Coordinates along a line that no side of a common shape is normal to: few nodes share them.
  std::vector<double> along(mesh.n_nodes());
  for (std::size_t i = 0; i < along.size(); ++i)
    along[i] = 0.8 * mesh.nodes[i][0] + 0.6 * mesh.nodes[i][1];
  std::sort(order.begin(), order.end(),
            [&](unsigned a, unsigned b) { return along[a] < along[b]; });

  Sentences sentences(found, "pairs of nodes lie at the same place");
  for (std::size_t i = 0; i < order.size(); ++i)
    for (std::size_t j = i + 1;
         j < order.size() && along[order[j]] - along[order[i]] <= 2. * tolerance; ++j)
    {
      const unsigned a = std::min(order[i], order[j]), b = std::max(order[i], order[j]);
      if (std::hypot(mesh.nodes[a][0] - mesh.nodes[b][0], mesh.nodes[a][1] - mesh.nodes[b][1]) <=
          tolerance)
        sentences.add("Nodes " + std::to_string(a) + " and " + std::to_string(b) +
                      " lie at the same place, " + place(mesh.nodes[a]) + ".");
    }
}

/// Edges of more than two triangles or of two on one side. Returns the number of edges.
std::size_t find_bad_edges(const EdgeTable &edges, std::vector<std::string> &found)
{
  Sentences sentences(found, "edges do not lie between two triangles or on the boundary");
  std::size_t n_edges = 0;
  edges.for_each_edge(
    [&](unsigned lower, const EdgeTable::Entry *e, unsigned n)
    {
      ++n_edges;
      if (n > 2)
        sentences.add("Edge " + edge_name({lower, e->upper}) + " belongs to " + std::to_string(n) +
                      " triangles, among them " + std::to_string(e[0].triangle) + ", " +
                      std::to_string(e[1].triangle) + " and " + std::to_string(e[2].triangle) +
                      ".");
      else if (n == 2 && e[0].upwards == e[1].upwards)
        sentences.add("Triangles " + std::to_string(e[0].triangle) + " and " +
                      std::to_string(e[1].triangle) + " lie on the same side of their edge " +
                      edge_name({lower, e->upper}) + ".");
    });
  return n_edges;
}

/// The first node of every set of nodes that are connected by triangles; unused nodes are left out.
std::vector<unsigned> first_nodes_of_components(const TriangleMesh &mesh)
{
  std::vector<unsigned> parent(mesh.n_nodes());
  std::iota(parent.begin(), parent.end(), 0u);
  const auto root = [&](unsigned i)
  {
    while (parent[i] != i)
      i = parent[i] = parent[parent[i]];
    return i;
  };
  std::vector<char> used(mesh.n_nodes(), 0);
  for (const auto &triangle : mesh.triangles)
    for (unsigned k = 0; k < 3; ++k)
    {
      used[triangle[k]] = 1;
      const unsigned a = root(triangle[k]), b = root(triangle[(k + 1) % 3]);
      parent[std::max(a, b)] = std::min(a, b);
    }
  std::vector<unsigned> first;
  for (unsigned i = 0; i < mesh.n_nodes(); ++i)
    if (used[i] && parent[i] == i)
      first.push_back(i);
  return first;
}

void find_wrong_topology(const TriangleMesh &mesh, const EdgeTable &edges,
                         std::vector<std::string> &found)
{
  const std::size_t n_edges = find_bad_edges(edges, found);
  const auto components = first_nodes_of_components(mesh);
  if (components.size() > 1)
    found.push_back("The mesh has " + std::to_string(components.size()) +
                    " components; one holds node " + std::to_string(components[0]) +
                    ", another node " + std::to_string(components[1]) + ".");

  bool touches = false;
  auto next = next_on_boundary(mesh, edges,
                               [&](unsigned node)
                               {
                                 touches = true;
                                 found.push_back("The boundary touches itself in node " +
                                                 std::to_string(node) + " at " +
                                                 place(mesh.nodes[node]) + ".");
                               });
  if (!touches && found.empty())
  {
    std::vector<unsigned> first;
    for (unsigned i = 0; i < next.size(); ++i)
      if (next[i] != none)
      {
        first.push_back(i);
        for (unsigned node = i; next[node] != none;)
          node = std::exchange(next[node], none);
      }
    if (first.size() != 1)
      found.push_back("The boundary has " + std::to_string(first.size()) +
                      " loops where a mesh without holes has one" +
                      (first.empty() ? std::string()
                                     : "; one passes through node " + std::to_string(first[0]) +
                                         ", another through node " + std::to_string(first[1])) +
                      ".");
  }
  const auto euler = static_cast<std::ptrdiff_t>(mesh.n_nodes()) -
                     static_cast<std::ptrdiff_t>(n_edges) +
                     static_cast<std::ptrdiff_t>(mesh.n_triangles());
  if (euler != 1)
    found.push_back("The Euler number (nodes - edges + triangles) of the mesh is " +
                    std::to_string(euler) + "; that of one piece without holes is 1.");
}

void find_wrong_names(const TriangleMesh &mesh, const EdgeTable &edges,
                      std::vector<std::string> &found)
{
  std::vector<Edge> boundary;
  std::vector<char> on_boundary(mesh.n_nodes(), 0);
  edges.for_each_edge(
    [&](unsigned lower, const EdgeTable::Entry *e, unsigned n)
    {
      if (n != 1)
        return;
      boundary.push_back(e->upwards ? Edge{lower, e->upper} : Edge{e->upper, lower});
      on_boundary[lower] = on_boundary[e->upper] = 1;
    });
  std::sort(boundary.begin(), boundary.end());
  for (const auto &[name, part] : mesh.edges)
  {
    Sentences sentences(found, "edges of '" + name + "' are not on the boundary");
    for (const Edge &e : part)
      if (!std::binary_search(boundary.begin(), boundary.end(), e))
        sentences.add("The edge " + edge_name(e) + " of '" + name +
                      "' is no edge of the boundary with the interior on its left.");
  }
  for (const auto &[name, node] : mesh.features)
    if (!on_boundary[node])
      found.push_back("The feature '" + name + "', node " + std::to_string(node) +
                      ", is not on the boundary.");
}
} // namespace

double signed_area(const TriangleMesh &mesh, std::size_t t)
{
  const auto &[i, j, k] = mesh.triangles[t];
  const Point &a = mesh.nodes[i], &b = mesh.nodes[j], &c = mesh.nodes[k];
  return 0.5 * ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
}

double longest_edge(const TriangleMesh &mesh, std::size_t t)
{
  double longest = 0.;
  for (unsigned k = 0; k < 3; ++k)
  {
    const Point &a = mesh.nodes[mesh.triangles[t][k]];
    const Point &b = mesh.nodes[mesh.triangles[t][(k + 1) % 3]];
    longest = std::max(longest, (b[0] - a[0]) * (b[0] - a[0]) + (b[1] - a[1]) * (b[1] - a[1]));
  }
  return std::sqrt(longest);
}

std::vector<std::string> area_problems(const TriangleMesh &mesh)
{
  std::vector<std::string> found;
  find_wrong_areas(mesh, found);
  return found;
}

std::vector<std::string> disk_problems(const TriangleMesh &mesh)
{
  std::vector<std::string> found;
  find_wrong_numbers(mesh, found);
  if (!found.empty())
    return found;
  found = area_problems(mesh);
  find_unused_nodes(mesh, found);
  find_duplicate_nodes(mesh, found);
  const EdgeTable edges(mesh);
  std::vector<std::string> topology;
  find_wrong_topology(mesh, edges, topology);
  found.insert(found.end(), topology.begin(), topology.end());
  find_wrong_names(mesh, edges, found);
  return found;
}

void require_disk(const TriangleMesh &mesh)
{
  const auto found = disk_problems(mesh);
  if (found.empty())
    return;
  std::string sentence = "The mesh cannot be morphed: " + found[0];
  if (found.size() > 1)
  {
    sentence.pop_back();
    sentence += " (problem 1 of " + std::to_string(found.size()) + ").";
  }
  throw UserError(sentence);
}

std::vector<unsigned> boundary_loop(const TriangleMesh &mesh, unsigned start)
{
  const auto next = next_on_boundary(mesh, EdgeTable(mesh), [](unsigned) {});
  if (start >= next.size() || next[start] == none)
    throw UserError("Node " + std::to_string(start) +
                    ", at which the walk along the boundary is to begin, is not on the boundary.");
  std::vector<unsigned> loop;
  unsigned node = start;
  do
  {
    loop.push_back(node);
    node = next[node];
  } while (node != start && node != none && loop.size() < mesh.n_nodes());
  return loop;
}
} // namespace understudy

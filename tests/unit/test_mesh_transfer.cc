// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/mass_matrix.h>
#include <meshes/mesh_transfer.h>
#include <meshes/tutte_map.h>
#include <tests/notched_mesh.h>
#include <tests/random_numbers.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace understudy;
using namespace understudy::test;
using testing::HasSubstr;

namespace
{
TriangleMesh image(const TriangleMesh &mesh)
{
  TutteOptions options;
  options.features = plate_features;
  return tutte_map(mesh, options).image;
}

MeshTransfer transfer(const TriangleMesh &from, const TriangleMesh &to)
{
  return make_transfer(TriangleLocator(from), to.nodes);
}

std::vector<double> applied(const MeshTransfer &P, const std::vector<double> &f)
{
  std::vector<double> g(P.n_rows() * (f.size() / P.matrix.n_columns));
  P.apply(f.size() / P.matrix.n_columns, f.data(), g.data());
  return g;
}

std::string refusal(const TriangleMesh &from, const std::vector<std::array<double, 2>> &points)
{
  try
  {
    make_transfer(TriangleLocator(from), points);
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return "";
}

/// Distance of p from a triangle, by its edges and by whether p lies to their left.
double distance(const TriangleMesh &mesh, std::size_t t, const std::array<double, 2> &p)
{
  bool inside = true;
  double nearest = std::numeric_limits<double>::infinity();
  for (unsigned k = 0; k < 3; ++k)
  {
    const auto &a = mesh.nodes[mesh.triangles[t][k]];
    const auto &b = mesh.nodes[mesh.triangles[t][(k + 1) % 3]];
    const double ex = b[0] - a[0], ey = b[1] - a[1], px = p[0] - a[0], py = p[1] - a[1];
    inside = inside && ex * py - ey * px >= 0.;
    const double s = std::min(1., std::max(0., (ex * px + ey * py) / (ex * ex + ey * ey)));
    nearest = std::min(nearest, std::hypot(px - s * ex, py - s * ey));
  }
  return inside ? 0. : nearest;
}
} // namespace

// Requirement: the triangle found is one in which the point lies, or the nearest one, as found by
// looking at all; also outside, in the notches and in the middle of a shape that is not convex.
TEST(TriangleLocator, FindsTheNearestTriangle)
{
  const auto mesh = notched_mesh(0.7, 14, 3);
  const TriangleLocator locator(mesh);
  const auto x = random_numbers(4000, 1, 1.5);
  unsigned n_inside = 0;
  for (std::size_t i = 0; i < x.size(); i += 2)
  {
    const std::array<double, 2> p = {x[i], x[i + 1]};
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
      nearest = std::min(nearest, distance(mesh, t, p));
    n_inside += nearest == 0.;

    const auto hit = locator.nearest(p);
    ASSERT_NEAR(hit.distance, nearest, 1e-14) << p[0] << ", " << p[1];
    ASSERT_NEAR(distance(mesh, hit.triangle, p), nearest, 1e-14);
    std::array<double, 2> q{};
    for (unsigned k = 0; k < 3; ++k)
    {
      ASSERT_GE(hit.weights[k], 0.);
      for (unsigned c = 0; c < 2; ++c)
        q[c] += hit.weights[k] * mesh.nodes[mesh.triangles[hit.triangle][k]][c];
    }
    ASSERT_NEAR(std::hypot(q[0] - p[0], q[1] - p[1]), nearest, 1e-14);
  }
  EXPECT_GT(n_inside, 400u);
  EXPECT_LT(n_inside, 1600u);
}

// Requirement: rows add up to 1, entries lie in [0, 1], linear functions of the morphed coordinates
// are exact in rows that are not clamped; those that are lie off an inscribed polygon.
TEST(MeshTransfer, IsAnInterpolation)
{
  const auto coarse = image(notched_mesh(0.3, 25, 1)), fine = image(notched_mesh(0.7, 40, 2));
  const auto linear = [](double x, double y) { return 3. - 2. * x + 5. * y; };
  std::size_t n_clamped = 0;
  for (const auto &[from, to] : {std::pair{&coarse, &fine}, std::pair{&fine, &coarse}})
  {
    const auto P = transfer(*from, *to);
    ASSERT_EQ(P.n_rows(), to->n_nodes());
    ASSERT_EQ(P.matrix.n_rows(), to->n_nodes());
    ASSERT_EQ(P.matrix.n_columns, from->n_nodes());
    const auto g = applied(P, nodal_values(*from, linear));
    const auto exact = nodal_values(*to, linear);
    for (std::size_t i = 0; i < P.n_rows(); ++i)
    {
      ASSERT_LE(P.matrix.row_start[i + 1] - P.matrix.row_start[i], 3u);
      double sum = 0.;
      for (std::size_t k = P.matrix.row_start[i]; k < P.matrix.row_start[i + 1]; ++k)
      {
        ASSERT_GE(P.matrix.value[k], 0.);
        ASSERT_LE(P.matrix.value[k], 1.);
        sum += P.matrix.value[k];
      }
      ASSERT_NEAR(sum, 1., 1e-13);
      if (P.clamp_distance[i] == 0.)
        ASSERT_NEAR(g[i], exact[i], 1e-12) << i;
      else
      { // between the chord and the circle, at most 1 - cos(half the angle of the longest chord)
        ASSERT_NEAR(std::hypot(to->nodes[i][0], to->nodes[i][1]), 1., 1e-14) << i;
        ASSERT_LT(P.clamp_distance[i], 1. - std::cos(pi / 8)) << i;
        ASSERT_LE(std::abs(g[i] - exact[i]), std::hypot(2., 5.) * P.clamp_distance[i] + 1e-12) << i;
      }
    }
    n_clamped += P.n_clamped();
  }
  EXPECT_GT(n_clamped, 20u);
}

// Requirement: between equal meshes the transfer is the identity, exactly.
TEST(MeshTransfer, IsTheIdentityOnEqualMeshes)
{
  const auto mesh = image(notched_mesh(0.5, 20, 4));
  const auto P = transfer(mesh, mesh);
  const auto f = random_numbers(mesh.n_nodes(), 2);
  EXPECT_EQ(applied(P, f), f);
  EXPECT_EQ(P.n_clamped(), 0u);
}

// Requirement: from mesh to mesh and back converges, with order 2 for a smooth function of the
// morphed coordinates; for a function of the physical ones, which the morphing of irregular meshes
// makes no smoother than Lipschitz, at least with order 1.
TEST(MeshTransfer, ThereAndBackConverges)
{
  std::vector<double> in_disk, in_plate;
  for (const unsigned n : {20u, 40u, 80u})
  {
    const auto mesh = notched_mesh(0.6, n, n);
    const auto u = image(mesh), common = image(notched_mesh(0.4, n, n + 1));
    const auto P = transfer(u, common), Q = transfer(common, u);
    const auto error = [&](const std::vector<double> &f)
    {
      const auto g = applied(Q, applied(P, f));
      double sum = 0.;
      for (std::size_t i = 0; i < f.size(); ++i)
        sum += (g[i] - f[i]) * (g[i] - f[i]);
      return std::sqrt(sum / static_cast<double>(f.size()));
    };
    const auto wave = [](double x, double y)
    { return std::sin(2. * x + y) * std::cos(x - 2. * y); };
    in_disk.push_back(error(nodal_values(u, wave)));
    in_plate.push_back(error(nodal_values(mesh, wave)));
  }
  for (std::size_t k = 0; k < 2; ++k)
  {
    EXPECT_GT(std::log2(in_disk[k] / in_disk[k + 1]), 1.7) << k;
    EXPECT_GT(std::log2(in_plate[k] / in_plate[k + 1]), 0.8) << k;
  }
  EXPECT_LT(in_disk[2], 1e-3);
  EXPECT_LT(in_plate[2], 1e-2);
}

// Requirement: the peak at the root of the notch, where no node of the common mesh lies, survives
// the way there and back.
TEST(MeshTransfer, KeepsThePeakAtTheNotch)
{
  const double r = 0.5;
  const auto stress = [r](double x, double y) { // from 3 at the root to 1 far along the ligament,
                                                // as beside a hole, and to 0 at the arc ends
    const double q = r * r / ((1. - x) * (1. - x) + y * y);
    return (1. + 0.5 * q + 1.5 * q * q) * (1. - x) * (1. - x) / ((1. - x) * (1. - x) + y * y);
  };
  for (const auto &[n, tolerance] :
       {std::pair{20u, 0.05}, std::pair{40u, 0.013}, std::pair{80u, 0.0035}})
  {
    const auto mesh = notched_mesh(r, n, n);
    const auto u = image(mesh), common = image(notched_mesh(0.4, n + 3, n + 1));
    const auto f = nodal_values(mesh, stress);
    const auto g = applied(transfer(common, u), applied(transfer(u, common), f));
    const double peak = *std::max_element(f.begin(), f.end());
    EXPECT_NEAR(peak, 3., 1e-12) << n;
    EXPECT_NEAR(*std::max_element(g.begin(), g.end()), peak, tolerance * peak) << n;
  }
}

// Requirement: a batch of any size, in the cache or larger, gives what the rows say, and so does
// the plain matrix.
TEST(MeshTransfer, AppliesToBatches)
{
  const auto from = image(notched_mesh(0.3, 15, 1)), to = image(notched_mesh(0.7, 18, 2));
  const auto P = transfer(from, to);
  for (const std::size_t n_fields : {0, 1, 2, 3, 4, 5, 7, 8, 13, 300, 303})
  {
    const auto x = random_numbers(n_fields * from.n_nodes(), 3);
    const auto y = applied(P, x);
    std::vector<double> by_matrix(y.size());
    P.matrix.multiply(n_fields, x.data(), by_matrix.data());
    for (std::size_t f = 0; f < n_fields; ++f)
      for (std::size_t i = 0; i < P.n_rows(); ++i)
      {
        double sum = 0.;
        for (std::size_t k = 3 * i; k < 3 * i + 3; ++k)
          sum += P.matrix.value[k] * x[f * from.n_nodes() + P.matrix.column[k]];
        ASSERT_NEAR(y[f * P.n_rows() + i], sum, 2e-16 * 4) << n_fields << " " << f << " " << i;
        ASSERT_NEAR(by_matrix[f * P.n_rows() + i], sum, 1e-15);
      }
  }
}

// Requirement: numbering of either mesh does not matter.
TEST(MeshTransfer, DoesNotDependOnTheNumbering)
{
  const auto from = notched_mesh(0.3, 25, 1), to = notched_mesh(0.7, 30, 2);
  std::vector<unsigned> from_number, to_number;
  const auto other_from = renumbered(from, 5, from_number), other_to = renumbered(to, 6, to_number);
  const auto wave = [](double x, double y) { return std::sin(3. * x + y); };
  const auto g = applied(transfer(image(from), image(to)), nodal_values(from, wave));
  const auto h =
    applied(transfer(image(other_from), image(other_to)), nodal_values(other_from, wave));
  for (std::size_t i = 0; i < g.size(); ++i)
    ASSERT_NEAR(g[i], h[to_number[i]], 1e-10) << i;
}

// Requirement: points far outside, as those of a mesh that was not morphed, are refused by name.
TEST(MeshTransfer, RefusesOtherShapes)
{
  const auto mesh = notched_mesh(0.5, 16, 4);
  EXPECT_THAT(refusal(image(mesh), mesh.nodes),
              HasSubstr("Point 0 of the transfer between meshes, (-1, -1), lies 0.41"));
  EXPECT_THAT(refusal(image(mesh), mesh.nodes), HasSubstr("more than the longest edge 0."));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal(mesh, {{0., 0.}, {nan, 0.}}),
            "Point 1 of the transfer between meshes is not finite.");
  EXPECT_THROW(TriangleLocator{TriangleMesh()}, std::invalid_argument);
  EXPECT_EQ(make_transfer(TriangleLocator(mesh), {}).n_rows(), 0u);
}

// Requirement: the mass matrix is that of linear shape functions: the known one of a triangle,
// symmetric, rows adding up to the lumped areas, products of linear functions exact.
TEST(MassMatrix, IsExactForLinearFunctions)
{
  TriangleMesh triangle;
  triangle.nodes = {{0., 0.}, {4., 0.}, {0., 3.}}; // of area 6
  triangle.triangles = {{0, 1, 2}};
  const auto m = mass_matrix(triangle);
  EXPECT_EQ(m.column, (std::vector<unsigned>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(m.value, (std::vector<double>{1., .5, .5, .5, 1., .5, .5, .5, 1.}));

  const auto mesh = notched_mesh(0.4, 20, 8);
  const auto M = mass_matrix(mesh);
  ASSERT_EQ(M.n_rows(), mesh.n_nodes());
  std::vector<double> lumped(mesh.n_nodes(), 0.);
  for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
    for (const unsigned node : mesh.triangles[t])
      lumped[node] += signed_area(mesh, t) / 3.;
  std::map<std::pair<unsigned, unsigned>, double> entries;
  for (unsigned i = 0; i < M.n_rows(); ++i)
  {
    double sum = 0.;
    for (std::size_t k = M.row_start[i]; k < M.row_start[i + 1]; ++k)
    {
      ASSERT_TRUE(k == M.row_start[i] || M.column[k - 1] < M.column[k]);
      entries[{i, M.column[k]}] = M.value[k];
      sum += M.value[k];
    }
    ASSERT_NEAR(sum, lumped[i], 1e-15) << i;
  }
  for (const auto &[place, value] : entries)
    ASSERT_EQ(entries.at({place.second, place.first}), value);

  // Product of two linear functions: the midpoints of the edges integrate it exactly.
  const auto f = [](double x, double y) { return 1. + 2. * x - y; };
  const auto g = [](double x, double y) { return 3. * y - x + 0.5; };
  double exact = 0.;
  for (std::size_t t = 0; t < mesh.n_triangles(); ++t)
    for (unsigned k = 0; k < 3; ++k)
    {
      const auto &a = mesh.nodes[mesh.triangles[t][k]];
      const auto &b = mesh.nodes[mesh.triangles[t][(k + 1) % 3]];
      const double x = 0.5 * (a[0] + b[0]), y = 0.5 * (a[1] + b[1]);
      exact += signed_area(mesh, t) / 3. * f(x, y) * g(x, y);
    }
  const auto in_f = nodal_values(mesh, f), in_g = nodal_values(mesh, g);
  std::vector<double> product(mesh.n_nodes());
  M.multiply(1, in_f.data(), product.data());
  double sum = 0.;
  for (std::size_t i = 0; i < product.size(); ++i)
    sum += product[i] * in_g[i];
  EXPECT_NEAR(sum, exact, 1e-13);
}

// Requirement: both layouts of fields give the same values, whatever the number of fields and
// wherever a range of rows begins.
TEST(MeshTransfer, LayoutsOfFieldsAgree)
{
  const auto from = image(notched_mesh(0.3, 12, 1)), to = image(notched_mesh(0.6, 15, 2));
  const MeshTransfer P = transfer(from, to);
  for (const std::size_t n_fields : {1, 3, 8, 18})
  {
    const auto together = random_numbers(n_fields * from.n_nodes(), 3);
    std::vector<double> apart(together.size());
    for (std::size_t i = 0; i < from.n_nodes(); ++i)
      for (std::size_t f = 0; f < n_fields; ++f)
        apart[f * from.n_nodes() + i] = together[i * n_fields + f];
    const auto wanted = applied(P, apart);
    const std::size_t first = 7, n = P.n_rows() - 11;
    std::vector<double> rows(n * n_fields);
    P.apply_rows(first, n, n_fields, together.data(), rows.data());
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t f = 0; f < n_fields; ++f)
        ASSERT_NEAR(rows[i * n_fields + f], wanted[f * P.n_rows() + first + i], 1e-15);
  }
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/rve_discretisation.h>
#include <solvers/rve_kernels.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/fe/fe_q.h>

#include <algorithm>
#include <numeric>

namespace understudy
{
namespace
{
/// Gradients on the reference square of the eight serendipity functions, in the node order of
/// RveMesh: corners counter-clockwise, then the mid-sides.
struct Q8
{
  std::array<std::array<double, 2>, 8> gradient;
  std::array<double, 8> value;

  explicit Q8(const dealii::Point<2> &p)
  {
    static const dealii::FE_Q<2> q9(2);
    // deal.II: corners lexicographic, then left, right, lower, upper mid-side, then the centre.
    constexpr std::array<unsigned, 8> q9_index = {0, 1, 3, 2, 6, 5, 7, 4};
    const auto centre = q9.shape_grad(8, p);
    for (unsigned a = 0; a < 8; ++a)
    {
      const double constraint = a < 4 ? -0.25 : 0.5;
      const auto g = q9.shape_grad(q9_index[a], p) + constraint * centre;
      gradient[a] = {g[0], g[1]};
      value[a] = q9.shape_value(q9_index[a], p) + constraint * q9.shape_value(8, p);
    }
  }
};
} // namespace

RveDiscretisation::RveDiscretisation(const RveMesh &mesh, bool symmetric)
{
  check_rve_mesh(mesh);
  node_places_ = mesh.nodes;
  number_unknowns(mesh);

  cell_order_.resize(mesh.cells.size());
  std::iota(cell_order_.begin(), cell_order_.end(), std::size_t(0));
  std::stable_sort(cell_order_.begin(), cell_order_.end(),
                   [&mesh](std::size_t a, std::size_t b) { return mesh.phase[a] < mesh.phase[b]; });
  n_matrix_points_ =
    points_per_cell * std::count(mesh.phase.begin(), mesh.phase.end(), Phase::matrix);

  dofs_.resize(cell_order_.size());
  for (std::size_t c = 0; c < cell_order_.size(); ++c)
    for (unsigned a = 0; a < 8; ++a)
      for (int d = 0; d < 2; ++d)
      {
        const int first = node_dof_[mesh.cells[cell_order_[c]][a]];
        dofs_[c][2 * a + d] = first < 0 ? static_cast<int>(n_dofs_) : first + d;
      }
  for (const auto &dofs : dofs_)
    for (unsigned i = 0; i < 16; ++i)
      for (unsigned j = 0; j < i; ++j)
        if (dofs[i] == dofs[j] && dofs[i] < static_cast<int>(n_dofs_))
          throw UserError("The mesh '" + mesh.name +
                          "' has a cell that spans the whole period; use at least two per side.");
  compute_gradients(mesh);
  build_pattern(symmetric);
  padded_.assign(n_dofs_ + 1, 0.);
}

void RveDiscretisation::number_unknowns(const RveMesh &mesh)
{
  const auto representative = periodic_representatives(mesh);
  std::vector<char> used(mesh.nodes.size(), 0);
  for (const auto &cell : mesh.cells)
    for (const unsigned node : cell)
      used[representative[node]] = 1;

  node_dof_.assign(mesh.nodes.size(), -1);
  for (std::size_t node = 0; node < mesh.nodes.size(); ++node)
  {
    const auto &x = mesh.nodes[node];
    const bool corner =
      std::abs(std::abs(x[0]) - 0.5) < 1e-8 && std::abs(std::abs(x[1]) - 0.5) < 1e-8;
    if (representative[node] == node && used[node] && !corner)
    {
      node_dof_[node] = static_cast<int>(n_dofs_);
      n_dofs_ += 2;
    }
  }
  for (std::size_t node = 0; node < mesh.nodes.size(); ++node)
    node_dof_[node] = node_dof_[representative[node]];
}

void RveDiscretisation::compute_gradients(const RveMesh &mesh)
{
  const dealii::QGauss<2> quadrature(3);
  std::vector<Q8> shapes;
  for (const auto &p : quadrature.get_points())
    shapes.emplace_back(p);

  gradients_.resize(16 * points_per_cell * cell_order_.size());
  double area = 0;
  double *g = gradients_.data();
  for (const std::size_t c : cell_order_)
    for (unsigned q = 0; q < points_per_cell; ++q, g += 16)
    {
      std::array<double, 2> place{};
      double j[2][2] = {}; // j[i][k] = dx_i / dxi_k
      for (unsigned a = 0; a < 8; ++a)
      {
        const auto &x = mesh.nodes[mesh.cells[c][a]];
        for (unsigned i = 0; i < 2; ++i)
        {
          place[i] += shapes[q].value[a] * x[i];
          for (unsigned k = 0; k < 2; ++k)
            j[i][k] += shapes[q].gradient[a][k] * x[i];
        }
      }
      const double det = j[0][0] * j[1][1] - j[0][1] * j[1][0];
      for (unsigned a = 0; a < 8; ++a)
      {
        const auto &r = shapes[q].gradient[a];
        g[a] = (r[0] * j[1][1] - r[1] * j[1][0]) / det;
        g[8 + a] = (r[1] * j[0][0] - r[0] * j[0][1]) / det;
      }
      weights_.push_back(quadrature.weight(q) * det);
      places_.push_back(place);
      area += weights_.back();
    }
  for (double &w : weights_)
    w /= area;
}

void RveDiscretisation::build_pattern(bool symmetric)
{
  const int n = static_cast<int>(n_dofs_);
  std::vector<std::vector<int>> columns(n);
  for (const auto &dofs : dofs_)
    for (const int i : dofs)
      for (const int j : dofs)
        if (i < n && j < n && (!symmetric || i >= j))
          columns[j].push_back(i);
  pattern_.n = n;
  pattern_.symmetric = symmetric;
  pattern_.column_start.assign(1, 0);
  for (auto &rows : columns)
  {
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    pattern_.row.insert(pattern_.row.end(), rows.begin(), rows.end());
    pattern_.column_start.push_back(static_cast<int>(pattern_.row.size()));
  }
  const int bin = static_cast<int>(pattern_.row.size());
  const auto position = [&](int i, int j)
  {
    if (i >= n || j >= n)
      return bin;
    if (symmetric && i < j)
      std::swap(i, j);
    const auto begin = pattern_.row.begin() + pattern_.column_start[j];
    const auto end = pattern_.row.begin() + pattern_.column_start[j + 1];
    return static_cast<int>(std::lower_bound(begin, end, i) - pattern_.row.begin());
  };
  for (const auto &dofs : dofs_)
    for (unsigned i = 0; i < 16; ++i)
      for (unsigned j = 0; j < (symmetric ? i + 1 : 16u); ++j)
        positions_.push_back(position(dofs[i], dofs[j]));
}

void RveDiscretisation::strains(const std::array<double, 3> &E, const double *w,
                                PointBatch &strain) const
{
  std::copy_n(w, n_dofs_, padded_.data());
  strain.reshape(3, n_points());
  rve_kernels::strains(n_cells(), dofs_.data()->data(), gradients_.data(), padded_.data(), E.data(),
                       strain.component(0).data(), strain.component(1).data(),
                       strain.component(2).data());
}

void RveDiscretisation::residual(const PointBatch &stress, double *r, double *magnitude) const
{
  std::vector<double> sum(n_dofs_ + 1, 0.), absolute(magnitude ? n_dofs_ + 1 : 0, 0.);
  rve_kernels::residual(n_cells(), dofs_.data()->data(), gradients_.data(), weights_.data(),
                        stress.component(0).data(), stress.component(1).data(),
                        stress.component(2).data(), sum.data(),
                        magnitude ? absolute.data() : nullptr);
  std::copy_n(sum.data(), n_dofs_, r);
  if (magnitude)
    std::copy_n(absolute.data(), n_dofs_, magnitude);
}

void RveDiscretisation::stiffness(const PointBatch &tangent, std::vector<double> &values) const
{
  values.assign(pattern_.row.size() + 1, 0.);
  rve_kernels::stiffness(n_cells(), pattern_.symmetric, positions_.data(), gradients_.data(),
                         weights_.data(), tangent.data(), values.data());
  values.pop_back();
}

void RveDiscretisation::load_columns(const PointBatch &tangent, double *L,
                                     std::array<double, 9> &mean) const
{
  std::vector<double> sum(n_dofs_ + 1);
  for (unsigned j = 0; j < 3; ++j)
  {
    std::fill(sum.begin(), sum.end(), 0.);
    rve_kernels::residual(n_cells(), dofs_.data()->data(), gradients_.data(), weights_.data(),
                          tangent.component(j).data(), tangent.component(3 + j).data(),
                          tangent.component(6 + j).data(), sum.data(), nullptr);
    std::copy_n(sum.data(), n_dofs_, L + j * n_dofs_);
  }
  for (unsigned i = 0; i < 9; ++i)
    mean[i] = std::inner_product(weights_.begin(), weights_.end(), tangent.component(i).data(), 0.);
}

void RveDiscretisation::transposed_load_columns(const PointBatch &tangent, double *L) const
{
  std::vector<double> sum(n_dofs_ + 1);
  for (unsigned i = 0; i < 3; ++i)
  {
    std::fill(sum.begin(), sum.end(), 0.);
    rve_kernels::residual(n_cells(), dofs_.data()->data(), gradients_.data(), weights_.data(),
                          tangent.component(3 * i).data(), tangent.component(3 * i + 1).data(),
                          tangent.component(3 * i + 2).data(), sum.data(), nullptr);
    std::copy_n(sum.data(), n_dofs_, L + i * n_dofs_);
  }
}

std::array<double, 3> RveDiscretisation::mean(const PointBatch &field) const
{
  std::array<double, 3> m{};
  for (unsigned i = 0; i < 3; ++i)
    m[i] = std::inner_product(weights_.begin(), weights_.end(), field.component(i).data(), 0.);
  return m;
}

void RveDiscretisation::nodal_displacement(const std::array<double, 3> &E, const double *w,
                                           std::vector<double> &u) const
{
  u.resize(2 * n_nodes());
  for (std::size_t node = 0; node < n_nodes(); ++node)
  {
    const auto &[x, y] = node_places_[node];
    const int dof = node_dof_[node];
    u[2 * node] = x * E[0] + y * E[2] / 2 + (dof < 0 ? 0. : w[dof]);
    u[2 * node + 1] = y * E[1] + x * E[2] / 2 + (dof < 0 ? 0. : w[dof + 1]);
  }
}
} // namespace understudy

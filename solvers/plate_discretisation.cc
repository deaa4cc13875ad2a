// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/processor_clones.h>
#include <solvers/plate_discretisation.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace understudy
{
namespace
{
constexpr unsigned per_cell = QuadraticTriangles::n_points;
constexpr std::size_t n_entries = 144; ///< of the matrix of a triangle

/// Array of the local form of a ghosted vector: own values, then those of the neighbours.
class LocalForm
{
public:
  explicit LocalForm(Vec vector) : vector_(vector)
  {
    check_petsc(VecGhostGetLocalForm(vector, &local_));
    check_petsc(VecGetArray(local_, &values_));
  }
  ~LocalForm()
  {
    VecRestoreArray(local_, &values_);
    VecGhostRestoreLocalForm(vector_, &local_);
  }
  LocalForm(const LocalForm &) = delete;
  LocalForm &operator=(const LocalForm &) = delete;

  double *values() const { return values_; }

private:
  Vec vector_, local_ = nullptr;
  double *values_ = nullptr;
};

/// values = sum_q w_q B_q^T C_q B_q of one triangle, row-major. @p tangent points to its first
/// point; the components lie @p stride apart.
UNDERSTUDY_CLONES void cell_stiffness(const double *gradients, const double *weights,
                                      const double *tangent, std::size_t stride, double *values)
{
  double blocks[6][2][2][6] = {}; // the columns of one node row and component stand side by side
  for (unsigned q = 0; q < per_cell; ++q)
  {
    const double *gx = gradients + 12 * q, *gy = gx + 6;
    double c[9];
    for (unsigned k = 0; k < 9; ++k)
      c[k] = weights[q] * tangent[k * stride + q];
    for (unsigned i = 0; i < 6; ++i)
      for (unsigned a = 0; a < 2; ++a)
      {
        const double along = a == 0 ? gx[i] : gy[i], shear = a == 0 ? gy[i] : gx[i];
        const double xx = along * c[3 * a] + shear * c[6];
        const double yy = along * c[3 * a + 1] + shear * c[7];
        const double xy = along * c[3 * a + 2] + shear * c[8];
        for (unsigned j = 0; j < 6; ++j)
        {
          blocks[i][a][0][j] += xx * gx[j] + xy * gy[j];
          blocks[i][a][1][j] += yy * gy[j] + xy * gx[j];
        }
      }
  }
  for (unsigned i = 0; i < 6; ++i)
    for (unsigned a = 0; a < 2; ++a)
      for (unsigned j = 0; j < 6; ++j)
        for (unsigned b = 0; b < 2; ++b)
          values[(2 * i + a) * 12 + 2 * j + b] = blocks[i][a][b][j];
}
} // namespace

PlateConditions tensile_conditions(const TriangleMesh &mesh, const QuadraticTriangles &triangles,
                                   double pressure)
{
  const auto edges = [&mesh](const char *name) -> const std::vector<TriangleMesh::Edge> &
  {
    const auto found = mesh.edges.find(name);
    if (found == mesh.edges.end() || found->second.empty())
      throw UserError(std::string("The mesh of the plate has no edges named '") + name + "'.");
    return found->second;
  };
  const auto corner = mesh.features.find("bottom_left");
  if (corner == mesh.features.end())
    throw UserError("The mesh of the plate has no node named 'bottom_left'.");
  PlateConditions conditions;
  conditions.force.assign(2 * triangles.nodes().size(), 0.);
  for (const auto &side : edges("top"))
  {
    const auto &a = triangles.nodes()[side[0]], &b = triangles.nodes()[side[1]];
    // The outer normal times the length of the side, by Simpson's rule, exact for P2.
    const std::array<double, 2> push = {-pressure * (b[1] - a[1]), -pressure * (a[0] - b[0])};
    const std::array<unsigned, 3> nodes = {side[0], triangles.middle(side), side[1]};
    const std::array<double, 3> shares = {1. / 6., 2. / 3., 1. / 6.};
    for (unsigned k = 0; k < 3; ++k)
      for (unsigned c = 0; c < 2; ++c)
        conditions.force[2 * nodes[k] + c] += shares[k] * push[c];
  }
  for (const auto &side : edges("bottom"))
    for (const unsigned node : {side[0], triangles.middle(side), side[1]})
      conditions.held.push_back({node, 1, 0.});
  conditions.held.push_back({corner->second, 0, 0.});
  return conditions;
}

PlateDiscretisation::PlateDiscretisation(QuadraticTriangles triangles,
                                         const PlateConditions &conditions, MPI_Comm comm)
  : comm_(comm), triangles_(std::move(triangles))
{
  deal_out();
  compute_gradients();
  const std::size_t n_nodes = triangles_.nodes().size();
  is_held_.assign(2 * n_nodes, 0);
  std::vector<double> value(2 * n_nodes, 0.);
  for (const auto &held : conditions.held)
  {
    is_held_[2 * held.node + held.component] = 1;
    value[2 * held.node + held.component] = held.value;
  }
  for (std::size_t i = 0; i < own_nodes_.size(); ++i)
    for (unsigned c = 0; c < 2; ++c)
    {
      const std::size_t unknown = 2 * own_nodes_[i] + c;
      own_force_.push_back(conditions.force[unknown]);
      if (!is_held_[unknown])
        continue;
      own_held_.push_back(static_cast<int>(2 * i + c));
      held_values_.push_back(value[unknown]);
    }
  entries_.assign(own_cells_.size() * n_entries + own_held_.size(), 0.);
}

/// Gives triangles and nodes to ranks and numbers the nodes rank by rank.
void PlateDiscretisation::deal_out()
{
  const auto &cells = triangles_.cells();
  const auto &nodes = triangles_.nodes();
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(comm_, &rank);
  MPI_Comm_size(comm_, &n_ranks);
  std::vector<unsigned> order(cells.size());
  std::iota(order.begin(), order.end(), 0u);
  if (n_ranks > 1)
  {
    const auto height = [&](unsigned c)
    { return nodes[cells[c][0]][1] + nodes[cells[c][1]][1] + nodes[cells[c][2]][1]; };
    std::stable_sort(order.begin(), order.end(),
                     [&](unsigned a, unsigned b) { return height(a) < height(b); });
  }
  std::vector<int> owner(nodes.size(), n_ranks);
  for (std::size_t k = 0; k < order.size(); ++k)
  {
    const int of_cell = static_cast<int>(k * n_ranks / order.size());
    if (of_cell == rank)
      own_cells_.push_back(order[k]);
    for (const unsigned node : cells[order[k]])
      owner[node] = std::min(owner[node], of_cell);
  }
  std::vector<std::vector<unsigned>> nodes_of(n_ranks + 1); // the last: nodes without a triangle
  for (unsigned node = 0; node < nodes.size(); ++node)
    nodes_of[owner[node]].push_back(node);
  if (!nodes_of[n_ranks].empty())
    throw UserError("Node " + std::to_string(nodes_of[n_ranks].front()) +
                    " of the plate belongs to no triangle.");
  number_.resize(nodes.size());
  int next = 0;
  for (int r = 0; r < n_ranks; ++r)
    for (const unsigned node : nodes_of[r])
      number_[node] = next++;
  own_nodes_ = std::move(nodes_of[rank]);

  std::vector<int> local(nodes.size(), -1);
  for (std::size_t i = 0; i < own_nodes_.size(); ++i)
    local[own_nodes_[i]] = static_cast<int>(i);
  for (const unsigned c : own_cells_)
  {
    auto &mine = cell_nodes_.emplace_back();
    for (unsigned i = 0; i < 6; ++i)
    {
      const unsigned node = cells[c][i];
      if (local[node] < 0)
      {
        local[node] = static_cast<int>(own_nodes_.size() + ghosts_.size());
        ghosts_.push_back(number_[node]);
      }
      mine[i] = local[node];
    }
  }
}

void PlateDiscretisation::compute_gradients()
{
  gradients_.resize(own_cells_.size() * per_cell * 12);
  weights_.resize(own_cells_.size() * per_cell);
  for (std::size_t c = 0; c < own_cells_.size(); ++c)
  {
    double g[3][2];
    const double area = triangles_.area(own_cells_[c], g);
    for (unsigned q = 0; q < per_cell; ++q)
    {
      const double *L = QuadraticTriangles::points[q];
      weights_[c * per_cell + q] = area / per_cell;
      double *of_point = gradients_.data() + 12 * (c * per_cell + q);
      for (unsigned d = 0; d < 2; ++d)
        for (unsigned i = 0; i < 3; ++i)
        {
          const unsigned j = (i + 1) % 3;
          of_point[6 * d + i] = (4. * L[i] - 1.) * g[i][d];
          of_point[6 * d + 3 + i] = 4. * (L[i] * g[j][d] + L[j] * g[i][d]);
        }
    }
  }
}

void PlateDiscretisation::make_vector(PetscVector &vector) const
{
  check_petsc(VecCreateGhostBlock(comm_, 2, static_cast<PetscInt>(2 * own_nodes_.size()),
                                  PETSC_DETERMINE, static_cast<PetscInt>(ghosts_.size()),
                                  ghosts_.data(), vector.create()));
}

void PlateDiscretisation::make_matrix(PetscMatrix &matrix) const
{
  const auto n_own = static_cast<PetscInt>(2 * own_nodes_.size());
  check_petsc(MatCreate(comm_, matrix.create()));
  check_petsc(MatSetSizes(matrix, n_own, n_own, PETSC_DETERMINE, PETSC_DETERMINE));
  check_petsc(MatSetType(matrix, MATAIJ));
  std::vector<PetscInt> rows, columns;
  rows.reserve(entries_.size());
  columns.reserve(entries_.size());
  for (const unsigned c : own_cells_)
  {
    std::array<PetscInt, 12> unknowns;
    for (unsigned i = 0; i < 12; ++i)
    {
      const unsigned node = triangles_.cells()[c][i / 2], component = i % 2;
      // PETSc leaves out entries with negative numbers.
      unknowns[i] = is_held_[2 * node + component]
                      ? -1
                      : static_cast<PetscInt>(2 * number_[node] + static_cast<int>(component));
    }
    for (const PetscInt row : unknowns)
    {
      rows.insert(rows.end(), 12, row);
      columns.insert(columns.end(), unknowns.begin(), unknowns.end());
    }
  }
  PetscInt begin = 0;
  MPI_Exscan(&n_own, &begin, 1, MPIU_INT, MPI_SUM, comm_);
  for (const int unknown : own_held_)
  {
    rows.push_back(begin + unknown);
    columns.push_back(begin + unknown);
  }
  check_petsc(MatSetPreallocationCOO(matrix, static_cast<PetscCount>(rows.size()), rows.data(),
                                     columns.data()));
  check_petsc(MatSetOption(matrix, MAT_SYMMETRIC, PETSC_TRUE));
  check_petsc(MatSetOption(matrix, MAT_SYMMETRY_ETERNAL, PETSC_TRUE));
  check_petsc(MatSetOption(matrix, MAT_SPD, PETSC_TRUE));
  check_petsc(MatSetOption(matrix, MAT_SPD_ETERNAL, PETSC_TRUE));
}

void PlateDiscretisation::strains(Vec u, PointBatch &strain) const
{
  check_petsc(VecGhostUpdateBegin(u, INSERT_VALUES, SCATTER_FORWARD));
  check_petsc(VecGhostUpdateEnd(u, INSERT_VALUES, SCATTER_FORWARD));
  const LocalForm local(u);
  const double *values = local.values();
  const std::size_t n = weights_.size();
  strain.reshape(3, n);
  double *exx = strain.data(), *eyy = exx + n, *gxy = eyy + n;
  for (std::size_t c = 0; c < cell_nodes_.size(); ++c)
  {
    double ux[6], uy[6];
    for (unsigned i = 0; i < 6; ++i)
    {
      ux[i] = values[2 * cell_nodes_[c][i]];
      uy[i] = values[2 * cell_nodes_[c][i] + 1];
    }
    for (std::size_t q = c * per_cell; q < (c + 1) * per_cell; ++q)
    {
      const double *gx = gradients_.data() + 12 * q, *gy = gx + 6;
      double xx = 0., yy = 0., xy = 0.;
      for (unsigned i = 0; i < 6; ++i)
      {
        xx += gx[i] * ux[i];
        yy += gy[i] * uy[i];
        xy += gy[i] * ux[i] + gx[i] * uy[i];
      }
      exx[q] = xx;
      eyy[q] = yy;
      gxy[q] = xy;
    }
  }
}

void PlateDiscretisation::internal_force(const PointBatch &stress, Vec force) const
{
  {
    const LocalForm local(force);
    double *values = local.values();
    std::fill_n(values, 2 * (own_nodes_.size() + ghosts_.size()), 0.);
    for (std::size_t c = 0; c < cell_nodes_.size(); ++c)
      for (std::size_t q = c * per_cell; q < (c + 1) * per_cell; ++q)
      {
        const double *gx = gradients_.data() + 12 * q, *gy = gx + 6;
        const double xx = weights_[q] * stress(0, q), yy = weights_[q] * stress(1, q),
                     xy = weights_[q] * stress(2, q);
        for (unsigned i = 0; i < 6; ++i)
        {
          values[2 * cell_nodes_[c][i]] += gx[i] * xx + gy[i] * xy;
          values[2 * cell_nodes_[c][i] + 1] += gy[i] * yy + gx[i] * xy;
        }
      }
  }
  check_petsc(VecGhostUpdateBegin(force, ADD_VALUES, SCATTER_REVERSE));
  check_petsc(VecGhostUpdateEnd(force, ADD_VALUES, SCATTER_REVERSE));
}

void PlateDiscretisation::stiffness(const PointBatch &tangent, const std::vector<char> &changed,
                                    double scale, Mat matrix)
{
  for (std::size_t c = 0; c < own_cells_.size(); ++c)
    if (changed[c])
      cell_stiffness(gradients_.data() + 12 * per_cell * c, weights_.data() + per_cell * c,
                     tangent.data() + per_cell * c, tangent.n_points(),
                     entries_.data() + n_entries * c);
  std::fill(entries_.end() - static_cast<std::ptrdiff_t>(own_held_.size()), entries_.end(), scale);
  check_petsc(MatSetValuesCOO(matrix, entries_.data(), INSERT_VALUES));
}

void PlateDiscretisation::residual(double factor, Vec force) const
{
  const LocalForm local(force);
  for (std::size_t i = 0; i < own_force_.size(); ++i)
    local.values()[i] -= factor * own_force_[i];
  for (const int unknown : own_held_)
    local.values()[unknown] = 0.;
}

void PlateDiscretisation::hold(double factor, Vec u) const
{
  const LocalForm local(u);
  for (std::size_t i = 0; i < own_held_.size(); ++i)
    local.values()[own_held_[i]] = factor * held_values_[i];
}

void PlateDiscretisation::scatter(const std::vector<double> &all, Vec u) const
{
  const LocalForm local(u);
  for (std::size_t i = 0; i < own_nodes_.size(); ++i)
    for (unsigned c = 0; c < 2; ++c)
      local.values()[2 * i + c] = all[2 * own_nodes_[i] + c];
}

std::vector<double> PlateDiscretisation::gather(Vec u) const
{
  std::vector<double> all(2 * triangles_.nodes().size(), 0.);
  {
    const LocalForm local(u);
    for (std::size_t i = 0; i < own_nodes_.size(); ++i)
      for (unsigned c = 0; c < 2; ++c)
        all[2 * own_nodes_[i] + c] = local.values()[2 * i + c];
  }
  MPI_Allreduce(MPI_IN_PLACE, all.data(), static_cast<int>(all.size()), MPI_DOUBLE, MPI_SUM, comm_);
  return all;
}

unsigned PlateDiscretisation::cell_at_largest(Vec r) const
{
  const auto all = gather(r);
  const auto larger = [](double a, double b) { return std::abs(a) < std::abs(b); };
  const auto node =
    static_cast<unsigned>((std::max_element(all.begin(), all.end(), larger) - all.begin()) / 2);
  const auto &cells = triangles_.cells();
  const auto has = [node](const std::array<unsigned, 6> &cell)
  { return std::find(cell.begin(), cell.end(), node) != cell.end(); };
  return static_cast<unsigned>(std::find_if(cells.begin(), cells.end(), has) - cells.begin());
}
} // namespace understudy

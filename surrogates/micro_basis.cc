// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <operators/nn/pod.h>
#include <surrogates/energy_norm.h>
#include <surrogates/micro_basis.h>

#include <Eigen/Dense>

#include <algorithm>
#include <array>
#include <cmath>

namespace understudy
{
namespace
{
/// y_q = w_q D x_q at every point, x and y [3][n_points] with D of the phase of the point.
void weigh(const MicroBasis &basis, const Matrix3 &D_matrix, const Matrix3 &D_fibre,
           const double *x, double *y)
{
  const std::size_t n = basis.n_points;
  for (std::size_t q = 0; q < n; ++q)
  {
    const Matrix3 &D = q < basis.n_matrix_points ? D_matrix : D_fibre;
    const Eigen::Vector3d v(x[q], x[n + q], x[2 * n + q]);
    const Eigen::Vector3d r = basis.weights[q] * (D * v);
    for (unsigned i = 0; i < 3; ++i)
      y[i * n + q] = r[i];
  }
}

/// Strain modes of displacement snapshots are as good as the snapshots; the same combinations of
/// snapshots that make the strain modes make the displacement modes.
std::vector<double> strain_snapshots(const RveDiscretisation &d, const std::vector<double> &w,
                                     std::size_t n_snapshots)
{
  std::vector<double> e(n_snapshots * 3 * d.n_points());
  PointBatch strain;
  for (std::size_t j = 0; j < n_snapshots; ++j)
  {
    d.strains({0., 0., 0.}, w.data() + j * d.n_dofs(), strain);
    std::copy_n(strain.data(), 3 * d.n_points(), e.data() + j * 3 * d.n_points());
  }
  return e;
}

/// Divides the snapshots by the size of their strain, so that small strains count as much as large
/// ones: the modes then represent the elastic response as accurately as the softened one.
void normalise_snapshots(const std::vector<double> &E, std::vector<double> &w,
                         std::vector<double> &s)
{
  const std::size_t n = E.size() / 3;
  for (std::size_t j = 0; j < n; ++j)
  {
    const double size = std::hypot(E[3 * j], E[3 * j + 1], E[3 * j + 2]);
    for (std::vector<double> *field : {&w, &s})
    {
      const std::size_t rows = field->size() / n;
      for (std::size_t i = j * rows; i < (j + 1) * rows; ++i)
        (*field)[i] /= size;
    }
  }
}

/// Coefficients of the modes in the snapshots: modes = snapshots * coefficients, by projection:
/// with orthonormal modes, snapshots^T M modes = V sigma, so coefficients = V sigma^{-1}.
Eigen::MatrixXd combinations(const Pod &pod, const std::vector<double> &snapshots,
                             std::size_t n_snapshots, const MetricProduct &metric)
{
  using Map = Eigen::Map<const Eigen::MatrixXd>;
  const Map X(snapshots.data(), pod.n_rows, n_snapshots);
  Eigen::MatrixXd weighted(pod.n_rows, pod.n_modes);
  for (std::size_t k = 0; k < pod.n_modes; ++k)
    metric(pod.modes.data() + k * pod.n_rows, weighted.data() + k * pod.n_rows);
  Eigen::MatrixXd V = X.transpose() * weighted;
  for (std::size_t k = 0; k < pod.n_modes; ++k)
    V.col(k) /= pod.singular_values[k] * pod.singular_values[k];
  return V;
}
} // namespace

MicroBasis MicroBasis::compute(const DataSets &data, const Rve &rve, std::size_t n_modes)
{
  const std::size_t n_snapshots = data.count("train");
  if (n_snapshots < n_modes)
    throw UserError("The data set '" + data.first().folder() + "' has " +
                    std::to_string(n_snapshots) +
                    " training samples, too few for 'Modes' = " + std::to_string(n_modes) + ".");
  const RveDiscretisation &d = rve.discretisation();
  MicroBasis basis;
  basis.n_modes = n_modes;
  basis.n_dofs = d.n_dofs();
  basis.n_points = d.n_points();
  basis.n_matrix_points = d.n_matrix_points();
  basis.weights = d.weights();
  const auto c_matrix = rve.matrix_law().initial_tangent(),
             c_fibre = rve.fibre_law().initial_tangent();
  basis.C0_matrix.assign(c_matrix.begin(), c_matrix.end());
  basis.C0_fibre.assign(c_fibre.begin(), c_fibre.end());
  const Matrix3 C0m = Eigen::Map<const Matrix3>(c_matrix.data());
  const Matrix3 C0f = Eigen::Map<const Matrix3>(c_fibre.data());
  const Matrix3 inverse_m = stress_metric(c_matrix.data());
  const Matrix3 inverse_f = stress_metric(c_fibre.data());

  std::vector<double> w = data.read_all("train", "w");
  std::vector<double> s = data.read_all("train", "stress");
  normalise_snapshots(data.read_all("train", "E"), w, s);
  const std::vector<double> e = strain_snapshots(d, w, n_snapshots);
  const auto strain_metric = [&](const double *x, double *y) { weigh(basis, C0m, C0f, x, y); };
  Pod pod = proper_orthogonal_decomposition(e.data(), 3 * basis.n_points, n_snapshots, n_modes,
                                            strain_metric);
  const Eigen::MatrixXd V = combinations(pod, e, n_snapshots, strain_metric);
  basis.phi_w.resize(n_modes * basis.n_dofs);
  Eigen::Map<Eigen::MatrixXd>(basis.phi_w.data(), basis.n_dofs, n_modes) =
    Eigen::Map<const Eigen::MatrixXd>(w.data(), basis.n_dofs, n_snapshots) * V;
  basis.singular_w = pod.singular_values;
  // From the displacement modes again, so that both agree to the last digit.
  basis.phi_e = strain_snapshots(d, basis.phi_w, n_modes);

  pod = proper_orthogonal_decomposition(s.data(), 3 * basis.n_points, n_snapshots, n_modes,
                                        [&](const double *x, double *y)
                                        { weigh(basis, inverse_m, inverse_f, x, y); });
  basis.phi_s = std::move(pod.modes);
  basis.singular_s = pod.singular_values;
  basis.H.assign(3 * n_modes, 0.);
  for (std::size_t k = 0; k < n_modes; ++k)
    for (unsigned i = 0; i < 3; ++i)
      for (std::size_t q = 0; q < basis.n_points; ++q)
        basis.H[i * n_modes + k] +=
          basis.weights[q] * basis.phi_s[(k * 3 + i) * basis.n_points + q];
  return basis;
}

std::vector<double> MicroBasis::at_points(const std::vector<double> &modes,
                                          const std::vector<std::size_t> &points) const
{
  std::vector<double> part;
  part.reserve(3 * n_modes * points.size());
  for (std::size_t row = 0; row < 3 * n_modes; ++row)
    for (const std::size_t q : points)
      part.push_back(modes[row * n_points + q]);
  return part;
}

void MicroBasis::save(ModelFile &file) const
{
  file.add("basis/phi_w", {n_modes, n_dofs}, phi_w);
  file.add("basis/phi_e", {n_modes, 3, n_points}, phi_e);
  file.add("basis/phi_s", {n_modes, 3, n_points}, phi_s);
  file.add("basis/H", {3, n_modes}, H);
  file.add("basis/weights", {n_points}, weights);
  file.add("basis/singular_w", {singular_w.size()}, singular_w);
  file.add("basis/singular_s", {singular_s.size()}, singular_s);
  file.add("basis/C0_matrix", {3, 3}, C0_matrix);
  file.add("basis/C0_fibre", {3, 3}, C0_fibre);
}

MicroBasis MicroBasis::load(const ModelFile &file, const Rve &rve)
{
  const RveDiscretisation &d = rve.discretisation();
  const std::vector<std::size_t> shape = file.shape("basis/H");
  if (shape.size() != 2)
    throw UserError("The model '" + file.path() + "' has a tensor 'basis/H' that is no matrix.");
  MicroBasis basis;
  basis.n_modes = shape[1];
  basis.n_dofs = d.n_dofs();
  basis.n_points = d.n_points();
  basis.n_matrix_points = d.n_matrix_points();
  basis.phi_w = file.tensor("basis/phi_w", {basis.n_modes, basis.n_dofs});
  basis.phi_e = file.tensor("basis/phi_e", {basis.n_modes, 3, basis.n_points});
  basis.phi_s = file.tensor("basis/phi_s", {basis.n_modes, 3, basis.n_points});
  basis.H = file.tensor("basis/H", {3, basis.n_modes});
  basis.weights = file.tensor("basis/weights", {basis.n_points});
  basis.singular_w = file.tensor("basis/singular_w", file.shape("basis/singular_w"));
  basis.singular_s = file.tensor("basis/singular_s", file.shape("basis/singular_s"));
  basis.C0_matrix = file.tensor("basis/C0_matrix", {3, 3});
  basis.C0_fibre = file.tensor("basis/C0_fibre", {3, 3});
  return basis;
}
} // namespace understudy

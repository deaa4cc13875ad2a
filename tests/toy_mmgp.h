// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/plate_generator.h>
#include <surrogates/mmgp_training.h>
#include <tests/random_numbers.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

/// MMGP on plates whose fields are formulas, so that a model is trained in a second; the radius of
/// the notch is known to it by the shape of the mesh alone.
namespace understudy::toy_mmgp
{
inline const std::vector<std::string> features(plate_features.begin(), plate_features.end());

inline MmgpProblem problem()
{
  return {{{{"P", "MPa"}, 1., 2.}, {{"K", "MPa"}, -1., 1.}},
          {{{"wave", "mm"}, 0.}, {{"decades", "1"}, 1e-12}},
          {{{"mean", "mm"}, 0.}}};
}

inline TriangleMesh plate(double radius, std::uint64_t seed)
{
  PlateMeshing meshing;
  meshing.h = 0.14;
  meshing.seed = seed;
  return make_plate(PlateShape::circle(radius), meshing);
}

/// A plate and what stands for its answer: smooth in place, radius and inputs.
/// @param unknown four numbers of size 1 that the answer depends on too, and the model cannot
/// know
inline MmgpSample sample_on(TriangleMesh mesh, double radius, double P, double K,
                            const std::array<double, 4> &unknown = {})
{
  MmgpSample s{std::move(mesh), {P, K}, {{}, {}}, {}};
  for (const auto &[x, y] : s.mesh.nodes)
  {
    s.fields[0].push_back((P + 0.05 * unknown[0]) * std::sin(1. + x + radius * y) +
                          (K * radius + 0.05 * unknown[1]) * x * y);
    s.fields[1].push_back(std::pow(10., -6. + 2. * P + 0.2 * unknown[2] + K * y));
  }
  s.scalars = {P * radius + K * K + 0.05 * unknown[3]};
  return s;
}

/// @param constant_K the input K has this value, where it is a number
inline MmgpSample sample_with(std::size_t i, const std::array<double, 4> &unknown,
                              double constant_K = std::nan(""))
{
  const auto u = test::random_numbers(3, 100 + static_cast<unsigned>(i), 1.);
  const double radius = 0.4 + 0.15 * u[0];
  return sample_on(plate(radius, i), radius, 1.5 + 0.5 * u[1],
                   std::isnan(constant_K) ? u[2] : constant_K, unknown);
}

inline MmgpSample sample(std::size_t i)
{
  return sample_with(i, {});
}

inline MmgpParameters parameters()
{
  MmgpParameters p;
  p.shape_modes = 5;
  p.field_modes = 6;
  p.fit.n_restarts = 2;
  return p;
}

inline constexpr std::size_t n_train = 60;

inline MmgpTraining &training()
{
  static MmgpTraining of_model;
  return of_model;
}

inline const Mmgp &model()
{
  static const Mmgp trained =
    train_mmgp(MPI_COMM_WORLD, parameters(), problem(), features, n_train, sample, training());
  return trained;
}

/// Root mean square of the difference, relative to that of the truth.
inline double error(const std::vector<double> &found, const std::vector<double> &truth)
{
  double difference = 0., size = 0.;
  for (std::size_t i = 0; i < truth.size(); ++i)
  {
    difference += (found[i] - truth[i]) * (found[i] - truth[i]);
    size += truth[i] * truth[i];
  }
  return std::sqrt(difference / size);
}

inline double coverage(const MmgpValues &values, const std::vector<double> &truth)
{
  double inside = 0.;
  for (std::size_t i = 0; i < truth.size(); ++i)
    inside += truth[i] >= values.lower[i] && truth[i] <= values.upper[i] ? 1. : 0.;
  return inside / static_cast<double>(truth.size());
}

inline std::vector<double> decades_of(std::vector<double> values)
{
  for (double &value : values)
    value = std::log10(value);
  return values;
}

inline std::vector<double> numbers_of(const MmgpPrediction &p)
{
  std::vector<double> all;
  for (const MmgpValues &values : p.fields)
    for (const auto *list : {&values.mean, &values.deviation, &values.lower, &values.upper})
      all.insert(all.end(), list->begin(), list->end());
  all.insert(all.end(), p.scalars.mean.begin(), p.scalars.mean.end());
  all.insert(all.end(), p.scalars.deviation.begin(), p.scalars.deviation.end());
  return all;
}
} // namespace understudy::toy_mmgp

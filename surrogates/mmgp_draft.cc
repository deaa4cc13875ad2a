// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <surrogates/mmgp_draft.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
namespace
{
/// Mean and standard deviation of each component over the points; components that do not vary are
/// an error for outputs and have scale 1 for inputs.
Mmgp::Scaling standardise(PointBatch &values)
{
  Mmgp::Scaling scaling;
  const auto n = static_cast<double>(values.n_points());
  for (std::size_t c = 0; c < values.n_components(); ++c)
  {
    const auto v = values.component(c);
    double mean = 0., square = 0.;
    for (const double x : v)
      mean += x / n;
    for (const double x : v)
      square += (x - mean) * (x - mean) / n;
    const double scale = square > 1e-24 * mean * mean && square > 0. ? std::sqrt(square) : 1.;
    for (double &x : v)
      x = (x - mean) / scale;
    scaling.offset.push_back(mean);
    scaling.scale.push_back(scale);
  }
  return scaling;
}

WeightedPod pod_of(const std::vector<double> &rows, std::size_t n_components, std::size_t n_modes,
                   const CommonMesh &common)
{
  return WeightedPod::fit(rows.data(), rows.size() / (n_components * common.n_nodes()),
                          n_components, n_modes, common.mass());
}

/// Coefficients of a field, whole or one by one.
std::vector<PointBatch> outputs_of(const PointBatch &coefficients, bool one_by_one)
{
  if (!one_by_one)
    return {coefficients};
  std::vector<PointBatch> all;
  for (std::size_t k = 0; k < coefficients.n_components(); ++k)
  {
    all.emplace_back(1, coefficients.n_points());
    std::ranges::copy(coefficients.component(k), all.back().data());
  }
  return all;
}

void add_fields(const MmgpParameters &p, const MmgpProblem &problem, const MmgpSnapshots &all,
                const std::vector<std::size_t> &samples, std::vector<WeightedPod> modes,
                PerNode loss, MmgpDraft &draft)
{
  for (std::size_t f = 0; f < problem.fields.size(); ++f)
  {
    const auto rows = rows_of(all.fields[f], all.n_nodes, samples);
    const auto [low, high] = std::ranges::minmax_element(rows);
    if (!(*high > *low))
      throw UserError("The field '" + problem.fields[f].quantity.name +
                      "' is the same number in all samples, so there is nothing to learn.");
    Mmgp::Field field{problem.fields[f],  std::move(modes[f]), {}, {},
                      std::move(loss[f]), *high - *low};
    PointBatch c = field.pod.project(samples.size(), rows.data());
    field.scaling = standardise(c);
    for (auto &part : outputs_of(c, p.process_per_coefficient))
      draft.outputs.push_back(std::move(part));
    draft.state.fields.push_back(std::move(field));
  }
}

void add_scalars(const MmgpProblem &problem, const MmgpSnapshots &all,
                 const std::vector<std::size_t> &samples, MmgpDraft &draft)
{
  draft.scalars = problem.scalars;
  const std::size_t n_scalars = problem.scalars.size();
  for (std::size_t s = 0; s < n_scalars; ++s)
  {
    PointBatch y(1, samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i)
      y(0, i) = all.scalars[samples[i] * n_scalars + s];
    const auto [low, high] = std::ranges::minmax_element(y.component(0));
    if (!(*high > *low))
      throw UserError("The scalar '" + problem.scalars[s].quantity.name +
                      "' is the same number in all samples, so there is nothing to learn.");
    draft.of_scalar.push_back(standardise(y));
    draft.outputs.push_back(std::move(y));
  }
}
} // namespace

std::vector<double> rows_of(const std::vector<double> &all, std::size_t width,
                            const std::vector<std::size_t> &samples)
{
  std::vector<double> rows;
  rows.reserve(samples.size() * width);
  for (const std::size_t i : samples)
    rows.insert(rows.end(), &all[i * width], &all[i * width] + width);
  return rows;
}

MmgpModes mmgp_modes(const MmgpParameters &parameters, const CommonMesh &common,
                     const MmgpSnapshots &all, const std::vector<std::size_t> &samples)
{
  MmgpModes modes{
    pod_of(rows_of(all.shape, 2 * all.n_nodes, samples), 2, parameters.shape_modes, common), {}};
  for (const auto &field : all.fields)
    modes.fields.push_back(
      pod_of(rows_of(field, all.n_nodes, samples), 1, parameters.field_modes, common));
  return modes;
}

PointBatch mmgp_inputs(const WeightedPod &shape, const MmgpSnapshots &all,
                       const std::vector<std::size_t> &samples)
{
  const std::size_t n_inputs = all.inputs.size() / all.n_samples, n = samples.size();
  const PointBatch c = shape.project(n, rows_of(all.shape, 2 * all.n_nodes, samples).data());
  PointBatch X(c.n_components() + n_inputs, n);
  std::copy_n(c.data(), c.n_components() * n, X.data());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n_inputs; ++k)
      X(c.n_components() + k, i) = all.inputs[samples[i] * n_inputs + k];
  return X;
}

MmgpDraft mmgp_draft(const MmgpParameters &parameters, const MmgpProblem &problem,
                     const CommonMesh &common, const MmgpSnapshots &all,
                     const std::vector<std::size_t> &samples, MmgpModes modes, PerNode loss)
{
  PointBatch X = mmgp_inputs(modes.shape, all, samples);
  Mmgp::Scaling scaling = standardise(X);
  Mmgp::State state{problem.inputs, common, std::move(modes.shape), std::move(scaling), {}, {}, {}};
  MmgpDraft draft{std::move(state), std::move(X), {}, {}, {}};
  add_fields(parameters, problem, all, samples, std::move(modes.fields), std::move(loss), draft);
  add_scalars(problem, all, samples, draft);
  return draft;
}

Mmgp::State MmgpDraft::finish(std::vector<GaussianProcessFit> fits) &&
{
  std::size_t next = 0;
  for (Mmgp::Field &field : state.fields)
    for (std::size_t k = 0; k < field.pod.n_modes();)
    {
      field.processes.push_back(std::move(fits[next++].process));
      k += field.processes.back().n_outputs();
    }
  for (std::size_t s = 0; s < scalars.size(); ++s)
    state.scalars.push_back(
      {scalars[s], of_scalar[s].offset[0], of_scalar[s].scale[0], std::move(fits[next++].process)});
  return std::move(state);
}
} // namespace understudy

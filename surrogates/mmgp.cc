// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <surrogates/mmgp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace understudy
{
namespace
{
/// |L^-1 d|^2 with the lower factor [n][n], row-major.
double squared_distance(const std::vector<double> &L, std::vector<double> d)
{
  const std::size_t n = d.size();
  double sum = 0.;
  for (std::size_t i = 0; i < n; ++i)
  {
    for (std::size_t j = 0; j < i; ++j)
      d[i] -= L[i * n + j] * d[j];
    d[i] /= L[i * n + i];
    sum += d[i] * d[i];
  }
  return sum;
}

/// Appends a value that was learned, with its variance and bounds @p band deviations away.
void append(const MmgpOutput &output, double mean, double variance, double band, double range,
            MmgpValues &values)
{
  const double deviation = std::sqrt(std::max(variance, 0.)), rounding = Mmgp::rounding * range;
  const double half_width = std::max(band * std::max(deviation, rounding), rounding);
  values.mean.push_back(output.physical(mean));
  values.deviation.push_back(
    output.is_logarithmic()
      ? (output.physical(mean + deviation) - output.physical(mean - deviation)) / 2.
      : deviation);
  values.lower.push_back(output.physical(mean - half_width));
  values.upper.push_back(output.physical(mean + half_width));
}

void shut(MmgpPrediction &prediction, MmgpGate gate, const std::string &reason)
{
  if (prediction.gate != MmgpGate::none)
    return;
  prediction.gate = gate;
  prediction.reason = reason;
}

bool is_finite(const MmgpValues &values)
{
  return std::ranges::all_of(
    std::array{&values.mean, &values.deviation, &values.lower, &values.upper},
    [](const std::vector<double> *list)
    { return std::ranges::all_of(*list, [](double x) { return std::isfinite(x); }); });
}
} // namespace

const char *to_string(MmgpGate gate)
{
  switch (gate)
  {
  case MmgpGate::none:
    return "none";
  case MmgpGate::morph:
    return "morph";
  case MmgpGate::range:
    return "range";
  case MmgpGate::shape:
    return "shape";
  case MmgpGate::distance:
    return "distance";
  case MmgpGate::deviation:
    return "deviation";
  }
  return "unknown";
}

double MmgpOutput::learned(double q) const
{
  return is_logarithmic() ? std::log10(std::max(q, 0.) + floor) : q;
}

double MmgpOutput::physical(double t) const
{
  return is_logarithmic() ? std::max(std::pow(10., t) - floor, 0.) : t;
}

PointBatch one_point(const std::vector<double> &components)
{
  PointBatch point(components.size(), 1);
  std::ranges::copy(components, point.data());
  return point;
}

Mmgp::Mmgp(State state) : state_(std::move(state))
{
  for (Field &field : state_.fields)
  {
    const std::size_t n_common = field.pod.n_rows(), n_modes = field.pod.n_modes();
    field.by_node.resize(n_common * (2 + n_modes));
    double *row = field.by_node.data();
    for (std::size_t i = 0; i < n_common; ++i, row += 2 + n_modes)
    {
      row[0] = field.pod.mean()[i];
      row[1] = field.truncation[i];
      for (std::size_t k = 0; k < n_modes; ++k)
        row[2 + k] = field.pod.modes()[k * n_common + i];
    }
  }
}

MmgpProblem Mmgp::problem() const
{
  MmgpProblem p{state_.inputs, {}, {}};
  for (const Field &field : state_.fields)
    p.fields.push_back(field.output);
  for (const Scalar &scalar : state_.scalars)
    p.scalars.push_back(scalar.output);
  return p;
}

MmgpPrediction Mmgp::predict(const TriangleMesh &mesh, const std::vector<double> &inputs) const
{
  std::optional<CommonMesh::Morphed> morphed;
  MmgpPrediction prediction;
  try
  {
    morphed = state_.common.morph(mesh);
  }
  catch (const UserError &trouble)
  {
    shut(prediction, MmgpGate::morph, trouble.what());
  }
  return morphed ? predict(mesh, *morphed, inputs) : prediction;
}

std::vector<double> Mmgp::input_of(const TriangleMesh &mesh, const CommonMesh::Morphed &morphed,
                                   const std::vector<double> &inputs, double &residual) const
{
  std::vector<double> common(2 * state_.common.n_nodes());
  morphed.to_common.apply(2, coordinates_of(mesh).data(), common.data());
  const PointBatch c = state_.shape.project(1, common.data());
  residual = std::sqrt(state_.shape.squared_residuals(1, common.data())[0]);
  std::vector<double> X(c.data(), c.data() + c.n_components());
  X.insert(X.end(), inputs.begin(), inputs.end());
  for (std::size_t k = 0; k < X.size(); ++k)
    X[k] = (X[k] - state_.x.offset[k]) / state_.x.scale[k];
  return X;
}

std::vector<Mmgp::Normal> Mmgp::coefficients(const Field &field, const PointBatch &X) const
{
  std::vector<Normal> found;
  PointBatch mean;
  std::vector<double> variance;
  for (const GaussianProcess &process : field.processes)
  {
    process.predict(X, mean, &variance);
    for (std::size_t k = 0; k < mean.n_components(); ++k)
    {
      const double s = field.scaling.scale[found.size()];
      found.push_back({field.scaling.offset[found.size()] + s * mean(k, 0),
                       s * s * (variance[0] + process.parameters().noise_variance)});
    }
  }
  return found;
}

Mmgp::FieldMoments Mmgp::moments(const Field &field, const CommonMesh::Morphed &morphed,
                                 const std::vector<Normal> &of_modes)
{
  constexpr std::size_t block = 128; // nodes, of which all numbers stay in the first cache
  const std::size_t n_nodes = morphed.from_common.n_rows(), width = 2 + of_modes.size();
  FieldMoments found{std::vector<double>(n_nodes), std::vector<double>(n_nodes),
                     std::vector<double>(n_nodes)};
  std::vector<double> rows(block * width);
  for (std::size_t begin = 0; begin < n_nodes; begin += block)
  {
    const std::size_t n = std::min(block, n_nodes - begin);
    morphed.from_common.apply_rows(begin, n, width, field.by_node.data(), rows.data());
    for (std::size_t i = 0; i < n; ++i)
    {
      const double *row = &rows[i * width], *modes = row + 2;
      double mean = row[0], variance = 0.;
      for (std::size_t k = 0; k < of_modes.size(); ++k)
      {
        mean += of_modes[k].mean * modes[k];
        variance += of_modes[k].variance * modes[k] * modes[k];
      }
      found.mean[begin + i] = mean;
      found.variance[begin + i] = variance;
      found.truncation[begin + i] = row[1];
    }
  }
  return found;
}

Mmgp::Normal Mmgp::distribution(const Scalar &scalar, const PointBatch &X) const
{
  PointBatch mean;
  std::vector<double> variance;
  scalar.process.predict(X, mean, &variance);
  return {scalar.offset + scalar.scale * mean(0, 0),
          scalar.scale * scalar.scale * (variance[0] + scalar.process.parameters().noise_variance)};
}

/// @param deviation the largest one that the processes say, as a share of the range
MmgpValues Mmgp::field_values(const Field &field, const CommonMesh::Morphed &morphed,
                              const PointBatch &X, double &deviation) const
{
  const FieldMoments found = moments(field, morphed, coefficients(field, X));
  // What modes and interpolation lose is the same for every plate: it tells nothing of this one.
  deviation = std::sqrt(*std::ranges::max_element(found.variance)) / field.range;
  MmgpValues values;
  for (auto *list : {&values.mean, &values.deviation, &values.lower, &values.upper})
    list->reserve(found.mean.size());
  for (std::size_t i = 0; i < found.mean.size(); ++i)
    append(field.output, found.mean[i], found.variance[i] + found.truncation[i], field.band,
           field.range, values);
  return values;
}

MmgpValues Mmgp::scalar_values(const PointBatch &X) const
{
  MmgpValues values;
  for (const Scalar &scalar : state_.scalars)
  {
    const Normal found = distribution(scalar, X);
    append(scalar.output, found.mean, found.variance, scalar.band, scalar.scale, values);
  }
  return values;
}

MmgpPrediction Mmgp::predict(const TriangleMesh &mesh, const CommonMesh::Morphed &morphed,
                             const std::vector<double> &inputs) const
{
  if (inputs.size() != state_.inputs.size())
    throw UserError("The model takes " + std::to_string(state_.inputs.size()) +
                    " scalars, but was given " + std::to_string(inputs.size()) + ".");
  MmgpPrediction prediction;
  for (std::size_t i = 0; i < inputs.size(); ++i)
  {
    const MmgpInput &input = state_.inputs[i];
    if (!std::isfinite(inputs[i]))
      throw UserError("The input '" + input.quantity.name + "' is not finite.");
    const double slack = 1e-12 * std::max(std::abs(input.lower), std::abs(input.upper));
    if (inputs[i] < input.lower - slack || inputs[i] > input.upper + slack)
      shut(prediction, MmgpGate::range,
           "'" + input.quantity.name + "' = " + number_text(inputs[i]) + " is outside of " +
             number_text(input.lower) + " to " + number_text(input.upper) + ".");
  }
  double residual = 0.;
  const PointBatch X = one_point(input_of(mesh, morphed, inputs, residual));
  if (!(residual <= state_.gates.shape))
    shut(prediction, MmgpGate::shape,
         "The shape differs by " + number_text(residual, 3) +
           " from all that the model can represent, more than " +
           number_text(state_.gates.shape, 3) + ".");
  std::vector<double> from_mean = state_.gates.mean;
  for (std::size_t k = 0; k < from_mean.size(); ++k)
    from_mean[k] = X(k, 0) - from_mean[k];
  const double distance = squared_distance(state_.gates.factor, from_mean);
  if (!(distance <= state_.gates.squared_distance))
    shut(prediction, MmgpGate::distance,
         "Shape and scalars lie " + number_text(std::sqrt(distance), 3) +
           " standard deviations from the samples, more than " +
           number_text(std::sqrt(state_.gates.squared_distance), 3) + ".");
  for (const Field &field : state_.fields)
  {
    double deviation = 0.;
    prediction.fields.push_back(field_values(field, morphed, X, deviation));
    if (!is_finite(prediction.fields.back()))
      shut(prediction, MmgpGate::deviation,
           "The prediction of " + field.output.quantity.name + " is not finite.");
    if (field.output.is_logarithmic())
      continue;
    prediction.deviation = std::max(prediction.deviation, deviation);
    if (!(deviation <= state_.gates.deviation))
      shut(prediction, MmgpGate::deviation,
           "The deviation of " + field.output.quantity.name + " reaches " +
             number_text(100. * deviation, 3) + " % of its range, more than " +
             number_text(100. * state_.gates.deviation, 3) + " %.");
  }
  prediction.scalars = scalar_values(X);
  if (!is_finite(prediction.scalars))
    shut(prediction, MmgpGate::deviation, "The prediction of a scalar is not finite.");
  return prediction;
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <surrogates/mmgp.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace understudy
{
namespace
{
constexpr double normal_95 = 1.959963984540054; ///< 97.5 % quantile of the normal distribution

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

/// Appends a value that was learned, with its variance.
void append(const MmgpOutput &output, double mean, double variance, MmgpValues &values)
{
  const double deviation = std::sqrt(std::max(variance, 0.));
  const double lower = output.physical(mean - normal_95 * deviation);
  const double upper = output.physical(mean + normal_95 * deviation);
  values.mean.push_back(output.physical(mean));
  values.deviation.push_back(output.is_logarithmic() ? (upper - lower) / (2. * normal_95)
                                                     : deviation);
  values.lower.push_back(lower);
  values.upper.push_back(upper);
}

void shut(MmgpPrediction &prediction, MmgpGate gate, const std::string &reason)
{
  if (prediction.gate != MmgpGate::none)
    return;
  prediction.gate = gate;
  prediction.reason = reason;
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

/// @param deviation the largest one that the processes say, as a share of the range
MmgpValues Mmgp::field_values(const Field &field, const CommonMesh::Morphed &morphed,
                              const PointBatch &X, double &deviation) const
{
  const std::size_t n_common = state_.common.n_nodes(), n_modes = field.pod.n_modes();
  const std::size_t n_nodes = morphed.from_common.n_rows();
  PointBatch coefficients(n_modes, 1), mean;
  std::vector<double> variances(n_modes), variance;
  for (std::size_t g = 0; g < field.processes.size(); ++g)
  {
    const GaussianProcess &process = field.processes[g];
    process.predict(X, mean, &variance);
    for (std::size_t k = 0; k < mean.n_components(); ++k)
    {
      const double s = field.scaling.scale[g + k];
      coefficients(g + k, 0) = field.scaling.offset[g + k] + s * mean(k, 0);
      variances[g + k] = s * s * (variance[0] + process.parameters().noise_variance);
    }
  }
  // Mean, truncation and modes go to the nodes of the mesh together.
  std::vector<double> common((2 + n_modes) * n_common), here((2 + n_modes) * n_nodes);
  field.pod.expand(coefficients, common.data());
  std::copy(field.truncation.begin(), field.truncation.end(), common.data() + n_common);
  std::copy(field.pod.modes().begin(), field.pod.modes().end(), common.data() + 2 * n_common);
  morphed.from_common.apply(2 + n_modes, common.data(), here.data());
  std::vector<double> var(n_nodes, 0.);
  for (std::size_t k = 0; k < n_modes; ++k)
  {
    const double *mode = here.data() + (2 + k) * n_nodes, v = variances[k];
    for (std::size_t i = 0; i < n_nodes; ++i)
      var[i] += v * mode[i] * mode[i];
  }
  // What modes and interpolation lose is the same for every plate: it tells nothing of this one.
  deviation = std::sqrt(*std::ranges::max_element(var)) / field.range;
  for (std::size_t i = 0; i < n_nodes; ++i)
    var[i] += here[n_nodes + i];
  MmgpValues values;
  for (auto *list : {&values.mean, &values.deviation, &values.lower, &values.upper})
    list->reserve(n_nodes);
  for (std::size_t i = 0; i < n_nodes; ++i)
    append(field.output, here[i], var[i], values);
  return values;
}

MmgpValues Mmgp::scalar_values(const PointBatch &X) const
{
  MmgpValues values;
  PointBatch mean;
  std::vector<double> variance;
  for (const Scalar &scalar : state_.scalars)
  {
    scalar.process.predict(X, mean, &variance);
    append(scalar.output, scalar.offset + scalar.scale * mean(0, 0),
           scalar.scale * scalar.scale * (variance[0] + scalar.process.parameters().noise_variance),
           values);
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
  const std::vector<double> x = input_of(mesh, morphed, inputs, residual);
  if (!(residual <= state_.gates.shape))
    shut(prediction, MmgpGate::shape,
         "The shape differs by " + number_text(residual, 3) +
           " from all that the model can represent, more than " +
           number_text(state_.gates.shape, 3) + ".");
  std::vector<double> from_mean = x;
  for (std::size_t k = 0; k < x.size(); ++k)
    from_mean[k] -= state_.gates.mean[k];
  const double distance = squared_distance(state_.gates.factor, from_mean);
  if (!(distance <= state_.gates.squared_distance))
    shut(prediction, MmgpGate::distance,
         "Shape and scalars lie " + number_text(std::sqrt(distance), 3) +
           " standard deviations from the samples, more than " +
           number_text(std::sqrt(state_.gates.squared_distance), 3) + ".");
  PointBatch X(x.size(), 1);
  std::copy(x.begin(), x.end(), X.data());
  for (const Field &field : state_.fields)
  {
    double deviation = 0.;
    prediction.fields.push_back(field_values(field, morphed, X, deviation));
    if (!field.output.is_logarithmic() && !(deviation <= state_.gates.deviation))
      shut(prediction, MmgpGate::deviation,
           "The deviation of " + field.output.quantity.name + " reaches " +
             number_text(100. * deviation, 3) + " % of its range, more than " +
             number_text(100. * state_.gates.deviation, 3) + " %.");
  }
  prediction.scalars = scalar_values(X);
  return prediction;
}
} // namespace understudy

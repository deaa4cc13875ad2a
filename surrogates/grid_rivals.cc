// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/csr_matrix.h>
#include <data/core/errors.h>
#include <surrogates/grid_rivals.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

namespace understudy
{
namespace
{
void check_batch(const GridBatch &batch, const std::string &what)
{
  if (batch.sample_size() == 0 || batch.values.size() != batch.n_samples * batch.sample_size())
    throw UserError(what + " have no channels or no points, or " +
                    std::to_string(batch.values.size()) + " values instead of " +
                    std::to_string(batch.n_samples * batch.sample_size()) + ".");
  const auto bad = std::ranges::find_if_not(batch.values, [](float v) { return std::isfinite(v); });
  if (bad == batch.values.end())
    return;
  const auto place = static_cast<std::size_t>(bad - batch.values.begin());
  throw UserError(what + " hold a number that is not finite in sample " +
                  std::to_string(place / batch.sample_size()) + ", channel " +
                  std::to_string(place % batch.sample_size() / batch.n_points()) + ".");
}

std::string shape_text(const GridBatch &batch)
{
  return std::to_string(batch.n_channels) + " channels on " + std::to_string(batch.n1) + " x " +
         std::to_string(batch.n2) + " points";
}

std::vector<double> mean_sample(const GridBatch &batch)
{
  std::vector<double> mean(batch.sample_size(), 0.);
  for (std::size_t s = 0; s < batch.n_samples; ++s)
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] += batch.sample(s)[i];
  for (double &value : mean)
    value /= static_cast<double>(batch.n_samples);
  return mean;
}

/// Root mean square deviation of each channel from its mean field; 0 where that is rounding of
/// single precision.
std::vector<double> deviations(const GridBatch &batch, const std::vector<double> &mean)
{
  std::vector<double> all;
  for (std::size_t c = 0; c < batch.n_channels; ++c)
  {
    double deviation = 0., square = 0.;
    for (std::size_t s = 0; s < batch.n_samples; ++s)
    {
      const auto field = batch.field(s, c);
      const double *centre = &mean[c * batch.n_points()];
      for (std::size_t i = 0; i < field.size(); ++i)
      {
        deviation += (field[i] - centre[i]) * (field[i] - centre[i]);
        square += static_cast<double>(field[i]) * field[i];
      }
    }
    constexpr double rounding = std::numeric_limits<float>::epsilon();
    const double count = static_cast<double>(batch.n_samples * batch.n_points());
    all.push_back(deviation > rounding * rounding * square ? std::sqrt(deviation / count) : 0.);
  }
  return all;
}

/// 1 / a, 0 for 0.
std::vector<double> inverses(std::vector<double> all)
{
  for (double &a : all)
    a = a > 0. ? 1. / a : 0.;
  return all;
}

/// Samples begin, ..., begin + count - 1 with each channel times its weight.
std::vector<double> weighted(const GridBatch &batch, const std::vector<double> &weight,
                             std::size_t begin, std::size_t count)
{
  std::vector<double> values;
  values.reserve(count * batch.sample_size());
  for (std::size_t s = begin; s < begin + count; ++s)
    for (std::size_t c = 0; c < batch.n_channels; ++c)
      for (const float value : batch.field(s, c))
        values.push_back(weight[c] * value);
  return values;
}

WeightedPod::Metric identity(std::size_t n)
{
  auto matrix = std::make_shared<CsrMatrix>();
  matrix->n_columns = n;
  matrix->row_start.resize(n + 1);
  std::iota(matrix->row_start.begin(), matrix->row_start.end(), std::size_t(0));
  matrix->column.resize(n);
  std::iota(matrix->column.begin(), matrix->column.end(), 0u);
  matrix->value.assign(n, 1.);
  return matrix;
}

/// The fewest modes that keep this share of the energy, or all there are.
std::size_t modes_for(const WeightedPod &pod, double share)
{
  double kept = 0.;
  for (std::size_t k = 0; k < pod.n_modes(); ++k)
  {
    kept += pod.singular_values()[k] * pod.singular_values()[k];
    if (kept >= share * pod.energy())
      return k + 1;
  }
  return pod.n_modes();
}
} // namespace

const std::vector<std::string> &GridRivals::names()
{
  static const std::vector<std::string> all = {"training-mean", "nearest-neighbour", "pod-ridge"};
  return all;
}

GridRivals::GridRivals(const GridBatch &x, const GridBatch &y,
                       const GridRivalsParameters &parameters)
{
  check_batch(x, "The training inputs of the rivals");
  check_batch(y, "The training outputs of the rivals");
  if (x.n_samples == 0 || x.n_samples != y.n_samples)
    throw UserError("The rivals need as many outputs as inputs, at least one; there are " +
                    std::to_string(x.n_samples) + " inputs and " + std::to_string(y.n_samples) +
                    " outputs.");
  if (x.n1 != y.n1 || x.n2 != y.n2)
    throw UserError("The rivals need inputs and outputs on one grid, not " + shape_text(x) +
                    " and " + shape_text(y) + ".");
  if (!(parameters.energy > 0. && parameters.energy <= 1.) || parameters.max_modes == 0)
    throw UserError("The modes of the rival pod-ridge need a share of the energy in (0, 1] and a "
                    "largest number of at least 1.");
  x_ = x;
  y_ = y;
  mean_y_ = mean_sample(y);
  weight_x_ = inverses(deviations(x, mean_sample(x)));
  scale_y_ = deviations(y, mean_y_);
  const auto differs = [](double w) { return w > 0.; };
  if (std::ranges::any_of(weight_x_, differs) && std::ranges::any_of(scale_y_, differs))
    fit_ridge(weighted(x, weight_x_, 0, x.n_samples),
              weighted(y, inverses(scale_y_), 0, y.n_samples), parameters);
}

void GridRivals::fit_ridge(const std::vector<double> &scaled_x, const std::vector<double> &scaled_y,
                           const GridRivalsParameters &parameters)
{
  const std::size_t n = x_.n_samples;
  const auto metric = identity(x_.n_points());
  pod_x_ = WeightedPod::fit(scaled_x.data(), n, x_.n_channels, parameters.max_modes, metric);
  pod_y_ = WeightedPod::fit(scaled_y.data(), n, y_.n_channels, parameters.max_modes, metric);
  n_input_modes_ = modes_for(*pod_x_, parameters.energy);
  n_output_modes_ = modes_for(*pod_y_, parameters.energy);
  const PointBatch Z = pod_x_->project(n, scaled_x.data()), C = pod_y_->project(n, scaled_y.data());

  const std::size_t r = n_input_modes_, q = n_output_modes_;
  std::vector<double> products(q * r, 0.), squares(r);
  for (std::size_t k = 0; k < r; ++k)
    squares[k] = std::pow(pod_x_->singular_values()[k], 2);
  for (std::size_t j = 0; j < q; ++j)
    for (std::size_t k = 0; k < r; ++k)
      for (std::size_t i = 0; i < n; ++i)
        products[j * r + k] += C(j, i) * Z(k, i);

  double least = std::numeric_limits<double>::infinity();
  std::vector<double> slopes(q * r), left(n);
  for (int decade = 2; decade >= -10; --decade) // the larger penalty of two that do equally well
  {
    const double lambda = std::pow(10., decade) * squares[0];
    std::ranges::fill(left, 1. - 1. / static_cast<double>(n));
    for (std::size_t k = 0; k < r; ++k)
    {
      for (std::size_t j = 0; j < q; ++j)
        slopes[j * r + k] = products[j * r + k] / (squares[k] + lambda);
      for (std::size_t i = 0; i < n; ++i)
        left[i] -= Z(k, i) * Z(k, i) / (squares[k] + lambda);
    }
    double sum = 0.;
    std::vector<double> error(n);
    for (std::size_t j = 0; j < q; ++j)
    {
      std::ranges::copy(C.component(j), error.begin());
      for (std::size_t k = 0; k < r; ++k)
        for (std::size_t i = 0; i < n; ++i)
          error[i] -= slopes[j * r + k] * Z(k, i);
      for (std::size_t i = 0; i < n; ++i)
        sum += std::pow(error[i] / left[i], 2);
    }
    if (sum < least)
    {
      least = sum;
      penalty_ = std::pow(10., decade);
      slopes_ = slopes;
    }
  }
}

std::size_t GridRivals::nearest(std::span<const float> x) const
{
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t s = 0; s < x_.n_samples; ++s)
  {
    double distance = 0.;
    for (std::size_t c = 0; c < x_.n_channels && distance < least; ++c)
    {
      const auto field = x_.field(s, c);
      const float *here = &x[c * x_.n_points()];
      double square = 0.;
      for (std::size_t i = 0; i < field.size(); ++i)
      {
        const double difference = static_cast<double>(field[i]) - here[i];
        square += difference * difference;
      }
      distance += weight_x_[c] * weight_x_[c] * square;
    }
    if (distance < least)
    {
      least = distance;
      best = s;
    }
  }
  return best;
}

void GridRivals::predict_by_ridge(const GridBatch &x, GridBatch &y) const
{
  constexpr std::size_t block = 32;
  const std::size_t r = n_input_modes_, q = n_output_modes_, size = y.sample_size();
  std::vector<double> fields(std::min(block, x.n_samples) * size);
  for (std::size_t begin = 0; begin < x.n_samples; begin += block)
  {
    const std::size_t count = std::min(block, x.n_samples - begin);
    const PointBatch z = pod_x_->project(count, weighted(x, weight_x_, begin, count).data());
    PointBatch c(pod_y_->n_modes(), count); // zero for the modes beyond the kept ones
    for (std::size_t j = 0; j < q; ++j)
      for (std::size_t k = 0; k < r; ++k)
        for (std::size_t i = 0; i < count; ++i)
          c(j, i) += slopes_[j * r + k] * z(k, i);
    pod_y_->expand(c, fields.data());
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t p = 0; p < size; ++p)
      {
        const double scale = scale_y_[p / y.n_points()];
        // A channel that never differs has no scale: it is its mean.
        y.sample(begin + i)[p] =
          static_cast<float>(scale > 0. ? scale * fields[i * size + p] : mean_y_[p]);
      }
  }
}

GridBatch GridRivals::predict(std::size_t rival, const GridBatch &x) const
{
  const std::string &name = names().at(rival);
  if (x.n_channels != x_.n_channels || x.n1 != x_.n1 || x.n2 != x_.n2)
    throw UserError("The rivals were trained for inputs of " + shape_text(x_) + ", not of " +
                    shape_text(x) + ".");
  check_batch(x, "The inputs of the rivals");
  GridBatch y(x.n_samples, y_.n_channels, y_.n1, y_.n2);
  if (name == "pod-ridge" && pod_y_)
    predict_by_ridge(x, y);
  else
    for (std::size_t s = 0; s < x.n_samples; ++s)
      if (name == "nearest-neighbour")
        std::ranges::copy(y_.sample(nearest(x.sample(s))), y.sample(s).begin());
      else
        std::ranges::transform(mean_y_, y.sample(s).begin(),
                               [](double value) { return static_cast<float>(value); });
  return y;
}
} // namespace understudy

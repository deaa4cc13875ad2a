// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <surrogates/mg_tfno.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
constexpr std::array<const char *, MgTfno::n_features> feature_names = {
  "smallest value", "largest value", "mean", "root mean square", "total variation"};

/// Networks with more points at a time would leave the cache, and cost more memory than time.
constexpr std::size_t points_at_a_time = std::size_t(1) << 16;

std::size_t samples_at_a_time(std::size_t n_points)
{
  return std::max<std::size_t>(1, points_at_a_time / n_points);
}
} // namespace

std::size_t n_network_inputs(std::size_t n_inputs, bool coordinates,
                             const PatchingParameters &patching)
{
  const std::size_t n = n_inputs + (coordinates ? 2 : 0);
  if (patching.levels == 0)
    return n;
  return (n + (patching.periodic ? 0 : 1)) * (patching.levels + 1);
}

void encode_inputs(const std::vector<MgTfno::Scale> &scale, bool coordinates, std::size_t n1,
                   std::size_t n2, std::span<const float> x, std::span<float> to)
{
  const std::size_t n_points = n1 * n2;
  for (std::size_t c = 0; c < scale.size(); ++c)
  {
    const auto offset = static_cast<float>(scale[c].offset);
    const auto factor = static_cast<float>(1. / scale[c].scale);
    for (std::size_t i = c * n_points; i < (c + 1) * n_points; ++i)
      to[i] = (x[i] - offset) * factor;
  }
  if (!coordinates)
    return;
  float *first = to.data() + scale.size() * n_points, *second = first + n_points;
  for (std::size_t i = 0; i < n1; ++i)
    for (std::size_t j = 0; j < n2; ++j)
    {
      first[i * n2 + j] = static_cast<float>(i) / static_cast<float>(n1);
      second[i * n2 + j] = static_cast<float>(j) / static_cast<float>(n2);
    }
}

MgTfno::Features MgTfno::features_of(std::size_t n1, std::size_t n2, std::span<const float> x)
{
  double smallest = std::numeric_limits<double>::infinity(), largest = -smallest, sum = 0.,
         squares = 0., variation1 = 0., variation2 = 0.;
  for (std::size_t i = 0; i < n1; ++i)
    for (std::size_t j = 0; j < n2; ++j)
    {
      const double v = x[i * n2 + j];
      smallest = std::min(smallest, v);
      largest = std::max(largest, v);
      sum += v;
      squares += v * v;
      if (i + 1 < n1)
        variation1 += std::abs(x[(i + 1) * n2 + j] - v);
      if (j + 1 < n2)
        variation2 += std::abs(x[i * n2 + j + 1] - v);
    }
  const auto n = static_cast<double>(n1 * n2);
  // the mean over pairs of neighbours, of which there are (n1 - 1) n2 and n1 (n2 - 1)
  const double pairs1 = static_cast<double>(std::max<std::size_t>(n1 - 1, 1) * n2),
               pairs2 = static_cast<double>(std::max<std::size_t>(n2 - 1, 1) * n1);
  return {smallest, largest, sum / n, std::sqrt(squares / n),
          variation1 / pairs1 * static_cast<double>(n1) +
            variation2 / pairs2 * static_cast<double>(n2)};
}

MgTfno::MgTfno(State state)
  : state_(std::make_shared<const State>(std::move(state))), net_(state_->weights)
{
  const State &s = *state_;
  if (s.weights.config.n_in !=
        n_network_inputs(s.problem.inputs.size(), s.coordinates, s.patching) ||
      s.weights.config.n_out != s.problem.outputs.size() ||
      s.input_scale.size() != s.problem.inputs.size() ||
      s.ranges.size() != s.problem.inputs.size() ||
      s.output_scale.size() != s.problem.outputs.size())
    throw UserError("A neural operator has a network of other inputs or outputs than its problem.");
}

std::string MgTfno::unfit(std::size_t n) const
{
  try
  {
    if (state_->patching.levels > 0)
      MultigridPatches(state_->patching, n, n);
  }
  catch (const UserError &error)
  {
    return error.what();
  }
  return n < 2 ? "A grid needs at least 2 x 2 points." : "";
}

std::string MgTfno::untrusted(std::size_t n, std::span<const float> x) const
{
  const State &s = *state_;
  const auto points = [](std::size_t k) { return std::to_string(k) + "^2 points"; };
  if (n < s.n_points || n > 4 * s.n_points)
    return "A grid of " + points(n) + " is " +
           (n < s.n_points ? "coarser than" : "more than four times as fine as") +
           " that of the training, " + points(s.n_points) + ".";
  for (std::size_t c = 0; c < s.ranges.size(); ++c)
  {
    const Features features = features_of(n, n, x.subspan(c * n * n, n * n));
    for (std::size_t f = 0; f < n_features; ++f)
    {
      const double lower = s.ranges[c].lower[f], upper = s.ranges[c].upper[f];
      // single precision leaves a hair where all samples agree
      const double margin =
        0.1 * (upper - lower) + 1e-5 * std::max(std::abs(lower), std::abs(upper));
      if (!(features[f] >= lower - margin && features[f] <= upper + margin))
        return std::string("The ") + feature_names[f] + " of '" + s.problem.inputs[c].name + "', " +
               number_text(features[f]) + ", is outside the training range " + number_text(lower) +
               " to " + number_text(upper) + ".";
    }
  }
  return {};
}

std::size_t MgTfno::n_patches() const
{
  return std::size_t(1) << (2 * state_->patching.levels);
}

void MgTfno::encode(const GridBatch &x, std::size_t s, std::span<float> to) const
{
  encode_inputs(state_->input_scale, state_->coordinates, x.n1, x.n2, x.sample(s), to);
}

/// From the numbers of the network to those of the problem, [n_outputs][n_points].
void MgTfno::decode(std::span<float> y, std::size_t n_points) const
{
  for (std::size_t c = 0; c < state_->output_scale.size(); ++c)
  {
    const auto [offset, scale] = state_->output_scale[c];
    for (float &v : y.subspan(c * n_points, n_points))
      v = static_cast<float>(v * scale + offset);
  }
}

void MgTfno::impose_boundary(GridBatch &y) const
{
  if (state_->problem.is_periodic())
    return;
  for (std::size_t s = 0; s < y.n_samples; ++s)
    for (std::size_t c = 0; c < y.n_channels; ++c)
    {
      const std::span<float> field = y.field(s, c);
      std::ranges::fill(field.first(y.n2), 0.f);
      for (std::size_t i = 0; i < y.n1; ++i)
        field[i * y.n2] = 0.f;
    }
}

void MgTfno::predict_patches(const GridBatch &x, std::size_t s, std::size_t first, std::size_t n,
                             std::span<float> y)
{
  const State &st = *state_;
  const std::size_t n_channels = st.problem.inputs.size() + (st.coordinates ? 2 : 0),
                    n_out = st.problem.outputs.size();
  encoded_.resize(n_channels * x.n_points());
  encode(x, s, encoded_);
  if (st.patching.levels == 0)
  {
    net_.evaluate(1, x.n1, x.n2, encoded_.data(), y.data());
    decode(y, x.n_points());
    return;
  }
  const MultigridPatches patches(st.patching, x.n1, x.n2);
  const std::size_t w1 = patches.window_size(0), w2 = patches.window_size(1), window = w1 * w2;
  const std::size_t chunk = std::min(n, samples_at_a_time(window));
  windows_.resize(chunk * patches.n_patch_channels(n_channels) * window);
  answers_.resize(chunk * n_out * window);
  for (std::size_t p = first; p < first + n; p += chunk)
  {
    const std::size_t now = std::min(chunk, first + n - p);
    patches.cut(n_channels, encoded_.data(), p, now, windows_.data());
    net_.evaluate(now, w1, w2, windows_.data(), answers_.data());
    for (std::size_t k = 0; k < now; ++k)
      decode(std::span(answers_).subspan(k * n_out * window, n_out * window), window);
    patches.put_together(n_out, answers_.data(), p, now, y.data());
  }
}

GridBatch MgTfno::predict(const GridBatch &x)
{
  const State &st = *state_;
  if (x.n_channels != st.problem.inputs.size())
    throw UserError("The neural operator for '" + st.problem.name + "' takes " +
                    std::to_string(st.problem.inputs.size()) + " fields, but was given " +
                    std::to_string(x.n_channels) + ".");
  if (x.n1 != x.n2)
    throw UserError("The neural operator for '" + st.problem.name +
                    "' takes square grids, but was "
                    "given " +
                    std::to_string(x.n1) + " x " + std::to_string(x.n2) + " points.");
  if (const std::string reason = unfit(x.n1); !reason.empty())
    throw UserError(reason);
  GridBatch y(x.n_samples, st.problem.outputs.size(), x.n1, x.n2);
  if (st.patching.levels > 0)
  {
    for (std::size_t s = 0; s < x.n_samples; ++s)
      predict_patches(x, s, 0, n_patches(), y.sample(s));
    impose_boundary(y);
    return y;
  }
  const std::size_t size = (x.n_channels + (st.coordinates ? 2 : 0)) * x.n_points();
  const std::size_t chunk = std::min(x.n_samples, samples_at_a_time(x.n_points()));
  encoded_.resize(chunk * size);
  for (std::size_t s = 0; s < x.n_samples; s += chunk)
  {
    const std::size_t now = std::min(chunk, x.n_samples - s);
    for (std::size_t k = 0; k < now; ++k)
      encode(x, s + k, std::span(encoded_).subspan(k * size, size));
    net_.evaluate(now, x.n1, x.n2, encoded_.data(), y.sample(s).data());
    for (std::size_t k = 0; k < now; ++k)
      decode(y.sample(s + k), x.n_points());
  }
  impose_boundary(y);
  return y;
}
} // namespace understudy

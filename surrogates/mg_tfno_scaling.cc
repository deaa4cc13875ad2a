// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <surrogates/mg_tfno_scaling.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace understudy
{
namespace
{
void require_finite(const GridBatch &batch, const std::vector<Quantity> &names,
                    const std::string &which)
{
  for (std::size_t s = 0; s < batch.n_samples; ++s)
    for (std::size_t c = 0; c < batch.n_channels; ++c)
    {
      const auto field = batch.field(s, c);
      const auto bad = std::ranges::find_if(field, [](float v) { return !std::isfinite(v); });
      if (bad != field.end())
        throw UserError("The field '" + names[c].name + "' of " + which + " sample " +
                        std::to_string(s) + " is not finite at point " +
                        std::to_string(bad - field.begin()) + ".");
    }
}

void require_shape(const GridBatch &batch, std::size_t n_samples, std::size_t n_channels,
                   std::size_t n, const std::string &which)
{
  const auto text = [](std::size_t a, std::size_t b, std::size_t c, std::size_t d)
  {
    return std::to_string(a) + " samples of " + std::to_string(b) + " fields on " +
           std::to_string(c) + " x " + std::to_string(d) + " points";
  };
  if (batch.n_samples != n_samples || batch.n_channels != n_channels || batch.n1 != n ||
      batch.n2 != n)
    throw UserError("The " + which + " are " +
                    text(batch.n_samples, batch.n_channels, batch.n1, batch.n2) +
                    ", where there should be " + text(n_samples, n_channels, n, n) + ".");
}

MgTfno::Scale scale_of(const GridBatch &batch, std::size_t c, const std::string &kind)
{
  if (kind == "none")
    return {};
  double mean = 0., squares = 0., count = 0., smallest = std::numeric_limits<double>::infinity(),
         largest = -smallest;
  for (std::size_t s = 0; s < batch.n_samples; ++s)
    for (const float v : batch.field(s, c))
    {
      count += 1.;
      const double difference = v - mean;
      mean += difference / count;
      squares += difference * (v - mean);
      smallest = std::min<double>(smallest, v);
      largest = std::max<double>(largest, v);
    }
  const double offset = kind == "range" ? smallest : mean,
               scale = kind == "range" ? largest - smallest : std::sqrt(squares / count);
  // a constant field stays as it is but for its offset
  return {offset, scale > 1e-12 * std::max(1., std::abs(offset)) ? scale : 1.};
}

MgTfno::Range range_of(const GridBatch &batch, std::size_t c)
{
  MgTfno::Range range;
  range.lower.fill(std::numeric_limits<double>::infinity());
  range.upper.fill(-std::numeric_limits<double>::infinity());
  for (std::size_t s = 0; s < batch.n_samples; ++s)
  {
    const auto features = MgTfno::features_of(batch.n1, batch.n2, batch.field(s, c));
    for (std::size_t f = 0; f < features.size(); ++f)
    {
      range.lower[f] = std::min(range.lower[f], features[f]);
      range.upper[f] = std::max(range.upper[f], features[f]);
    }
  }
  return range;
}
} // namespace

void check_samples(const MgTfnoParameters &parameters, const MgTfnoProblem &problem,
                   const MgTfnoSamples &samples)
{
  const std::size_t n = samples.x.n1;
  if (const auto problems = parameters.problems(problem, n); !problems.empty())
    throw UserError(problems.front());
  if (samples.x.n_samples < 2)
    throw UserError("A neural operator needs at least two training samples.");
  const auto check = [&](const GridBatch &batch, std::size_t n_samples,
                         const std::vector<Quantity> &names, const std::string &which)
  {
    require_shape(batch, n_samples, names.size(), n, which);
    require_finite(batch, names, which.find("valid") == 0 ? "validation" : "training");
  };
  check(samples.x, samples.x.n_samples, problem.inputs, "training inputs");
  check(samples.y, samples.x.n_samples, problem.outputs, "training outputs");
  if (samples.x_valid.n_samples == 0 && samples.y_valid.n_samples == 0)
    return;
  check(samples.x_valid, samples.x_valid.n_samples, problem.inputs, "validation inputs");
  check(samples.y_valid, samples.x_valid.n_samples, problem.outputs, "validation outputs");
}

MgTfno::State untrained(const MgTfnoParameters &parameters, const MgTfnoProblem &problem,
                        const MgTfnoSamples &samples)
{
  MgTfno::State state;
  state.problem = problem;
  state.coordinates = parameters.coordinates;
  state.patching = parameters.patching;
  state.n_points = samples.x.n1;
  for (std::size_t c = 0; c < problem.inputs.size(); ++c)
  {
    state.input_scale.push_back(scale_of(samples.x, c, parameters.input_scaling));
    state.ranges.push_back(range_of(samples.x, c));
  }
  for (std::size_t c = 0; c < problem.outputs.size(); ++c)
    state.output_scale.push_back(scale_of(samples.y, c, parameters.output_scaling));
  return state;
}

double mean_relative_l2(std::span<const float> p, std::span<const float> y, std::size_t n_channels)
{
  const std::size_t n = y.size() / n_channels;
  double sum = 0.;
  for (std::size_t c = 0; c < n_channels; ++c)
  {
    double error = 0., truth = 0.;
    for (std::size_t i = c * n; i < (c + 1) * n; ++i)
    {
      const double e = static_cast<double>(p[i]) - y[i];
      error += e * e;
      truth += static_cast<double>(y[i]) * y[i];
    }
    sum += std::sqrt(error) / (std::sqrt(truth) + 1e-8); // as the losses have it
  }
  return sum / static_cast<double>(n_channels);
}
} // namespace understudy

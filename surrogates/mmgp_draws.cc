// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/output/statistics.h>
#include <data/sampling/random_numbers.h>
#include <surrogates/mmgp_draws.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
MmgpDraws::MmgpDraws(const Mmgp &model, const CommonMesh::Morphed &morphed, const PointBatch &X,
                     std::uint64_t seed)
  : model_(model), random_(seed)
{
  for (const Mmgp::Field &field : model.state().fields)
  {
    fields_.push_back(field_of(model, field, morphed, X));
    drawn_.emplace_back(fields_.back().mean.size());
  }
}

MmgpDraws::Field MmgpDraws::field_of(const Mmgp &model, const Mmgp::Field &field,
                                     const CommonMesh::Morphed &morphed, const PointBatch &X)
{
  const std::vector<Mmgp::Normal> coefficients = model.coefficients(field, X);
  Mmgp::FieldMoments moments = Mmgp::moments(field, morphed, coefficients);
  const std::size_t n = moments.mean.size();
  Field found{std::move(moments.mean), std::vector<double>(coefficients.size() * n),
              std::move(moments.truncation), coefficients.size()};
  morphed.from_common.apply(found.n_modes, field.pod.modes().data(), found.modes.data());
  for (std::size_t k = 0; k < found.n_modes; ++k)
    for (std::size_t i = 0; i < n; ++i)
      found.modes[k * n + i] *= std::sqrt(coefficients[k].variance);
  for (double &t : found.truncation)
    t = std::sqrt(t);
  return found;
}

const std::vector<std::vector<double>> &MmgpDraws::next()
{
  for (std::size_t f = 0; f < fields_.size(); ++f)
  {
    const Field &d = fields_[f];
    std::vector<double> &values = drawn_[f];
    const std::size_t n = values.size();
    values = d.mean;
    const auto add = [&](const double *mode, double z)
    {
      for (std::size_t i = 0; i < n; ++i)
        values[i] += z * mode[i];
    };
    for (std::size_t k = 0; k < d.n_modes; ++k)
      add(d.modes.data() + k * n, normal_pair(random_).first);
    add(d.truncation.data(), normal_pair(random_).first);
    if (const MmgpOutput &output = model_.state().fields[f].output; output.is_logarithmic())
      for (double &value : values)
        value = output.physical(value);
  }
  return drawn_;
}

MmgpValues derive_scalars(MmgpDraws draws, std::size_t n_draws, std::size_t n_scalars,
                          const MmgpFunctional &functional)
{
  std::vector<std::vector<double>> found(n_scalars, std::vector<double>(n_draws));
  std::vector<double> scalars(n_scalars);
  for (std::size_t draw = 0; draw < n_draws; ++draw)
  {
    functional(draws.next(), scalars.data());
    for (std::size_t s = 0; s < n_scalars; ++s)
      found[s][draw] = scalars[s];
  }
  MmgpValues values;
  for (auto &numbers : found)
  {
    std::ranges::sort(numbers);
    const auto n = static_cast<double>(numbers.size());
    double mean = 0., square = 0.;
    for (const double x : numbers)
      mean += x / n;
    for (const double x : numbers)
      square += (x - mean) * (x - mean) / n;
    values.mean.push_back(sorted_quantile(numbers, 0.5));
    values.deviation.push_back(std::sqrt(square));
    values.lower.push_back(sorted_quantile(numbers, 0.025));
    values.upper.push_back(sorted_quantile(numbers, 0.975));
  }
  return values;
}
} // namespace understudy

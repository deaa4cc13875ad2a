// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/store/model_file.h>
#include <operators/nn/adamw.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
/// Numbers that stay in the first-level cache between two loops over them.
constexpr std::size_t block = 1024;

/// v = beta2 v + (1 - beta2) g^2; a complex number has one v, of its squared absolute value.
void add_squares(bool is_complex, std::size_t n, float beta2, const float *g, float *v)
{
  const float rest = 1.f - beta2;
  if (!is_complex)
    for (std::size_t i = 0; i < n; ++i)
      v[i] = beta2 * v[i] + rest * g[i] * g[i];
  else
    for (std::size_t i = 0; i < n; i += 2)
      v[i] = v[i + 1] = beta2 * v[i] + rest * (g[i] * g[i] + g[i + 1] * g[i + 1]);
}
} // namespace

AdamW::AdamW(const AdamWParameters &parameters, std::size_t n_parameters,
             std::vector<std::pair<std::size_t, std::size_t>> complex)
  : parameters_(parameters),
    complex_(std::move(complex)),
    mean_(n_parameters),
    square_(n_parameters)
{
}

void AdamW::step(double learning_rate, std::span<const float> gradient, std::span<float> parameters)
{
  ++n_steps_;
  const auto t = static_cast<double>(n_steps_);
  const auto beta1 = static_cast<float>(parameters_.beta1),
             beta2 = static_cast<float>(parameters_.beta2);
  const auto rate = static_cast<float>(learning_rate / (1. - std::pow(parameters_.beta1, t)));
  const auto scale = static_cast<float>(1. / std::sqrt(1. - std::pow(parameters_.beta2, t)));
  const auto keep = static_cast<float>(1. - learning_rate * parameters_.weight_decay);
  const auto epsilon = static_cast<float>(parameters_.epsilon);
  const auto update = [&](bool is_complex, std::size_t begin, std::size_t end)
  {
    for (; begin < end; begin += block)
    {
      const std::size_t n = std::min(block, end - begin);
      const float *g = gradient.data() + begin;
      float *m = mean_.data() + begin, *v = square_.data() + begin, *p = parameters.data() + begin;
      add_squares(is_complex, n, beta2, g, v);
      for (std::size_t i = 0; i < n; ++i)
      {
        m[i] = beta1 * m[i] + (1.f - beta1) * g[i];
        p[i] = keep * p[i] - rate * m[i] / (scale * std::sqrt(v[i]) + epsilon);
      }
    }
  };
  std::size_t next = 0;
  for (const auto &[first, last] : complex_)
  {
    update(false, next, first);
    update(true, first, last);
    next = last;
  }
  update(false, next, mean_.size());
}

void AdamW::save(ModelFile &file, const std::string &prefix) const
{
  file.add(prefix + "steps", {}, {static_cast<double>(n_steps_)});
  file.add(prefix + "mean", {mean_.size()}, {mean_.begin(), mean_.end()});
  file.add(prefix + "square", {square_.size()}, {square_.begin(), square_.end()});
}

void AdamW::load(const ModelFile &file, const std::string &prefix)
{
  const auto narrow = [](const std::vector<double> &from, std::vector<float> &to)
  {
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<float>(from[i]);
  };
  narrow(file.tensor(prefix + "mean", {mean_.size()}), mean_);
  narrow(file.tensor(prefix + "square", {square_.size()}), square_);
  n_steps_ = static_cast<std::size_t>(file.tensor(prefix + "steps", {}).front());
}
} // namespace understudy

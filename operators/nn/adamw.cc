// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/store/model_file.h>
#include <operators/nn/adamw.h>

#include <cmath>

namespace understudy
{
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
  const float rest1 = 1.f - beta1, rest2 = 1.f - beta2;
  const std::size_t n = mean_.size();
  for (std::size_t i = 0; i < n; ++i)
  {
    mean_[i] = beta1 * mean_[i] + rest1 * gradient[i];
    square_[i] *= beta2;
  }
  std::size_t next = 0;
  const auto add_real = [&](std::size_t end)
  {
    for (; next < end; ++next)
      square_[next] += rest2 * gradient[next] * gradient[next];
  };
  for (const auto &[first, last] : complex_)
  {
    add_real(first);
    for (; next < last; next += 2)
    {
      const float squares =
        gradient[next] * gradient[next] + gradient[next + 1] * gradient[next + 1];
      square_[next] += rest2 * squares;
      square_[next + 1] = square_[next];
    }
  }
  add_real(n);

  const auto rate = static_cast<float>(learning_rate / (1. - std::pow(parameters_.beta1, t)));
  const auto scale = static_cast<float>(1. / std::sqrt(1. - std::pow(parameters_.beta2, t)));
  const auto keep = static_cast<float>(1. - learning_rate * parameters_.weight_decay);
  const auto epsilon = static_cast<float>(parameters_.epsilon);
  for (std::size_t i = 0; i < n; ++i)
    parameters[i] =
      keep * parameters[i] - rate * mean_[i] / (scale * std::sqrt(square_[i]) + epsilon);
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

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/sampling/random_numbers.h>
#include <data/store/model_file.h>
#include <operators/nn/fno_config.h>
#include <operators/nn/spectral_convolution.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <numbers>
#include <random>
#include <utility>

namespace understudy
{
namespace
{
using Start = FnoTensor::Start;

/// Collects the tensors of a network.
class Collector
{
public:
  explicit Collector(const FnoConfig &config) : config_(config) {}

  void add(const std::string &name, TensorShape shape, Start start, double scale,
           bool is_complex = false)
  {
    all_.push_back({name, std::move(shape), start, scale, is_complex});
  }

  void statistics(const std::string &name)
  {
    add(name + "/mean", {config_.width}, Start::constant, 0.);
    add(name + "/variance", {config_.width}, Start::constant, 1.);
    all_.back().is_trained = (all_.end() - 2)->is_trained = false;
  }

  void norm(const std::string &name)
  {
    if (config_.norm == FnoNorm::adaptive)
      two_layers(name, config_.n_embedding(), config_.norm_channels(), 2 * config_.width);
    if (config_.norm != FnoNorm::group && config_.norm != FnoNorm::batch)
      return;
    add(name + "/weight", {config_.width}, Start::constant, 1.);
    add(name + "/bias", {config_.width}, Start::constant, 0.);
    if (config_.norm == FnoNorm::batch)
      statistics(name);
  }

  void pixel_layer(const std::string &name, std::size_t n_in, std::size_t n_out, bool bias)
  {
    const double bound = 1. / std::sqrt(static_cast<double>(n_in));
    add(name + "/weight", {n_out, n_in}, Start::uniform, bound);
    if (bias)
      add(name + "/bias", {n_out}, Start::uniform, bound);
  }

  void two_layers(const std::string &name, std::size_t n_in, std::size_t n_hidden,
                  std::size_t n_out)
  {
    pixel_layer(name + "/0", n_in, n_hidden, true);
    pixel_layer(name + "/1", n_hidden, n_out, true);
  }

  void skip(const std::string &name, FnoSkip kind)
  {
    if (kind == FnoSkip::linear)
      pixel_layer(name, config_.width, config_.width, false);
    if (kind == FnoSkip::soft_gate)
      add(name + "/gate", {config_.width}, Start::constant, 1.);
  }

  void spectral(const std::string &name)
  {
    const TensorShape whole = config_.spectral_shape();
    const auto ranks = ranks_of(config_.factorisation, whole, config_.rank);
    const double s = part_deviation(config_.factorisation, whole, ranks, deviation());
    std::size_t number = 0;
    for (TensorShape shape : part_shapes(config_.factorisation, whole, ranks))
    {
      const bool ones = config_.factorisation == Factorisation::cp && number == 0;
      shape.push_back(2);
      add(name + "/part" + std::to_string(number++), std::move(shape),
          ones ? Start::complex_ones : Start::normal, ones ? 1. : s / std::numbers::sqrt2, true);
    }
  }

  double deviation() const { return 1. / std::sqrt(static_cast<double>(config_.width)); }

  std::vector<FnoTensor> take() { return std::move(all_); }

private:
  const FnoConfig &config_;
  std::vector<FnoTensor> all_;
};

std::string block_name(std::size_t l)
{
  return "block" + std::to_string(l);
}

std::vector<double> start_values(const FnoTensor &tensor, std::mt19937_64 &generator)
{
  std::vector<double> values(n_entries(tensor.shape), tensor.scale);
  for (std::size_t i = 0; i < values.size(); ++i)
    switch (tensor.start)
    {
    case Start::normal:
      values[i] = tensor.scale * normal_pair(generator).first;
      break;
    case Start::uniform:
      values[i] = tensor.scale * (2. * uniform_01(generator) - 1.);
      break;
    case Start::complex_ones:
      values[i] = i % 2 == 0 ? 1. : 0.;
      break;
    case Start::constant:
      break;
    }
  return values;
}

/// A tensor whose last axis is that of real and imaginary part.
ComplexTensor complex_tensor(TensorShape shape, const std::vector<double> &pairs)
{
  shape.pop_back();
  ComplexTensor tensor{std::move(shape), {}};
  tensor.values.reserve(pairs.size() / 2);
  for (std::size_t i = 0; i < pairs.size(); i += 2)
    tensor.values.emplace_back(pairs[i], pairs[i + 1]);
  return tensor;
}
} // namespace

std::vector<FnoTensor> fno_tensors(const FnoConfig &config)
{
  Collector collect(config);
  collect.two_layers("lift", config.n_lifted(), config.lift_channels(), config.width);
  if (config.joint)
    collect.spectral("spectral");
  for (std::size_t l = 0; l < config.layers; ++l)
  {
    const std::string block = block_name(l);
    if (!config.joint)
      collect.spectral(block + "/spectral");
    collect.add(block + "/spectral/bias", {config.width}, Start::normal, collect.deviation());
    collect.skip(block + "/skip", config.skip);
    if (config.mlp)
    {
      collect.two_layers(block + "/mlp", config.width, config.mlp_channels(), config.width);
      collect.skip(block + "/mlp_skip", config.mlp_skip);
    }
    for (std::size_t n = 0; n < config.norms_per_block(); ++n)
      collect.norm(block + "/norm" + std::to_string(n));
  }
  collect.two_layers("project", config.width, config.projection_channels(), config.n_out);
  return collect.take();
}

std::size_t n_parameters(const FnoConfig &config)
{
  std::size_t n = 0;
  for (const auto &tensor : fno_tensors(config))
    n += tensor.is_trained ? n_entries(tensor.shape) : 0;
  return n;
}

FnoWeights FnoWeights::random(const FnoConfig &config, std::uint64_t seed)
{
  const auto problems = config.problems();
  if (!problems.empty())
    throw UserError("Fourier neural operator: " + problems.front());
  FnoWeights weights{config, {}};
  std::mt19937_64 generator(seed);
  for (const auto &tensor : fno_tensors(config))
    weights.tensors[tensor.name] = start_values(tensor, generator);
  return weights;
}

std::vector<SpectralWeights> FnoWeights::spectral() const
{
  const TensorShape whole = config.spectral_shape();
  const std::vector<FnoTensor> tensors = fno_tensors(config);
  const auto tensor_of = [&](const std::string &name)
  {
    std::vector<ComplexTensor> parts;
    for (const auto &tensor : tensors)
      if (tensor.name.rfind(name + "/part", 0) == 0)
        parts.push_back(complex_tensor(tensor.shape, at(tensor.name)));
    return reconstructed(config.factorisation, parts);
  };
  const ComplexTensor joint = config.joint ? tensor_of("spectral") : ComplexTensor{};
  std::vector<SpectralWeights> all;
  for (std::size_t l = 0; l < config.layers; ++l)
  {
    SpectralWeights w;
    w.n_in = w.n_out = config.width;
    w.m1 = config.modes1;
    w.m2 = config.modes2;
    w.separable = config.separable;
    if (config.joint)
    {
      const std::size_t n = joint.values.size() / config.layers;
      const auto first = joint.values.begin() + static_cast<std::ptrdiff_t>(l * n);
      w.values.assign(first, first + static_cast<std::ptrdiff_t>(n));
    }
    else
      w.values = tensor_of(block_name(l) + "/spectral").values;
    w.bias = at(block_name(l) + "/spectral/bias");
    all.push_back(std::move(w));
  }
  return all;
}

void FnoWeights::save(ModelFile &file, const std::string &prefix) const
{
  file.meta()["fno"][prefix] = config.to_json();
  for (const auto &tensor : fno_tensors(config))
    file.add(prefix + tensor.name, tensor.shape, at(tensor.name));
}

FnoWeights FnoWeights::load(const ModelFile &file, const std::string &prefix)
{
  const auto &meta = file.meta();
  if (!meta.contains("fno") || !meta["fno"].is_object() || !meta["fno"].contains(prefix))
    throw UserError("Model '" + file.path() + "' holds no Fourier neural operator '" + prefix +
                    "'.");
  FnoWeights weights{FnoConfig::from_json(meta["fno"][prefix], file.path()), {}};
  for (const auto &tensor : fno_tensors(weights.config))
    weights.tensors[tensor.name] = file.tensor(prefix + tensor.name, tensor.shape);
  return weights;
}
} // namespace understudy

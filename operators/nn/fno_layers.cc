// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/fno_layers.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace understudy
{
namespace
{
/// @tparam T in which the numbers must be finite
template <class T>
void check(const FnoWeights &weights)
{
  const auto problems = weights.config.problems();
  if (!problems.empty())
    throw UserError("Fourier neural operator: " + problems.front());
  for (const auto &tensor : fno_tensors(weights.config))
  {
    const auto found = weights.tensors.find(tensor.name);
    if (found == weights.tensors.end() || found->second.size() != n_entries(tensor.shape))
      throw UserError("The tensor '" + tensor.name + "' of a Fourier neural operator needs " +
                      std::to_string(n_entries(tensor.shape)) + " values.");
    if (!std::all_of(found->second.begin(), found->second.end(),
                     [](double v) { return std::isfinite(static_cast<T>(v)); }))
      throw UserError("The tensor '" + tensor.name +
                      "' of a Fourier neural operator holds a number that is not finite.");
  }
}

template <class T>
FftArray<T> padded(const std::vector<double> &values)
{
  FftArray<T> array(channel_pitch<T>(values.size()));
  std::copy(values.begin(), values.end(), array.begin());
  return array;
}

template <class T>
PixelLayer<T> pixel_layer(const FnoWeights &w, const std::string &name, std::size_t n_in,
                          std::size_t n_out)
{
  return {n_in, n_out, w.at(name + "/weight"), w.at(name + "/bias")};
}

template <class T>
SkipLayer<T> skip_layer(const FnoWeights &w, const std::string &name, FnoSkip kind)
{
  const std::size_t width = w.config.width;
  SkipLayer<T> layer;
  layer.kind = kind;
  if (kind == FnoSkip::linear)
    layer.linear = PixelLayer<T>(width, width, w.at(name + "/weight"), {});
  if (kind == FnoSkip::identity)
    layer.gate = padded<T>(std::vector<double>(width, 1.));
  if (kind == FnoSkip::soft_gate)
    layer.gate = padded<T>(w.at(name + "/gate"));
  return layer;
}

template <class T>
NormLayer<T> norm_layer(const FnoWeights &w, const std::string &name)
{
  std::vector<double> weight(w.config.width, 1.), bias(w.config.width, 0.);
  if (w.config.norm == FnoNorm::group || w.config.norm == FnoNorm::batch)
    weight = w.at(name + "/weight"), bias = w.at(name + "/bias");
  if (w.config.norm == FnoNorm::batch)
    for (std::size_t c = 0; c < weight.size(); ++c)
    {
      const double variance = w.at(name + "/variance")[c];
      if (variance < 0.)
        throw UserError("The tensor '" + name +
                        "/variance' of a Fourier neural operator holds a negative number.");
      weight[c] /= std::sqrt(variance + fno_norm_epsilon);
      bias[c] -= weight[c] * w.at(name + "/mean")[c];
      if (!std::isfinite(static_cast<T>(weight[c])) || !std::isfinite(static_cast<T>(bias[c])))
        throw UserError("The tensors '" + name +
                        "' of a Fourier neural operator give a number that is not finite.");
    }
  NormLayer<T> layer{padded<T>(weight), padded<T>(bias), {}, {}};
  if (w.config.norm == FnoNorm::adaptive)
  {
    const std::size_t hidden = w.config.norm_channels();
    layer.embedding0 = pixel_layer<T>(w, name + "/0", w.config.n_embedding(), hidden);
    layer.embedding1 = pixel_layer<T>(w, name + "/1", hidden, 2 * w.config.width);
  }
  return layer;
}
} // namespace

template <class T>
Fno<T>::Layers::Layers(const FnoWeights &w) : config(w.config)
{
  check<T>(w);
  const std::size_t width = config.width;
  lift0 = pixel_layer<T>(w, "lift/0", config.n_lifted(), config.lift_channels());
  lift1 = pixel_layer<T>(w, "lift/1", config.lift_channels(), width);
  project0 = pixel_layer<T>(w, "project/0", width, config.projection_channels());
  project1 = pixel_layer<T>(w, "project/1", config.projection_channels(), config.n_out);
  for (const SpectralWeights &spectral : w.spectral())
  {
    const std::string name = "block" + std::to_string(blocks.size());
    FnoBlock<T> block{SpectralConvolution<T>(spectral),
                      skip_layer<T>(w, name + "/skip", config.skip),
                      {},
                      {},
                      {},
                      {}};
    if (config.mlp)
    {
      block.mlp0 = pixel_layer<T>(w, name + "/mlp/0", width, config.mlp_channels());
      block.mlp1 = pixel_layer<T>(w, name + "/mlp/1", config.mlp_channels(), width);
      block.mlp_skip = skip_layer<T>(w, name + "/mlp_skip", config.mlp_skip);
    }
    for (std::size_t n = 0; n < config.norms_per_block(); ++n)
      block.norm[n] = norm_layer<T>(w, name + "/norm" + std::to_string(n));
    blocks.push_back(std::move(block));
  }
}

template struct Fno<float>::Layers;
template struct Fno<double>::Layers;
} // namespace understudy

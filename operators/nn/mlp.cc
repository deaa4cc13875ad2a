// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/head_meta.h>
#include <operators/nn/mlp.h>
#include <operators/nn/simd_kernels.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
struct Mlp::Packed
{
  PackedMlp<double> in_double; ///< one of the two is filled
  PackedMlp<float> in_single;
};

namespace
{
bool all_finite(const std::vector<double> &v)
{
  return std::all_of(v.begin(), v.end(), [](double a) { return std::isfinite(a); });
}

void check(const MlpWeights &w)
{
  if (w.input_scale.empty() || w.layers.size() < 2)
    throw UserError("A multilayer perceptron needs at least one input and one hidden layer.");
  if (!all_finite(w.input_scale) ||
      std::any_of(w.input_scale.begin(), w.input_scale.end(), [](double s) { return !(s > 0.); }))
    throw UserError("The input scales of a multilayer perceptron must be positive and finite.");
  std::size_t width = w.input_scale.size();
  for (std::size_t i = 0; i < w.layers.size(); ++i)
  {
    const auto &l = w.layers[i];
    const std::size_t n_bias = w.odd && i + 1 == w.layers.size() ? 0 : l.n_out;
    if (l.n_in != width || l.n_out == 0 || l.weight.size() != l.n_in * l.n_out ||
        l.bias.size() != n_bias)
      throw UserError("Layer " + std::to_string(i) + " of a multilayer perceptron is " +
                      std::to_string(l.n_out) + " x " + std::to_string(l.n_in) + " with " +
                      std::to_string(l.bias.size()) + " biases; " + std::to_string(width) +
                      " columns and " + std::to_string(n_bias) + " biases are expected.");
    if (!all_finite(l.weight) || !all_finite(l.bias))
      throw UserError("Layer " + std::to_string(i) +
                      " of a multilayer perceptron holds a number that is not finite.");
    width = l.n_out;
  }
}

template <class T>
PackedMlp<T> pack(const MlpWeights &w)
{
  // beyond this an odd unit is linear to rounding, and the exponentials must not overflow
  constexpr double limit = sizeof(T) == 8 ? 300. : 40.;
  PackedMlp<T> packed;
  packed.n_inputs = packed.max_width = w.input_scale.size();
  packed.odd = w.odd;
  for (std::size_t i = 0; i < w.layers.size(); ++i)
  {
    const auto &l = w.layers[i];
    std::vector<double> weight = l.weight;
    if (i == 0)
      for (std::size_t k = 0; k < weight.size(); ++k)
        weight[k] /= w.input_scale[k % l.n_in];
    typename PackedMlp<T>::Layer layer;
    layer.weight = PackedMatrix<T>::pack(l.n_out, l.n_in, weight.data());
    const std::size_t padded = 4 * layer.weight.n_blocks();
    layer.bias.assign(padded, T(0));
    std::copy(l.bias.begin(), l.bias.end(), layer.bias.begin());
    if (w.odd)
      for (const T b : layer.bias)
      {
        const double c = std::clamp(static_cast<double>(b), -limit, limit);
        layer.exp_minus.push_back(static_cast<T>(std::exp(-c)));
        layer.exp_plus.push_back(static_cast<T>(std::exp(c)));
      }
    packed.max_width = std::max(packed.max_width, padded);
    packed.layers.push_back(std::move(layer));
  }
  return packed;
}
} // namespace

Mlp::Mlp(MlpWeights weights, Precision precision)
  : weights_(std::move(weights)), precision_(precision)
{
  check(weights_);
  auto packed = std::make_shared<Packed>();
  if (precision_ == Precision::double_)
    packed->in_double = pack<double>(weights_);
  else
    packed->in_single = pack<float>(weights_);
  packed_ = std::move(packed);
}

void Mlp::evaluate(std::size_t n, const double *x, double *y, double *dy) const
{
  if (precision_ == Precision::double_)
    simd_kernels().mlp_double(packed_->in_double, n, x, y, dy);
  else
    simd_kernels().mlp_single(packed_->in_single, n, x, y, dy);
}

std::unique_ptr<Head> Mlp::folded(const double *A, std::size_t n_rows) const
{
  MlpWeights w = weights_;
  auto &last = w.layers.back();
  const std::size_t n_bias = last.bias.empty() ? 0 : n_rows;
  MlpWeights::Layer product{last.n_in, n_rows, std::vector<double>(n_rows * last.n_in, 0.),
                            std::vector<double>(n_bias, 0.)};
  for (std::size_t i = 0; i < n_rows; ++i)
    for (std::size_t k = 0; k < last.n_out; ++k)
    {
      const double a = A[i * last.n_out + k];
      for (std::size_t j = 0; j < last.n_in; ++j)
        product.weight[i * last.n_in + j] += a * last.weight[k * last.n_in + j];
      if (n_bias > 0)
        product.bias[i] += a * last.bias[k];
    }
  last = std::move(product);
  return std::make_unique<Mlp>(std::move(w), precision_);
}

void Mlp::save(ModelFile &file, const std::string &prefix) const
{
  file.meta()["heads"][prefix] = {{"kind", kind()},
                                  {"odd", weights_.odd},
                                  {"layers", weights_.layers.size()},
                                  {"single", precision_ == Precision::single}};
  file.add(prefix + "scale", {n_inputs()}, weights_.input_scale);
  for (std::size_t i = 0; i < weights_.layers.size(); ++i)
  {
    const auto &l = weights_.layers[i];
    const std::string number = std::to_string(i);
    file.add(prefix + "W" + number, {l.n_out, l.n_in}, l.weight);
    if (!l.bias.empty())
      file.add(prefix + "b" + number, {l.n_out}, l.bias);
  }
}

Mlp Mlp::load(const ModelFile &file, const std::string &prefix)
{
  const nlohmann::json n_layers = head_meta(file, prefix, "layers");
  if (!n_layers.is_number_integer() || n_layers < 2 || n_layers > 1000)
    throw UserError("Model '" + file.path() + "' states " + n_layers.dump() +
                    " layers for the head '" + prefix + "'; a number from 2 to 1000 is expected.");
  MlpWeights w;
  w.odd = head_flag(file, prefix, "odd");
  std::size_t width = matrix_shape(file, prefix + "W0")[1];
  w.input_scale = file.tensor(prefix + "scale", {width});
  const std::size_t n = n_layers.get<std::size_t>();
  for (std::size_t i = 0; i < n; ++i)
  {
    const std::string number = std::to_string(i);
    MlpWeights::Layer l;
    l.n_in = width;
    l.n_out = matrix_shape(file, prefix + "W" + number)[0];
    l.weight = file.tensor(prefix + "W" + number, {l.n_out, l.n_in});
    if (!w.odd || i + 1 < n)
      l.bias = file.tensor(prefix + "b" + number, {l.n_out});
    width = l.n_out;
    w.layers.push_back(std::move(l));
  }
  const bool single = head_flag(file, prefix, "single");
  return Mlp(std::move(w), single ? Precision::single : Precision::double_);
}

double Mlp::flops_per_point(bool with_tangent) const
{
  double products = 0.;
  for (const auto &l : weights_.layers)
    products += static_cast<double>(l.n_in * l.n_out);
  return 2. * products * (with_tangent ? 1. + static_cast<double>(n_inputs()) : 1.);
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno_config.h>
#include <operators/nn/spectral_transform.h>

#include <torch/torch.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
/// Of operators/nn/fno_torch.h.
torch::Tensor reconstructed(Factorisation kind, const std::vector<torch::Tensor> &parts);
} // namespace understudy

namespace understudy::test
{
/// K x + bias of SpectralConvolution by the transforms and sums of LibTorch.
/// @param x      [n_samples][n_in][n1][n2]
/// @param weight complex [n_in][n_out][m1][m2/2 + 1], separable: [n_in][m1][m2/2 + 1]
/// @param bias   [n_out]
inline torch::Tensor plain_spectral_convolution(const torch::Tensor &x, const torch::Tensor &weight,
                                                const torch::Tensor &bias)
{
  const std::int64_t n1 = x.size(2), n2 = x.size(3);
  const std::int64_t m1 = weight.size(-2), half_m2 = weight.size(-1);
  const KeptModes kept =
    kept_modes(static_cast<std::size_t>(n1), static_cast<std::size_t>(n2),
               static_cast<std::size_t>(m1), 2 * static_cast<std::size_t>(half_m2 - 1));
  const std::int64_t negative = -kept.first_k1,
                     positive = static_cast<std::int64_t>(kept.n_k1) - negative;
  const std::int64_t k2 = static_cast<std::int64_t>(kept.n_k2);
  const torch::Tensor X = torch::fft::rfft2(x, c10::nullopt, {-2, -1}, "forward").narrow(-1, 0, k2);
  const torch::Tensor modes =
    torch::cat({X.narrow(-2, n1 - negative, negative), X.narrow(-2, 0, positive)}, -2);
  const torch::Tensor W =
    weight.narrow(-2, m1 / 2 - negative, negative + positive).narrow(-1, 0, k2);
  const torch::Tensor Y = W.dim() == 3 ? modes * W : torch::einsum("bikl,iokl->bokl", {modes, W});
  torch::Tensor all = torch::zeros({x.size(0), Y.size(1), n1, n2 / 2 + 1}, Y.options());
  all.narrow(-2, n1 - negative, negative).narrow(-1, 0, k2).copy_(Y.narrow(-2, 0, negative));
  all.narrow(-2, 0, positive).narrow(-1, 0, k2).copy_(Y.narrow(-2, negative, positive));
  // the real transform reads no imaginary parts of the columns k2 = 0 and n2/2
  all = torch::fft::ifft(all, c10::nullopt, -2, "forward");
  return torch::fft::irfft(all, n2, -1, "forward") + bias.view({-1, 1, 1});
}

/// The network of FnoConfig as LibTorch users write it: every step an operation of LibTorch,
/// gradients by its automatic differentiation. What FnoModule is measured against.
class PlainFno
{
public:
  /// Begins with copies of @p parameters, those of FnoModule, in the same order.
  PlainFno(FnoConfig config, const torch::OrderedDict<std::string, torch::Tensor> &parameters)
    : config_(std::move(config))
  {
    for (const auto &item : parameters)
    {
      parameters_.push_back(item.value().detach().clone().requires_grad_());
      tensors_[item.key()] = parameters_.back();
    }
  }

  const std::vector<torch::Tensor> &parameters() const { return parameters_; }

  torch::Tensor forward(torch::Tensor x) const
  {
    const std::int64_t n1 = x.size(2), n2 = x.size(3);
    torch::Tensor embedding;
    if (config_.norm == FnoNorm::adaptive)
      embedding = torch::cat({x.mean({2, 3}), (x.pow(2).mean({2, 3}) + 1e-5).sqrt()}, 1)
                    .view({-1, 2 * x.size(1), 1, 1});
    if (config_.grid)
    {
      const auto ramp = [&](std::int64_t n)
      { return torch::arange(n, x.options()) / static_cast<double>(n); };
      const torch::Tensor ones = torch::ones({x.size(0), 1, n1, n2}, x.options());
      x = torch::cat({x, ones * ramp(n1).view({-1, 1}), ones * ramp(n2)}, 1);
    }
    x = two_layers("lift", x);
    const auto points = [](double share, std::int64_t n)
    { return std::lround(share * static_cast<double>(n)); };
    const std::int64_t p1 = points(config_.padding1, n1), p2 = points(config_.padding2, n2);
    const bool behind = config_.padding_one_sided;
    const std::int64_t before1 = behind ? 0 : p1, before2 = behind ? 0 : p2;
    if (p1 > 0 || p2 > 0)
      x = torch::constant_pad_nd(x, {before2, p2, before1, p1});
    const torch::Tensor joint = config_.joint ? spectral_weight("spectral") : torch::Tensor();
    for (std::size_t l = 0; l < config_.layers; ++l)
      x = block(l, x, joint, embedding);
    return two_layers("project", x.narrow(2, before1, n1).narrow(3, before2, n2));
  }

private:
  const torch::Tensor &at(const std::string &name) const { return tensors_.at(name); }

  torch::Tensor pixel_layer(const std::string &name, const torch::Tensor &x) const
  {
    const auto bias = tensors_.find(name + "/bias");
    return torch::conv1d(x.flatten(2), at(name + "/weight").unsqueeze(2),
                         bias == tensors_.end() ? torch::Tensor() : bias->second)
      .unflatten(2, {x.size(2), x.size(3)});
  }

  torch::Tensor two_layers(const std::string &name, const torch::Tensor &x) const
  {
    return pixel_layer(name + "/1", torch::gelu(pixel_layer(name + "/0", x)));
  }

  torch::Tensor with_skip(const torch::Tensor &u, const std::string &name, FnoSkip kind,
                          const torch::Tensor &x) const
  {
    switch (kind)
    {
    case FnoSkip::identity:
      return u + x;
    case FnoSkip::linear:
      return u + pixel_layer(name, x);
    case FnoSkip::soft_gate:
      return u + at(name + "/gate").view({-1, 1, 1}) * x;
    case FnoSkip::none:
      break;
    }
    return u;
  }

  torch::Tensor norm(const std::string &name, const torch::Tensor &x,
                     const torch::Tensor &embedding) const
  {
    if (config_.norm == FnoNorm::instance)
      return torch::instance_norm(x, {}, {}, {}, {}, true, 0.1, 1e-5, false);
    if (config_.norm == FnoNorm::group)
      return torch::group_norm(x, 1, at(name + "/weight"), at(name + "/bias"), 1e-5);
    if (config_.norm == FnoNorm::batch)
      return torch::batch_norm(x, at(name + "/weight"), at(name + "/bias"), {}, {}, true, 0.1, 1e-5,
                               false);
    if (config_.norm == FnoNorm::adaptive)
    {
      const auto parts = two_layers(name, embedding).chunk(2, 1);
      const torch::Tensor mean = x.mean({2, 3}, true);
      const torch::Tensor variance = (x - mean).pow(2).mean({2, 3}, true);
      return (1. + parts[0]) * (x - mean) / (variance + 1e-5).sqrt() + parts[1];
    }
    return x;
  }

  torch::Tensor spectral_weight(const std::string &name) const
  {
    std::vector<torch::Tensor> parts;
    for (std::size_t k = 0;; ++k)
    {
      const auto part = tensors_.find(name + "/part" + std::to_string(k));
      if (part == tensors_.end())
        return reconstructed(config_.factorisation, parts);
      parts.push_back(torch::view_as_complex(part->second));
    }
  }

  torch::Tensor block(std::size_t l, torch::Tensor x, const torch::Tensor &joint,
                      const torch::Tensor &embedding) const
  {
    const std::string name = "block" + std::to_string(l);
    const bool last = l + 1 == config_.layers, pre = config_.preactivation;
    if (pre)
      x = norm(name + "/norm0", torch::gelu(x), embedding);
    const torch::Tensor W = config_.joint ? joint.select(0, static_cast<std::int64_t>(l))
                                          : spectral_weight(name + "/spectral");
    torch::Tensor u = plain_spectral_convolution(x, W, at(name + "/spectral/bias"));
    if (!pre)
      u = norm(name + "/norm0", u, embedding);
    u = with_skip(u, name + "/skip", config_.skip, x);
    if (!last && (config_.mlp || !pre))
      u = torch::gelu(u);
    if (!config_.mlp)
      return u;
    if (pre)
      u = norm(name + "/norm1", u, embedding);
    torch::Tensor v =
      with_skip(two_layers(name + "/mlp", u), name + "/mlp_skip", config_.mlp_skip, x);
    if (!pre)
      v = norm(name + "/norm1", v, embedding);
    return last || pre ? v : torch::gelu(v);
  }

  FnoConfig config_;
  std::vector<torch::Tensor> parameters_;
  std::map<std::string, torch::Tensor> tensors_;
};
} // namespace understudy::test

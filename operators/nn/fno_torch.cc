// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/fno_torch.h>
#include <operators/nn/spectral_transform.h>

#include <algorithm>

namespace understudy
{
namespace
{
std::vector<std::int64_t> sizes(const TensorShape &shape)
{
  return {shape.begin(), shape.end()};
}

std::int64_t number(std::size_t n)
{
  return static_cast<std::int64_t>(n);
}

torch::Tensor cp(const std::vector<torch::Tensor> &parts)
{
  torch::Tensor all = parts[0].unsqueeze(0); // [entries][R]
  std::vector<std::int64_t> shape;
  for (std::size_t k = 1; k < parts.size(); ++k)
  {
    shape.push_back(parts[k].size(0));
    all = k + 1 < parts.size()
            ? (all.unsqueeze(1) * parts[k].unsqueeze(0)).reshape({-1, parts[0].size(0)})
            : torch::matmul(all, parts[k].t());
  }
  return all.reshape(shape);
}

torch::Tensor tensor_train(const std::vector<torch::Tensor> &parts)
{
  torch::Tensor all = parts[0].reshape({-1, parts[0].size(2)});
  std::vector<std::int64_t> shape = {parts[0].size(1)};
  for (std::size_t k = 1; k < parts.size(); ++k)
  {
    shape.push_back(parts[k].size(1));
    all =
      torch::matmul(all, parts[k].reshape({parts[k].size(0), -1})).reshape({-1, parts[k].size(2)});
  }
  return all.reshape(shape);
}
} // namespace

torch::Tensor reconstructed(Factorisation kind, const std::vector<torch::Tensor> &parts)
{
  torch::Tensor all = parts[0];
  switch (kind)
  {
  case Factorisation::tucker:
    // each product takes away the first axis and puts its own one last
    for (std::size_t k = 1; k < parts.size(); ++k)
      all = torch::tensordot(all, parts[k], {0}, {1});
    return all;
  case Factorisation::cp:
    return cp(parts);
  case Factorisation::tt:
    return tensor_train(parts);
  case Factorisation::dense:
    break;
  }
  return all;
}

torch::Tensor spectral_convolution(const torch::Tensor &x, const torch::Tensor &weight,
                                   const torch::Tensor &bias)
{
  const std::int64_t n1 = x.size(2), n2 = x.size(3);
  const std::int64_t m1 = weight.size(-2), half_m2 = weight.size(-1);
  const KeptModes kept =
    kept_modes(static_cast<std::size_t>(n1), static_cast<std::size_t>(n2),
               static_cast<std::size_t>(m1), 2 * static_cast<std::size_t>(half_m2 - 1));
  const std::int64_t negative = -kept.first_k1, positive = number(kept.n_k1) - negative;
  const std::int64_t k2 = number(kept.n_k2);
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

FnoModuleImpl::FnoModuleImpl(const FnoWeights &weights, torch::ScalarType type)
  : config_(weights.config)
{
  for (const auto &tensor : fno_tensors(config_))
  {
    const auto &values = weights.at(tensor.name);
    torch::Tensor t = torch::empty(sizes(tensor.shape), torch::kFloat64);
    TORCH_CHECK(static_cast<std::size_t>(t.numel()) == values.size());
    std::copy(values.begin(), values.end(), t.data_ptr<double>());
    tensors_[tensor.name] = register_parameter(tensor.name, t.to(type));
  }
}

FnoWeights FnoModuleImpl::weights() const
{
  FnoWeights weights{config_, {}};
  for (const auto &[name, tensor] : tensors_)
  {
    const torch::Tensor t = tensor.detach().to(torch::kFloat64).contiguous();
    weights.tensors[name].assign(t.data_ptr<double>(), t.data_ptr<double>() + t.numel());
  }
  return weights;
}

torch::Tensor FnoModuleImpl::pixel_layer(const std::string &name, const torch::Tensor &x) const
{
  const auto bias = tensors_.find(name + "/bias");
  return torch::conv1d(x.flatten(2), at(name + "/weight").unsqueeze(2),
                       bias == tensors_.end() ? torch::Tensor() : bias->second)
    .unflatten(2, {x.size(2), x.size(3)});
}

torch::Tensor FnoModuleImpl::two_layers(const std::string &name, const torch::Tensor &x) const
{
  return pixel_layer(name + "/1", torch::gelu(pixel_layer(name + "/0", x)));
}

torch::Tensor FnoModuleImpl::with_skip(const torch::Tensor &u, const std::string &name,
                                       FnoSkip kind, const torch::Tensor &x) const
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

torch::Tensor FnoModuleImpl::norm(const std::string &name, const torch::Tensor &x) const
{
  if (config_.norm == FnoNorm::instance)
    return torch::instance_norm(x, {}, {}, {}, {}, true, 0.1, 1e-5, false);
  if (config_.norm == FnoNorm::group)
    return torch::group_norm(x, 1, at(name + "/weight"), at(name + "/bias"), 1e-5);
  return x;
}

torch::Tensor FnoModuleImpl::spectral_weight(const std::string &name) const
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

torch::Tensor FnoModuleImpl::block(std::size_t l, torch::Tensor x, const torch::Tensor &joint) const
{
  const std::string name = "block" + std::to_string(l);
  const bool last = l + 1 == config_.layers, pre = config_.preactivation;
  if (pre)
    x = norm(name + "/norm0", torch::gelu(x));
  const torch::Tensor W =
    config_.joint ? joint.select(0, number(l)) : spectral_weight(name + "/spectral");
  torch::Tensor u = spectral_convolution(x, W, at(name + "/spectral/bias"));
  if (!pre)
    u = norm(name + "/norm0", u);
  u = with_skip(u, name + "/skip", config_.skip, x);
  if (!last && (config_.mlp || !pre))
    u = torch::gelu(u);
  if (!config_.mlp)
    return u;
  if (pre)
    u = norm(name + "/norm1", u);
  torch::Tensor v =
    with_skip(two_layers(name + "/mlp", u), name + "/mlp_skip", config_.mlp_skip, x);
  if (!pre)
    v = norm(name + "/norm1", v);
  return last || pre ? v : torch::gelu(v);
}

torch::Tensor FnoModuleImpl::forward(torch::Tensor x)
{
  TORCH_CHECK(x.dim() == 4 && x.size(1) == number(config_.n_in), "a Fourier neural operator with ",
              config_.n_in, " inputs got ", x.sizes());
  const std::int64_t n1 = x.size(2), n2 = x.size(3);
  if (config_.grid)
  {
    const auto ramp = [&](std::int64_t n)
    { return torch::arange(n, x.options()) / static_cast<double>(n); };
    const torch::Tensor ones = torch::ones({x.size(0), 1, n1, n2}, x.options());
    x = torch::cat({x, ones * ramp(n1).view({-1, 1}), ones * ramp(n2)}, 1);
  }
  x = two_layers("lift", x);
  const std::int64_t p1 = number(config_.padding_points1(static_cast<std::size_t>(n1)));
  const std::int64_t p2 = number(config_.padding_points2(static_cast<std::size_t>(n2)));
  if (p1 > 0 || p2 > 0)
    x = torch::constant_pad_nd(x, {p2, p2, p1, p1});
  const torch::Tensor joint = config_.joint ? spectral_weight("spectral") : torch::Tensor();
  for (std::size_t l = 0; l < config_.layers; ++l)
    x = block(l, x, joint);
  return two_layers("project", x.narrow(2, p1, n1).narrow(3, p2, n2));
}
} // namespace understudy

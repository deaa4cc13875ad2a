// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/batch_norm_torch.h>
#include <operators/nn/fno_operations_torch.h>
#include <operators/nn/fno_torch.h>
#include <operators/nn/operation_tools_torch.h>
#include <operators/nn/spectral_operations_torch.h>

#include <algorithm>

namespace understudy
{
using fno::number;

namespace
{
std::vector<std::int64_t> sizes(const TensorShape &shape)
{
  return {shape.begin(), shape.end()};
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

FnoModuleImpl::FnoModuleImpl(const FnoWeights &weights, torch::ScalarType type)
  : config_(weights.config)
{
  for (const auto &tensor : fno_tensors(config_))
  {
    const auto &values = weights.at(tensor.name);
    torch::Tensor t = torch::empty(sizes(tensor.shape), torch::kFloat64);
    TORCH_CHECK(static_cast<std::size_t>(t.numel()) == values.size());
    std::copy(values.begin(), values.end(), t.data_ptr<double>());
    tensors_[tensor.name] = tensor.is_trained ? register_parameter(tensor.name, t.to(type))
                                              : register_buffer(tensor.name, t.to(type));
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

torch::Tensor FnoModuleImpl::at(const std::string &name) const
{
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? torch::Tensor() : found->second;
}

fno::MlpTensors FnoModuleImpl::two_layers(const std::string &name) const
{
  fno::MlpTensors w;
  w.B = at(name + "/0/weight"), w.b = at(name + "/0/bias");
  w.A = at(name + "/1/weight"), w.a = at(name + "/1/bias");
  return w;
}

// A linear path has a matrix, a gated one factors, the others nothing.
torch::Tensor FnoModuleImpl::skip_weight(const std::string &name) const
{
  const torch::Tensor matrix = at(name + "/weight");
  return matrix.defined() ? matrix : at(name + "/gate");
}

torch::Tensor FnoModuleImpl::with_skip(const torch::Tensor &u, const std::string &name,
                                       FnoSkip kind, const torch::Tensor &x) const
{
  if (kind == FnoSkip::none)
    return u;
  if (kind == FnoSkip::identity)
    return u + x;
  const torch::Tensor w = skip_weight(name);
  const std::int64_t n = w.size(0), beyond = x.size(-1) - n;
  return kind == FnoSkip::linear
           ? u + torch::matmul(x, torch::constant_pad_nd(w, {0, beyond, 0, beyond}).t())
           : u + torch::constant_pad_nd(w, {0, beyond}) * x;
}

torch::Tensor FnoModuleImpl::norm(const std::string &name, const torch::Tensor &x,
                                  const torch::Tensor &embedding) const
{
  if (config_.norm == FnoNorm::none)
    return x;
  constexpr double tiny = fno_norm_epsilon;
  const torch::Tensor first = fno::channels_first(x, config_.width);
  const torch::Tensor weight = at(name + "/weight"), bias = at(name + "/bias");
  // torch::instance_norm() of LibTorch 1.13 gives wrong gradients for one sample when what comes
  // back is channel last
  const auto alike = [&]
  {
    const torch::Tensor centred = first - first.mean({2, 3}, true);
    return centred * (centred.square().mean({2, 3}, true) + tiny).rsqrt();
  };
  switch (config_.norm)
  {
  case FnoNorm::group:
    return fno::channels_last(torch::group_norm(first, 1, weight, bias, tiny));
  case FnoNorm::batch:
  {
    const torch::Tensor mean = at(name + "/mean"), variance = at(name + "/variance");
    return fno::channels_last(
      is_training()
        ? fno::batch_norm(first, weight, bias, mean, variance, sum_over_ranks_)
        : torch::batch_norm(first, weight, bias, mean, variance, false, 0., tiny, false));
  }
  case FnoNorm::adaptive:
  {
    const torch::Tensor hidden =
      torch::gelu(torch::linear(embedding, at(name + "/0/weight"), at(name + "/0/bias")));
    const torch::Tensor factors =
      torch::linear(hidden, at(name + "/1/weight"), at(name + "/1/bias"))
        .view({-1, 2, number(config_.width), 1, 1});
    return fno::channels_last((1. + factors.select(1, 0)) * alike() + factors.select(1, 1));
  }
  default:
    return fno::channels_last(alike());
  }
}

// In double precision, as in inference: squares of large inputs must not overflow.
torch::Tensor FnoModuleImpl::embedding_of(const torch::Tensor &x) const
{
  if (config_.norm != FnoNorm::adaptive)
    return {};
  const torch::Tensor exact = x.to(torch::kFloat64);
  const torch::Tensor magnitude = (exact.square().mean({2, 3}) + fno_norm_epsilon).sqrt();
  return torch::cat({exact.mean({2, 3}), magnitude}, 1).to(x.scalar_type());
}

// With n channels and the ranks r and s of inputs and outputs, factors that meet the spectra take
// n_samples (n r + r s + s n) products per mode, the whole weight n_samples n^2 + s n (r + n);
// zeros behind the last channels are left out of account.
bool FnoModuleImpl::keeps_factors(std::int64_t r, std::int64_t s, std::int64_t n_samples) const
{
  const std::int64_t n = number(config_.width);
  return n_samples * (n * r + r * s + s * n - n * n) <= s * n * (r + n);
}

fno::SpectralTensors FnoModuleImpl::spectral_tensors(const std::string &name,
                                                     std::int64_t n_samples) const
{
  fno::SpectralTensors tensors;
  if (config_.factorisation == Factorisation::dense)
  {
    tensors.W = at(name + "/part0");
    return tensors;
  }
  std::vector<torch::Tensor> parts;
  for (std::size_t k = 0; at(name + "/part" + std::to_string(k)).defined(); ++k)
    parts.push_back(torch::view_as_complex(at(name + "/part" + std::to_string(k))));
  const std::size_t first = config_.joint ? 2 : 1; // behind the core and the factor of layers
  if (config_.factorisation == Factorisation::tucker && !config_.separable &&
      keeps_factors(parts[first].size(1), parts[first + 1].size(1), n_samples))
  {
    tensors.core = torch::view_as_real(
      config_.joint ? torch::tensordot(parts[1], parts[0], {1}, {0}) : parts[0]);
    tensors.inputs = torch::view_as_real(parts[first]);
    tensors.outputs = torch::view_as_real(parts[first + 1]);
    tensors.k1 = torch::view_as_real(parts[first + 2]);
    tensors.k2 = torch::view_as_real(parts[first + 3]);
    return tensors;
  }
  tensors.W = torch::view_as_real(reconstructed(config_.factorisation, parts));
  return tensors;
}

torch::Tensor FnoModuleImpl::block(std::size_t l, torch::Tensor x,
                                   const fno::SpectralTensors &joint,
                                   const torch::Tensor &embedding) const
{
  const std::string name = "block" + std::to_string(l);
  const bool last = l + 1 == config_.layers, pre = config_.preactivation;
  const bool norm_inside = config_.norm != FnoNorm::none; // between steps that go together else
  if (pre)
    x = norm(name + "/norm0", torch::gelu(x), embedding);
  const auto W = fno::spectral_weight(
    config_.joint ? joint.of_layer(l) : spectral_tensors(name + "/spectral", x.size(0)));
  const torch::Tensor bias = at(name + "/spectral/bias");
  torch::Tensor u;
  if (pre || !norm_inside)
    u = fno::spectral_layer(x, W, bias, skip_weight(name + "/skip"), config_.skip);
  else
    u = with_skip(norm(name + "/norm0",
                       fno::spectral_layer(x, W, bias, torch::Tensor(), FnoSkip::none), embedding),
                  name + "/skip", config_.skip, x);
  if (!config_.mlp)
    return last || pre ? u : torch::gelu(u);
  fno::MlpTensors mlp = two_layers(name + "/mlp");
  mlp.kind = config_.mlp_skip;
  mlp.skip = skip_weight(name + "/mlp_skip");
  mlp.activate_input = !last && !(pre && norm_inside);
  mlp.activate_output = !last && !pre && !norm_inside;
  if (pre && norm_inside)
    u = norm(name + "/norm1", last ? u : torch::gelu(u), embedding);
  const torch::Tensor v = fno::pixel_mlp(u, x, mlp);
  if (pre || !norm_inside)
    return v;
  const torch::Tensor normed = norm(name + "/norm1", v, embedding);
  return last ? normed : torch::gelu(normed);
}

// Channel last, with the places of the pixels if wanted.
torch::Tensor FnoModuleImpl::lifted(const torch::Tensor &x) const
{
  const std::int64_t n1 = x.size(2), n2 = x.size(3), n_in = x.size(1);
  torch::Tensor all =
    torch::zeros({x.size(0), n1, n2, fno::pitch(x.scalar_type(), config_.n_lifted())}, x.options());
  all.narrow(-1, 0, n_in).copy_(x.permute({0, 2, 3, 1}));
  if (config_.grid)
  {
    const auto ramp = [&](std::int64_t n)
    { return torch::arange(n, x.options()) / static_cast<double>(n); };
    all.select(-1, n_in).copy_(ramp(n1).view({-1, 1}));
    all.select(-1, n_in + 1).copy_(ramp(n2));
  }
  return fno::pixel_mlp(all, torch::Tensor(), two_layers("lift"));
}

torch::Tensor FnoModuleImpl::forward(torch::Tensor x)
{
  TORCH_CHECK(x.dim() == 4 && x.size(1) == number(config_.n_in), "a Fourier neural operator with ",
              config_.n_in, " inputs got ", x.sizes());
  const std::int64_t n1 = x.size(2), n2 = x.size(3);
  const auto p1 = config_.padding_points1(static_cast<std::size_t>(n1));
  const auto p2 = config_.padding_points2(static_cast<std::size_t>(n2));
  const torch::Tensor embedding = embedding_of(x);
  x = lifted(x);
  if (p1.all() > 0 || p2.all() > 0)
    x = torch::constant_pad_nd(
      x, {0, 0, number(p2.before), number(p2.behind), number(p1.before), number(p1.behind)});
  const auto joint =
    config_.joint ? spectral_tensors("spectral", x.size(0)) : fno::SpectralTensors();
  for (std::size_t l = 0; l < config_.layers; ++l)
    x = block(l, x, joint, embedding);
  x = x.narrow(1, number(p1.before), n1).narrow(2, number(p2.before), n2);
  x = fno::pixel_mlp(x, torch::Tensor(), two_layers("project"));
  return fno::channels_first(x, config_.n_out);
}
} // namespace understudy

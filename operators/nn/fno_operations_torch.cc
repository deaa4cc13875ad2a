// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/fno_operations_torch.h>
#include <operators/nn/pixel_mlp.h>
#include <operators/nn/spectral_training.h>

#include <map>
#include <memory>

namespace understudy::fno
{
namespace
{
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Maybe = c10::optional<Tensor>; ///< an input that may be absent

Tensor value(const Maybe &t)
{
  return t.value_or(Tensor());
}

/// Null for an undefined tensor.
template <class T>
T *pointer(const Tensor &t)
{
  return t.defined() ? t.data_ptr<T>() : nullptr;
}

std::size_t extent(const Tensor &t, std::int64_t axis)
{
  return static_cast<std::size_t>(t.size(axis));
}

/// Gradients written by hand have no gradient; one that is asked for would be zero without a word.
void check_first_derivative()
{
  TORCH_CHECK(!at::GradMode::is_enabled(),
              "a Fourier neural operator has no second derivatives (create_graph)");
}

std::size_t n_pixels(const Tensor &field)
{
  return static_cast<std::size_t>(field.numel() / field.size(-1));
}

Tensor contiguous(const Tensor &t)
{
  return t.defined() ? t.contiguous() : t;
}

Tensor same_shape(const Tensor &t)
{
  return t.defined() ? torch::empty_like(t, torch::MemoryFormat::Contiguous) : t;
}

template <class T>
PixelMlp<T> native(const MlpTensors &w)
{
  PixelMlpWeights<T> weights;
  weights.n_in = extent(w.B, 1), weights.n_hidden = extent(w.B, 0), weights.n_out = extent(w.A, 0);
  weights.activate_input = w.activate_input, weights.activate_output = w.activate_output;
  weights.skip = w.kind;
  weights.B = pointer<T>(w.B), weights.b = pointer<T>(w.b);
  weights.A = pointer<T>(w.A), weights.a = pointer<T>(w.a);
  weights.S = pointer<T>(w.skip);
  return PixelMlp<T>(weights);
}

struct PixelMlpFunction : torch::autograd::Function<PixelMlpFunction>
{
  static Tensor forward(AutogradContext *context, const Tensor &u, const Maybe &x_or_none,
                        const Tensor &B, const Tensor &b, const Tensor &A, const Tensor &a,
                        const Maybe &skip_or_none, std::int64_t kind, bool activate_input,
                        bool activate_output)
  {
    const Tensor x = value(x_or_none), skip = value(skip_or_none);
    const MlpTensors w{
      B, b, A, a, skip, static_cast<FnoSkip>(kind), activate_input, activate_output};
    context->save_for_backward({u, x, B, b, A, a, skip});
    context->saved_data["kind"] = kind;
    context->saved_data["activate_input"] = activate_input;
    context->saved_data["activate_output"] = activate_output;
    Tensor y = torch::empty({u.size(0), u.size(1), u.size(2), pitch(u.scalar_type(), extent(A, 0))},
                            u.options());
    AT_DISPATCH_FLOATING_TYPES(u.scalar_type(), "pixel_mlp",
                               [&]
                               {
                                 native<scalar_t>(w).forward(n_pixels(u), pointer<scalar_t>(u),
                                                             pointer<scalar_t>(x),
                                                             pointer<scalar_t>(y));
                               });
    return y;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const variable_list saved = context->get_saved_variables();
    const Tensor u = saved[0], x = saved[1];
    const MlpTensors w{saved[2],
                       saved[3],
                       saved[4],
                       saved[5],
                       saved[6],
                       static_cast<FnoSkip>(context->saved_data["kind"].toInt()),
                       context->saved_data["activate_input"].toBool(),
                       context->saved_data["activate_output"].toBool()};
    const Tensor dy = gradients[0].contiguous();
    const Tensor du = context->needs_input_grad(0) ? same_shape(u) : Tensor();
    const Tensor dx = same_shape(x), dB = same_shape(w.B), db = same_shape(w.b);
    const Tensor dA = same_shape(w.A), da = same_shape(w.a), ds = same_shape(w.skip);
    AT_DISPATCH_FLOATING_TYPES(u.scalar_type(), "pixel_mlp_backward",
                               [&]
                               {
                                 using T = scalar_t;
                                 PixelMlp<T> mlp = native<T>(w);
                                 mlp.backward(n_pixels(u), pointer<T>(u), pointer<T>(x),
                                              pointer<T>(dy), pointer<T>(du), pointer<T>(dx));
                                 mlp.gradients(pointer<T>(dB), pointer<T>(db), pointer<T>(dA),
                                               pointer<T>(da), pointer<T>(ds));
                               });
    return {du, dx, dB, db, dA, da, ds, Tensor(), Tensor(), Tensor()};
  }
};

/// Transforms and memory for the grids of late; one set per thread.
template <class T>
SpectralTraining<T> &spectral_training(const Tensor &x, const Tensor &W)
{
  thread_local std::map<SpectralSizes, std::unique_ptr<SpectralTraining<T>>> of_late;
  constexpr std::size_t most = 4;
  SpectralSizes sizes;
  sizes.n1 = extent(x, 1), sizes.n2 = extent(x, 2), sizes.n_channels = extent(W, 0);
  sizes.m1 = extent(W, -3), sizes.m2 = 2 * (extent(W, -2) - 1);
  sizes.separable = W.dim() == 4;
  auto found = of_late.find(sizes);
  if (found == of_late.end())
  {
    if (of_late.size() >= most)
      of_late.clear();
    found = of_late.emplace(sizes, std::make_unique<SpectralTraining<T>>(sizes)).first;
  }
  return *found->second;
}

struct SpectralFunction : torch::autograd::Function<SpectralFunction>
{
  static Tensor forward(AutogradContext *context, const Tensor &x, const Tensor &W,
                        const Tensor &bias, const Maybe &skip_or_none, std::int64_t kind)
  {
    const Tensor skip = value(skip_or_none);
    Tensor X, y = same_shape(x);
    AT_DISPATCH_FLOATING_TYPES(
      x.scalar_type(), "spectral_layer",
      [&]
      {
        using T = scalar_t;
        auto &spectral = spectral_training<T>(x, W);
        const TrainedSkip<T> path(static_cast<FnoSkip>(kind), extent(W, 0), pointer<T>(skip));
        const auto n = static_cast<std::int64_t>(spectral.spectrum_size(extent(x, 0)));
        X = torch::empty({n}, x.options());
        spectral.forward(extent(x, 0), pointer<T>(W), pointer<T>(bias), path, pointer<T>(x),
                         pointer<T>(X), pointer<T>(y));
      });
    context->save_for_backward({x, X, W, bias, skip});
    context->saved_data["kind"] = kind;
    return y;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const variable_list saved = context->get_saved_variables();
    const Tensor x = saved[0], X = saved[1], W = saved[2], bias = saved[3], skip = saved[4];
    const auto kind = static_cast<FnoSkip>(context->saved_data["kind"].toInt());
    const Tensor dy = gradients[0].contiguous();
    const Tensor dx = same_shape(x), dbias = same_shape(bias), ds = same_shape(skip);
    Tensor dW;
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "spectral_layer_backward",
                               [&]
                               {
                                 using T = scalar_t;
                                 auto &spectral = spectral_training<T>(x, W);
                                 TrainedSkip<T> path(kind, extent(W, 0), pointer<T>(skip));
                                 dW = spectral.keeps_all() ? same_shape(W) : torch::zeros_like(W);
                                 spectral.backward(extent(x, 0), pointer<T>(W), path, pointer<T>(x),
                                                   pointer<T>(X), pointer<T>(dy), pointer<T>(dx),
                                                   pointer<T>(dW), pointer<T>(dbias));
                                 path.gradient(pointer<T>(ds));
                               });
    return {dx, dW, dbias, ds, Tensor()};
  }
};
} // namespace

std::int64_t pitch(torch::ScalarType type, std::size_t n_channels)
{
  return static_cast<std::int64_t>(type == torch::kFloat64 ? channel_pitch<double>(n_channels)
                                                           : channel_pitch<float>(n_channels));
}

Tensor pixel_mlp(const Tensor &u, const Tensor &x, const MlpTensors &w)
{
  return PixelMlpFunction::apply(
    contiguous(u), Maybe(w.kind == FnoSkip::none ? Tensor() : contiguous(x)), contiguous(w.B),
    contiguous(w.b), contiguous(w.A), contiguous(w.a), Maybe(contiguous(w.skip)),
    static_cast<std::int64_t>(w.kind), w.activate_input, w.activate_output);
}

Tensor spectral_layer(const Tensor &x, const Tensor &W, const Tensor &bias, const Tensor &skip,
                      FnoSkip kind)
{
  return SpectralFunction::apply(contiguous(x), contiguous(W), contiguous(bias),
                                 Maybe(contiguous(skip)), static_cast<std::int64_t>(kind));
}

Tensor channels_last(const Tensor &x)
{
  const std::int64_t all = pitch(x.scalar_type(), extent(x, 1));
  const Tensor last = x.permute({0, 2, 3, 1});
  return all == x.size(1) ? last.contiguous() : torch::constant_pad_nd(last, {0, all - x.size(1)});
}

Tensor channels_first(const Tensor &x, std::size_t n_channels)
{
  return x.narrow(-1, 0, static_cast<std::int64_t>(n_channels)).permute({0, 3, 1, 2}).contiguous();
}
} // namespace understudy::fno

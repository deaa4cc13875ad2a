// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/fno_operations_torch.h>
#include <operators/nn/operation_tools_torch.h>
#include <operators/nn/pixel_mlp.h>

namespace understudy::fno
{
namespace
{
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::size_t n_pixels(const Tensor &field)
{
  return static_cast<std::size_t>(field.numel() / field.size(-1));
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
  static Tensor forward(AutogradContext *context, const Tensor &u, const MaybeTensor &x_or_none,
                        const Tensor &B, const Tensor &b, const Tensor &A, const Tensor &a,
                        const MaybeTensor &skip_or_none, std::int64_t kind, bool activate_input,
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
} // namespace

std::int64_t pitch(torch::ScalarType type, std::size_t n_channels)
{
  return static_cast<std::int64_t>(type == torch::kFloat64 ? channel_pitch<double>(n_channels)
                                                           : channel_pitch<float>(n_channels));
}

Tensor pixel_mlp(const Tensor &u, const Tensor &x, const MlpTensors &w)
{
  return PixelMlpFunction::apply(
    contiguous(u), MaybeTensor(w.kind == FnoSkip::none ? Tensor() : contiguous(x)), contiguous(w.B),
    contiguous(w.b), contiguous(w.A), contiguous(w.a), MaybeTensor(contiguous(w.skip)),
    static_cast<std::int64_t>(w.kind), w.activate_input, w.activate_output);
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

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/fno_operations_torch.h>
#include <operators/nn/operation_tools_torch.h>
#include <operators/nn/spectral_operations_torch.h>
#include <operators/nn/spectral_training.h>
#include <operators/nn/tucker_factors.h>

#include <map>
#include <memory>

namespace understudy::fno
{
namespace
{
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Transforms and memory for the grids of late; one set per thread.
template <class T>
SpectralTraining<T> &spectral_training(const Tensor &x, std::int64_t n_channels, std::int64_t m1,
                                       std::int64_t m2)
{
  thread_local std::map<SpectralSizes, std::unique_ptr<SpectralTraining<T>>> of_late;
  constexpr std::size_t most = 4;
  SpectralSizes sizes;
  sizes.n1 = extent(x, 1), sizes.n2 = extent(x, 2);
  sizes.n_channels = static_cast<std::size_t>(n_channels);
  sizes.m1 = static_cast<std::size_t>(m1), sizes.m2 = static_cast<std::size_t>(m2);
  auto found = of_late.find(sizes);
  if (found == of_late.end())
  {
    if (of_late.size() >= most)
      of_late.clear();
    found = of_late.emplace(sizes, std::make_unique<SpectralTraining<T>>(sizes)).first;
  }
  return *found->second;
}

/// The spectra [n_k1][n_k2][n_samples][2][pitch] of fields.
struct SpectrumFunction : torch::autograd::Function<SpectrumFunction>
{
  static Tensor forward(AutogradContext *context, const Tensor &x, std::int64_t n_channels,
                        std::int64_t m1, std::int64_t m2)
  {
    Tensor X;
    AT_DISPATCH_FLOATING_TYPES(
      x.scalar_type(), "spectrum",
      [&]
      {
        auto &spectral = spectral_training<scalar_t>(x, n_channels, m1, m2);
        X = torch::empty(
          {number(spectral.kept().n_k1), number(spectral.kept().n_k2), x.size(0), 2, x.size(3)},
          x.options());
        spectral.spectrum(extent(x, 0), pointer<scalar_t>(x), pointer<scalar_t>(X));
      });
    context->saved_data["sizes"] = x.sizes().vec();
    context->saved_data["weight"] = std::vector<std::int64_t>{n_channels, m1, m2};
    return X;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const auto weight = context->saved_data["weight"].toIntVector();
    const Tensor dX = gradients[0].contiguous();
    const Tensor dx = torch::empty(context->saved_data["sizes"].toIntVector(), dX.options());
    AT_DISPATCH_FLOATING_TYPES(dX.scalar_type(), "spectrum_backward",
                               [&]
                               {
                                 spectral_training<scalar_t>(dx, weight[0], weight[1], weight[2])
                                   .spectrum_backward(extent(dx, 0), pointer<scalar_t>(dX),
                                                      pointer<scalar_t>(dx));
                               });
    return {dx, Tensor(), Tensor(), Tensor()};
  }
};

/// The fields of spectra, with the path around them.
struct FieldFunction : torch::autograd::Function<FieldFunction>
{
  static Tensor forward(AutogradContext *context, const Tensor &Y, const Tensor &x,
                        const Tensor &bias, const MaybeTensor &skip_or_none, std::int64_t kind,
                        std::int64_t m1, std::int64_t m2)
  {
    const Tensor skip = value(skip_or_none), y = same_shape(x);
    AT_DISPATCH_FLOATING_TYPES(
      x.scalar_type(), "field",
      [&]
      {
        using T = scalar_t;
        const TrainedSkip<T> path(static_cast<FnoSkip>(kind), extent(bias, 0), pointer<T>(skip));
        spectral_training<T>(x, bias.size(0), m1, m2)
          .field(extent(x, 0), pointer<T>(Y), pointer<T>(bias), path, pointer<T>(x), pointer<T>(y));
      });
    context->save_for_backward({x, bias, skip});
    context->saved_data["sizes"] = Y.sizes().vec();
    context->saved_data["kinds"] = std::vector<std::int64_t>{kind, m1, m2};
    return y;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const variable_list saved = context->get_saved_variables();
    const Tensor x = saved[0], bias = saved[1], skip = saved[2];
    const auto kinds = context->saved_data["kinds"].toIntVector();
    const auto kind = static_cast<FnoSkip>(kinds[0]);
    const Tensor dy = gradients[0].contiguous();
    const Tensor dY = torch::empty(context->saved_data["sizes"].toIntVector(), dy.options());
    const Tensor dx = kind == FnoSkip::none ? Tensor() : same_shape(x);
    const Tensor dbias = same_shape(bias), ds = same_shape(skip);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "field_backward",
                               [&]
                               {
                                 using T = scalar_t;
                                 TrainedSkip<T> path(kind, extent(bias, 0), pointer<T>(skip));
                                 spectral_training<T>(x, bias.size(0), kinds[1], kinds[2])
                                   .field_backward(extent(x, 0), path, pointer<T>(x),
                                                   pointer<T>(dy), pointer<T>(dY), pointer<T>(dx),
                                                   pointer<T>(dbias));
                                 path.gradient(pointer<T>(ds));
                               });
    return {dY, dx, dbias, ds, Tensor(), Tensor(), Tensor()};
  }
};

/// The sizes of a weight C for @p n_out outputs.
ModeSizes mode_sizes(const Tensor &C, std::int64_t n_out, bool separable)
{
  ModeSizes sizes;
  sizes.n_out = static_cast<std::size_t>(n_out);
  sizes.n_in = separable ? sizes.n_out : extent(C, 3);
  sizes.m1 = extent(C, 0), sizes.m2 = 2 * (extent(C, 2) - 1);
  sizes.separable = separable;
  return sizes;
}

/// A weight in the order of ModeSizes.
struct ToModesFunction : torch::autograd::Function<ToModesFunction>
{
  static ModeSizes sizes_of(const std::vector<std::int64_t> &W)
  {
    const auto size = [&](std::size_t from_end)
    { return static_cast<std::size_t>(W[W.size() - from_end]); };
    ModeSizes sizes;
    sizes.separable = W.size() == 4;
    sizes.n_in = static_cast<std::size_t>(W[0]);
    sizes.n_out = size(4);
    sizes.m1 = size(3), sizes.m2 = 2 * (size(2) - 1);
    return sizes;
  }

  static Tensor forward(AutogradContext *context, const Tensor &W)
  {
    const ModeSizes sizes = sizes_of(W.sizes().vec());
    Tensor C = torch::empty({number(sizes.m1), 2, number(sizes.n_k2()), number(sizes.n_rows()),
                             pitch(W.scalar_type(), sizes.n_out)},
                            W.options());
    AT_DISPATCH_FLOATING_TYPES(
      W.scalar_type(), "to_modes",
      [&] { to_modes<scalar_t>(sizes, pointer<scalar_t>(W), pointer<scalar_t>(C)); });
    context->saved_data["sizes"] = W.sizes().vec();
    return C;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const auto sizes = context->saved_data["sizes"].toIntVector();
    const Tensor dC = gradients[0].contiguous(), dW = torch::empty(sizes, dC.options());
    AT_DISPATCH_FLOATING_TYPES(
      dC.scalar_type(), "from_modes",
      [&] { from_modes<scalar_t>(sizes_of(sizes), pointer<scalar_t>(dC), pointer<scalar_t>(dW)); });
    return {dW};
  }
};

/// The products of ModeProducts.
struct ModesFunction : torch::autograd::Function<ModesFunction>
{
  /// Of spectra of the shape [n_k1][n_k2][n_samples][2][pitch].
  static KeptModes kept_of(const Tensor &X)
  {
    const std::size_t n_k1 = extent(X, 0);
    return {-static_cast<std::ptrdiff_t>(n_k1 / 2), n_k1, extent(X, 1)};
  }

  static Tensor forward(AutogradContext *context, const Tensor &X, const Tensor &C,
                        std::int64_t n_out, bool separable)
  {
    Tensor Y = torch::empty({X.size(0), X.size(1), X.size(2), 2, C.size(4)}, X.options());
    AT_DISPATCH_FLOATING_TYPES(X.scalar_type(), "modes",
                               [&]
                               {
                                 using T = scalar_t;
                                 ModeProducts<T>(mode_sizes(C, n_out, separable), kept_of(X))
                                   .forward(extent(X, 2), pointer<T>(C), pointer<T>(X),
                                            pointer<T>(Y));
                               });
    context->save_for_backward({X, C});
    context->saved_data["n_out"] = n_out;
    context->saved_data["separable"] = separable;
    return Y;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const variable_list saved = context->get_saved_variables();
    const Tensor X = saved[0], C = saved[1], dY = gradients[0].contiguous();
    const Tensor dX = context->needs_input_grad(0) ? same_shape(X) : Tensor();
    const Tensor dC = context->needs_input_grad(1) ? torch::zeros_like(C) : Tensor();
    const ModeSizes sizes = mode_sizes(C, context->saved_data["n_out"].toInt(),
                                       context->saved_data["separable"].toBool());
    AT_DISPATCH_FLOATING_TYPES(X.scalar_type(), "modes_backward",
                               [&]
                               {
                                 using T = scalar_t;
                                 ModeProducts<T>(sizes, kept_of(X))
                                   .backward(extent(X, 2), pointer<T>(C), pointer<T>(X),
                                             pointer<T>(dY), pointer<T>(dX), pointer<T>(dC));
                               });
    return {dX, dC, Tensor(), Tensor()};
  }
};

/// The products of TuckerModes.
struct TuckerModesFunction : torch::autograd::Function<TuckerModesFunction>
{
  /// For a core in the order of ModeSizes with @p n_out outputs.
  template <class T>
  static TuckerModes<T> native(const Tensor &core, const Tensor &U1, const Tensor &U2,
                               std::int64_t n_out)
  {
    ModeSizes sizes = mode_sizes(core, n_out, false);
    sizes.m1 = extent(U1, 0), sizes.m2 = 2 * (extent(U2, 0) - 1);
    return TuckerModes<T>(sizes, extent(U1, 1), extent(U2, 1), pointer<T>(U1), pointer<T>(U2));
  }

  static Tensor forward(AutogradContext *context, const Tensor &core, const Tensor &U1,
                        const Tensor &U2, std::int64_t n_out)
  {
    Tensor half;
    Tensor C =
      torch::empty({U1.size(0), 2, U2.size(0), core.size(3), core.size(4)}, core.options());
    AT_DISPATCH_FLOATING_TYPES(core.scalar_type(), "tucker_modes",
                               [&]
                               {
                                 using T = scalar_t;
                                 const auto modes = native<T>(core, U1, U2, n_out);
                                 half = torch::empty({number(modes.half_size())}, core.options());
                                 modes.forward(pointer<T>(core), pointer<T>(half), pointer<T>(C));
                               });
    context->save_for_backward({core, U1, U2, half});
    context->saved_data["n_out"] = n_out;
    return C;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const variable_list saved = context->get_saved_variables();
    const Tensor core = saved[0], U1 = saved[1], U2 = saved[2], dC = gradients[0].contiguous();
    const Tensor dcore = same_shape(core), dU1 = same_shape(U1), dU2 = same_shape(U2);
    AT_DISPATCH_FLOATING_TYPES(core.scalar_type(), "tucker_modes_backward",
                               [&]
                               {
                                 using T = scalar_t;
                                 native<T>(core, U1, U2, context->saved_data["n_out"].toInt())
                                   .backward(pointer<T>(core), pointer<T>(saved[3]), pointer<T>(dC),
                                             pointer<T>(dcore), pointer<T>(dU1), pointer<T>(dU2));
                               });
    return {dcore, dU1, dU2, Tensor()};
  }
};

/// The products of ChannelFactor.
struct ChannelFactorFunction : torch::autograd::Function<ChannelFactorFunction>
{
  template <class T>
  static ChannelFactor<T> native(const Tensor &U)
  {
    return ChannelFactor<T>(extent(U, 0), extent(U, 1), pointer<T>(U));
  }

  static Tensor forward(AutogradContext *context, const Tensor &X, const Tensor &U)
  {
    Tensor Y = torch::empty(
      {X.size(0), X.size(1), X.size(2), 2, pitch(X.scalar_type(), extent(U, 1))}, X.options());
    AT_DISPATCH_FLOATING_TYPES(
      X.scalar_type(), "channel_factor",
      [&]
      { native<scalar_t>(U).forward(n_spectra(X), pointer<scalar_t>(X), pointer<scalar_t>(Y)); });
    context->save_for_backward({X, U});
    return Y;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const variable_list saved = context->get_saved_variables();
    const Tensor X = saved[0], U = saved[1], dY = gradients[0].contiguous();
    const Tensor dX = context->needs_input_grad(0) ? same_shape(X) : Tensor();
    const Tensor dU = context->needs_input_grad(1) ? same_shape(U) : Tensor();
    AT_DISPATCH_FLOATING_TYPES(X.scalar_type(), "channel_factor_backward",
                               [&]
                               {
                                 using T = scalar_t;
                                 native<T>(U).backward(n_spectra(X), pointer<T>(X), pointer<T>(dY),
                                                       pointer<T>(dX), pointer<T>(dU));
                               });
    return {dX, dU};
  }

  /// Those of all modes and samples.
  static std::size_t n_spectra(const Tensor &X)
  {
    return extent(X, 0) * extent(X, 1) * extent(X, 2);
  }
};
} // namespace

SpectralTensors SpectralTensors::of_layer(std::size_t l) const
{
  SpectralTensors layer = *this;
  Tensor &of_all = W.defined() ? layer.W : layer.core;
  of_all = of_all.select(0, number(l));
  return layer;
}

SpectralWeight spectral_weight(const SpectralTensors &tensors)
{
  SpectralWeight weight;
  if (tensors.W.defined())
  {
    weight.sizes = ToModesFunction::sizes_of(tensors.W.sizes().vec());
    weight.C = ToModesFunction::apply(contiguous(tensors.W));
    return weight;
  }
  const std::int64_t n_out = tensors.core.size(1);
  const Tensor core = ToModesFunction::apply(contiguous(tensors.core));
  weight.C =
    TuckerModesFunction::apply(core, contiguous(tensors.k1), contiguous(tensors.k2), n_out);
  weight.sizes = mode_sizes(weight.C, n_out, false);
  weight.U = contiguous(tensors.inputs);
  weight.V = tensors.outputs.transpose(0, 1).contiguous();
  return weight;
}

Tensor spectral_layer(const Tensor &x, const SpectralWeight &w, const Tensor &bias,
                      const Tensor &skip, FnoSkip kind)
{
  const Tensor fields = contiguous(x);
  const std::int64_t m1 = number(w.sizes.m1), m2 = number(w.sizes.m2);
  Tensor X = SpectrumFunction::apply(fields, bias.size(0), m1, m2);
  if (w.U.defined())
    X = ChannelFactorFunction::apply(X, w.U);
  X = ModesFunction::apply(X, w.C, number(w.sizes.n_out), w.sizes.separable);
  if (w.V.defined())
    X = ChannelFactorFunction::apply(X, w.V);
  return FieldFunction::apply(X, fields, contiguous(bias), MaybeTensor(contiguous(skip)),
                              static_cast<std::int64_t>(kind), m1, m2);
}
} // namespace understudy::fno

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/pixel_mlp.h>

#include <algorithm>

namespace understudy
{
template <class T>
PixelMlp<T>::PixelMlp(const PixelMlpWeights<T> &w)
  : first_(w.n_in, w.n_hidden, w.B, w.b),
    second_(w.n_hidden, w.n_out, w.A, w.a),
    skip_(w.skip, w.n_out, w.S),
    activate_input_(w.activate_input),
    activate_output_(w.activate_output),
    input_(block * first_.pitch_in()),
    input_slope_(block * first_.pitch_in()),
    hidden_(block * first_.pitch_out()),
    hidden_slope_(block * first_.pitch_out()),
    hidden_gradient_(block * first_.pitch_out()),
    output_(block * second_.pitch_out()),
    output_gradient_(block * second_.pitch_out())
{
}

template <class T>
void PixelMlp<T>::outer_layer(std::size_t n, const T *x, T *y, bool activate)
{
  ChannelProduct<T> p = second_.product(n, hidden_.data(), y);
  if (skip_.kind() != FnoSkip::none)
  {
    channel_kernels<T>().product(p);
    p = skip_.product(n, x, y);
  }
  p.gelu = activate;
  channel_kernels<T>().product(p);
}

template <class T>
void PixelMlp<T>::forward(std::size_t n_pixels, const T *u, const T *x, T *y)
{
  const auto &kernels = channel_kernels<T>();
  const std::size_t pitch_in = first_.pitch_in(), pitch_out = second_.pitch_out();
  for (std::size_t i = 0; i < n_pixels; i += block)
  {
    const std::size_t n = std::min(block, n_pixels - i);
    const T *a = u + i * pitch_in;
    if (activate_input_)
    {
      std::copy_n(a, n * pitch_in, input_.data());
      kernels.gelu(n * pitch_in, input_.data());
      a = input_.data();
    }
    ChannelProduct<T> p = first_.product(n, a, hidden_.data());
    p.gelu = true;
    kernels.product(p);
    outer_layer(n, x ? x + i * pitch_out : nullptr, y + i * pitch_out, activate_output_);
  }
}

template <class T>
void PixelMlp<T>::backward(std::size_t n_pixels, const T *u, const T *x, const T *dy, T *du, T *dx)
{
  const auto &kernels = channel_kernels<T>();
  const std::size_t pitch_in = first_.pitch_in(), pitch_hidden = first_.pitch_out();
  const std::size_t pitch_out = second_.pitch_out();
  for (std::size_t i = 0; i < n_pixels; i += block)
  {
    const std::size_t n = std::min(block, n_pixels - i);
    const T *a = u + i * pitch_in, *x_i = x ? x + i * pitch_out : nullptr;
    if (activate_input_)
    {
      std::copy_n(a, n * pitch_in, input_.data());
      kernels.gelu_slope(n * pitch_in, input_.data(), nullptr, input_slope_.data());
      a = input_.data();
    }
    kernels.product(first_.product(n, a, hidden_.data()));
    kernels.gelu_slope(n * pitch_hidden, hidden_.data(), nullptr, hidden_slope_.data());
    const T *dz = dy + i * pitch_out; // with respect to what is activated last
    if (activate_output_)
    {
      outer_layer(n, x_i, output_.data(), false);
      kernels.gelu_slope(n * pitch_out, output_.data(), dz, output_gradient_.data());
      dz = output_gradient_.data();
    }
    second_.accumulate(n, hidden_.data(), dz);
    skip_.backward(n, x_i, dz, dx ? dx + i * pitch_out : nullptr, false);
    ChannelProduct<T> p = second_.transposed_product(n, dz, hidden_gradient_.data());
    p.F = hidden_slope_.data(), p.ldf = pitch_hidden;
    kernels.product(p);
    first_.accumulate(n, a, hidden_gradient_.data());
    if (!du)
      continue;
    p = first_.transposed_product(n, hidden_gradient_.data(), du + i * pitch_in);
    p.F = activate_input_ ? input_slope_.data() : nullptr, p.ldf = pitch_in;
    kernels.product(p);
  }
}

template <class T>
void PixelMlp<T>::gradients(T *dB, T *db, T *dA, T *da, T *dS) const
{
  first_.gradient(dB, db);
  second_.gradient(dA, da);
  skip_.gradient(dS);
}

template class PixelMlp<float>;
template class PixelMlp<double>;
} // namespace understudy

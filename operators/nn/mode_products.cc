// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/fft.h>
#include <operators/nn/mode_products.h>

#include <algorithm>

namespace understudy
{
namespace
{
/// Calls @p action(place by modes, place in W) for the real part of each entry; the imaginary one
/// is a plane further, or next to it. A line of W at a time: more modes would fall upon the same
/// set of the first-level cache, as their blocks are a power of two apart.
template <class T, class Action>
void for_each_weight(const ModeSizes &s, const Action &action)
{
  constexpr std::size_t modes_at_once = 8;
  const std::size_t pitch = channel_pitch<T>(s.n_out), block = s.n_rows() * pitch;
  const std::size_t n_modes = s.m1 * s.n_k2();
  std::size_t place[modes_at_once];
  for (std::size_t first = 0; first < n_modes; first += modes_at_once)
  {
    const std::size_t n = std::min(modes_at_once, n_modes - first);
    for (std::size_t k = 0; k < n; ++k)
    {
      const std::size_t row = (first + k) / s.n_k2(), column = (first + k) % s.n_k2();
      place[k] = (row * 2 * s.n_k2() + column) * block;
    }
    for (std::size_t i = 0; i < s.n_rows(); ++i)
      for (std::size_t o = 0; o < s.n_out; ++o)
        for (std::size_t k = 0; k < n; ++k)
          action(place[k] + i * pitch + o, 2 * ((i * s.n_out + o) * n_modes + first + k));
  }
}

/// W^H of a mode, [n_out][2][pitch of n_in]; separable: [2][pitch].
template <class T>
void adjoint(const ModeSizes &s, const T *W, T *to)
{
  const std::size_t pitch = channel_pitch<T>(s.n_out), to_pitch = channel_pitch<T>(s.n_in);
  const T *imaginary = W + plane_size<T>(s);
  for (std::size_t i = 0; i < s.n_rows(); ++i)
    for (std::size_t o = 0; o < s.n_out; ++o)
    {
      T *entry = to + (s.separable ? o : 2 * o * to_pitch + i);
      entry[0] = W[i * pitch + o];
      entry[to_pitch] = -imaginary[i * pitch + o];
    }
}
} // namespace

template <class T>
void to_modes(const ModeSizes &sizes, const T *W, T *by_modes)
{
  const std::size_t plane = plane_size<T>(sizes);
  std::fill_n(by_modes, sizes.m1 * 2 * plane, T(0));
  for_each_weight<T>(sizes,
                     [&](std::size_t to, std::size_t from)
                     {
                       by_modes[to] = W[from];
                       by_modes[to + plane] = W[from + 1];
                     });
}

template <class T>
void from_modes(const ModeSizes &sizes, const T *by_modes, T *W)
{
  const std::size_t plane = plane_size<T>(sizes);
  for_each_weight<T>(sizes,
                     [&](std::size_t from, std::size_t to)
                     {
                       W[to] = by_modes[from];
                       W[to + 1] = by_modes[from + plane];
                     });
}

template <class T>
std::size_t ModeProducts<T>::place(std::size_t mode) const
{
  const auto lowest = static_cast<std::ptrdiff_t>(sizes_.m1 / 2) + kept_.first_k1;
  const std::size_t row = static_cast<std::size_t>(lowest) + mode / kept_.n_k2;
  const std::size_t block = sizes_.n_rows() * channel_pitch<T>(sizes_.n_out);
  return 2 * row * plane_size<T>(sizes_) + mode % kept_.n_k2 * block;
}

template <class T>
void ModeProducts<T>::forward(std::size_t n_samples, const T *W, const T *X, T *Y) const
{
  ModeProduct<T> p;
  p.n_samples = n_samples, p.n_in = sizes_.n_in;
  p.pitch_in = channel_pitch<T>(sizes_.n_in), p.pitch_out = channel_pitch<T>(sizes_.n_out);
  p.separable = sizes_.separable;
  p.ldw = p.pitch_out;
  for (std::size_t mode = 0; mode < kept_.size(); ++mode)
  {
    p.W = W + place(mode), p.W_imaginary = p.W + plane_size<T>(sizes_);
    p.X = X + mode * n_samples * 2 * p.pitch_in;
    p.Y = Y + mode * n_samples * 2 * p.pitch_out;
    channel_kernels<T>().modes(p);
  }
}

template <class T>
void ModeProducts<T>::backward(std::size_t n_samples, const T *W, const T *X, const T *dY, T *dX,
                               T *dW) const
{
  ModeProduct<T> p;
  p.n_samples = n_samples, p.n_in = sizes_.n_out;
  p.pitch_in = channel_pitch<T>(sizes_.n_out), p.pitch_out = channel_pitch<T>(sizes_.n_in);
  p.separable = sizes_.separable;
  p.ldw = 2 * p.pitch_out;
  FftArray<T> turned(n_samples * 2 * p.pitch_in);
  FftArray<T> W_adjoint((sizes_.separable ? 1 : sizes_.n_out) * p.ldw);
  p.W = W_adjoint.data(), p.W_imaginary = p.W + p.pitch_out;
  for (std::size_t mode = 0; mode < kept_.size(); ++mode)
  {
    const std::size_t spectra = mode * n_samples * 2;
    p.X = dY + spectra * p.pitch_in;
    if (dW)
      gradient(n_samples, X + spectra * p.pitch_out, p.X, turned.data(), dW + place(mode));
    if (!dX)
      continue;
    adjoint(sizes_, W + place(mode), W_adjoint.data());
    p.Y = dX + spectra * p.pitch_out;
    channel_kernels<T>().modes(p);
  }
}

// conj(x + i y)(g + i h) = x g + y h + i (x h - y g)
template <class T>
void ModeProducts<T>::gradient(std::size_t n_samples, const T *X, const T *dY, T *turned,
                               T *dW) const
{
  const std::size_t pitch = channel_pitch<T>(sizes_.n_out), plane = plane_size<T>(sizes_);
  if (sizes_.separable)
  {
    for (std::size_t s = 0; s < n_samples; ++s, X += 2 * pitch, dY += 2 * pitch)
      for (std::size_t c = 0; c < pitch; ++c)
      {
        dW[c] += X[c] * dY[c] + X[pitch + c] * dY[pitch + c];
        dW[plane + c] += X[c] * dY[pitch + c] - X[pitch + c] * dY[c];
      }
    return;
  }
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    const T *g = dY + s * 2 * pitch, *h = g + pitch;
    T *to = turned + s * 2 * pitch;
    std::copy_n(h, pitch, to);
    std::transform(g, g + pitch, to + pitch, [](T v) { return -v; });
  }
  ChannelOuter<T> p;
  p.m = sizes_.n_in, p.n = pitch, p.k = 2 * n_samples;
  p.A = X, p.lda = channel_pitch<T>(sizes_.n_in);
  p.ldb = p.ldc = pitch;
  p.B = dY, p.C = dW;
  channel_kernels<T>().outer(p);
  p.B = turned, p.C = dW + plane;
  channel_kernels<T>().outer(p);
}

template void to_modes(const ModeSizes &, const float *, float *);
template void to_modes(const ModeSizes &, const double *, double *);
template void from_modes(const ModeSizes &, const float *, float *);
template void from_modes(const ModeSizes &, const double *, double *);
template class ModeProducts<float>;
template class ModeProducts<double>;
} // namespace understudy

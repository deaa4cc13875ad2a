// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/channel_kernels.h>
#include <operators/nn/spectral_convolution.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace understudy
{
namespace
{
void check(const SpectralWeights &w)
{
  if (w.n_in == 0 || w.n_out == 0 || w.m1 == 0 || w.m2 == 0 || w.m1 % 2 != 0 || w.m2 % 2 != 0)
    throw UserError("A spectral convolution needs channels and even, positive numbers of modes, "
                    "not " +
                    std::to_string(w.m1) + " x " + std::to_string(w.m2) + " modes from " +
                    std::to_string(w.n_in) + " to " + std::to_string(w.n_out) + " channels.");
  if (w.separable && w.n_in != w.n_out)
    throw UserError("A separable spectral convolution has as many outputs as inputs.");
  const std::size_t expected = w.n_in * (w.separable ? 1 : w.n_out) * w.m1 * (w.m2 / 2 + 1);
  if (w.values.size() != expected || w.bias.size() != w.n_out)
    throw UserError("A spectral convolution has " + std::to_string(w.values.size()) +
                    " weights and " + std::to_string(w.bias.size()) + " biases; " +
                    std::to_string(expected) + " and " + std::to_string(w.n_out) +
                    " are expected.");
  const auto finite = [](const std::complex<double> &v)
  { return std::isfinite(v.real()) && std::isfinite(v.imag()); };
  if (!std::all_of(w.values.begin(), w.values.end(), finite) ||
      !std::all_of(w.bias.begin(), w.bias.end(), finite))
    throw UserError("A weight of a spectral convolution is not finite.");
}
} // namespace

template <class T>
std::size_t SpectralConvolution<T>::Packed::block() const
{
  return (separable ? 1 : n_in) * 2 * channel_pitch<T>(n_out);
}

/// What belongs to one size of grid, and memory for one sample.
template <class T>
struct SpectralConvolution<T>::Grid
{
  Grid(const SpectralConvolution &layer, std::size_t rows, std::size_t columns, SpectralPath wanted)
    : n1(rows),
      n2(columns),
      path(wanted),
      kept(layer.kept(n1, n2)),
      pitch_in(channel_pitch<T>(layer.n_in())),
      pitch_out(channel_pitch<T>(layer.n_out())),
      forward(n1, n2, kept, layer.n_in(), path),
      inverse(n1, n2, kept, layer.n_out(), path),
      row(n2 * std::max(pitch_in, pitch_out)),
      X(kept.size() * 2 * pitch_in),
      Y(kept.size() * 2 * pitch_out)
  {
  }

  std::size_t n1, n2;
  SpectralPath path;
  KeptModes kept;
  std::size_t pitch_in, pitch_out;
  SpectralTransform<T> forward, inverse;
  FftArray<T> row, X, Y;
};

template <class T>
SpectralConvolution<T>::SpectralConvolution(const SpectralWeights &w)
{
  check(w);
  const std::size_t pitch = channel_pitch<T>(w.n_out);
  auto packed = std::make_shared<Packed>();
  packed->n_in = w.n_in, packed->n_out = w.n_out;
  packed->m1 = w.m1, packed->m2 = w.m2;
  packed->separable = w.separable;
  packed->bias = FftArray<T>(pitch);
  std::copy(w.bias.begin(), w.bias.end(), packed->bias.begin());
  const std::size_t n_modes = w.m1 * (w.m2 / 2 + 1), block = packed->block();
  packed->values = FftArray<T>(n_modes * block);
  // separable: one "input" whose outputs are the channels
  for (std::size_t i = 0; i < (w.separable ? 1 : w.n_in); ++i)
    for (std::size_t o = 0; o < w.n_out; ++o)
      for (std::size_t k = 0; k < n_modes; ++k)
      {
        const auto &v = w.values[(i * w.n_out + o) * n_modes + k];
        T *to = packed->values.data() + k * block + i * 2 * pitch + o;
        to[0] = static_cast<T>(v.real());
        to[pitch] = static_cast<T>(v.imag());
      }
  weights_ = std::move(packed);
}

template <class T>
SpectralConvolution<T>::SpectralConvolution(const SpectralConvolution &other)
  : weights_(other.weights_)
{
}

template <class T>
SpectralConvolution<T>::~SpectralConvolution() = default;

template <class T>
KeptModes SpectralConvolution<T>::kept(std::size_t n1, std::size_t n2) const
{
  return kept_modes(n1, n2, weights_->m1, weights_->m2);
}

template <class T>
void SpectralConvolution<T>::multiply(const KeptModes &kept, std::size_t n_samples, const T *X,
                                      T *Y) const
{
  const auto &w = *weights_;
  ModeProduct<T> p;
  p.n_samples = n_samples;
  p.n_in = w.n_in;
  p.pitch_in = channel_pitch<T>(w.n_in);
  p.pitch_out = channel_pitch<T>(w.n_out);
  p.separable = w.separable;
  p.ldw = 2 * p.pitch_out;
  p.X = X;
  p.Y = Y;
  const auto &kernels = channel_kernels<T>();
  const auto first =
    static_cast<std::size_t>(kept.first_k1 + static_cast<std::ptrdiff_t>(w.m1 / 2));
  for (std::size_t j = 0; j < kept.n_k1; ++j)
    for (std::size_t k2 = 0; k2 < kept.n_k2; ++k2)
    {
      p.W = w.values.data() + ((first + j) * (w.m2 / 2 + 1) + k2) * w.block();
      p.W_imaginary = p.W + p.pitch_out;
      kernels.modes(p);
      p.X += n_samples * 2 * p.pitch_in;
      p.Y += n_samples * 2 * p.pitch_out;
    }
}

template <class T>
void SpectralConvolution<T>::evaluate(std::size_t n_samples, std::size_t n1, std::size_t n2,
                                      const T *x, T *y, SpectralPath path)
{
  if (n1 == 0 || n2 == 0)
    throw UserError("A spectral convolution needs a grid with at least one point.");
  if (!grid_ || grid_->n1 != n1 || grid_->n2 != n2 || grid_->path != path)
    grid_ = std::make_unique<Grid>(*this, n1, n2, path);
  Grid &g = *grid_;
  const std::size_t n = n1 * n2;
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    std::fill(g.row.begin(), g.row.end(), T(0));
    for (std::size_t i1 = 0; i1 < n1; ++i1)
    {
      for (std::size_t c = 0; c < n_in(); ++c)
        for (std::size_t i2 = 0; i2 < n2; ++i2)
          g.row[i2 * g.pitch_in + c] = x[(s * n_in() + c) * n + i1 * n2 + i2];
      g.forward.forward_row(i1, g.row.data());
    }
    g.forward.forward_columns(g.X.data(), 2 * g.pitch_in);
    multiply(g.kept, 1, g.X.data(), g.Y.data());
    g.inverse.inverse_columns(g.Y.data(), 2 * g.pitch_out);
    for (std::size_t i1 = 0; i1 < n1; ++i1)
    {
      g.inverse.inverse_row(i1, g.row.data(), bias());
      for (std::size_t c = 0; c < n_out(); ++c)
        for (std::size_t i2 = 0; i2 < n2; ++i2)
          y[(s * n_out() + c) * n + i1 * n2 + i2] = g.row[i2 * g.pitch_out + c];
    }
  }
}

template class SpectralConvolution<float>;
template class SpectralConvolution<double>;
} // namespace understudy

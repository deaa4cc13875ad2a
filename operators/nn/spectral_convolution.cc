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
  auto packed = std::make_shared<Packed>();
  packed->sizes = {w.n_in, w.n_out, w.m1, w.m2, w.separable};
  packed->bias = FftArray<T>(channel_pitch<T>(w.n_out));
  std::copy(w.bias.begin(), w.bias.end(), packed->bias.begin());
  std::vector<T> pairs;
  pairs.reserve(2 * w.values.size());
  for (const std::complex<double> &v : w.values)
    pairs.insert(pairs.end(), {static_cast<T>(v.real()), static_cast<T>(v.imag())});
  packed->values = FftArray<T>(2 * w.m1 * plane_size<T>(packed->sizes));
  to_modes(packed->sizes, pairs.data(), packed->values.data());
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
  return kept_modes(n1, n2, weights_->sizes.m1, weights_->sizes.m2);
}

template <class T>
void SpectralConvolution<T>::multiply(const KeptModes &kept, std::size_t n_samples, const T *X,
                                      T *Y) const
{
  ModeProducts<T>(weights_->sizes, kept).forward(n_samples, weights_->values.data(), X, Y);
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

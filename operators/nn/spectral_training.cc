// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/spectral_training.h>

#include <algorithm>

namespace understudy
{
template <class T>
SpectralTraining<T>::SpectralTraining(const SpectralSizes &s)
  : sizes_(s),
    kept_(kept_modes(s.n1, s.n2, s.m1, s.m2)),
    pitch_(channel_pitch<T>(s.n_channels)),
    transform_(s.n1, s.n2, kept_, s.n_channels),
    packed_(kept_.size() * weight_block())
{
}

template <class T>
void SpectralTraining<T>::reserve(std::size_t n_samples)
{
  if (Y_.size() >= spectrum_size(n_samples))
    return;
  Y_ = FftArray<T>(spectrum_size(n_samples));
  G_ = FftArray<T>(spectrum_size(n_samples));
  turned_ = FftArray<T>(n_samples * 4 * pitch_);
}

template <class T>
std::size_t SpectralTraining<T>::weight_mode(std::size_t mode) const
{
  const auto lowest = static_cast<std::ptrdiff_t>(sizes_.m1 / 2) + kept_.first_k1;
  const std::size_t row = static_cast<std::size_t>(lowest) + mode / kept_.n_k2;
  return row * (sizes_.m2 / 2 + 1) + mode % kept_.n_k2;
}

// A line of W at a time: more modes would fall upon the same set of the first-level cache, as their
// blocks are a power of two apart.
template <class T>
template <class Action>
void SpectralTraining<T>::for_each_weight(const Action &action) const
{
  constexpr std::size_t modes_at_once = 8;
  const std::size_t n = sizes_.n_channels;
  std::size_t place[modes_at_once];
  for (std::size_t first = 0; first < kept_.size(); first += modes_at_once)
  {
    const std::size_t n_modes = std::min(modes_at_once, kept_.size() - first);
    for (std::size_t k = 0; k < n_modes; ++k)
      place[k] = 2 * weight_mode(first + k);
    for (std::size_t i = 0; i < (sizes_.separable ? 1 : n); ++i)
      for (std::size_t o = 0; o < n; ++o)
      {
        const std::size_t entry = 2 * (i * n + o) * n_weight_modes();
        for (std::size_t k = 0; k < n_modes; ++k)
          action(i, o, first + k, entry + place[k]);
      }
  }
}

// W as in ModeProduct, or W^H
template <class T>
void SpectralTraining<T>::pack(const T *W, bool adjoint)
{
  const std::size_t block = weight_block();
  const T sign = adjoint ? T(-1) : T(1);
  const bool turn = adjoint && !sizes_.separable;
  // what stands between the channels meets zeros, and must not be a NaN of an earlier call
  std::fill(packed_.begin(), packed_.end(), T(0));
  for_each_weight(
    [&](std::size_t i, std::size_t o, std::size_t mode, std::size_t place)
    {
      T *to = packed_.data() + mode * block + (turn ? o * 2 * pitch_ + i : i * 2 * pitch_ + o);
      to[0] = W[place];
      to[pitch_] = sign * W[place + 1];
    });
}

// Y = packed weight times X
template <class T>
void SpectralTraining<T>::multiply(std::size_t n_samples, const T *X)
{
  ModeProduct<T> p;
  p.n_samples = n_samples, p.n_in = sizes_.n_channels;
  p.pitch_in = p.pitch_out = pitch_;
  p.separable = sizes_.separable;
  for (std::size_t mode = 0; mode < kept_.size(); ++mode)
  {
    p.W = packed_.data() + mode * weight_block();
    p.X = X + mode * n_samples * 2 * pitch_;
    p.Y = Y_.data() + mode * n_samples * 2 * pitch_;
    channel_kernels<T>().modes(p);
  }
}

template <class T>
void SpectralTraining<T>::transform(std::size_t sample, const T *field, T *X, std::size_t n_samples)
{
  for (std::size_t i1 = 0; i1 < sizes_.n1; ++i1)
    transform_.forward_row(i1, field + i1 * sizes_.n2 * pitch_);
  transform_.forward_columns(X + sample * 2 * pitch_, n_samples * 2 * pitch_);
}

template <class T>
void SpectralTraining<T>::forward(std::size_t n_samples, const T *W, const T *bias,
                                  const TrainedSkip<T> &skip, const T *x, T *X, T *y)
{
  reserve(n_samples);
  pack(W, false);
  FftArray<T> padded(pitch_);
  std::copy_n(bias, sizes_.n_channels, padded.begin());
  const std::size_t line = sizes_.n2 * pitch_;
  for (std::size_t s = 0; s < n_samples; ++s)
    transform(s, x + s * sizes_.n1 * line, X, n_samples);
  multiply(n_samples, X);
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    transform_.inverse_columns(Y_.data() + s * 2 * pitch_, n_samples * 2 * pitch_);
    for (std::size_t i1 = 0; i1 < sizes_.n1; ++i1)
    {
      const std::size_t row = (s * sizes_.n1 + i1) * line;
      transform_.inverse_row(i1, y + row, padded.data());
      if (skip.kind() != FnoSkip::none)
        channel_kernels<T>().product(skip.product(sizes_.n2, x + row, y + row));
    }
  }
}

template <class T>
void SpectralTraining<T>::backward(std::size_t n_samples, const T *W, TrainedSkip<T> &skip,
                                   const T *x, const T *X, const T *dy, T *dx, T *dW, T *dbias)
{
  reserve(n_samples);
  FftArray<T> sums(pitch_);
  const std::size_t field = sizes_.n1 * sizes_.n2 * pitch_;
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    transform(s, dy + s * field, G_.data(), n_samples);
    channel_kernels<T>().sums(sizes_.n1 * sizes_.n2, pitch_, dy + s * field, nullptr, sums.data());
  }
  std::copy_n(sums.data(), sizes_.n_channels, dbias);
  weight_gradient(n_samples, X, dW);
  pack(W, true);
  multiply(n_samples, G_.data());
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    transform_.inverse_columns(Y_.data() + s * 2 * pitch_, n_samples * 2 * pitch_);
    for (std::size_t i1 = 0; i1 < sizes_.n1; ++i1)
    {
      const std::size_t row = s * field + i1 * sizes_.n2 * pitch_;
      transform_.inverse_row(i1, dx + row, nullptr);
      skip.backward(sizes_.n2, x + row, dy + row, dx + row, true);
    }
  }
}

// conj(x + i y)(g + i h) = x (g, h) + y (h, -g) in pairs: a product with the rows of both kinds
template <class T>
void SpectralTraining<T>::weight_gradient(std::size_t n_samples, const T *X, T *dW)
{
  const std::size_t block = weight_block(), n = sizes_.n_channels;
  const double points = static_cast<double>(sizes_.n1) * static_cast<double>(sizes_.n2);
  std::fill(packed_.begin(), packed_.end(), T(0));
  for (std::size_t mode = 0; mode < kept_.size(); ++mode)
  {
    const std::size_t k2 = mode % kept_.n_k2, first = mode * n_samples * 2 * pitch_;
    const bool once = k2 == 0 || 2 * k2 == sizes_.n2;
    const T factor = static_cast<T>(once ? points : 2. * points);
    for (std::size_t s = 0; s < n_samples; ++s)
    {
      const T *g = G_.data() + first + s * 2 * pitch_, *h = g + pitch_;
      T *to = turned_.data() + s * 4 * pitch_;
      for (std::size_t c = 0; c < pitch_; ++c)
      {
        to[c] = to[3 * pitch_ + c] = factor * g[c];
        to[pitch_ + c] = to[2 * pitch_ + c] = factor * h[c];
      }
      for (std::size_t c = 0; c < pitch_; ++c)
        to[3 * pitch_ + c] = -to[3 * pitch_ + c];
    }
    T *sum = packed_.data() + mode * block;
    if (sizes_.separable)
    {
      for (std::size_t s = 0; s < 2 * n_samples; ++s)
        for (std::size_t c = 0; c < 2 * pitch_; ++c)
          sum[c] += X[first + s * pitch_ + c % pitch_] * turned_[s * 2 * pitch_ + c];
      continue;
    }
    ChannelOuter<T> p;
    p.m = n, p.n = 2 * pitch_, p.k = 2 * n_samples;
    p.A = X + first, p.lda = pitch_;
    p.B = turned_.data(), p.ldb = 2 * pitch_;
    p.C = sum, p.ldc = 2 * pitch_;
    channel_kernels<T>().outer(p);
  }
  for_each_weight(
    [&](std::size_t i, std::size_t o, std::size_t mode, std::size_t place)
    {
      const T *from = packed_.data() + mode * block + i * 2 * pitch_ + o;
      dW[place] = from[0];
      dW[place + 1] = from[pitch_];
    });
}

template class SpectralTraining<float>;
template class SpectralTraining<double>;
} // namespace understudy

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
    scaled_(kept_.size() * 2 * pitch_)
{
}

template <class T>
T SpectralTraining<T>::norm(std::size_t mode) const
{
  const double points = static_cast<double>(sizes_.n1) * static_cast<double>(sizes_.n2);
  return static_cast<T>(counts_once(mode % kept_.n_k2, sizes_.n2) ? points : 2. * points);
}

template <class T>
void SpectralTraining<T>::transform(std::size_t n_samples, std::size_t sample, const T *field, T *X)
{
  for (std::size_t i1 = 0; i1 < sizes_.n1; ++i1)
    transform_.forward_row(i1, field + i1 * sizes_.n2 * pitch_);
  transform_.forward_columns(X + sample * 2 * pitch_, n_samples * 2 * pitch_);
}

template <class T>
void SpectralTraining<T>::spectrum(std::size_t n_samples, const T *x, T *X)
{
  for (std::size_t s = 0; s < n_samples; ++s)
    transform(n_samples, s, x + s * sizes_.n1 * sizes_.n2 * pitch_, X);
}

template <class T>
void SpectralTraining<T>::spectrum_backward(std::size_t n_samples, const T *dX, T *dx)
{
  const std::size_t line = sizes_.n2 * pitch_;
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    for (std::size_t mode = 0; mode < kept_.size(); ++mode)
    {
      const T factor = T(1) / norm(mode);
      const T *from = dX + (mode * n_samples + s) * 2 * pitch_;
      std::transform(from, from + 2 * pitch_, scaled_.data() + mode * 2 * pitch_,
                     [factor](T v) { return factor * v; });
    }
    transform_.inverse_columns(scaled_.data(), 2 * pitch_);
    for (std::size_t i1 = 0; i1 < sizes_.n1; ++i1)
      transform_.inverse_row(i1, dx + (s * sizes_.n1 + i1) * line, nullptr);
  }
}

template <class T>
void SpectralTraining<T>::field(std::size_t n_samples, const T *Y, const T *bias,
                                const TrainedSkip<T> &skip, const T *x, T *y)
{
  FftArray<T> padded(pitch_);
  std::copy_n(bias, sizes_.n_channels, padded.begin());
  const std::size_t line = sizes_.n2 * pitch_;
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    transform_.inverse_columns(Y + s * 2 * pitch_, n_samples * 2 * pitch_);
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
void SpectralTraining<T>::field_backward(std::size_t n_samples, TrainedSkip<T> &skip, const T *x,
                                         const T *dy, T *dY, T *dx, T *dbias)
{
  FftArray<T> sums(pitch_);
  const std::size_t n_pixels = sizes_.n1 * sizes_.n2;
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    const std::size_t first = s * n_pixels * pitch_;
    transform(n_samples, s, dy + first, dY);
    channel_kernels<T>().sums(n_pixels, pitch_, dy + first, nullptr, sums.data());
    if (skip.kind() != FnoSkip::none)
      skip.backward(n_pixels, x + first, dy + first, dx + first, false);
  }
  std::copy_n(sums.data(), sizes_.n_channels, dbias);
  const std::size_t of_mode = n_samples * 2 * pitch_;
  for (std::size_t mode = 0; mode < kept_.size(); ++mode)
    std::for_each(dY + mode * of_mode, dY + (mode + 1) * of_mode,
                  [factor = norm(mode)](T &v) { v *= factor; });
}

template class SpectralTraining<float>;
template class SpectralTraining<double>;
} // namespace understudy

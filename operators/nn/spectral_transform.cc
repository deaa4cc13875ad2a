// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/fft.h>
#include <operators/nn/channel_kernels.h>
#include <operators/nn/fftw_plans.h>
#include <operators/nn/spectral_transform.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace understudy
{
namespace
{
/// cos and sin of 2 pi k i / n, exact at multiples of a quarter.
std::complex<double> unit_root(std::size_t k, std::size_t i, std::size_t n)
{
  const std::size_t r = (k * i) % n;
  if (4 * r % n == 0)
  {
    constexpr double cosine[] = {1., 0., -1., 0.}, sine[] = {0., 1., 0., -1.};
    return {cosine[4 * r / n], sine[4 * r / n]};
  }
  const double angle = 2. * std::numbers::pi * static_cast<double>(r) / static_cast<double>(n);
  return {std::cos(angle), std::sin(angle)};
}

} // namespace

KeptModes kept_modes(std::size_t n1, std::size_t n2, std::size_t m1, std::size_t m2)
{
  const auto lowest = static_cast<std::ptrdiff_t>(std::min(m1 / 2, n1 / 2));
  const std::size_t n_positive = std::min(m1 / 2, (n1 + 1) / 2); // with k1 = 0
  return {-lowest, static_cast<std::size_t>(lowest) + n_positive, std::min(m2 / 2, n2 / 2) + 1};
}

SpectralPath faster_spectral_path(std::size_t n1, std::size_t n2, const KeptModes &kept)
{
  return 2 * kept.n_k1 <= n1 && 4 * (kept.n_k2 - 1) <= n2 ? SpectralPath::pruned
                                                          : SpectralPath::fftw;
}

template <class T>
struct SpectralTransform<T>::Data
{
  Data(std::size_t rows, std::size_t columns, const KeptModes &modes, std::size_t n_channels)
    : n1(rows), n2(columns), kept(modes), channels(n_channels), pitch(channel_pitch<T>(n_channels))
  {
  }
  virtual ~Data() = default;
  virtual void forward_row(std::size_t i1, const T *row) = 0;
  virtual void forward_columns(T *X, std::size_t distance) = 0;
  virtual void inverse_columns(const T *Y, std::size_t distance) = 0;
  virtual void inverse_row(std::size_t i1, T *row, const T *bias) = 0;
  virtual SpectralPath path() const = 0;

  double scale() const { return 1. / (static_cast<double>(n1) * static_cast<double>(n2)); }

  std::size_t n1, n2;
  KeptModes kept;
  std::size_t channels, pitch;
};

// Real parts of column k2 stand in row k2, imaginary ones (which column 0 has none of along i2) in
// row n_k2 - 1 + k2; in the same way cosines of |k1| = q stand before sines.
template <class T>
struct SpectralTransform<T>::Pruned final : SpectralTransform<T>::Data
{
  using Data::kept, Data::n1, Data::n2, Data::pitch;

  Pruned(std::size_t rows, std::size_t columns, const KeptModes &modes, std::size_t n_channels)
    : Data(rows, columns, modes, n_channels),
      q_max(static_cast<std::size_t>(
        std::max(-modes.first_k1, static_cast<std::ptrdiff_t>(modes.n_k1) + modes.first_k1 - 1))),
      r1(2 * q_max + 1),
      r2(2 * modes.n_k2 - 1),
      forward1(r1 * rows),
      forward2(r2 * columns),
      inverse1(rows * r1),
      inverse2(columns * r2),
      half(rows * r2 * pitch),
      folded(r1 * r2 * pitch)
  {
    for (std::size_t q = 0; q <= q_max; ++q)
      for (std::size_t i = 0; i < n1; ++i)
      {
        const auto e = unit_root(q, i, n1);
        forward1[q * n1 + i] = inverse1[i * r1 + q] = static_cast<T>(e.real());
        if (q > 0)
          forward1[(q_max + q) * n1 + i] = inverse1[i * r1 + q_max + q] = static_cast<T>(e.imag());
      }
    for (std::size_t k = 0; k < kept.n_k2; ++k)
      for (std::size_t i = 0; i < n2; ++i)
      {
        const auto e = unit_root(k, i, n2);
        const double weight = counts_once(k, n2) ? 1. : 2.;
        const std::size_t re = k, im = kept.n_k2 - 1 + k;
        forward2[re * n2 + i] = static_cast<T>(e.real() * this->scale());
        inverse2[i * r2 + re] = static_cast<T>(e.real() * weight);
        if (k > 0)
        {
          forward2[im * n2 + i] = static_cast<T>(-e.imag() * this->scale());
          inverse2[i * r2 + im] = static_cast<T>(-e.imag() * weight);
        }
      }
  }

  void forward_row(std::size_t i1, const T *row) override
  {
    ChannelProduct<T> p;
    p.m = r2, p.n = pitch, p.k = n2;
    p.A = forward2.data(), p.lda = n2;
    p.B = row, p.ldb = pitch;
    p.C = half.data() + i1 * r2 * pitch, p.ldc = pitch;
    kernels.product(p);
  }

  void forward_columns(T *X, std::size_t distance) override
  {
    ChannelProduct<T> p;
    p.m = r1, p.n = r2 * pitch, p.k = n1;
    p.A = forward1.data(), p.lda = n1;
    p.B = half.data(), p.ldb = r2 * pitch;
    p.C = folded.data(), p.ldc = r2 * pitch;
    kernels.product(p);
    for (std::size_t k2 = 0; k2 < kept.n_k2; ++k2)
      for (std::size_t j = 0; j < kept.n_k1; ++j)
        unfold(static_cast<std::ptrdiff_t>(j) + kept.first_k1, k2,
               X + (j * kept.n_k2 + k2) * distance);
  }

  // X = sum (Re + i Im)(cos -+ i sin), the upper sign for k1 > 0
  void unfold(std::ptrdiff_t k1, std::size_t k2, T *X) const
  {
    const auto q = static_cast<std::size_t>(std::abs(k1));
    const T sign = k1 < 0 ? T(-1) : T(1);
    const T *re_cos = part(q, k2), *im_cos = part(q, kept.n_k2 - 1 + k2);
    const T *re_sin = part(q_max + q, k2), *im_sin = part(q_max + q, kept.n_k2 - 1 + k2);
    for (std::size_t c = 0; c < pitch; ++c)
    {
      X[c] = re_cos[c] + (k1 != 0 && k2 > 0 ? sign * im_sin[c] : T(0));
      X[pitch + c] = (k2 > 0 ? im_cos[c] : T(0)) - (k1 != 0 ? sign * re_sin[c] : T(0));
    }
  }

  // sum over +-q of Y exp(+-i a) = (Y_q + Y_-q) cos a + i (Y_q - Y_-q) sin a
  void inverse_columns(const T *Y, std::size_t distance) override
  {
    for (std::size_t q = 0; q <= q_max; ++q)
      for (std::size_t k2 = 0; k2 < kept.n_k2; ++k2)
        fold(q, k2, Y, distance);
    ChannelProduct<T> p;
    p.m = n1, p.n = r2 * pitch, p.k = r1;
    p.A = inverse1.data(), p.lda = r1;
    p.B = folded.data(), p.ldb = r2 * pitch;
    p.C = half.data(), p.ldc = r2 * pitch;
    kernels.product(p);
  }

  void fold(std::size_t q, std::size_t k2, const T *Y, std::size_t distance)
  {
    const auto mode = [&](std::ptrdiff_t k1) -> const T *
    {
      const std::ptrdiff_t j = k1 - kept.first_k1;
      return j < 0 || j >= static_cast<std::ptrdiff_t>(kept.n_k1)
               ? nullptr
               : Y + (static_cast<std::size_t>(j) * kept.n_k2 + k2) * distance;
    };
    const auto k = static_cast<std::ptrdiff_t>(q);
    const T *plus = mode(k), *minus = q > 0 ? mode(-k) : nullptr;
    const T zero = 0;
    T *re_cos = part(q, k2), *im_cos = part(q, kept.n_k2 - 1 + k2);
    T *re_sin = part(q_max + q, k2), *im_sin = part(q_max + q, kept.n_k2 - 1 + k2);
    for (std::size_t c = 0; c < pitch; ++c)
    {
      const T a = plus ? plus[c] : zero, b = plus ? plus[pitch + c] : zero;
      const T d = minus ? minus[c] : zero, e = minus ? minus[pitch + c] : zero;
      re_cos[c] = a + d;
      if (k2 > 0)
        im_cos[c] = b + e;
      if (q > 0)
        re_sin[c] = e - b;
      if (q > 0 && k2 > 0)
        im_sin[c] = a - d;
    }
  }

  void inverse_row(std::size_t i1, T *row, const T *bias) override
  {
    ChannelProduct<T> p;
    p.m = n2, p.n = pitch, p.k = r2;
    p.A = inverse2.data(), p.lda = r2;
    p.B = half.data() + i1 * r2 * pitch, p.ldb = pitch;
    p.C = row, p.ldc = pitch;
    p.bias = bias;
    kernels.product(p);
  }

  SpectralPath path() const override { return SpectralPath::pruned; }

  const T *part(std::size_t row, std::size_t column) const
  {
    return folded.data() + (row * r2 + column) * pitch;
  }
  T *part(std::size_t row, std::size_t column)
  {
    return folded.data() + (row * r2 + column) * pitch;
  }

  const ChannelKernels<T> &kernels = channel_kernels<T>();
  std::size_t q_max, r1, r2;
  FftArray<T> forward1, forward2; ///< [r1][n1], [r2][n2]
  FftArray<T> inverse1, inverse2; ///< [n1][r1], [n2][r2]
  FftArray<T> half;               ///< [n1][r2][pitch], transformed along i2 only
  FftArray<T> folded;             ///< [r1][r2][pitch]
};

template <class T>
struct SpectralTransform<T>::ByFftw final : SpectralTransform<T>::Data
{
  using Complex = std::complex<T>;
  using Data::channels, Data::kept, Data::n1, Data::n2, Data::pitch;

  ByFftw(std::size_t rows, std::size_t columns, const KeptModes &modes, std::size_t n_channels)
    : Data(rows, columns, modes, n_channels),
      real_line(columns * pitch),
      line((columns / 2 + 1) * pitch),
      half(rows * modes.n_k2 * pitch)
  {
    const auto lines = static_cast<int>(channels), apart = static_cast<int>(pitch);
    const auto columns_pitch = static_cast<int>(kept.n_k2 * pitch);
    const auto length1 = static_cast<int>(n1), length2 = static_cast<int>(n2);
    to_complex = Fftw<T>::to_complex(length2, lines, apart, real_line.data(), line.data());
    to_real = Fftw<T>::to_real(length2, lines, apart, line.data(), real_line.data());
    forward = Fftw<T>::in_place(length1, columns_pitch, columns_pitch, half.data(), FFTW_FORWARD);
    backward = Fftw<T>::in_place(length1, columns_pitch, columns_pitch, half.data(), FFTW_BACKWARD);
    // planning may have written into the arrays, and nothing else writes behind the last channel
    std::fill(real_line.begin(), real_line.end(), T(0));
    std::fill(line.begin(), line.end(), Complex(0));
  }

  void forward_row(std::size_t i1, const T *row) override
  {
    std::copy_n(row, n2 * pitch, real_line.data());
    Fftw<T>::run(to_complex);
    std::copy_n(line.data(), kept.n_k2 * pitch, half.data() + i1 * kept.n_k2 * pitch);
  }

  void forward_columns(T *X, std::size_t distance) override
  {
    Fftw<T>::run(forward);
    const T factor = static_cast<T>(this->scale());
    for (std::size_t j = 0; j < kept.n_k1; ++j)
      for (std::size_t k2 = 0; k2 < kept.n_k2; ++k2)
      {
        const Complex *from = half.data() + (row_of(j) * kept.n_k2 + k2) * pitch;
        T *to = X + (j * kept.n_k2 + k2) * distance;
        for (std::size_t c = 0; c < pitch; ++c)
        {
          to[c] = factor * from[c].real();
          to[pitch + c] = factor * from[c].imag();
        }
      }
  }

  void inverse_columns(const T *Y, std::size_t distance) override
  {
    std::fill(half.begin(), half.end(), Complex(0));
    for (std::size_t j = 0; j < kept.n_k1; ++j)
      for (std::size_t k2 = 0; k2 < kept.n_k2; ++k2)
      {
        const T *from = Y + (j * kept.n_k2 + k2) * distance;
        Complex *to = half.data() + (row_of(j) * kept.n_k2 + k2) * pitch;
        for (std::size_t c = 0; c < pitch; ++c)
          to[c] = {from[c], from[pitch + c]};
      }
    Fftw<T>::run(backward);
  }

  void inverse_row(std::size_t i1, T *row, const T *bias) override
  {
    const Complex *from = half.data() + i1 * kept.n_k2 * pitch;
    std::copy_n(from, kept.n_k2 * pitch, line.data());
    for (std::size_t k2 = 0; k2 < kept.n_k2; ++k2)
      if (counts_once(k2, n2))
        for (std::size_t c = 0; c < pitch; ++c)
          line[k2 * pitch + c] = from[k2 * pitch + c].real();
    std::fill(line.begin() + kept.n_k2 * pitch, line.end(), Complex(0));
    Fftw<T>::run(to_real);
    for (std::size_t i = 0; i < n2; ++i)
      for (std::size_t c = 0; c < pitch; ++c)
        row[i * pitch + c] = real_line[i * pitch + c] + (bias ? bias[c] : T(0));
  }

  SpectralPath path() const override { return SpectralPath::fftw; }

  /// Where the j-th k1 stands in a full transform.
  std::size_t row_of(std::size_t j) const
  {
    const std::ptrdiff_t k1 = static_cast<std::ptrdiff_t>(j) + kept.first_k1;
    return static_cast<std::size_t>(k1 < 0 ? k1 + static_cast<std::ptrdiff_t>(n1) : k1);
  }

  FftArray<T> real_line;  ///< [n2][pitch]
  FftArray<Complex> line; ///< [n2/2 + 1][pitch]
  FftArray<Complex> half; ///< [n1][n_k2][pitch]
  typename Fftw<T>::Plan to_complex, to_real, forward, backward;
};

template <class T>
SpectralTransform<T>::SpectralTransform(std::size_t n1, std::size_t n2, const KeptModes &kept,
                                        std::size_t n_channels, SpectralPath path)
{
  if (path == SpectralPath::automatic)
    path = faster_spectral_path(n1, n2, kept);
  if (path == SpectralPath::pruned)
    data_ = std::make_unique<Pruned>(n1, n2, kept, n_channels);
  else
    data_ = std::make_unique<ByFftw>(n1, n2, kept, n_channels);
}

template <class T>
SpectralTransform<T>::~SpectralTransform() = default;
template <class T>
SpectralTransform<T>::SpectralTransform(SpectralTransform &&) noexcept = default;
template <class T>
SpectralTransform<T> &SpectralTransform<T>::operator=(SpectralTransform &&) noexcept = default;

template <class T>
void SpectralTransform<T>::forward_row(std::size_t i1, const T *row)
{
  data_->forward_row(i1, row);
}
template <class T>
void SpectralTransform<T>::forward_columns(T *X, std::size_t mode_distance)
{
  data_->forward_columns(X, mode_distance);
}
template <class T>
void SpectralTransform<T>::inverse_columns(const T *Y, std::size_t mode_distance)
{
  data_->inverse_columns(Y, mode_distance);
}
template <class T>
void SpectralTransform<T>::inverse_row(std::size_t i1, T *row, const T *bias)
{
  data_->inverse_row(i1, row, bias);
}
template <class T>
SpectralPath SpectralTransform<T>::path() const
{
  return data_->path();
}

template class SpectralTransform<float>;
template class SpectralTransform<double>;
} // namespace understudy

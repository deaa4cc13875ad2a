// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <memory>

namespace understudy
{
/// How a SpectralTransform is computed.
enum class SpectralPath
{
  automatic, ///< the faster one by the rule of faster_spectral_path()
  pruned,    ///< one small matrix product per axis, for the kept modes only
  fftw       ///< one-dimensional transforms of FFTW of which the kept modes are taken
};

/// Which modes of an n1 x n2 grid are kept: first_k1 <= k1 < first_k1 + n_k1 and 0 <= k2 < n_k2.
/// Of modes (m1, m2), both even, these are -m1/2 <= k1 < m1/2 and k2 <= m2/2; a grid that is too
/// coarse for some of them has the rest, each with its signed wave number.
struct KeptModes
{
  std::ptrdiff_t first_k1 = 0;
  std::size_t n_k1 = 0, n_k2 = 0;

  std::size_t size() const { return n_k1 * n_k2; }
};
KeptModes kept_modes(std::size_t n1, std::size_t n2, std::size_t m1, std::size_t m2);

/// Columns k2 whose mode is its own conjugate along i2, so that it counts once.
inline bool counts_once(std::size_t k2, std::size_t n2)
{
  return k2 == 0 || 2 * k2 == n2;
}

/// The rule of SpectralPath::automatic, measured by tests/benchmark/bench_fno for grids of 32^2 to
/// 256^2 points: matrix products win, up to ten times, while at most half of the modes of a grid
/// are kept in each direction, and lose at most a half beyond (counters pruned_ms and fftw_ms).
SpectralPath faster_spectral_path(std::size_t n1, std::size_t n2, const KeptModes &kept);

/// Discrete Fourier transform of channel-last real fields, truncated to the kept modes:
///   X(k1, k2) = 1 / (n1 n2) sum_i x(i1, i2) exp(-2 pi i (k1 i1 / n1 + k2 i2 / n2))
/// and back, x(i1, i2) = Re sum_k1 exp(2 pi i k1 i1 / n1) [Y(k1, 0)
///   + 2 sum_0<k2<n2/2 Y(k1, k2) exp(2 pi i k2 i2 / n2) + Y(k1, n2/2) (-1)^i2],
/// the last term where n2 is even and the mode is kept. For columns k2 = 0 and n2/2, which need not
/// be Hermitian, this is the transform of (Y(k1, k2) + conj Y(-k1, k2)) / 2. Along i2 it works row
/// by row, so that a caller may do more with a row while it is in the cache. A spectrum holds for
/// mode (k1 - first_k1) n_k2 + k2 the real parts [pitch] and then the imaginary parts; the modes
/// are any distance apart. Memory is taken by the constructor only. With R2 = 2 n_k2 - 1 and R1
/// about n_k1 + 1, the pruned path costs 2 R2 n1 n2 + 2 R1 R2 n1 operations per channel and
/// direction.
template <class T>
class SpectralTransform
{
public:
  /// @param n_channels of the fields, whose pitch is channel_pitch(n_channels)
  SpectralTransform(std::size_t n1, std::size_t n2, const KeptModes &kept, std::size_t n_channels,
                    SpectralPath path = SpectralPath::automatic);
  ~SpectralTransform();
  SpectralTransform(SpectralTransform &&) noexcept;
  SpectralTransform &operator=(SpectralTransform &&) noexcept;

  /// Takes row i1 of a field, [n2][pitch]; every row is to be given before the columns.
  void forward_row(std::size_t i1, const T *row);
  /// Writes the spectrum of the rows.
  void forward_columns(T *X, std::size_t mode_distance);

  /// Takes a spectrum.
  void inverse_columns(const T *Y, std::size_t mode_distance);
  /// Writes row i1 of its field plus @p bias [pitch], which may be null.
  void inverse_row(std::size_t i1, T *row, const T *bias);

  SpectralPath path() const; ///< never automatic

private:
  struct Data;
  struct Pruned;
  struct ByFftw;
  std::unique_ptr<Data> data_;
};
} // namespace understudy

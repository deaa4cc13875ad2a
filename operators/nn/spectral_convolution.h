// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>
#include <operators/nn/mode_products.h>
#include <operators/nn/spectral_transform.h>

#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

namespace understudy
{
/// The weights of a spectral convolution.
struct SpectralWeights
{
  std::size_t n_in = 0, n_out = 0;
  std::size_t m1 = 0, m2 = 0; ///< even
  bool separable = false;     ///< each channel by itself; n_in = n_out
  /// [n_in][n_out][m1][m2/2 + 1], separable: [n_in][m1][m2/2 + 1]; k1 = -m1/2 stands first
  std::vector<std::complex<double>> values;
  std::vector<double> bias; ///< [n_out]
};

/// The linear layer of a Fourier neural operator (Li et al., arXiv 2010.08895):
///   (K x)_o = F^-1 [ sum_i W_io(k) (F x_i)(k) ]_o + bias_o
/// with the transform and the kept modes of SpectralTransform; modes that are not kept are zero. It
/// acts on grids of any size, n_channels x n1 x n2, and says the same on every grid that resolves
/// its input. Inference only. Weights are shared by copies; a copy per thread. At the first call
/// for a grid memory is taken, at others none. A mode and sample costs 8 n_in n_out operations.
template <class T>
class SpectralConvolution
{
public:
  /// Throws UserError when sizes do not fit or a number is not finite.
  explicit SpectralConvolution(const SpectralWeights &weights);
  SpectralConvolution(const SpectralConvolution &);
  ~SpectralConvolution();

  std::size_t n_in() const { return weights_->sizes.n_in; }
  std::size_t n_out() const { return weights_->sizes.n_out; }
  KeptModes kept(std::size_t n1, std::size_t n2) const;
  const T *bias() const { return weights_->bias.data(); } ///< [channel_pitch(n_out)]
  std::size_t weight_bytes() const { return weights_->values.size() * sizeof(T); }

  /// Y = W X for the kept modes: X [kept][n_samples][2][channel_pitch(n_in)], Y the same with
  /// n_out.
  void multiply(const KeptModes &kept, std::size_t n_samples, const T *X, T *Y) const;

  /// @param x [n_samples][n_in][n1][n2]
  /// @param y [n_samples][n_out][n1][n2]
  void evaluate(std::size_t n_samples, std::size_t n1, std::size_t n2, const T *x, T *y,
                SpectralPath path = SpectralPath::automatic);

private:
  struct Packed
  {
    ModeSizes sizes;
    FftArray<T> values; ///< in the order of ModeSizes
    FftArray<T> bias;   ///< [channel_pitch(n_out)]
  };
  struct Grid;
  std::shared_ptr<const Packed> weights_;
  std::unique_ptr<Grid> grid_; ///< of the last evaluate()
};
} // namespace understudy

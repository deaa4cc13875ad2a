// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno_config.h>
#include <operators/nn/spectral_transform.h>

#include <cstddef>
#include <memory>

namespace understudy
{
/// Inference of a Fourier neural operator without LibTorch. Factorised weights are rebuilt once, in
/// the constructor. Fields are channel-last inside; between two spectral convolutions all layers
/// that act on pixels run row by row of the grid, from the inverse transform of one block to the
/// forward transform of the next, so that each activation is read and written once per block
/// (with normalisations, most of which need the whole field, it takes further sweeps). Memory is
/// taken at the first call for a grid or a larger number of samples, at others none. One object per
/// thread; copies share the weights.
template <class T>
class Fno
{
public:
  /// Throws UserError when a tensor is missing, has another size than fno_tensors() says or holds a
  /// number that is not finite or a variance that is negative.
  explicit Fno(const FnoWeights &weights);
  Fno(const Fno &);
  ~Fno();
  Fno(Fno &&) noexcept;
  Fno &operator=(Fno &&) noexcept;

  const FnoConfig &config() const;

  /// Acts on grids of any size.
  /// @param x [n_samples][n_in][n1][n2]
  /// @param y [n_samples][n_out][n1][n2]
  void evaluate(std::size_t n_samples, std::size_t n1, std::size_t n2, const T *x, T *y);

  /// How the spectral convolutions of all further calls are transformed.
  void use(SpectralPath path);

private:
  struct Layers;
  class Pass;
  std::shared_ptr<const Layers> layers_;
  SpectralPath path_ = SpectralPath::automatic;
  std::unique_ptr<Pass> pass_; ///< memory and plans of the last grid
};
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno.h>
#include <operators/nn/pixel_layer.h>
#include <operators/nn/spectral_convolution.h>

#include <vector>

namespace understudy
{
/// A path around a layer; identity has a gate of ones.
template <class T>
struct SkipLayer
{
  FnoSkip kind = FnoSkip::none;
  PixelLayer<T> linear;
  FftArray<T> gate;
};

template <class T>
struct NormLayer
{
  /// [pitch]; weight x + bias, x being the field normalised to mean 0 and variance 1; with batch
  /// normalisation the running statistics are folded in, and x is the field itself.
  FftArray<T> weight, bias;
  PixelLayer<T> embedding0, embedding1; ///< adaptive: what is added to weight and bias
};

template <class T>
struct FnoBlock
{
  SpectralConvolution<T> spectral;
  SkipLayer<T> skip, mlp_skip;
  PixelLayer<T> mlp0, mlp1;
  NormLayer<T> norm[2];
};

/// A network as the native pass reads it.
template <class T>
struct Fno<T>::Layers
{
  explicit Layers(const FnoWeights &weights);

  FnoConfig config;
  PixelLayer<T> lift0, lift1, project0, project1;
  std::vector<FnoBlock<T>> blocks;
};
} // namespace understudy

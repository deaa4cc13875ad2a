// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/trained_skip.h>

#include <cstddef>

namespace understudy
{
/// What a PixelMlp is made of.
template <class T>
struct PixelMlpWeights
{
  std::size_t n_in = 0, n_hidden = 0, n_out = 0;
  bool activate_input = false, activate_output = false;
  FnoSkip skip = FnoSkip::none;
  const T *B = nullptr, *b = nullptr; ///< [n_hidden][n_in], [n_hidden]
  const T *A = nullptr, *a = nullptr; ///< [n_out][n_hidden], [n_out]
  const T *S = nullptr;               ///< of the skip, see TrainedSkip
};

/// The channel MLP of a Fourier neural operator with all that surrounds it,
///   y = act_out(A gelu(B act_in(u) + b) + a + s(x)),
/// act_in and act_out either gelu or nothing, and its gradient. Fields are channel last; each pitch
/// follows from the number of channels. Some pixels at a time go all the way while they are in the
/// cache: nothing but y is written forward, and backward the inner values are computed once more,
/// which costs less than to fetch them from memory. Not for several threads at a time.
template <class T>
class PixelMlp
{
public:
  explicit PixelMlp(const PixelMlpWeights<T> &weights);

  /// @param u [n][n_in]
  /// @param x [n][n_out], read when there is a skip
  /// @param y [n][n_out]
  void forward(std::size_t n, const T *u, const T *x, T *y);

  /// @param dy [n][n_out], the gradient with respect to y
  /// @param du [n][n_in], null: not wanted
  /// @param dx [n][n_out], written when there is a skip
  void backward(std::size_t n, const T *u, const T *x, const T *dy, T *du, T *dx);

  /// Writes the gradients that backward() gathered, in the shapes of the weights.
  void gradients(T *dB, T *db, T *dA, T *da, T *dS) const;

private:
  /// Pixels at a time: all arrays below stay in the first-level cache or near it.
  static constexpr std::size_t block = 48;

  const T *activated(std::size_t n, const T *u);
  void outer_layer(std::size_t n, const T *x, T *y, bool activate);

  TrainedLayer<T> first_, second_;
  TrainedSkip<T> skip_;
  bool activate_input_, activate_output_;
  FftArray<T> input_, input_slope_, hidden_, hidden_slope_, hidden_gradient_, output_,
    output_gradient_;
};
} // namespace understudy

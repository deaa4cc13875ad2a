// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/head.h>

#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// In which arithmetic a head is evaluated. Inputs and outputs stay double.
enum class Precision
{
  double_,
  single ///< seven digits instead of sixteen, twice as many numbers per instruction
};

/// What a multilayer perceptron is made of. With s = x ./ input_scale, the layers compute
///   plain: h_1 = swish(W_1 s + b_1), ..., y = W_L h_{L-1} + b_L
///   odd:   h_1 = u(W_1 s; b_1),      ..., y = W_L h_{L-1}        (b_L is empty)
/// where swish(z) = z / (1 + exp(-z)) and the odd unit is u(z; c) = swish(z + c) - swish(c - z).
/// The odd net is the symmetrised net g(s) - g(-s) when it has one hidden layer, and carries the
/// symmetry from layer to layer when it is deeper, so that it never needs a second evaluation.
struct MlpWeights
{
  struct Layer
  {
    std::size_t n_in = 0, n_out = 0;
    std::vector<double> weight; ///< [n_out][n_in] row-major
    std::vector<double> bias;   ///< [n_out]; empty in the last layer of an odd net
  };
  std::vector<double> input_scale; ///< [n_inputs], positive
  std::vector<Layer> layers;       ///< at least one hidden and the linear last one
  bool odd = false;
};

/// Multilayer perceptron with swish units and a linear last layer, see MlpWeights. Values and
/// tangents run side by side through one pass (forward mode), vectorised over points for the
/// processor that is found at run time; nothing is allocated once a thread's scratch has its size.
class Mlp final : public Head
{
public:
  /// Throws UserError when shapes do not fit or a number is not finite.
  explicit Mlp(MlpWeights weights, Precision precision = Precision::double_);

  std::string kind() const override { return "mlp"; }
  std::size_t n_inputs() const override { return weights_.input_scale.size(); }
  std::size_t n_outputs() const override { return weights_.layers.back().n_out; }
  void evaluate(std::size_t n, const double *x, double *y, double *dy) const override;
  std::unique_ptr<Head> folded(const double *A, std::size_t n_rows) const override;
  void save(ModelFile &file, const std::string &prefix) const override;

  /// Reads what save() wrote.
  static Mlp load(const ModelFile &file, const std::string &prefix);

  const MlpWeights &weights() const { return weights_; }
  Precision precision() const { return precision_; }

  /// Floating-point operations per point counted as in 2 x multiplications with weights; a tangent
  /// costs n_inputs times as much on top.
  double flops_per_point(bool with_tangent) const;

private:
  struct Packed;
  MlpWeights weights_;
  Precision precision_;
  std::shared_ptr<const Packed> packed_; ///< weights in the order of the kernel
};
} // namespace understudy

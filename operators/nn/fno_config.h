// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/tensor_factorisation.h>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace understudy
{
class ModelFile;
struct SpectralWeights;

/// A path around a layer.
enum class FnoSkip
{
  none,
  identity,
  linear,   ///< x -> S x, no bias
  soft_gate ///< x -> w .* x, one factor per channel
};

/// Added to variances.
inline constexpr double fno_norm_epsilon = 1e-5;

/// Normalisation of a field, (x - mean) / sqrt(variance + fno_norm_epsilon).
enum class FnoNorm
{
  none,
  instance, ///< per sample and channel
  group,    ///< per sample over all channels, then a factor and a shift per channel
  batch,    ///< per channel over the samples of a training step, then a factor and a shift;
            ///< inference uses running statistics, 0.9 of the last ones + 0.1 of those of the step
  adaptive  ///< instance, then 1 + a and b of each channel as factor and shift, which two layers
            ///< make of the embedding of the sample (with patches: of each window)
};

/// By the names "none", "identity", "linear", "soft gate", and "none", "instance", "group",
/// "batch", "adaptive"; UserError for any other.
FnoSkip fno_skip_named(const std::string &name);
FnoNorm fno_norm_named(const std::string &name);

/// A (tensorised) Fourier neural operator: grid channels, lift, padding, blocks, projection (Li et
/// al., arXiv 2010.08895; Kossaifi et al., arXiv 2310.00120), in the form of the neuraloperator
/// library. With layers that act on pixels, K the spectral convolution, s and g the paths around it
/// and around the channel MLP, N1 and N2 normalisations, and l = 0 .. layers - 1, a block computes
///   u = N1(K x) + s(x);       if l < layers - 1: u = gelu(u)
///   v = N2(MLP(u) + g(x));    if l < layers - 1: v = gelu(v)
/// and, activated in advance, with x = N1(gelu(x)) first,
///   u = K x + s(x);           if l < layers - 1: u = gelu(u)
///   v = MLP(N2(u)) + g(x).
/// Without channel MLP the first one is v = u, and the second one v = K x + s(x). Lift, projection
/// and MLP are A gelu(B x + b) + a; gelu is the exact one. For adaptive instance normalisation
/// (Huang and Belongie, arXiv 1703.06868) the embedding of a sample is what normalisations take
/// away from it: the mean m of each of its inputs over the grid and sqrt(mean square +
/// fno_norm_epsilon).
struct FnoConfig
{
  std::size_t n_in = 1, n_out = 1;
  std::size_t width = 32; ///< channels of the blocks
  std::size_t modes1 = 16, modes2 = 16;
  std::size_t layers = 4;
  std::size_t lift_width = 0;       ///< between the two layers of the lift; 0: 2 width
  std::size_t projection_width = 0; ///< the same; 0: 2 width
  Factorisation factorisation = Factorisation::dense;
  double rank = 1.;       ///< share of the entries of the dense weight, see ranks_of()
  bool joint = false;     ///< one factorised tensor for all blocks
  bool separable = false; ///< K acts on each channel by itself
  FnoSkip skip = FnoSkip::linear;
  bool mlp = true;
  std::size_t mlp_width = 0; ///< 0: width / 2
  FnoSkip mlp_skip = FnoSkip::soft_gate;
  FnoNorm norm = FnoNorm::none;
  bool preactivation = false;
  double padding1 = 0., padding2 = 0.; ///< share of the grid that is added, as zeros, on both sides
  bool padding_one_sided = false;      ///< behind the field only
  bool grid = true;                    ///< i1 / n1 and i2 / n2 are two more inputs

  std::size_t n_lifted() const { return n_in + (grid ? 2 : 0); }
  std::size_t lift_channels() const { return lift_width > 0 ? lift_width : 2 * width; }
  std::size_t projection_channels() const
  {
    return projection_width > 0 ? projection_width : 2 * width;
  }
  std::size_t mlp_channels() const { return mlp_width > 0 ? mlp_width : (width + 1) / 2; }
  /// Width between the two layers of an adaptive normalisation.
  std::size_t norm_channels() const { return 2 * width; }
  std::size_t n_embedding() const { return 2 * n_in; }
  std::size_t norms_per_block() const { return norm == FnoNorm::none ? 0 : mlp ? 2 : 1; }
  /// Zeros before and behind a field of so many points.
  struct PaddingPoints
  {
    std::size_t before = 0, behind = 0;
    std::size_t all() const { return before + behind; }
  };
  PaddingPoints padding_points1(std::size_t n1) const;
  PaddingPoints padding_points2(std::size_t n2) const;

  /// The sizes of the factorised tensor: [layers] if joint, [width] (twice unless separable),
  /// [modes1][modes2/2 + 1].
  TensorShape spectral_shape() const;

  /// One sentence for each value that makes no sense.
  std::vector<std::string> problems() const;

  nlohmann::json to_json() const;
  /// Throws UserError naming @p source when an entry is missing, unknown or of another kind, or
  /// there are problems().
  static FnoConfig from_json(const nlohmann::json &json, const std::string &source);
};

/// A tensor of a network; complex ones end in an axis of two, real and imaginary part.
struct FnoTensor
{
  enum class Start
  {
    normal,       ///< scale * N(0, 1)
    uniform,      ///< in (-scale, scale)
    constant,     ///< scale
    complex_ones, ///< 1 + 0 i
  };
  std::string name;
  TensorShape shape;
  Start start = Start::constant;
  double scale = 0.;
  bool is_complex = false;
  bool is_trained = true; ///< false: statistics of what was seen in the training
};

/// All tensors of a network in a fixed order. Spectral weights start complex normal with the
/// standard deviation sqrt(1 / width) (of real and imaginary part each sqrt(1 / (2 width))), their
/// biases normal with the first; pixel layers uniform within 1 / sqrt(inputs); gates at one;
/// statistics as mean 0 and variance 1.
std::vector<FnoTensor> fno_tensors(const FnoConfig &config);

/// Real numbers in all tensors that are trained.
std::size_t n_parameters(const FnoConfig &config);

/// A network: what it is made of and the values of its tensors.
struct FnoWeights
{
  FnoConfig config;
  std::map<std::string, std::vector<double>> tensors; ///< by the names of fno_tensors()

  /// A random start; equal seeds give equal weights. UserError when there are problems().
  static FnoWeights random(const FnoConfig &config, std::uint64_t seed);

  const std::vector<double> &at(const std::string &name) const { return tensors.at(name); }

  /// The dense weights of the spectral convolution of each block.
  std::vector<SpectralWeights> spectral() const;

  /// Stores all tensors under names that begin with @p prefix, and the configuration in the meta
  /// data fno/<prefix>.
  void save(ModelFile &file, const std::string &prefix) const;
  /// Throws UserError when anything is missing or does not fit.
  static FnoWeights load(const ModelFile &file, const std::string &prefix);
};
} // namespace understudy

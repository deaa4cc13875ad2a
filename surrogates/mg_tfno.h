// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/grid_batch.h>
#include <data/core/mesh_view.h>
#include <operators/maps/point_map.h>
#include <operators/nn/fno.h>
#include <operators/nn/multigrid_patches.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
class ModelFile;

/// What an operator maps to what: fields on the square [0, side)^2.
struct MgTfnoProblem
{
  enum class Boundary
  {
    periodic,
    zero ///< outputs vanish on the boundary of the square
  };
  std::string name; ///< of the problem, e.g. "darcy"
  std::vector<Quantity> inputs, outputs;
  double side = 1.;
  Boundary boundary = Boundary::periodic;

  bool is_periodic() const { return boundary == Boundary::periodic; }
};

/// A multi-grid tensorised Fourier neural operator (Kossaifi et al., TMLR 2024, arXiv 2310.00120)
/// with all that belongs to it: fields are scaled to mean 0 and deviation 1 (or as the training
/// chose), coordinates may be two more inputs, large fields are cut in patches, and what the
/// network says is scaled back.
///
/// *Grids* have n x n points at (i, j) side / n, i, j = 0 .. n - 1: period 1 in units of the side
/// at every resolution, and every second point of one is a point of the next coarser one. With
/// Boundary::zero the points i = n and j = n belong to the boundary, as do i = 0 and j = 0.
///
/// *Trust*. An input is trusted when its features (below) lie in the ranges of the training set,
/// each widened by a tenth of its width, and the grid is neither coarser than that of the training
/// nor more than four times as fine.
///
/// Work space belongs to the object: one object per thread; copies share the weights.
class MgTfno
{
public:
  static constexpr int file_version = 2;

  /// What is looked at of an input field: smallest and largest value, mean, root mean square, and
  /// the mean of |x(i + 1, j) - x(i, j)| + |x(i, j + 1) - x(i, j)| over the spacing in units of the
  /// side, the total variation, which hardly depends on the grid.
  static constexpr std::size_t n_features = 5;
  using Features = std::array<double, n_features>;
  static Features features_of(std::size_t n1, std::size_t n2, std::span<const float> x);

  struct Scale ///< x -> (x - offset) / scale
  {
    double offset = 0., scale = 1.;
  };
  struct Range
  {
    Features lower, upper; ///< of the training set
  };
  struct State
  {
    MgTfnoProblem problem;
    bool coordinates = false;          ///< i / n and j / n are two more inputs
    PatchingParameters patching = {0}; ///< levels 0: no patches
    std::vector<Scale> input_scale, output_scale;
    std::vector<Range> ranges; ///< per input
    std::size_t n_points = 0;  ///< of the training grid, per direction
    /// Relative L2 error that 95 % of the validation samples stay below on the training grid; 0
    /// when there were none.
    double expected_error = 0.;
    FnoWeights weights;
  };

  /// The network must have the inputs that problem, coordinates and patches give it.
  explicit MgTfno(State state);

  const State &state() const { return *state_; }

  /// One sentence when the network cannot work on a grid of n x n points: patches must fit. Empty
  /// when it can.
  std::string unfit(std::size_t n) const;
  /// One sentence when @p x, [n_inputs][n][n], is not to be trusted; empty when it is.
  std::string untrusted(std::size_t n, std::span<const float> x) const;

  /// The outputs for every sample of @p x [n_samples][n_inputs][n][n], trusted or not, with zeros
  /// where Boundary::zero has them. UserError
  /// for another number of inputs or a grid that is unfit(), naming the nearest sizes that fit.
  GridBatch predict(const GridBatch &x);

  /// The same in parts, so that several processes can share the patches of a field: writes what
  /// patches @p first to @p first + @p n of sample @p s say, on the boundary too, where they belong
  /// in @p y [n_outputs], and leaves the rest. Without patches a field is its only patch.
  std::size_t n_patches() const;
  void predict_patches(const GridBatch &x, std::size_t s, std::size_t first, std::size_t n,
                       std::span<float> y);
  /// Zeros where Boundary::zero has them, for outputs that were put together from parts.
  void impose_boundary(GridBatch &y) const;

  void save(ModelFile &file) const;
  /// Throws UserError when the file is of another kind or version, or anything is missing or wrong.
  static MgTfno load(const ModelFile &file);

private:
  void encode(const GridBatch &x, std::size_t s, std::span<float> to) const;
  void decode(std::span<float> y, std::size_t n_points) const;

  std::shared_ptr<const State> state_;
  Fno<float> net_;
  std::vector<float> encoded_, windows_, answers_; ///< work space
};

/// The inputs of the network: fields, coordinates, views of all levels and masks.
std::size_t n_network_inputs(std::size_t n_inputs, bool coordinates,
                             const PatchingParameters &patching);

/// Writes @p x, [n_inputs][n1][n2], scaled, and the coordinates behind it.
/// @param to [n_inputs (+ 2)][n1][n2]
void encode_inputs(const std::vector<MgTfno::Scale> &scale, bool coordinates, std::size_t n1,
                   std::size_t n2, std::span<const float> x, std::span<float> to);
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace understudy
{
/// Values of several components at many points, component-major: component c of point p stands
/// at data()[c * n_points() + p], so a loop over points is contiguous for every component.
class PointBatch
{
public:
  PointBatch() = default;
  PointBatch(std::size_t n_components, std::size_t n_points)
    : n_components_(n_components), n_points_(n_points), data_(n_components * n_points, 0.)
  {
  }

  std::size_t n_components() const { return n_components_; }
  std::size_t n_points() const { return n_points_; }

  double &operator()(std::size_t component, std::size_t point)
  {
    return data_[component * n_points_ + point];
  }
  double operator()(std::size_t component, std::size_t point) const
  {
    return data_[component * n_points_ + point];
  }

  /// All points of one component.
  std::span<double> component(std::size_t c) { return {data_.data() + c * n_points_, n_points_}; }
  std::span<const double> component(std::size_t c) const
  {
    return {data_.data() + c * n_points_, n_points_};
  }

  double *data() { return data_.data(); }
  const double *data() const { return data_.data(); }

  /// Changes the shape; the contents are unspecified afterwards. Shrinking keeps the memory.
  void reshape(std::size_t n_components, std::size_t n_points)
  {
    n_components_ = n_components;
    n_points_ = n_points;
    data_.resize(n_components * n_points);
  }

private:
  std::size_t n_components_ = 0;
  std::size_t n_points_ = 0;
  std::vector<double> data_;
};
} // namespace understudy

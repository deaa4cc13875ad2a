// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/store/model_file.h>
#include <operators/nn/affine_head.h>
#include <operators/nn/head_meta.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace understudy
{
AffineHead::AffineHead(Eigen::MatrixXd A, Eigen::VectorXd b) : A_(std::move(A)), b_(std::move(b)) {}

void AffineHead::evaluate(std::size_t n, const double *x, double *y, double *dy) const
{
  for (Eigen::Index i = 0; i < A_.rows(); ++i)
  {
    std::fill_n(y + i * n, n, b_[i]);
    for (Eigen::Index j = 0; j < A_.cols(); ++j)
    {
      for (std::size_t p = 0; p < n; ++p)
        y[i * n + p] += A_(i, j) * x[j * n + p];
      if (dy != nullptr)
        std::fill_n(dy + (i * A_.cols() + j) * n, n, A_(i, j));
    }
  }
}

std::unique_ptr<Head> AffineHead::folded(const double *A, std::size_t n_rows) const
{
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> M(A, n_rows, A_.rows());
  return std::make_unique<AffineHead>(M * A_, M * b_);
}

void AffineHead::save(ModelFile &file, const std::string &prefix) const
{
  file.meta()["heads"][prefix] = {{"kind", kind()}};
  std::vector<double> row_major;
  for (Eigen::Index i = 0; i < A_.rows(); ++i)
    for (Eigen::Index j = 0; j < A_.cols(); ++j)
      row_major.push_back(A_(i, j));
  file.add(prefix + "A", {n_outputs(), n_inputs()}, row_major);
  file.add(prefix + "b", {n_outputs()}, {b_.data(), b_.data() + b_.size()});
}

AffineHead AffineHead::load(const ModelFile &file, const std::string &prefix)
{
  const std::vector<std::size_t> shape = matrix_shape(file, prefix + "A");
  const std::vector<double> &values = file.tensor(prefix + "A", shape);
  Eigen::MatrixXd A(shape[0], shape[1]);
  for (std::size_t k = 0; k < values.size(); ++k)
    A(k / shape[1], k % shape[1]) = values[k];
  const std::vector<double> &b = file.tensor(prefix + "b", {shape[0]});
  return {A, Eigen::Map<const Eigen::VectorXd>(b.data(), b.size())};
}
} // namespace understudy

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/tensor_factorisation.h>

#include <Eigen/Dense>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace understudy
{
namespace
{
using Matrix = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using MatrixView = Eigen::Map<const Matrix>;

constexpr std::array<std::pair<Factorisation, const char *>, 4> kinds = {
  {{Factorisation::dense, "dense"},
   {Factorisation::tucker, "tucker"},
   {Factorisation::cp, "cp"},
   {Factorisation::tt, "tt"}}};

std::string text(const TensorShape &shape)
{
  std::string all = "(";
  for (std::size_t k = 0; k < shape.size(); ++k)
    all += (k > 0 ? ", " : "") + std::to_string(shape[k]);
  return all + ")";
}

std::size_t rounded_rank(double rank)
{
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(rank)));
}

std::vector<std::size_t> tucker_ranks(const TensorShape &shape, double fraction)
{
  const auto n = static_cast<double>(n_entries(shape));
  double squares = 0.;
  for (const std::size_t I : shape)
    squares += static_cast<double>(I * I);
  // the left side grows from 0 to more than n: one root in (0, 1)
  double low = 0., high = 1.;
  for (unsigned i = 0; i < 60; ++i)
  {
    const double c = 0.5 * (low + high);
    const double size = std::pow(c, static_cast<double>(shape.size())) * n + c * squares;
    (size > fraction * n ? high : low) = c;
  }
  std::vector<std::size_t> ranks;
  for (const std::size_t I : shape)
    ranks.push_back(rounded_rank(low * static_cast<double>(I)));
  return ranks;
}

std::vector<std::size_t> tt_ranks(const TensorShape &shape, double fraction)
{
  const std::size_t N = shape.size();
  std::vector<std::size_t> ranks(N + 1, 1);
  if (N == 1)
    return ranks;
  const auto d = [&](std::size_t k) { return 0.5 * static_cast<double>(shape[k] + shape[k + 1]); };
  const auto I = [&](std::size_t k) { return static_cast<double>(shape[k]); };
  // entries of the cores: a c^2 + b c, the outer ones with one rank each
  double a = 0.;
  for (std::size_t k = 1; k + 1 < N; ++k)
    a += d(k - 1) * I(k) * d(k);
  const double b = I(0) * d(0) + I(N - 1) * d(N - 2);
  const double size = fraction * static_cast<double>(n_entries(shape));
  const double c = 2. * size / (b + std::sqrt(b * b + 4. * a * size));
  for (std::size_t k = 0; k + 1 < N; ++k)
    ranks[k + 1] = rounded_rank(c * d(k));
  return ranks;
}

Matrix from_row_major(const ComplexTensor &matrix)
{
  return MatrixView(matrix.values.data(), static_cast<Eigen::Index>(matrix.shape[0]),
                    static_cast<Eigen::Index>(matrix.shape[1]));
}

ComplexTensor to_tensor(const Matrix &matrix)
{
  return {{static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols())},
          {matrix.data(), matrix.data() + matrix.size()}};
}

/// Sizes of a tensor seen as [left][shape[k]][right].
std::pair<Eigen::Index, Eigen::Index> around(const TensorShape &shape, std::size_t k)
{
  const auto axis = shape.begin() + static_cast<std::ptrdiff_t>(k);
  return {static_cast<Eigen::Index>(n_entries({shape.begin(), axis})),
          static_cast<Eigen::Index>(n_entries({axis + 1, shape.end()}))};
}

[[noreturn]] void refuse(Factorisation kind, const std::vector<ComplexTensor> &parts)
{
  std::string shapes;
  for (const auto &part : parts)
    shapes += (shapes.empty() ? "" : ", ") + text(part.shape);
  throw UserError("Parts of the shapes " + shapes + " do not make up a tensor of the kind '" +
                  name_of(kind) + "'.");
}

ComplexTensor tucker(const std::vector<ComplexTensor> &parts)
{
  const std::size_t N = parts[0].shape.size();
  if (parts.size() != N + 1)
    refuse(Factorisation::tucker, parts);
  ComplexTensor all = parts[0];
  for (std::size_t k = 0; k < N; ++k)
  {
    const auto &U = parts[k + 1];
    if (U.shape.size() != 2 || U.shape[1] != parts[0].shape[k])
      refuse(Factorisation::tucker, parts);
    all = mode_product(all, k, U);
  }
  return all;
}

// Row by row of the outer products: [I_1 .. I_k][R] from the first k factors, summed at the end.
ComplexTensor cp(const std::vector<ComplexTensor> &parts)
{
  if (parts.size() < 2 || parts[0].shape.size() != 1)
    refuse(Factorisation::cp, parts);
  const std::size_t R = parts[0].shape[0];
  Matrix all = Matrix::Map(parts[0].values.data(), 1, static_cast<Eigen::Index>(R));
  TensorShape shape;
  for (std::size_t k = 1; k < parts.size(); ++k)
  {
    if (parts[k].shape.size() != 2 || parts[k].shape[1] != R)
      refuse(Factorisation::cp, parts);
    const Matrix a = from_row_major(parts[k]);
    Matrix next(all.rows() * a.rows(), all.cols());
    for (Eigen::Index i = 0; i < all.rows(); ++i)
      next.middleRows(i * a.rows(), a.rows()) = a * all.row(i).asDiagonal();
    all = std::move(next);
    shape.push_back(parts[k].shape[0]);
  }
  ComplexTensor sum = to_tensor(all.rowwise().sum());
  sum.shape = shape;
  return sum;
}

ComplexTensor tensor_train(const std::vector<ComplexTensor> &parts)
{
  Matrix all = Matrix::Ones(1, 1);
  TensorShape shape;
  for (const auto &core : parts)
  {
    if (core.shape.size() != 3 || core.shape[0] != static_cast<std::size_t>(all.cols()))
      refuse(Factorisation::tt, parts);
    const MatrixView G(core.values.data(), static_cast<Eigen::Index>(core.shape[0]),
                       static_cast<Eigen::Index>(core.shape[1] * core.shape[2]));
    const Matrix product = all * G;
    all = Matrix::Map(product.data(), product.rows() * static_cast<Eigen::Index>(core.shape[1]),
                      static_cast<Eigen::Index>(core.shape[2]));
    shape.push_back(core.shape[1]);
  }
  if (all.cols() != 1)
    refuse(Factorisation::tt, parts);
  ComplexTensor result = to_tensor(all);
  result.shape = shape;
  return result;
}
} // namespace

std::string name_of(Factorisation kind)
{
  return std::find_if(kinds.begin(), kinds.end(), [&](const auto &k) { return k.first == kind; })
    ->second;
}

Factorisation factorisation_named(const std::string &name)
{
  for (const auto &[kind, known] : kinds)
    if (name == known)
      return kind;
  throw UserError("There is no factorisation '" + name + "'; dense, tucker, cp and tt are known.");
}

std::size_t n_entries(const TensorShape &shape)
{
  std::size_t n = 1;
  for (const std::size_t I : shape)
    n *= I;
  return n;
}

std::vector<std::size_t> ranks_of(Factorisation kind, const TensorShape &shape, double fraction)
{
  if (!(fraction > 0. && fraction <= 1.))
    throw UserError("The rank of a factorised tensor is a fraction in (0, 1], not " +
                    std::to_string(fraction) + ".");
  double sum = 0.;
  for (const std::size_t I : shape)
    sum += static_cast<double>(I);
  switch (kind)
  {
  case Factorisation::tucker:
    return tucker_ranks(shape, fraction);
  case Factorisation::cp:
    return {rounded_rank(fraction * static_cast<double>(n_entries(shape)) / sum)};
  case Factorisation::tt:
    return tt_ranks(shape, fraction);
  case Factorisation::dense:
    break;
  }
  return {};
}

std::vector<TensorShape> part_shapes(Factorisation kind, const TensorShape &shape,
                                     const std::vector<std::size_t> &ranks)
{
  std::vector<TensorShape> parts;
  if (kind == Factorisation::dense)
    return {shape};
  if (kind != Factorisation::tt)
    parts.push_back(ranks); // the core of Tucker, the weights of CP
  for (std::size_t k = 0; k < shape.size(); ++k)
    if (kind == Factorisation::tt)
      parts.push_back({ranks[k], shape[k], ranks[k + 1]});
    else
      parts.push_back({shape[k], kind == Factorisation::cp ? ranks[0] : ranks[k]});
  return parts;
}

double part_deviation(Factorisation kind, const TensorShape &shape,
                      const std::vector<std::size_t> &ranks, double s)
{
  const auto N = static_cast<double>(shape.size());
  const auto terms = static_cast<double>(n_entries(ranks)); // the sum of which an entry is
  switch (kind)
  {
  case Factorisation::tucker:
    return std::pow(s / std::sqrt(terms), 1. / (N + 1.));
  case Factorisation::cp:
  case Factorisation::tt:
    return std::pow(s / std::sqrt(terms), 1. / N);
  case Factorisation::dense:
    break;
  }
  return s;
}

ComplexTensor mode_product(const ComplexTensor &tensor, std::size_t k, const ComplexTensor &matrix)
{
  const Matrix M = from_row_major(matrix);
  const auto [left, right] = around(tensor.shape, k);
  ComplexTensor product{tensor.shape, {}};
  product.shape[k] = matrix.shape[0];
  product.values.resize(n_entries(product.shape));
  for (Eigen::Index l = 0; l < left; ++l)
    Eigen::Map<Matrix>(product.values.data() + l * M.rows() * right, M.rows(), right).noalias() =
      M * MatrixView(tensor.values.data() + l * M.cols() * right, M.cols(), right);
  return product;
}

ComplexTensor reconstructed(Factorisation kind, const std::vector<ComplexTensor> &parts)
{
  if (parts.empty())
    refuse(kind, parts);
  switch (kind)
  {
  case Factorisation::tucker:
    return tucker(parts);
  case Factorisation::cp:
    return cp(parts);
  case Factorisation::tt:
    return tensor_train(parts);
  case Factorisation::dense:
    break;
  }
  if (parts.size() != 1)
    refuse(kind, parts);
  return parts[0];
}

std::vector<ComplexTensor> hosvd(const ComplexTensor &tensor, const std::vector<std::size_t> &ranks)
{
  bool fits = ranks.size() == tensor.shape.size();
  for (std::size_t k = 0; fits && k < ranks.size(); ++k)
    fits = ranks[k] > 0 && ranks[k] <= tensor.shape[k];
  if (!fits)
    throw UserError("A tensor cannot be decomposed: it needs a rank for each of its axes, from 1 "
                    "to their extents.");
  std::vector<ComplexTensor> parts(1, tensor);
  for (std::size_t k = 0; k < tensor.shape.size(); ++k)
  {
    const auto [left, right] = around(tensor.shape, k);
    const auto n = static_cast<Eigen::Index>(tensor.shape[k]);
    const auto r = static_cast<Eigen::Index>(ranks[k]);
    Eigen::MatrixXcd gram = Eigen::MatrixXcd::Zero(n, n);
    for (Eigen::Index l = 0; l < left; ++l)
    {
      const MatrixView slice(tensor.values.data() + l * n * right, n, right);
      gram.noalias() += slice * slice.adjoint();
    }
    // eigenvalues rise, so the wanted vectors stand last
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(gram);
    const Matrix U = solver.eigenvectors().rightCols(r).rowwise().reverse();
    parts[0] = mode_product(parts[0], k, to_tensor(U.adjoint()));
    parts.push_back(to_tensor(U));
  }
  return parts;
}
} // namespace understudy

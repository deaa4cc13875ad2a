// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <surrogates/empirical_cubature.h>

#include <Eigen/Dense>

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace understudy
{
namespace
{
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// op(A) B through BLAS, which picks its kernel at run time.
MatrixXd product(const MatrixXd &A, bool transposed, const Eigen::Ref<const MatrixXd> &B)
{
  MatrixXd C(transposed ? A.cols() : A.rows(), B.cols());
  cblas_dgemm(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans,
              static_cast<int>(C.rows()), static_cast<int>(C.cols()), static_cast<int>(B.rows()),
              1., A.data(), static_cast<int>(A.rows()), B.data(), static_cast<int>(B.outerStride()),
              0., C.data(), static_cast<int>(C.rows()));
  return C;
}

/// Columns of the functions at the chosen points, as Q R by Gram-Schmidt (twice), so that a point
/// is appended at the price of one projection.
class ChosenColumns
{
public:
  explicit ChosenColumns(Index n_functions, Index max_points)
    : Q_(n_functions, max_points), R_(MatrixXd::Zero(max_points, max_points))
  {
  }

  /// False, and nothing is appended, when @p g depends on the columns that are there.
  bool append(const VectorXd &g)
  {
    VectorXd v = g;
    R_.col(n_).setZero();
    for (unsigned pass = 0; pass < 2; ++pass)
    {
      const VectorXd c = Q_.leftCols(n_).transpose() * v;
      v -= Q_.leftCols(n_) * c;
      R_.col(n_).head(n_) += c;
    }
    const double norm = v.norm();
    if (!(norm > 1e-10 * g.norm()))
      return false;
    R_(n_, n_) = norm;
    Q_.col(n_++) = v / norm;
    return true;
  }

  void clear() { n_ = 0; }
  Index size() const { return n_; }

  /// Weights of least squares for the integrals @p b.
  VectorXd solve(const VectorXd &b) const
  {
    const VectorXd c = Q_.leftCols(n_).transpose() * b;
    return R_.topLeftCorner(n_, n_).triangularView<Eigen::Upper>().solve(c);
  }

private:
  MatrixXd Q_, R_;
  Index n_ = 0;
};

/// Functions orthonormal under the weights, [n_functions][n_points], the first of them 1.
/// More functions than points could not be integrated: the smallest are left out then.
MatrixXd orthonormal_functions(const MatrixXd &integrands, const VectorXd &w,
                               const CubatureParameters &parameters)
{
  const VectorXd root = w.cwiseSqrt(); // of norm 1: the function 1 times sqrt(w)
  MatrixXd Y = root.asDiagonal() * integrands;
  Y -= root * (root.transpose() * Y).eval();
  MatrixXd compressed = compress_columns(Y, parameters.truncation);
  if (compressed.cols() + 1 > static_cast<Index>(parameters.max_points))
    compressed.conservativeResize(Eigen::NoChange, std::max(1u, parameters.max_points) - 1);
  MatrixXd U(w.size(), compressed.cols() + 1);
  U.col(0) = root;
  Index n = 1;
  for (Index k = 0; k < compressed.cols(); ++k)
  {
    VectorXd v = compressed.col(k);
    const double size = v.norm();
    for (unsigned pass = 0; pass < 2; ++pass)
      v -= U.leftCols(n) * (U.leftCols(n).transpose() * v).eval();
    if (v.norm() > 1e-3 * size)
      U.col(n++) = v.normalized();
  }
  return (root.cwiseInverse().asDiagonal() * U.leftCols(n)).transpose();
}

/// The state of the greedy search: chosen points with weights >= 0 for the integrals b.
class GreedySearch
{
public:
  GreedySearch(const MatrixXd &U, const VectorXd &w, Index max_points)
    : U_(U), b_(U * w), columns_(U.rows(), max_points + 1), usable_(U.cols(), true)
  {
    inverse_norms_ = U.colwise().norm().cwiseInverse().transpose();
    residual_ = b_;
  }

  /// Adds the best point. False: no point helps.
  bool add()
  {
    const VectorXd merit = (U_.transpose() * residual_).cwiseProduct(inverse_norms_);
    for (;;)
    {
      Index best = -1;
      for (Index q = 0; q < merit.size(); ++q)
        if (usable_[q] && merit[q] > 0. && (best < 0 || merit[q] > merit[best]))
          best = q;
      if (best < 0)
        return false;
      usable_[best] = false;
      if (columns_.append(U_.col(best)))
      {
        points_.push_back(best);
        weights_.push_back(0.);
        break;
      }
    }
    return restore_positive_weights();
  }

  double residual() const { return residual_.norm() / b_.norm(); }
  const std::vector<Index> &points() const { return points_; }
  const std::vector<double> &weights() const { return weights_; }

private:
  /// The inner loop of Lawson and Hanson: go towards the least squares solution until a weight
  /// vanishes, drop its point, repeat.
  bool restore_positive_weights()
  {
    for (;;)
    {
      const VectorXd z = columns_.solve(b_);
      double step = 1.;
      for (Index i = 0; i < z.size(); ++i)
        if (z[i] <= 0. && weights_[i] - z[i] > 0.)
          step = std::min(step, weights_[i] / (weights_[i] - z[i]));
      const bool done = (z.array() > 0.).all();
      for (Index i = 0; i < z.size(); ++i)
        weights_[i] += done ? z[i] - weights_[i] : step * (z[i] - weights_[i]);
      if (done)
        break;
      if (!drop_vanished(z))
        return false;
    }
    residual_ = b_;
    for (std::size_t i = 0; i < points_.size(); ++i)
      residual_ -= weights_[i] * U_.col(points_[i]);
    return true;
  }

  bool drop_vanished(const VectorXd &z)
  {
    const double largest = *std::max_element(weights_.begin(), weights_.end());
    std::vector<Index> points;
    std::vector<double> weights;
    for (std::size_t i = 0; i < points_.size(); ++i)
      if (z[static_cast<Index>(i)] <= 0. && weights_[i] <= 1e-14 * largest)
        usable_[points_[i]] = i + 1 < points_.size(); // the newcomer itself must not come back
      else
      {
        points.push_back(points_[i]);
        weights.push_back(weights_[i]);
      }
    if (points.size() == points_.size() || points.empty())
      return false;
    points_ = std::move(points);
    weights_ = std::move(weights);
    columns_.clear();
    for (const Index q : points_)
      columns_.append(U_.col(q));
    return true;
  }

  const MatrixXd &U_;
  VectorXd b_, residual_, inverse_norms_;
  ChosenColumns columns_;
  std::vector<bool> usable_;
  std::vector<Index> points_;
  std::vector<double> weights_;
};
} // namespace

MatrixXd compress_columns(const MatrixXd &X, double tolerance)
{
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(product(X, true, X));
  const VectorXd &s2 = eigen.eigenvalues(); // rising
  // Squares: below 1e-14 of the largest they are rounding.
  const double bound = std::max(tolerance * tolerance, 1e-14) * s2.sum();
  Index first = 0;
  double tail = std::max(s2[0], 0.);
  while (first + 1 < s2.size() && (tail <= bound || s2[first] <= 1e-14 * s2[s2.size() - 1]))
    tail += std::max(s2[++first], 0.);
  return product(X, false, eigen.eigenvectors().rightCols(s2.size() - first).rowwise().reverse());
}

Cubature empirical_cubature(const MatrixXd &integrands, const std::vector<double> &weights,
                            const CubatureParameters &parameters)
{
  const VectorXd w = Eigen::Map<const VectorXd>(weights.data(), weights.size());
  const MatrixXd U = orthonormal_functions(integrands, w, parameters);
  const Index limit = std::min<Index>({parameters.max_points, U.rows(), U.cols()});
  GreedySearch search(U, w, limit);
  // A round may add and drop points; the bound on rounds guards against cycles.
  for (Index round = 0; round < 4 * limit; ++round)
    if (static_cast<Index>(search.points().size()) >= limit ||
        search.residual() <= parameters.tolerance || !search.add())
      break;

  Cubature result;
  result.n_functions = static_cast<std::size_t>(U.rows());
  result.residual = search.residual();
  std::vector<std::size_t> order(search.points().size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return search.points()[a] < search.points()[b]; });
  const double sum = std::accumulate(search.weights().begin(), search.weights().end(), 0.);
  for (const std::size_t i : order)
  {
    result.points.push_back(static_cast<std::size_t>(search.points()[i]));
    result.weights.push_back(search.weights()[i] / sum);
  }
  return result;
}
} // namespace understudy

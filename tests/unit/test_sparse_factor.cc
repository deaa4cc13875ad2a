// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <solvers/sparse_factor.h>

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace understudy;

namespace
{
/// A sparse matrix and its dense copy: positive definite when symmetric.
struct System
{
  SparsityPattern pattern;
  std::vector<double> values;
  Eigen::MatrixXd dense;
};

System random_system(int n, bool symmetric)
{
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(-1., 1.);
  System s;
  s.dense = Eigen::MatrixXd::Zero(n, n);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i)
      if ((i + 7 * j) % 11 == 0 || std::abs(i - j) == 1)
        s.dense(i, j) = uniform(random);
  if (symmetric)
    s.dense = Eigen::MatrixXd((s.dense + s.dense.transpose()) / 2);
  for (int i = 0; i < n; ++i)
    s.dense(i, i) = s.dense.row(i).cwiseAbs().sum() + 1.;

  s.pattern.n = n;
  s.pattern.symmetric = symmetric;
  s.pattern.column_start = {0};
  for (int j = 0; j < n; ++j)
  {
    for (int i = symmetric ? j : 0; i < n; ++i)
      if (s.dense(i, j) != 0.)
      {
        s.pattern.row.push_back(i);
        s.values.push_back(s.dense(i, j));
      }
    s.pattern.column_start.push_back(static_cast<int>(s.pattern.row.size()));
  }
  return s;
}

Eigen::MatrixXd random_columns(int n, int n_columns)
{
  std::mt19937 random(4);
  std::uniform_real_distribution<double> uniform(-1., 1.);
  return Eigen::MatrixXd::NullaryExpr(n, n_columns, [&] { return uniform(random); });
}

/// The value of the first entry on the diagonal.
double &first_diagonal(System &s)
{
  for (int k = 0; k < s.pattern.column_start[1]; ++k)
    if (s.pattern.row[k] == 0)
      return s.values[k];
  throw std::logic_error("The diagonal has no first entry.");
}

class SparseFactorOf : public testing::TestWithParam<bool>
{
protected:
  static constexpr int n = 60, n_columns = 3;
  System system_ = random_system(n, GetParam());
  Eigen::MatrixXd B_ = random_columns(n, n_columns), X_ = Eigen::MatrixXd::Zero(n, n_columns);
};
} // namespace

TEST_P(SparseFactorOf, SolvesLikeADenseMatrix)
{
  SparseFactor factor(system_.pattern);
  ASSERT_TRUE(factor.factorize(system_.values));
  ASSERT_TRUE(factor.solve(n_columns, B_.data(), X_.data()));
  EXPECT_LE((X_ - system_.dense.partialPivLu().solve(B_)).norm(), 1e-13 * X_.norm());
}

TEST_P(SparseFactorOf, SolvesInPlace)
{
  SparseFactor factor(system_.pattern);
  ASSERT_TRUE(factor.factorize(system_.values));
  ASSERT_TRUE(factor.solve(n_columns, B_.data(), X_.data()));
  ASSERT_TRUE(factor.solve(n_columns, B_.data(), B_.data()));
  EXPECT_EQ(B_, X_);
}

TEST_P(SparseFactorOf, UsesTheLatestValues)
{
  SparseFactor factor(system_.pattern);
  ASSERT_TRUE(factor.factorize(system_.values));
  auto doubled = system_.values;
  for (double &v : doubled)
    v *= 2.;
  ASSERT_TRUE(factor.factorize(doubled));
  ASSERT_TRUE(factor.solve(n_columns, B_.data(), X_.data()));
  EXPECT_LE((2. * X_ - system_.dense.partialPivLu().solve(B_)).norm(), 1e-13 * X_.norm());
}

TEST_P(SparseFactorOf, RefusesValuesThatAreNotFinite)
{
  SparseFactor factor(system_.pattern);
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
  {
    auto values = system_.values;
    values[values.size() / 2] = bad;
    ASSERT_TRUE(factor.factorize(system_.values));
    EXPECT_FALSE(factor.factorize(values));
    EXPECT_FALSE(factor.solve(n_columns, B_.data(), X_.data())); // not with the factor before
  }
  ASSERT_TRUE(factor.factorize(system_.values)); // and recovers
  ASSERT_TRUE(factor.solve(n_columns, B_.data(), X_.data()));
  EXPECT_LE((system_.dense * X_ - B_).norm(), 1e-12 * B_.norm());
}

TEST_P(SparseFactorOf, RefusesASingularMatrix)
{
  SparseFactor factor(system_.pattern);
  EXPECT_FALSE(factor.factorize(std::vector<double>(system_.values.size(), 0.)));
  EXPECT_TRUE(factor.factorize(system_.values));
}

TEST_P(SparseFactorOf, RefusesToSolveWithoutAFactor)
{
  SparseFactor factor(system_.pattern);
  EXPECT_FALSE(factor.solve(n_columns, B_.data(), X_.data()));
  ASSERT_TRUE(factor.factorize(system_.values));
  EXPECT_FALSE(factor.factorize(std::vector<double>(system_.values.size(), 0.)));
  EXPECT_FALSE(factor.solve(n_columns, B_.data(), X_.data()));
}

TEST_P(SparseFactorOf, RefusesASolutionThatIsNotFinite)
{
  SparseFactor factor(system_.pattern);
  auto tiny = system_.values;
  for (double &v : tiny)
    v *= 1e-300;
  ASSERT_TRUE(factor.factorize(tiny));
  B_ *= 1e300;
  EXPECT_FALSE(factor.solve(n_columns, B_.data(), X_.data()));
  ASSERT_TRUE(factor.factorize(system_.values)); // and recovers
  EXPECT_TRUE(factor.solve(n_columns, B_.data(), X_.data()));
}

TEST_P(SparseFactorOf, MultipliesLikeADenseMatrix)
{
  multiply(system_.pattern, system_.values, n_columns, B_.data(), X_.data());
  EXPECT_LE((X_ - system_.dense * B_).norm(), 1e-13 * X_.norm());
}

INSTANTIATE_TEST_SUITE_P(Both, SparseFactorOf, testing::Bool(),
                         [](const auto &info)
                         { return std::string(info.param ? "Symmetric" : "Unsymmetric"); });

TEST(SparseFactor, RefusesAnIndefiniteSymmetricMatrix)
{
  System system = random_system(40, true);
  SparseFactor factor(system.pattern);
  const double positive = first_diagonal(system);
  first_diagonal(system) = -positive;
  EXPECT_FALSE(factor.factorize(system.values));
  Eigen::MatrixXd x = random_columns(40, 1);
  EXPECT_FALSE(factor.solve(1, x.data(), x.data()));
  first_diagonal(system) = positive;
  EXPECT_TRUE(factor.factorize(system.values));
}

TEST(SparseFactor, FactorizesAnIndefiniteUnsymmetricMatrix)
{
  System system = random_system(40, false);
  first_diagonal(system) *= -1.;
  system.dense(0, 0) *= -1.;
  SparseFactor factor(system.pattern);
  ASSERT_TRUE(factor.factorize(system.values));
  const Eigen::MatrixXd b = random_columns(40, 1);
  Eigen::MatrixXd x = b;
  ASSERT_TRUE(factor.solve(1, b.data(), x.data()));
  EXPECT_LE((system.dense * x - b).norm(), 1e-12 * b.norm());
}
